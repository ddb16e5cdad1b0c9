import { Loop, type LoopPorts, type Tick } from "../../autoscaler/loop/loop";
import { drainLabel } from "../../autoscaler/loop/observe";
import type {
  Blindness,
  Figures,
  ScaleEvent,
  StackPort,
  SwarmPort,
  SwarmView,
  UpdateOrder,
} from "../../autoscaler/loop/ports";
import { parseRecord, type AutoscalerRecord } from "../../autoscaler/loop/record";
import { keysOf, nodeKey } from "../../autoscaler/model/observation";
import { BusyError, OperationError } from "../../ops/errors";
import type { SwarmNodeState } from "../../ops/swarm/nodes";
import type { SwarmService, SwarmTask } from "../../ops/swarm/services";
import type { KeptRecord } from "../../ops/swarm/config-record";
import { RefusedError, UpdateError } from "../../ops/update/update";
import type { UpdateStep } from "../../ops/pulumi/events";
import { readWorkerName } from "../../settings/names";
import { countWorkers, type WorkerSets } from "../../settings/ordinals";
import type { ClusterOutputs } from "../../settings/outputs";
import { noon } from "./autoscaler";
import { goodSettings } from "./settings";
import { outputsOf, swarmNode } from "./swarm";

/** The process that did it is dead; nothing that it does counts any more. */
class Killed extends Error {}

export const quiet = {
  windowSeconds: 60,
  minNodes: 3,
  maxNodes: 9,
  scaleOutCooldownSeconds: 60,
  scaleInCooldownSeconds: 60,
  joinDeadlineSeconds: 300,
};

/** A cluster whose cloud, swarm, stack and clock are in memory, and whose autoscalers can be killed at any point. */
export class LoopWorld {
  now = noon;
  outputs: ClusterOutputs;
  /** Servers with their ports, as the cloud has them, by `<group>-<ordinal>`. */
  readonly servers = new Map<string, number>();
  nodes: SwarmNodeState[];
  tasks: SwarmTask[] = [];
  services: SwarmService[] = [];
  kept: KeptRecord | undefined;
  /** Of the CPU of all workers; undefined: Prometheus is gone. */
  cpu: number | undefined = 0.6;
  sampleAge = 5;
  /** How long a look at the cluster takes. */
  lookSeconds = 0;
  /** A person's update holds the lock. */
  locked = false;
  /** What the plan guard says of an update that takes workers away; undefined: it lets them go. */
  planRefusal: string | undefined;
  /** Updates that it refused. */
  refused = 0;
  /** Readings of the outputs that a tick waited for. */
  fresh = 0;
  /** Some update runs. */
  private updating = false;
  swarmFault: string | undefined;
  /** What the cloud answers to a new server of a zone. */
  readonly refusals = new Map<string, string>();
  /** Zones whose servers do not boot or join. */
  readonly deadZones = new Set<string>();
  bootSeconds = 30;
  readonly events: ScaleEvent[] = [];
  readonly blind: Blindness[] = [];
  readonly said: string[] = [];
  readonly created: string[] = [];
  updates = 0;
  forced: string[] = [];
  /** Points that were passed, and the one at which the process dies. */
  points: string[] = [];
  killAt = Infinity;
  private waiters: { readonly holds: () => boolean; readonly go: () => void }[] = [];
  private mostServers = 0;

  constructor(
    sets: Record<string, number[]> = { az1: [0], az2: [0], az3: [0] },
    autoscale: Record<string, unknown> = {},
  ) {
    const policy = goodSettings({
      workerGroups: Object.fromEntries(["az1", "az2", "az3"].map((name) => [name, { min: 1, max: 4 }])),
      autoscale: { ...quiet, ...autoscale },
    });
    const workerGroups = Object.fromEntries(
      ["az1", "az2", "az3"].map((name) => [name, { zone: name, min: 1, max: 4, labels: {} }]),
    );
    this.outputs = outputsOf("test", sets, {
      program: "same",
      workerGroups,
      ...(policy.autoscale === undefined ? {} : { autoscale: policy.autoscale }),
    });
    for (const [group, ordinals] of Object.entries(sets))
      for (const ordinal of ordinals) this.servers.set(nodeKey({ group, ordinal }), -Infinity);
    this.nodes = this.outputs.nodes.map(({ name }) => machine(name, noon - 86_400_000));
  }

  get record(): AutoscalerRecord | undefined {
    return this.kept === undefined ? undefined : parseRecord(this.kept.text);
  }

  get most(): number {
    return this.mostServers;
  }

  node(key: string): SwarmNodeState | undefined {
    return this.nodes.find(({ Description }) => Description?.Hostname === `test-worker-${key}`);
  }

  change(key: string, change: (node: SwarmNodeState) => SwarmNodeState): void {
    this.nodes = this.nodes.map((node) => (node === this.node(key) ? change(node) : node));
  }

  /** Tasks of one service on each of the nodes. */
  run(keys: readonly string[], each: number, service = "web"): void {
    this.tasks = [
      ...this.tasks,
      ...keys.flatMap((key) =>
        Array.from({ length: each }, (_, index): SwarmTask => ({
          ID: `${service}-${key}-${index}`,
          ServiceID: `id-${service}`,
          NodeID: `id-test-worker-${key}`,
          DesiredState: "running",
          Status: { State: "running" },
          Spec: {},
        })),
      ),
    ];
  }

  /** An autoscaler of its own process. */
  start(
    name: string,
    {
      self,
      program = "same",
      isDead = true,
    }: { readonly self?: string; readonly program?: string; readonly isDead?: boolean } = {},
  ): TestLoop {
    const life = { alive: true };
    return new TestLoop(
      this,
      new Loop(this.ports(life, program), {
        own: { instance: name, host: `host-${name}`, pid: 1 },
        self,
        isDead: () => isDead,
        say: (line) => {
          this.said.push(line);
        },
      }),
      life,
    );
  }

  private ports(life: Life, program: string): LoopPorts {
    const point = async (what: string): Promise<void> => this.point(life, what);
    const swarm: SwarmPort = {
      view: async (): Promise<SwarmView> => {
        await point("view");
        if (this.swarmFault !== undefined) throw new OperationError(this.swarmFault);
        return { nodes: this.nodes, tasks: this.tasks, services: this.services, record: this.kept };
      },
      keep: async (text, known) => {
        await point("before the record");
        if (known?.version !== this.kept?.version) throw new BusyError("somebody else wrote it in between");
        this.kept = { id: "record", version: (known?.version ?? 0) + 1, text };
        await point("after the record");
        return this.kept;
      },
      drain: async (id, mark) => {
        await point("before a drain");
        this.nodes = this.nodes.map((node) =>
          node.ID === id
            ? {
                ...node,
                Spec: { ...node.Spec, Availability: "drain", Labels: { ...node.Spec.Labels, [drainLabel]: mark } },
              }
            : node,
        );
        await point("after a drain");
      },
      activate: async (id) => {
        await point("before an activation");
        this.nodes = this.nodes.map((node) =>
          node.ID === id ? { ...node, Spec: { Role: "worker", Availability: "active", Labels: {} } } : node,
        );
        await point("after an activation");
      },
      forceUpdate: async (id) => {
        await point("before a force");
        this.forced.push(id);
      },
      close: () => undefined,
    };
    let known = { outputs: this.outputs, at: this.now };
    const stack: StackPort = {
      program,
      outputs: async (fresh) => {
        await point("outputs");
        if (fresh) this.fresh += 1;
        if (fresh || this.now - known.at >= 60_000) known = { outputs: this.outputs, at: this.now };
        return known.outputs;
      },
      update: async (order, signal) => this.update(life, order, signal),
      unavailableZones: async () => Promise.resolve([]),
      lockHolder: async () => Promise.resolve(this.locked ? "ann@laptop's update" : undefined),
    };
    return {
      swarm,
      stack,
      clock: { now: () => this.now },
      metrics: {
        read: async () => {
          this.now += this.lookSeconds * 1000;
          return Promise.resolve(this.figures());
        },
      },
      notify: {
        scaled: async (event) => {
          this.events.push(event);
          return Promise.resolve();
        },
        blind: async (one) => {
          this.blind.push(one);
          return Promise.resolve();
        },
      },
    };
  }

  private figures(): Figures {
    if (this.cpu === undefined)
      return { zoneCpu: {}, serviceCores: {}, fault: "Prometheus does not answer: ECONNREFUSED" };
    const nodes = this.nodes.filter(({ Spec, Status }) => Spec.Role === "worker" && Status.State === "ready").length;
    return {
      zoneCpu: {},
      serviceCores: {},
      cpu: { ratio: this.cpu, newestSampleAt: this.now - this.sampleAge * 1000, nodes },
    };
  }

  /** What Pulumi would do: make, wait for Ready, take away, note. A killed one leaves all that it did. */
  private async update(
    life: Life,
    { wanted, expected }: UpdateOrder,
    signal: AbortSignal,
  ): Promise<readonly UpdateStep[]> {
    await this.point(life, "before an update");
    if (this.locked || this.updating) throw new BusyError("another update holds its lock");
    if (JSON.stringify(expected) !== JSON.stringify(this.outputs.workerSets))
      throw new BusyError("another update changed its workers in between");
    const [most, now] = [this.outputs.autoscale?.maxNodes ?? Infinity, countWorkers(expected)];
    if (countWorkers(wanted) > Math.max(most, now))
      throw new BusyError("another update changed their limits in between");
    if (this.planRefusal !== undefined && countWorkers(wanted) < now) {
      this.refused += 1;
      throw new RefusedError(this.planRefusal);
    }
    this.updates += 1;
    this.updating = true;
    try {
      const steps: UpdateStep[] = [];
      const keys = new Set(keysOf(wanted));
      for (const key of keys) {
        if (this.servers.has(key)) continue;
        this.servers.set(key, this.now);
        this.created.push(key);
        this.mostServers = Math.max(this.mostServers, this.servers.size);
        const refusal = this.refusals.get(key.replace(/-\d+$/, ""));
        if (refusal !== undefined)
          steps.push({
            resource: `test-workers-${key}-server`,
            type: "Instance",
            op: "create",
            begunAt: this.now,
            error: refusal,
          });
        await this.point(life, "after a server was made");
      }
      if (steps.length > 0) throw new UpdateError("the update failed", steps, false);
      for (const key of [...this.servers.keys()]) {
        if (keys.has(key)) continue;
        this.nodes = this.nodes.filter((node) => node !== this.node(key));
        await this.point(life, "after a node left the swarm");
        this.servers.delete(key);
        await this.point(life, "after a server was deleted");
      }
      await this.until(
        () => !life.alive || signal.aborted || [...keys].every((key) => this.node(key)?.Status.State === "ready"),
      );
      await this.point(life, "after the joins");
      if (signal.aborted) throw new UpdateError("the update was interrupted", [], true);
      this.note(wanted);
      await this.point(life, "after the outputs");
      return steps;
    } finally {
      this.updating = false;
    }
  }

  private note(wanted: WorkerSets): void {
    const sets = Object.fromEntries(Object.entries(wanted).map(([group, ordinals]) => [group, [...ordinals]]));
    this.outputs = { ...this.outputs, workerSets: sets };
  }

  private async until(holds: () => boolean): Promise<void> {
    if (!holds())
      await new Promise<void>((go) => {
        this.waiters.push({ holds, go });
      });
  }

  /** Lets time pass: servers boot and join, whoever waits goes on. */
  async pass(seconds: number): Promise<void> {
    this.now += seconds * 1000;
    for (const [key, madeAt] of this.servers) {
      const zone = key.replace(/-\d+$/, "");
      const isDead = this.deadZones.has(zone) || this.refusals.has(zone);
      if (this.node(key) === undefined && !isDead && this.now - madeAt >= this.bootSeconds * 1000 && madeAt > 0)
        this.nodes = [...this.nodes, machine(`test-worker-${key}`, this.now)];
    }
    // a killed update waits for nothing any more
    const ready = this.waiters.filter(({ holds }) => holds());
    this.waiters = this.waiters.filter((waiter) => !ready.includes(waiter));
    for (const { go } of ready) go();
    await calm();
  }

  private async point(life: Life, what: string): Promise<void> {
    if (!life.alive) throw new Killed(what);
    this.points.push(what);
    if (this.points.length === this.killAt) {
      life.alive = false;
      throw new Killed(what);
    }
    await Promise.resolve();
  }

  /** What the swarm, the cloud and the stack hold, as one: they must agree once all is quiet. */
  holdings(): Record<string, readonly string[]> {
    const inSwarm = this.nodes.flatMap(({ Description }) => {
      const place = readWorkerName("test", Description?.Hostname ?? "");
      return place === undefined ? [] : [nodeKey(place)];
    });
    const inStack = keysOf(this.outputs.workerSets);
    return { swarm: inSwarm.sort(), servers: [...this.servers.keys()].sort(), stack: inStack.sort() };
  }
}

interface Life {
  alive: boolean;
}

/** A node of four cores. */
function machine(name: string, joinedAt: number): SwarmNodeState {
  return swarmNode(name, {
    CreatedAt: new Date(joinedAt).toISOString(),
    Description: { Hostname: name, Resources: { NanoCPUs: 4e9, MemoryBytes: 8 * 2 ** 30 } },
  });
}

/** Everything that is ready to go on has done so. */
async function calm(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1)
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
}

/** An autoscaler in a world. */
export class TestLoop {
  constructor(
    private readonly world: LoopWorld,
    readonly loop: Loop,
    readonly life: Life,
  ) {}

  /** Looks, lets what was begun go on, and lets ten seconds pass. */
  async tick(seconds = 10): Promise<Tick> {
    const tick = await this.loop.tick();
    await calm();
    await this.world.pass(seconds);
    return tick;
  }

  async ticks(number: number, seconds = 10): Promise<Tick[]> {
    const all: Tick[] = [];
    for (let index = 0; index < number; index += 1) all.push(await this.tick(seconds));
    return all;
  }

  kill(): void {
    this.life.alive = false;
  }
}
