import type { ClusterOutputs } from "../../settings/outputs";
import type { Quorum } from "../../settings/quorum";
import { desiredOf } from "./desired-swarm";
import { drift } from "./drift";
import { sentence, type Finding, type SeenNetwork } from "./drift-finding";
import { enginesOf, misfits, type EngineUse } from "./engine-fit";
import { quorumIn, type SwarmNodeState } from "./nodes";

/** What the swarm says, or why nobody could be asked. */
export type Seen = SeenHealth | { readonly unreachable: string };
export interface SeenHealth {
  readonly states: readonly SwarmNodeState[];
  readonly networks?: readonly SeenNetwork[];
  /** Names of all services. */
  readonly services?: readonly string[];
  readonly use?: EngineUse;
}

/** One node: what the stack knows of it and what the swarm says. */
export interface NodeHealth {
  readonly name: string;
  readonly zone: string;
  readonly role: "manager" | "worker";
  readonly group: string;
  readonly ordinal: number;
  readonly address: string;
  /** Address from outside; managers only. */
  readonly host: string | null;
  /** `missing`: the swarm does not know it; `unknown`: nobody could be asked. */
  readonly state: SwarmNodeState["Status"]["State"] | "missing";
  readonly availability: SwarmNodeState["Spec"]["Availability"] | null;
  readonly leader: boolean;
  readonly reachable: boolean | null;
  readonly stale: boolean;
}

export interface ZoneHealth {
  readonly zone: string;
  readonly managers: { readonly ready: number; readonly all: number };
  readonly workers: { readonly ready: number; readonly all: number };
}

/** What the autoscaler last decided. */
export interface LastDecision {
  /** ISO 8601. */
  readonly at: string;
  readonly kind: string;
  readonly why: string;
  /** The machine that it runs on; null where it has ended. */
  readonly host: string | null;
  /** When it was last there, ISO 8601; null where it has ended. */
  readonly seenAt: string | null;
}

export interface ClusterHealth {
  readonly clusterName: string;
  readonly healthy: boolean;
  /** Why it is not healthy; empty where it is. */
  readonly reasons: readonly string[];
  /** What one should know all the same. */
  readonly notes: readonly string[];
  /** Null where nobody could be asked. */
  readonly quorum: Quorum | null;
  readonly zones: readonly ZoneHealth[];
  readonly nodes: readonly NodeHealth[];
  readonly staleNodes: number;
  readonly ingressAddress: string | null;
  readonly demoUrl: string | null;
  /** Null where autoscaling is off, has decided nothing yet, or nobody could be asked. */
  readonly autoscaler: LastDecision | null;
}

/** Judges a cluster by its stack's outputs and what the swarm says. Pure. */
export function clusterHealth(
  outputs: ClusterOutputs,
  seen: Seen,
  autoscaler: LastDecision | null = null,
): ClusterHealth {
  const nodes = outputs.nodes.map((node) => nodeHealth(outputs, seen, node));
  const quorum = "states" in seen ? quorumIn(seen.states) : null;
  const ofEngines = "states" in seen && seen.use !== undefined ? misfits(enginesOf(seen.states), seen.use) : [];
  const told = (breaks: boolean): string[] =>
    ofEngines.filter((misfit) => misfit.breaks === breaks).map(({ message }) => message);
  const findings = "states" in seen ? drift(desiredOf(outputs), { ...seen, nodes: seen.states }) : [];
  const reasons =
    "states" in seen
      ? [
          ...findings.filter(({ code }) => !noted.has(code)).map(say),
          ...quorumFaults(seen.states, quorum),
          ...told(true),
        ]
      : [`${outputs.clusterName}: ${seen.unreachable}`];
  return {
    clusterName: outputs.clusterName,
    healthy: reasons.length === 0,
    reasons,
    notes: [...remarks(nodes, findings, quorum), ...told(false)],
    quorum,
    zones: zonesOf(nodes),
    nodes,
    staleNodes: outputs.staleNodes,
    ingressAddress: outputs.ingressAddress ?? null,
    demoUrl: outputs.demoUrl ?? null,
    autoscaler,
  };
}

function nodeHealth({ access }: ClusterOutputs, seen: Seen, node: ClusterOutputs["nodes"][number]): NodeHealth {
  const { name, zone, role, group, ordinal, address, stale } = node;
  const entries = "states" in seen ? seen.states.filter(({ Description }) => Description?.Hostname === name) : [];
  // beside its own a node may have dead entries, which its earlier servers left
  const entry = entries.find(({ Status }) => Status.State === "ready") ?? entries[0];
  return {
    name,
    zone,
    role,
    group,
    ordinal,
    address,
    host: access.managers.find((manager) => manager.name === name)?.host ?? null,
    state: entry?.Status.State ?? ("states" in seen ? "missing" : "unknown"),
    availability: entry?.Spec.Availability ?? null,
    leader: entry?.ManagerStatus?.Leader ?? false,
    reachable: entry?.ManagerStatus === undefined ? null : entry.ManagerStatus.Reachability === "reachable",
    stale,
  };
}

/** What is no fault: somebody or some program is at work on a node, or a machine is there that is not the stack's. */
const noted: ReadonlySet<Finding["code"]> = new Set(["drained", "drained-by-hand", "stranger"]);

function say(finding: Finding): string {
  return sentence(finding, "`pulumi up` repairs it");
}

function quorumFaults(states: readonly SwarmNodeState[], quorum: Quorum | null): string[] {
  const ofQuorum =
    quorum !== null && quorum.managers > 1 && quorum.margin <= 0
      ? [
          `quorum: ${quorum.reachable} of ${quorum.managers} managers are reachable and ${quorum.needed} are needed, so the next loss stops changes to the swarm; see "A manager dies" in docs/runbook.md.`,
        ]
      : [];
  const leader = states.some(({ ManagerStatus }) => ManagerStatus?.Leader === true)
    ? []
    : ['quorum: no manager leads; wait for an election, then see "The quorum is lost" in docs/runbook.md.'];
  return [...ofQuorum, ...leader];
}

function remarks(nodes: readonly NodeHealth[], findings: readonly Finding[], quorum: Quorum | null): string[] {
  const names = (which: (node: NodeHealth) => boolean): string =>
    nodes
      .filter(which)
      .map(({ name }) => name)
      .join(", ");
  const byProgram = new Set(findings.filter(({ code }) => code === "drained").map(({ subject }) => subject));
  const drained = names(
    ({ name, availability }) => (availability === "drain" || availability === "pause") && !byProgram.has(name),
  );
  const stale = names((node) => node.stale);
  return [
    ...(drained === "" ? [] : [`${drained}: no tasks are given to it; \`swarmctl node activate NODE\` changes that.`]),
    ...(stale === ""
      ? []
      : [`${stale}: stale, a new one would be made differently; \`swarmctl cluster rollout\` replaces them.`]),
    ...(quorum?.managers === 1
      ? ["quorum: one manager; its loss is the loss of the swarm, see settings.managers in docs/configuration.md."]
      : []),
    ...findings.filter(({ code }) => code === "drained" || code === "stranger").map(say),
  ];
}

function zonesOf(nodes: readonly NodeHealth[]): ZoneHealth[] {
  const count = (zone: string, role: NodeHealth["role"]): { ready: number; all: number } => {
    const own = nodes.filter((node) => node.zone === zone && node.role === role);
    return { ready: own.filter(({ state }) => state === "ready").length, all: own.length };
  };
  return [...new Set(nodes.map(({ zone }) => zone))].map((zone) => ({
    zone,
    managers: count(zone, "manager"),
    workers: count(zone, "worker"),
  }));
}
