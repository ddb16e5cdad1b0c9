import type { ClusterHealth, NodeHealth } from "../../ops/swarm/health";
import { placeWorker } from "../../settings/names";
import { freeOrdinal, planWorkerSets, type WorkerSets } from "../../settings/ordinals";
import type { ClusterOutputs } from "../../settings/outputs";
import type { Settings } from "../../settings/schema";

/** What one update replaces, by names: workers of one zone by new ones, or one manager in its place. */
export type Step = {
  readonly zone: string;
  readonly old: readonly string[];
  readonly fresh: readonly string[];
} & (WorkersChange | ManagerChange);

/**
 * The worker sets that the update shall leave, and those that they were made from. As many as before: the limits stand.
 */
interface WorkersChange {
  readonly kind: "workers";
  readonly wanted: WorkerSets;
  readonly expected: WorkerSets;
}

/** The manager's server; name and address stay, so that it cannot be there twice. */
interface ManagerChange {
  readonly kind: "manager";
  readonly serverUrn: string;
}

/** Steps in their order, and why no other can follow now; `passes` where that may be over in a moment. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly blocked?: { readonly why: string; readonly passes: boolean };
}

type Node = ClusterOutputs["nodes"][number];

/**
 * Plans how all stale nodes of a cluster are replaced: workers zone by zone, then the managers. Nodes that are not
 * stale have to be well: new ones that are not would be followed by more of their kind. Pure.
 *
 * @param surge how many workers one update replaces at most, 1 or more; all of them in one zone, so that a service that
 *   bears the loss of a zone bears their draining.
 */
export function planRollout(settings: Settings, outputs: ClusterOutputs, health: ClusterHealth, surge: number): Plan {
  const stale = outputs.nodes.filter((node) => node.stale).map(({ name }) => name);
  if (stale.length === 0) return { steps: [] };
  const unwell = health.nodes.filter((node) => !node.stale && !isWell(node));
  if (health.quorum !== null && unwell.length > 0) {
    return {
      steps: [],
      blocked: {
        why: `${unwell.map(({ name }) => name).join(", ")}: not stale, but not ready; \`swarmctl cluster status\` says why, \`swarmctl node replace NODE\` replaces it.`,
        passes: true,
      },
    };
  }
  return planReplacement(settings, outputs, health, stale, surge);
}

/**
 * Plans how nodes are replaced: those first that are not well, the leader last. Pure.
 *
 * @param names nodes of the cluster.
 */
export function planReplacement(
  settings: Settings,
  outputs: ClusterOutputs,
  health: ClusterHealth,
  names: readonly string[],
  surge = 1,
): Plan {
  if (health.quorum === null) return { steps: [], blocked: { why: health.reasons.join(" "), passes: true } };
  if (!health.nodes.some(({ leader }) => leader))
    return { steps: [], blocked: { why: "quorum: no manager leads; wait for an election.", passes: true } };
  const chosen = outputs.nodes.filter(({ name }) => names.includes(name));
  const well = new Set(health.nodes.filter(isWell).map(({ name }) => name));
  const workers = workerSteps(
    settings,
    outputs.workerSets,
    chosen.filter(({ role }) => role === "worker"),
    well,
    surge,
  );
  const managers = managerSteps(
    chosen.filter(({ role }) => role === "manager"),
    health,
    health.quorum,
    well,
  );
  return { ...managers, steps: [...workers, ...managers.steps] };
}

function isWell({ state, reachable }: NodeHealth): boolean {
  return state === "ready" && reachable !== false;
}

function workerSteps(
  settings: Settings,
  sets: WorkerSets,
  workers: readonly Node[],
  well: ReadonlySet<string>,
  surge: number,
): Step[] {
  const steps: Step[] = [];
  // an update leaves those within the limits
  let [expected, current] = [sets, planWorkerSets(settings.workerGroups, sets)];
  for (const zone of new Set(workers.map((worker) => worker.zone))) {
    const queue = workers
      .filter((worker) => worker.zone === zone && current[worker.group]?.includes(worker.ordinal) === true)
      .sort((a, b) => Number(well.has(a.name)) - Number(well.has(b.name)));
    for (let batch = queue.splice(0, surge); batch.length > 0; batch = queue.splice(0, surge)) {
      const { wanted, fresh } = exchange(settings.clusterName, current, batch);
      steps.push({ kind: "workers", zone, old: batch.map(({ name }) => name), fresh, wanted, expected });
      [expected, current] = [wanted, wanted];
    }
  }
  return steps;
}

/**
 * Exchanges workers for as many others, each by the lowest ordinal of its group that is free while the old ones are
 * still there.
 */
function exchange(
  cluster: string,
  sets: WorkerSets,
  workers: readonly Node[],
): { wanted: WorkerSets; fresh: string[] } {
  const taken: Record<string, number[]> = Object.fromEntries(
    Object.entries(sets).map(([group, held]) => [group, [...held]]),
  );
  const fresh = workers.map(({ group, zone }) => {
    const held = taken[group] ?? [];
    const ordinal = freeOrdinal(held);
    held.push(ordinal);
    return placeWorker(cluster, group, zone, ordinal).name;
  });
  const wanted = Object.fromEntries(
    Object.entries(taken).map(([name, held]) => [
      name,
      held
        .filter((ordinal) => !workers.some((worker) => worker.group === name && worker.ordinal === ordinal))
        .sort((a, b) => a - b),
    ]),
  );
  return { wanted, fresh };
}

function managerSteps(
  managers: readonly Node[],
  health: ClusterHealth,
  quorum: NonNullable<ClusterHealth["quorum"]>,
  well: ReadonlySet<string>,
): Plan {
  const leader = health.nodes.find((node) => node.leader)?.name;
  // the first ones are the likeliest holders of the ingress address: it moves as seldom as can be
  const inOrder = [...managers].reverse().sort((a, b) => turnOf(a, leader, well) - turnOf(b, leader, well));
  const steps: Step[] = [];
  let { margin } = quorum;
  for (const { name, zone, serverUrn } of inOrder) {
    if (quorum.managers === 1)
      return {
        steps,
        blocked: {
          why: `${name}: the only manager, and the swarm would go with it; raise settings.managers to 3 first.`,
          passes: false,
        },
      };
    if (serverUrn === undefined)
      return {
        steps,
        blocked: { why: `${name}: the outputs do not name its server; run \`pulumi up\` first.`, passes: false },
      };
    if (!well.has(name)) margin += 1;
    else if (margin < 1) {
      return {
        steps,
        blocked: {
          why: `${name}: it cannot be spared; ${quorum.reachable} of ${quorum.managers} managers are reachable and ${quorum.needed} are needed. See "A manager dies" in docs/runbook.md.`,
          passes: true,
        },
      };
    }
    steps.push({ kind: "manager", zone, old: [name], fresh: [name], serverUrn });
  }
  return { steps };
}

function turnOf({ name }: Node, leader: string | undefined, well: ReadonlySet<string>): number {
  if (!well.has(name)) return 0;
  return name === leader ? 2 : 1;
}
