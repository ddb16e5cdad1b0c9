import { emptyMemory, type Memory } from "../../autoscaler/model/memory";
import type { CpuSeen, NodeSeen, PendingTasks, Seen, TaskSeen } from "../../autoscaler/model/observation";
import { policyDefaults, type Policy } from "../../autoscaler/model/policy";
import type { Resources } from "../../autoscaler/model/resources";

/** A Tuesday, 10:00 UTC. */
export const noon = Date.UTC(2026, 10, 24, 10);
export const gib = 2 ** 30;
export const size: Resources = { cpu: 4, memoryBytes: 8 * gib };

/** Three zones, a group each of the zone's name, 0 to 5 workers of 4 cores each; 10 in all. */
export function goodPolicy(changes: Partial<Policy> = {}): Policy {
  const groups = ["az1", "az2", "az3"].map((name) => ({ name, zone: name, min: 0, max: 5, size }));
  return { ...policyDefaults, groups, min: 0, max: 10, ...changes };
}

/** A worker that is ready, joined a day ago and empty: `worker("az1-3")`. */
export function worker(name: string, changes: Partial<NodeSeen> = {}): NodeSeen {
  const [group = "", ordinal = ""] = name.split(/-(?=\d+$)/);
  return {
    name: `test-worker-${name}`,
    group,
    ordinal: Number(ordinal),
    zone: group,
    state: "ready",
    total: size,
    reserved: { cpu: 0, memoryBytes: 0 },
    tasks: [],
    joinedAt: noon - 86_400_000,
    ...changes,
  };
}

/** A worker with the given number of tasks of one core each. */
export function busy(name: string, tasks: number, changes: Partial<NodeSeen> = {}): NodeSeen {
  const task: TaskSeen = { service: "web", reserved: { cpu: 1, memoryBytes: gib } };
  return worker(name, {
    tasks: Array.from({ length: tasks }, () => task),
    reserved: { cpu: tasks, memoryBytes: tasks * gib },
    ...changes,
  });
}

export function cpu(ratio: number, changes: Partial<CpuSeen> = {}): CpuSeen {
  return { ratio, newestSampleAt: noon - 8000, nodes: 1000, ...changes };
}

export function pending(
  service: string,
  count: number,
  cores: number,
  changes: Partial<PendingTasks> = {},
): PendingTasks {
  return { service, count, reserved: { cpu: cores, memoryBytes: gib }, cause: "insufficient-resources", ...changes };
}

/** A cluster of the given workers, all of which the stack holds, 60 % busy, with three managers. */
export function goodSeen(nodes: readonly NodeSeen[], changes: Partial<Seen> = {}): Seen {
  const workerSets: Record<string, number[]> = {};
  for (const { group, ordinal } of nodes) (workerSets[group] ??= []).push(ordinal);
  return {
    workerSets,
    nodes,
    inFlight: [],
    pending: [],
    cpu: cpu(0.6),
    zoneCpu: {},
    managers: ["az1", "az2", "az3"].map((zone) => ({ name: `test-manager-${zone}-0`, zone, reachable: true })),
    leader: true,
    unavailableZones: [],
    failures: [],
    obstacles: [],
    ...changes,
  };
}

/** A memory that holds nothing back: the load has long been low and nothing was done of late. */
export function calm(changes: Partial<Memory> = {}): Memory {
  return { ...emptyMemory, lowSince: noon - 3_600_000, ...changes };
}

/** An ago, as an instant. */
export function ago(seconds: number): number {
  return noon - seconds * 1000;
}
