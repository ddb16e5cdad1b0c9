import type { SwarmService } from "../../ops/swarm/services";
import { satisfies } from "../model/constraints";
import { isBound, replicasOf, reservedBy } from "./observe";
import type { Figures, SwarmView } from "./ports";
import type { Rebalance } from "./record";

/** A label by which a service stays out of it. */
export const optOutLabel = "autoscaler.rebalance";
/** Most services that are placed anew after a join: each starts its tasks anew. */
export const mostServices = 10;
/** Seconds that a service's update may take before the next one is looked at; the update itself goes on. */
export const serviceSeconds = 600;

/** A service that would have tasks on nodes that have too few. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  /** Tasks that are above an even share on their nodes. */
  readonly moves: number;
  /** Cores that move with them. */
  readonly cores: number;
}

export interface RebalancePlan {
  /** The ones that help most first. */
  readonly candidates: readonly Candidate[];
  /** Services that are spread unevenly and left alone, with the reason. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

/**
 * Which services are to be placed anew, so that nodes that joined get tasks: Swarm moves none by itself. Only those
 * whose update starts a new task before it stops an old one, so that never fewer run than there are now.
 */
export function planRebalance(
  view: SwarmView,
  { serviceCores }: Pick<Figures, "serviceCores">,
  { done }: Pick<Rebalance, "done">,
): RebalancePlan {
  const candidates: Candidate[] = [];
  const skipped: { name: string; why: string }[] = [];
  for (const service of view.services) {
    const {
      ID: id,
      Spec: { Name: name },
    } = service;
    const moves = surplusOf(service, view);
    if (moves === 0 || done.includes(id)) continue;
    const why = objection(service);
    if (why !== undefined) {
      skipped.push({ name, why });
      continue;
    }
    const replicas = replicasOf(service) ?? 1;
    const each =
      serviceCores[name] === undefined ? reservedBy(service.Spec.TaskTemplate).cpu : serviceCores[name] / replicas;
    candidates.push({ id, name, moves, cores: moves * each });
  }
  return {
    candidates: candidates.sort((a, b) => b.cores - a.cores || b.moves - a.moves || (a.name < b.name ? -1 : 1)),
    skipped,
  };
}

/** Tasks that would have to move for the nodes that may have the service's tasks to have as many each, within one. */
function surplusOf(service: SwarmService, { nodes, tasks }: SwarmView): number {
  const replicas = replicasOf(service);
  if (replicas === undefined || replicas < 2) return 0;
  const constraints = service.Spec.TaskTemplate.Placement?.Constraints ?? [];
  const eligible = nodes.filter(
    ({ ID, Status, Spec, Description }) =>
      Status.State === "ready" &&
      Spec.Availability === "active" &&
      satisfies(constraints, { role: Spec.Role, hostname: Description?.Hostname, id: ID, labels: Spec.Labels ?? {} }),
  );
  const counts = new Map(eligible.map(({ ID }) => [ID, 0]));
  for (const { ServiceID, NodeID = "" } of tasks) {
    const before = ServiceID === service.ID ? counts.get(NodeID) : undefined;
    if (before !== undefined) counts.set(NodeID, before + 1);
  }
  const descending = [...counts.values()].sort((a, b) => b - a);
  const all = descending.reduce((sum, count) => sum + count, 0);
  const [least, fuller] = [Math.floor(all / descending.length), all % descending.length];
  return descending.reduce((sum, count, index) => sum + Math.max(0, count - least - (index < fuller ? 1 : 0)), 0);
}

/** Why a service is left alone; undefined where it is not. */
function objection({ Spec, ServiceStatus, UpdateStatus }: SwarmService): string | undefined {
  if (Spec.Labels?.[optOutLabel] === "false") return `its label ${optOutLabel} is false`;
  if (Spec.UpdateConfig?.Order !== "start-first")
    return "its updates stop a task before they start another (update_config.order is not start-first)";
  if ((Spec.EndpointSpec?.Ports ?? []).some(({ PublishMode }) => PublishMode === "host"))
    return "it publishes a port of the host, which two of its tasks cannot share";
  if (isBound(Spec.TaskTemplate)) return "its data is in volumes on its nodes";
  const { RunningTasks: running = 0, DesiredTasks: desired = 0 } = ServiceStatus ?? {};
  if (running < desired) return `${running} of its ${desired} tasks run`;
  const state = UpdateStatus?.State ?? "completed";
  return ["completed", "rollback_completed"].includes(state) ? undefined : `its last update is ${state}`;
}

/** What is to be done next about a rebalance that was begun. */
export type RebalanceStep =
  | { readonly kind: "wait" }
  | { readonly kind: "force"; readonly candidate: Candidate; readonly next: Rebalance }
  | { readonly kind: "end"; readonly why: string };

export function nextRebalanceStep(
  rebalance: Rebalance,
  view: SwarmView,
  figures: Pick<Figures, "serviceCores">,
  now: number,
): RebalanceStep {
  const { current, done } = rebalance;
  if (current !== undefined && now - current.since < serviceSeconds * 1000) {
    const service = view.services.find(({ ID }) => ID === current.id);
    const state = service?.UpdateStatus?.State;
    // a look that comes before the swarm has begun is no end
    if (service !== undefined && (state === "updating" || isEarlier(service, current.since))) return { kind: "wait" };
    if (state === "paused" || state?.startsWith("rollback") === true)
      return { kind: "end", why: `the update of ${current.name} is ${state}` };
  }
  if (done.length >= mostServices) return { kind: "end", why: `${mostServices} services were placed anew` };
  const [candidate] = planRebalance(view, figures, rebalance).candidates;
  if (candidate === undefined) return { kind: "end", why: "no service would be spread better" };
  return {
    kind: "force",
    candidate,
    next: {
      ...rebalance,
      done: [...done, candidate.id],
      current: { id: candidate.id, name: candidate.name, since: now },
    },
  };
}

/** Seconds that the swarm may take to begin an update it was asked for. */
const beginSeconds = 30;

function isEarlier({ UpdateStatus }: SwarmService, since: number): boolean {
  const begun = UpdateStatus?.StartedAt === undefined ? 0 : Date.parse(UpdateStatus.StartedAt);
  return begun < since - beginSeconds * 1000;
}
