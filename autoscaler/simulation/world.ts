import type { WorkerSets } from "../../settings/ordinals";
import { nodeKey, type Failure, type NodeRef, type NodeSeen, type TaskSeen } from "../model/observation";
import type { Policy } from "../model/policy";
import type { Resources } from "../model/resources";
import { spread } from "./spread";
import type { TracePoint } from "./trace";
import type { Verdict } from "../model/verdict";

/** How long things take in a simulation, and of what size they are. */
export interface WorldOptions {
  /** From asking for a node to Ready. */
  readonly bootSeconds: number;
  /** From asking for a removal to the node being gone. */
  readonly drainSeconds: number;
  readonly tickSeconds: number;
  readonly nodeSize: Resources;
  /** What each task reserves; the trace says how much all of them do. */
  readonly taskSize: Resources;
  /** Workers at the start; by default every group's minimum, and the cluster's spread over them. */
  readonly workerSets?: WorkerSets;
}

export const worldDefaults: WorldOptions = {
  bootSeconds: 90,
  drainSeconds: 30,
  tickSeconds: 10,
  nodeSize: { cpu: 4, memoryBytes: 8 * 2 ** 30 },
  taskSize: { cpu: 0.5, memoryBytes: 512 * 2 ** 20 },
};

interface SimulatedNode extends NodeRef {
  readonly zone: string;
  readonly readyAt: number;
  tasks: number;
  goneAt?: number;
  /** The cloud found no host. */
  failed?: boolean;
  seen?: NodeSeen;
}

/** A cluster that boots, drains and loses nodes as it is told. Lives as long as one simulation. */
export class World {
  private readonly nodes = new Map<string, SimulatedNode>();
  private readonly zoneOf: ReadonlyMap<string, string>;
  private readonly tasksByCount = new Map<number, readonly TaskSeen[]>();
  private failures: Failure[] = [];
  /** Tasks that found no room. */
  pending = 0;

  constructor(
    policy: Policy,
    private readonly options: WorldOptions,
    start: number,
  ) {
    this.zoneOf = new Map(policy.groups.map(({ name, zone }) => [name, zone]));
    for (const [group, ordinals] of Object.entries(options.workerSets ?? startingSets(policy))) {
      for (const ordinal of ordinals) this.put({ group, ordinal }, start, start);
    }
  }

  private put({ group, ordinal }: NodeRef, now: number, readyAt: number, failed = false): void {
    const zone = this.zoneOf.get(group) ?? group;
    this.nodes.set(nodeKey({ group, ordinal }), { group, ordinal, zone, readyAt, tasks: 0, failed });
    if (failed)
      this.failures.push({
        kind: "no-valid-host",
        zone,
        nodes: [{ group, ordinal }],
        at: now,
        message: "No valid host was found",
      });
  }

  /** Carries a verdict out; what it takes time for is ready later. */
  act(verdict: Verdict, point: TracePoint, now: number): void {
    if (verdict.kind === "hold" || verdict.kind === "blocked") return;
    for (const { group, ordinal } of verdict.add) {
      this.put(
        { group, ordinal },
        now,
        now + this.options.bootSeconds * 1000,
        point.bootFailures.includes(this.zoneOf.get(group) ?? ""),
      );
    }
    for (const node of verdict.remove) {
      const known = this.nodes.get(nodeKey(node));
      if (known !== undefined)
        known.goneAt = now + (node.because === "did-not-join" ? 0 : this.options.drainSeconds * 1000);
    }
    for (const node of verdict.keep) delete this.nodes.get(nodeKey(node))?.goneAt;
  }

  /** Lets time pass: nodes go, tasks are placed on those that work, spread by number as Swarm does. */
  advance(point: TracePoint, now: number): void {
    for (const [key, { goneAt }] of this.nodes) if (goneAt !== undefined && goneAt <= now) this.nodes.delete(key);
    this.failures = this.failures.filter(({ at }) => now - at < 60_000);
    const open = [...this.nodes.values()].filter(
      (node) => this.stateOf(node, point, now) === "ready" && node.goneAt === undefined,
    );
    const workable = new Set(open);
    for (const node of this.nodes.values()) if (!workable.has(node)) node.tasks = 0;
    const { taskSize, nodeSize } = this.options;
    const most = Math.min(
      Math.floor(nodeSize.cpu / taskSize.cpu),
      Math.floor(nodeSize.memoryBytes / taskSize.memoryBytes),
    );
    this.pending = spread(open, Math.round(point.reservedCores / taskSize.cpu), most);
  }

  private stateOf(
    { zone, readyAt, failed, goneAt }: SimulatedNode,
    point: TracePoint,
    now: number,
  ): "coming" | "ready" | "draining" | "down" {
    if (failed === true || readyAt > now) return "coming";
    if (point.zonesDown.includes(zone)) return "down";
    return goneAt === undefined ? "ready" : "draining";
  }

  get recentFailures(): readonly Failure[] {
    return this.failures;
  }

  /** What the stack holds: a node until it is gone. */
  get workerSets(): WorkerSets {
    const sets: Record<string, number[]> = {};
    for (const { group, ordinal } of this.nodes.values()) (sets[group] ??= []).push(ordinal);
    return sets;
  }

  /** Nodes that the swarm knows. One that was to boot in a zone that is down does not join. */
  workers(point: TracePoint, now: number): NodeSeen[] {
    const workers: NodeSeen[] = [];
    for (const node of this.nodes.values()) {
      const state = this.stateOf(node, point, now);
      if (state === "coming" || (state === "down" && node.seen === undefined)) continue;
      if (node.seen?.state !== state || node.seen.tasks.length !== node.tasks) node.seen = this.view(node, state);
      workers.push(node.seen);
    }
    return workers;
  }

  private view({ group, ordinal, zone, readyAt, tasks }: SimulatedNode, state: NodeSeen["state"]): NodeSeen {
    const { nodeSize, taskSize } = this.options;
    return {
      group,
      ordinal,
      zone,
      state,
      name: nodeKey({ group, ordinal }),
      total: nodeSize,
      joinedAt: readyAt,
      tasks: this.tasks(tasks),
      reserved: { cpu: tasks * taskSize.cpu, memoryBytes: tasks * taskSize.memoryBytes },
    };
  }

  private tasks(number: number): readonly TaskSeen[] {
    const known =
      this.tasksByCount.get(number) ??
      Array.from({ length: number }, () => ({ service: "simulated", reserved: this.options.taskSize }));
    this.tasksByCount.set(number, known);
    return known;
  }

  /** Nodes on their way, by zone. */
  coming(point: TracePoint, now: number): SimulatedNode[] {
    return [...this.nodes.values()].filter(
      (node) => this.stateOf(node, point, now) === "coming" && node.goneAt === undefined,
    );
  }
}

function startingSets({ groups, min }: Policy): WorkerSets {
  const counts = new Map(groups.map((group) => [group.name, group.min]));
  const total = (): number => [...counts.values()].reduce((sum, number) => sum + number, 0);
  while (total() < min) {
    const [fewest] = groups
      .filter(({ name, max }) => (counts.get(name) ?? 0) < max)
      .sort((a, b) => (counts.get(a.name) ?? 0) - (counts.get(b.name) ?? 0));
    if (fewest === undefined) break;
    counts.set(fewest.name, (counts.get(fewest.name) ?? 0) + 1);
  }
  return Object.fromEntries(
    [...counts].map(([name, number]) => [name, Array.from({ length: number }, (_, ordinal) => ordinal)]),
  );
}
