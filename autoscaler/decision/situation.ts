import type { InFlight, Drain, Memory } from "../model/memory";
import { isDown, nodeKey, workersByKey, type CpuSeen, type NodeSeen, type Seen } from "../model/observation";
import type { GroupPolicy, Policy } from "../model/policy";
import type { Resources } from "../model/resources";
import { activeSchedule } from "../model/schedule";
import type { Removal } from "../model/verdict";
import { seconds } from "../model/wording";
import { downZones, zoneConditions, type Zone } from "./zone-health";

/** A node whose removal was asked for; `node` is absent once the swarm no longer knows it. */
export interface Leaving extends Drain {
  readonly node?: NodeSeen;
}

/** Removals that are undone when the load returns; the others have other reasons than too little of it. */
export function isCancellable({ because, node }: Leaving): boolean {
  return (because === "load" || because === "balance") && node !== undefined && !isDown(node);
}

/** A node whose removal was asked for and that still runs; what never came or is down takes no room. */
export function isRunning({ because }: Leaving): boolean {
  return because !== "did-not-join" && because !== "lost";
}

/** A node that does no work and will not: it goes as soon as the minimum allows it. */
export interface Dead extends Removal {
  readonly why: string;
}

/** What is the case, in the terms of the decision. Every worker of the policy's groups is in one of the lists. */
export interface Situation {
  readonly policy: Policy;
  readonly seen: Seen;
  readonly memory: Memory;
  readonly now: number;
  readonly zones: ReadonlyMap<string, Zone>;
  readonly minimum: { readonly nodes: number; readonly from: string };
  readonly metrics: { readonly fresh: boolean; readonly value: string };
  /** Fresh figures alone. */
  readonly cpu?: CpuSeen;
  /** Work and stay. */
  readonly ready: readonly NodeSeen[];
  readonly leaving: readonly Leaving[];
  /** Down, but may come back; they count against the maximum and not for the minimum. */
  readonly lost: readonly NodeSeen[];
  readonly dead: readonly Dead[];
  /** On their way. */
  readonly coming: readonly InFlight[];
  /** On their way in a zone that fails; they count against the maximum and not for the minimum. */
  readonly stuck: readonly InFlight[];
  /** Drained by someone else; left alone. */
  readonly drainedByOthers: readonly NodeSeen[];
  /** Ordinals by group without those of nodes that are leaving or dead. */
  readonly sets: ReadonlyMap<string, readonly number[]>;
  readonly workers: ReadonlyMap<string, NodeSeen>;
  /** Cores that are busy, by the fresh figure. */
  readonly usedCores: number;
}

/** Cores of a node; one that does not say how many counts as one. */
export function coresOf({ total }: NodeSeen): number {
  return total.cpu > 0 ? total.cpu : 1;
}

export function sumOfCores(nodes: readonly NodeSeen[]): number {
  return nodes.reduce((sum, node) => sum + coresOf(node), 0);
}

export function survey(policy: Policy, seen: Seen, memory: Memory, now: number): Situation {
  const workers = workersByKey(seen.nodes, new Set(policy.groups.map(({ name }) => name)));
  const zones = zoneConditions(policy, downZones(policy, seen, workers.values(), memory.downSince, now), memory, now);
  const { cpu, ...metrics } = readMetrics(policy, seen, now);
  const leaving = memory.drains.map((drain): Leaving => ({
    ...drain,
    ...optional("node", workers.get(nodeKey(drain))),
  }));
  const sorted = sort(policy, memory, zones, workers, now);
  const reporting = [...workers.values()].filter((node) => !isDown(node));
  return {
    policy,
    seen,
    memory,
    now,
    zones,
    metrics,
    workers,
    leaving,
    ...sorted,
    ...optional("cpu", cpu),
    minimum: minimumOf(policy, now),
    sets: setsOf(policy, seen, memory, [...leaving, ...sorted.dead]),
    usedCores: (cpu?.ratio ?? 0) * sumOfCores(reporting),
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

/** The minimum in force, that of a schedule in its hours, and where it comes from. */
export function minimumOf(policy: Policy, now: number): Situation["minimum"] {
  const schedule = activeSchedule(policy.schedules, now);
  const most = Math.min(
    policy.max,
    policy.groups.reduce((sum, { max }) => sum + max, 0),
  );
  const nodes = Math.min(most, schedule?.min ?? policy.min);
  return {
    nodes,
    from: schedule === undefined ? `the min of ${nodes}` : `the min of ${nodes} by the schedule ${schedule.name}`,
  };
}

function readMetrics(
  { staleAfterSeconds }: Policy,
  { cpu, cpuFault }: Seen,
  now: number,
): Situation["metrics"] & { cpu?: CpuSeen } {
  if (cpu === undefined)
    return {
      fresh: false,
      value: cpuFault === undefined ? "there is no CPU figure" : `there is no CPU figure, ${cpuFault}`,
    };
  if (!Number.isFinite(cpu.ratio) || cpu.ratio < 0) return { fresh: false, value: `the CPU figure is ${cpu.ratio}` };
  const age = now - cpu.newestSampleAt;
  const value =
    age < 0
      ? `the newest CPU sample is ${seconds(-age)} in the future`
      : `the newest CPU sample is ${seconds(age)} old`;
  return Math.abs(age) <= staleAfterSeconds * 1000 ? { fresh: true, value, cpu } : { fresh: false, value };
}

type Sorted = Pick<Situation, "ready" | "lost" | "dead" | "coming" | "stuck" | "drainedByOthers">;

function sort(
  policy: Policy,
  memory: Memory,
  zones: Situation["zones"],
  workers: Situation["workers"],
  now: number,
): Sorted {
  const zoneOf = new Map(policy.groups.map(({ name, zone }) => [name, zone]));
  const conditionOf = (group: string): Zone["condition"] => zones.get(zoneOf.get(group) ?? "")?.condition ?? "healthy";
  const elsewhere = new Set([...memory.drains, ...memory.inFlight].map(nodeKey));
  const sorted = {
    ready: [] as NodeSeen[],
    lost: [] as NodeSeen[],
    dead: [] as Dead[],
    coming: [] as InFlight[],
    stuck: [] as InFlight[],
    drainedByOthers: [] as NodeSeen[],
  };
  for (const { group, ordinal, failed, ...flight } of memory.inFlight) {
    if (failed !== undefined) sorted.dead.push({ group, ordinal, because: "did-not-join", why: failed });
    else if (["down", "backoff"].includes(conditionOf(group))) sorted.stuck.push({ group, ordinal, ...flight });
    else sorted.coming.push({ group, ordinal, ...flight });
  }
  for (const [key, node] of workers) {
    if (elsewhere.has(key)) continue;
    const { group, ordinal } = node;
    const age = now - (memory.downSince[key] ?? now);
    if (node.state === "draining") sorted.drainedByOthers.push(node);
    else if (!isDown(node)) sorted.ready.push(node);
    else if (age >= policy.unreadyRemovalSeconds * 1000)
      sorted.dead.push({ group, ordinal, because: "lost", why: `${key} has been down for ${seconds(age)}` });
    else if (age >= policy.lostAfterSeconds * 1000 || conditionOf(group) === "down") sorted.lost.push(node);
  }
  return sorted;
}

function setsOf(
  policy: Policy,
  seen: Seen,
  memory: Memory,
  without: readonly { readonly group: string; readonly ordinal: number }[],
): Situation["sets"] {
  const gone = new Set(without.map(nodeKey));
  return new Map(
    policy.groups.map(({ name }) => {
      const ordinals = [
        ...(seen.workerSets[name] ?? []),
        ...memory.inFlight.filter(({ group }) => group === name).map(({ ordinal }) => ordinal),
      ];
      return [
        name,
        [...new Set(ordinals)].filter((ordinal) => !gone.has(nodeKey({ group: name, ordinal }))).sort((a, b) => a - b),
      ];
    }),
  );
}

/** What a new node of the group offers. Where nothing tells, it is taken to be enough, and the first node tells. */
export function sizeOf({ policy, workers }: Situation, group: GroupPolicy): Resources {
  if (group.size !== undefined) return group.size;
  const smallest = (nodes: readonly NodeSeen[]): Resources | undefined =>
    nodes
      .filter(({ total }) => total.cpu > 0)
      .reduce<Resources | undefined>(
        (least, { total }) => (least === undefined || total.cpu < least.cpu ? total : least),
        undefined,
      );
  const all = [...workers.values()];
  const known = policy.groups.map(({ size }) => size).find((size) => size !== undefined);
  return (
    smallest(all.filter((node) => node.group === group.name)) ??
    known ??
    smallest(all) ?? { cpu: Infinity, memoryBytes: Infinity }
  );
}
