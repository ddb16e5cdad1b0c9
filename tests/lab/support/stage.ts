import { expect } from "chai";
import type { DockerNode } from "../../../ops/connection/docker";
import { Managers } from "../../../ops/connection/managers";
import { listNodes, type SwarmNodeState } from "../../../ops/swarm/nodes";
import type { ClusterAccess } from "../../../settings/outputs";
import { HookRecorder } from "../../support/slack";
import { Autoscaler, type DecisionLine } from "./autoscaler";
import { nameOf, notReady, secondsUntil } from "./faults";
import { Forward } from "./forward";
import { holdings, machineAddress, servers } from "./lab";
import { asRoot } from "./on-manager";
import { ClusterPrometheus } from "./prometheus";
import { say } from "./run";
import type { LabStack } from "./stack";

/**
 * Percent of CPU above and below which workers come and go; what a worker under emulation needs for itself is below the
 * lower one.
 */
export const threshold = 75;
const lower = 45;
/**
 * Seconds of the window and of the cooldowns: as short as the lab bears, to be done soon; one scale-out for CPU is
 * meant to do.
 */
const times = { windowSeconds: 30, scaleOutCooldownSeconds: 600, scaleInCooldownSeconds: 60 };

/**
 * A worker in each zone that is not the manager's, and room for one more in each; in the manager's own zone for none or
 * so many.
 */
export function workerGroups(besideManager: 0 | 1): Readonly<Record<string, { min: number; max: number }>> {
  return { az1: { min: 0, max: besideManager }, az2: { min: 1, max: 2 }, az3: { min: 1, max: 2 } };
}

/** A cluster with monitoring and limits for its autoscaler, and what its tests look at it by. */
export class Stage {
  readonly hooks = new HookRecorder();
  /** Each asked through one connection: a handshake costs an emulated manager seconds of its processor. */
  private set:
    | { access: ClusterAccess; managers: Managers; prometheus: Forward; alertmanager: Forward; demoUrl: string }
    | undefined;
  readonly prometheus = new ClusterPrometheus(() => this.opened.prometheus.url);
  private running: Autoscaler | undefined;

  constructor(readonly cluster: LabStack) {}

  /** Edits the configuration, brings it up and waits for the first figures. */
  async open(): Promise<void> {
    const url = await this.hooks.start(machineAddress);
    this.cluster.editConfig((config) => {
      Object.assign(config, {
        "swarm:monitoring": {},
        "swarm:slackWebhook": `${url}/slack`,
        "swarm:deadMansSwitchUrl": `${url}/alive`,
        "swarm:autoscale": { cpuThreshold: threshold, scaleInCpuThreshold: lower, ...times },
        "swarm:workerGroups": workerGroups(1),
      });
    });
    const { seconds } = await this.cluster.up();
    say(`monitoring: up: ${Math.round(seconds)} s`);
    const { access, demoUrl = "" } = await this.cluster.outputs();
    const managers = new Managers(access);
    const monitor = nameOf(
      (await managers.use(listNodes)).find(({ Spec }) => Spec.Labels?.["monitoring"] === "true") ??
        expect.fail("no manager has the monitoring"),
    );
    this.set = {
      access,
      demoUrl,
      managers,
      prometheus: await Forward.open(access, monitor, 9090),
      alertmanager: await Forward.open(access, monitor, 9093),
    };
  }

  async close(): Promise<void> {
    await this.running?.stop();
    this.set?.managers.close();
    this.set?.prometheus.close();
    this.set?.alertmanager.close();
    this.hooks.stop();
  }

  private get opened(): NonNullable<Stage["set"]> {
    return this.set ?? expect.fail("the stage was not opened");
  }
  get access(): ClusterAccess {
    return this.opened.access;
  }
  get demoUrl(): string {
    return this.opened.demoUrl;
  }

  /** Starts an autoscaler on this machine; one that runs still is the one. */
  autoscaler(): Autoscaler {
    if (this.running?.isRunning !== true)
      this.running = new Autoscaler(this.cluster, [`--alertmanager=${this.opened.alertmanager.url}`]);
    return this.running;
  }

  /** Does one thing on a manager. */
  async use<T>(action: (manager: DockerNode) => Promise<T>): Promise<T> {
    return this.opened.managers.use(action);
  }

  /** Runs a shell script as root on a manager. */
  async run(script: string): Promise<string> {
    return this.use((manager) => asRoot(manager, script));
  }

  /** Names of the nodes that are not Ready. */
  async notReady(): Promise<string[]> {
    return this.use(notReady);
  }

  async nodes(): Promise<SwarmNodeState[]> {
    return this.use(listNodes);
  }

  /** Host name of the worker that a decision adds or removes, of those the first. */
  nameOf([node]: DecisionLine["add"]): string {
    if (node === undefined) throw new Error("the decision names no worker");
    return `${this.cluster.name}-worker-${node.group}-${node.ordinal}`;
  }

  async ready(name: string, minutes = 30): Promise<SwarmNodeState> {
    let found: SwarmNodeState | undefined;
    await secondsUntil(`${name} to be Ready`, minutes, async () => {
      found = (await this.nodes()).find((node) => nameOf(node) === name && node.Status.State === "ready");
      return found !== undefined;
    });
    return found ?? expect.fail(name);
  }

  async server(name: string, minutes = 15): Promise<{ readonly createdAt: number; readonly activeAt: number }> {
    let times = { createdAt: 0, activeAt: 0 };
    await secondsUntil(`${name} to be ACTIVE`, minutes, async () => {
      const made = (await servers()).find((one) => one.name === name);
      times = { createdAt: made?.createdAt ?? 0, activeAt: made?.activeAt ?? 0 };
      return times.activeAt > 0;
    });
    return times;
  }

  /** Waits until the servers, their ports and the swarm's nodes are these and no others, each once. */
  async settled(names: readonly string[], minutes = 20): Promise<number> {
    return this.settledAs(names, (name) => name, minutes);
  }

  /** Waits until servers, ports and nodes are the same, each once, and as many of each group as the names have. */
  async settledInGroups(names: readonly string[], minutes = 20): Promise<number> {
    return this.settledAs(names, (name) => name.replace(/-\d+$/, ""), minutes);
  }

  private async settledAs(
    names: readonly string[],
    likeness: (name: string) => string,
    minutes: number,
  ): Promise<number> {
    const alike = (list: readonly string[]): string => list.map(likeness).sort().join();
    let seen: { servers: string[]; ports: string[]; nodes: string[] } = { servers: [], ports: [], nodes: [] };
    return secondsUntil(`the cluster to be of ${names.length} nodes again`, minutes, async () => {
      const held = await holdings();
      const own = (list: readonly string[] = []): string[] =>
        list.filter((name) => /-(manager|worker)-/.test(name)).sort();
      seen = {
        servers: own(held["servers"]),
        ports: own(held["ports"]),
        nodes: (await this.nodes()).map(nameOf).sort(),
      };
      return (
        alike(seen.nodes) === alike(names) &&
        seen.servers.join() === seen.nodes.join() &&
        seen.ports.join() === seen.nodes.join()
      );
    }).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)} It has ${JSON.stringify(seen)}`, {
        cause: error,
      });
    });
  }

  /** Waits until no update of the stack is under way. */
  async unlocked(): Promise<void> {
    await secondsUntil("the update to be over", 20, async () => !(await this.cluster.isLocked()));
  }

  /** Quiet messages of Slack about scale events. */
  events(direction: "out" | "in", phase: "started" | "done" | "failed"): ReturnType<HookRecorder["slack"]> {
    return this.hooks
      .slack("/slack")
      .filter(({ title }) => title.startsWith(`scale ${direction} ${phase} · ${this.cluster.name}: `));
  }

  /** Messages of Slack about an alert that fires, or that is resolved. */
  alerts(name: string, status: "firing" | "resolved" = "firing"): ReturnType<HookRecorder["slack"]> {
    return this.hooks.alerts(name, this.cluster.name, status);
  }
}
