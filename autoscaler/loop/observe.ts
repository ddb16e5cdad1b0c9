import type { SwarmNodeState } from "../../ops/swarm/nodes";
import type { SwarmService, SwarmTask, TaskSpec } from "../../ops/swarm/services";
import { readWorkerName } from "../../settings/names";
import type { WorkerSets } from "../../settings/ordinals";
import type { ClusterOutputs } from "../../settings/outputs";
import { satisfies } from "../model/constraints";
import type { Failure, ManagerSeen, NodeSeen, Obstacle, PendingTasks, Seen, TaskSeen } from "../model/observation";
import type { Resources } from "../model/resources";
import type { Figures, SwarmView } from "./ports";

/** Everything that a tick has read. */
export interface Readings {
  readonly outputs: Pick<ClusterOutputs, "clusterName" | "workerSets" | "workerGroups" | "nodes">;
  readonly view: SwarmView;
  readonly figures: Figures;
  /** Host name of the manager that this instance runs on; absent where it runs elsewhere. */
  readonly self?: string | undefined;
  readonly failures: readonly Failure[];
  readonly obstacles: readonly Obstacle[];
  readonly unavailableZones: readonly string[];
}

/** A label by which an operator keeps a worker: never removed for load or balance. */
export const protectedLabel = "autoscaler.protected";
/** The label of a node that is drained by the autoscaler: `<reason> <seconds since 1970>`. */
export const drainLabel = "autoscaler.drain";

/** A node of the swarm that is a worker of a group of ours. */
export interface OwnNode {
  readonly group: string;
  readonly ordinal: number;
  readonly state: SwarmNodeState;
}

export function ownNodes({ clusterName, workerGroups }: Readings["outputs"], { nodes }: SwarmView): OwnNode[] {
  return nodes.flatMap((state): OwnNode[] => {
    const place = readWorkerName(clusterName, state.Description?.Hostname ?? "");
    return place === undefined || !(place.group in workerGroups) ? [] : [{ ...place, state }];
  });
}

/** Whether an instance may act by where it runs: on the manager that leads, or on none. */
export function leads({ nodes }: SwarmView, self: string | undefined): boolean {
  return (
    self === undefined ||
    nodes.some(({ Description, ManagerStatus }) => Description?.Hostname === self && ManagerStatus?.Leader === true)
  );
}

/** Puts what was read into the decision's terms. */
export function observe(readings: Readings): Seen {
  const { outputs, view, figures, self, failures, obstacles, unavailableZones } = readings;
  const own = ownNodes(outputs, view);
  const groupsOf = admitting(outputs.workerGroups);
  const { cpu, fault } = figures;
  return {
    workerSets: heldSets(outputs, own),
    nodes: workers(outputs, view, own, groupsOf),
    // what was asked for is in the memory, what the stack holds in its outputs
    inFlight: [],
    pending: pendingTasks(view, groupsOf),
    ...(cpu === undefined ? {} : { cpu }),
    ...(fault === undefined ? {} : { cpuFault: fault }),
    zoneCpu: figures.zoneCpu,
    managers: managers(outputs, view),
    leader: leads(view, self),
    unavailableZones,
    failures,
    obstacles,
  };
}

/**
 * What the stack holds: the outputs of the last update that ended well, and the workers that are in the swarm although
 * it does not name them. An update that fails leaves such: they are in its state.
 */
function heldSets({ workerSets, workerGroups }: Readings["outputs"], own: readonly OwnNode[]): WorkerSets {
  return Object.fromEntries(
    Object.keys({ ...workerGroups, ...workerSets }).map((name) => {
      const here = own
        .filter(({ group, state }) => group === name && state.Status.State === "ready")
        .map(({ ordinal }) => ordinal);
      return [name, [...new Set([...(workerSets[name] ?? []), ...here])].sort((a, b) => a - b)];
    }),
  );
}

function workers(
  { workerGroups }: Readings["outputs"],
  view: SwarmView,
  own: readonly OwnNode[],
  groupsOf: GroupsOf,
): NodeSeen[] {
  const services = new Map(view.services.map((service) => [service.ID, service]));
  const byNode = new Map<string, SwarmTask[]>();
  for (const task of view.tasks) {
    if (task.NodeID === undefined || task.NodeID === "") continue;
    const there = byNode.get(task.NodeID);
    if (there === undefined) byNode.set(task.NodeID, [task]);
    else there.push(task);
  }
  const seenTask = cached(
    ({ ServiceID, Spec }: SwarmTask) => ServiceID + JSON.stringify(Spec.Resources ?? {}),
    (task): TaskSeen => {
      const groups = groupsOf(task.Spec);
      return {
        service: services.get(task.ServiceID)?.Spec.Name ?? task.ServiceID,
        reserved: reservedBy(task.Spec),
        ...(groups === undefined ? {} : { groups }),
        ...(isBound(task.Spec) ? { pinned: true } : {}),
      };
    },
  );
  return own.map(({ group, ordinal, state }): NodeSeen => {
    const tasks = byNode.get(state.ID) ?? [];
    const { Description, Spec, CreatedAt } = state;
    return {
      group,
      ordinal,
      name: Description?.Hostname ?? "",
      zone: workerGroups[group]?.zone ?? group,
      state: stateOf(state),
      total: {
        cpu: (Description?.Resources?.NanoCPUs ?? 0) / 1e9,
        memoryBytes: Description?.Resources?.MemoryBytes ?? 0,
      },
      reserved: sum(tasks.map((task) => reservedBy(task.Spec))),
      tasks: tasks.filter(({ ServiceID }) => services.get(ServiceID)?.Spec.Mode.Global === undefined).map(seenTask),
      joinedAt: CreatedAt === undefined ? 0 : Date.parse(CreatedAt),
      ...(Spec.Labels?.[protectedLabel] === "true" ? { protected: true } : {}),
    };
  });
}

/** A node that takes no tasks, for whatever reason, counts as draining. */
function stateOf({ Status, Spec }: SwarmNodeState): NodeSeen["state"] {
  if (Status.State === "unknown") return "unknown";
  if (Status.State !== "ready") return "down";
  return Spec.Availability === "active" ? "ready" : "draining";
}

/** Swarm's words for a task that finds no node (swarmkit, manager/scheduler/filter.go). */
const causes = [
  ["insufficient resources", "insufficient-resources"],
  ["scheduling constraints not satisfied", "constraints"],
] as const;

function pendingTasks({ tasks, services }: SwarmView, groupsOf: GroupsOf): PendingTasks[] {
  const names = new Map(services.map(({ ID, Spec }) => [ID, Spec.Name]));
  const lots = new Map<string, PendingTasks>();
  for (const { ServiceID, NodeID, Status, Spec } of tasks) {
    const said = Status.Err ?? Status.Message ?? "";
    const cause =
      Status.State === "pending" && (NodeID ?? "") === ""
        ? causes.find(([words]) => said.includes(words))?.[1]
        : undefined;
    if (cause === undefined) continue;
    const reserved = reservedBy(Spec);
    const groups = groupsOf(Spec);
    const key = `${ServiceID} ${cause} ${reserved.cpu} ${reserved.memoryBytes}`;
    lots.set(key, {
      service: names.get(ServiceID) ?? ServiceID,
      count: (lots.get(key)?.count ?? 0) + 1,
      reserved,
      cause,
      ...(groups === undefined ? {} : { groups }),
    });
  }
  return [...lots.values()];
}

function managers({ nodes }: Readings["outputs"], view: SwarmView): ManagerSeen[] {
  return view.nodes
    .filter(({ ManagerStatus }) => ManagerStatus !== undefined)
    .map(({ Description, Spec, ManagerStatus }) => {
      const name = Description?.Hostname ?? "";
      return {
        name,
        zone: nodes.find((node) => node.name === name)?.zone ?? Spec.Labels?.["az"] ?? "",
        reachable: ManagerStatus?.Reachability === "reachable",
      };
    });
}

/** The groups that a task's constraints admit; undefined where they admit all. */
type GroupsOf = (spec: TaskSpec) => readonly string[] | undefined;

function admitting(groups: ClusterOutputs["workerGroups"]): GroupsOf {
  const all = Object.entries(groups);
  const admitted = cached(
    (constraints: readonly string[]) => constraints.join("\n"),
    (constraints) => {
      const names = all
        .filter(([name, { zone, labels }]) =>
          satisfies(constraints, { role: "worker", labels: { ...labels, az: zone, group: name } }),
        )
        .map(([name]) => name);
      return names.length === all.length ? undefined : names;
    },
  );
  return ({ Placement }) =>
    Placement?.Constraints === undefined || Placement.Constraints === null || Placement.Constraints.length === 0
      ? undefined
      : admitted(Placement.Constraints);
}

export function reservedBy({ Resources }: TaskSpec): Resources {
  return {
    cpu: (Resources?.Reservations?.NanoCPUs ?? 0) / 1e9,
    memoryBytes: Resources?.Reservations?.MemoryBytes ?? 0,
  };
}

function sum(all: readonly Resources[]): Resources {
  return all.reduce(
    (total, { cpu, memoryBytes }) => ({ cpu: total.cpu + cpu, memoryBytes: total.memoryBytes + memoryBytes }),
    { cpu: 0, memoryBytes: 0 },
  );
}

/** Whether a task may not leave its node: its data is in a volume there, or its service names the node. */
export function isBound({ ContainerSpec, Placement }: TaskSpec): boolean {
  const isLocal = (ContainerSpec?.Mounts ?? []).some(
    ({ Type, Source, VolumeOptions }) =>
      Type === "volume" && (Source ?? "") !== "" && ["", "local"].includes(VolumeOptions?.DriverConfig?.Name ?? ""),
  );
  return isLocal || (Placement?.Constraints ?? []).some((text) => /^\s*node\.(id|hostname)\s*==/.test(text));
}

/** Computes once for what is alike: there are many tasks and few services. */
function cached<A, R>(keyOf: (argument: A) => string, compute: (argument: A) => R): (argument: A) => R {
  const known = new Map<string, { readonly result: R }>();
  return (argument) => {
    const key = keyOf(argument);
    const made = known.get(key) ?? { result: compute(argument) };
    known.set(key, made);
    return made.result;
  };
}

/** The services whose tasks are meant to be spread over nodes: those of a number of replicas. */
export function replicasOf({ Spec }: SwarmService): number | undefined {
  return Spec.Mode.Replicated?.Replicas;
}
