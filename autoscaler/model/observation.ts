import type { WorkerSets } from "../../settings/ordinals";
import type { Resources } from "./resources";

// What a tick sees. Instants are milliseconds since the epoch.

/** A worker by its place: `{ group: "az1", ordinal: 3 }` is az1-3. */
export interface NodeRef {
  readonly group: string;
  readonly ordinal: number;
}

/** A task that runs on a worker. Tasks of global services are left out: they go with their node. */
export interface TaskSeen {
  readonly service: string;
  readonly reserved: Resources;
  /** Groups whose nodes the service's constraints admit; absent: every group. */
  readonly groups?: readonly string[];
  /** True for a task that may not leave its node, e.g. for a local volume. */
  readonly pinned?: boolean;
}

/** A worker of the swarm. A node is down before it is draining. */
export interface NodeSeen extends NodeRef {
  readonly name: string;
  readonly zone: string;
  readonly state: "ready" | "down" | "unknown" | "draining";
  readonly total: Resources;
  /** What all its tasks reserve, those of global services included. */
  readonly reserved: Resources;
  readonly tasks: readonly TaskSeen[];
  readonly joinedAt: number;
  /** True for a worker that an operator keeps: never removed for load or balance. */
  readonly protected?: boolean;
}

/** Tasks of a service that the swarm cannot place, alike in what they reserve. */
export interface PendingTasks {
  readonly service: string;
  readonly count: number;
  /** What each of them reserves. */
  readonly reserved: Resources;
  /**
   * Swarm's reason: no node has the resources left, or no node satisfies the constraints. Only the first is cured by
   * more nodes.
   */
  readonly cause: "insufficient-resources" | "constraints";
  /** Groups whose nodes the service's constraints admit; absent: every group. */
  readonly groups?: readonly string[];
}

/** Mean CPU utilisation over the policy's window. */
export interface CpuSeen {
  readonly ratio: number;
  readonly newestSampleAt: number;
  /** Number of workers that the figure covers. */
  readonly nodes: number;
}

/** A node that was asked for and is not Ready. */
export interface NodeInFlight extends NodeRef {
  readonly zone: string;
  /** When it was asked for. */
  readonly since: number;
}

export interface ManagerSeen {
  readonly name: string;
  readonly zone: string;
  readonly reachable: boolean;
}

/**
 * What became of an action: `boot` and `no-valid-host` bar the zone, `quota` bars every zone, `refused` means that
 * nothing was begun (e.g. another update holds the lock) and bars nothing.
 */
export interface Failure {
  readonly kind: "boot" | "no-valid-host" | "quota" | "refused";
  /** Absent where the failure is not a zone's. */
  readonly zone?: string;
  /** The nodes of the action that failed. */
  readonly nodes: readonly NodeRef[];
  readonly at: number;
  /** What the cloud said. */
  readonly message: string;
}

/** Something that keeps the autoscaler from acting at all, e.g. a program other than the one last deployed. */
export interface Obstacle {
  /** What is the case, as a clause: "the program differs from the one last deployed". */
  readonly value: string;
  /** What would have to be: "run `pulumi up` from this checkout first". */
  readonly needs: string;
}

export interface Seen {
  /** Ordinals that the last update left, from the stack's outputs. */
  readonly workerSets: WorkerSets;
  /** The swarm's workers of the policy's groups. */
  readonly nodes: readonly NodeSeen[];
  /** Servers that exist or are being made and have not been Ready in the swarm yet. */
  readonly inFlight: readonly NodeInFlight[];
  readonly pending: readonly PendingTasks[];
  /** Of all workers; absent where Prometheus has none or does not answer. */
  readonly cpu?: CpuSeen;
  /** Why there is no figure, as a clause: "Prometheus does not answer". */
  readonly cpuFault?: string;
  /** By zone. */
  readonly zoneCpu: Readonly<Record<string, CpuSeen>>;
  readonly managers: readonly ManagerSeen[];
  /** True where the autoscaler stands on the raft leader, or was told to act regardless. */
  readonly leader: boolean;
  /** Zones that the cloud itself calls unavailable. */
  readonly unavailableZones: readonly string[];
  /** Of late; each is counted once, by its time. */
  readonly failures: readonly Failure[];
  readonly obstacles: readonly Obstacle[];
}

export function nodeKey({ group, ordinal }: NodeRef): string {
  return `${group}-${ordinal}`;
}

/** Those of all workers of some sets. */
export function keysOf(sets: WorkerSets): string[] {
  return Object.entries(sets).flatMap(([group, ordinals]) => ordinals.map((ordinal) => nodeKey({ group, ordinal })));
}

/**
 * The workers of the given groups by their key. Of two entries of one name, which a node that was built anew may leave,
 * the better one; protected where either is.
 */
export function workersByKey(nodes: readonly NodeSeen[], groups: ReadonlySet<string>): ReadonlyMap<string, NodeSeen> {
  const rank = ["ready", "draining", "unknown", "down"];
  const workers = new Map<string, NodeSeen>();
  for (const node of nodes) {
    if (!groups.has(node.group)) continue;
    const key = nodeKey(node);
    const known = workers.get(key);
    const best = known === undefined || rank.indexOf(node.state) < rank.indexOf(known.state) ? node : known;
    workers.set(key, known?.protected === true || node.protected === true ? { ...best, protected: true } : best);
  }
  return workers;
}

/** True for a node that does no work. */
export function isDown({ state }: NodeSeen): boolean {
  return state === "down" || state === "unknown";
}

/** Number of nodes by group. */
export function tally(nodes: readonly NodeRef[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { group } of nodes) counts.set(group, (counts.get(group) ?? 0) + 1);
  return counts;
}
