import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { Alertmanager } from "../autoscaler/loop/adapters/alertmanager";
import { DryStack, DrySwarm, tellNobody } from "../autoscaler/loop/dry";
import { Loop, type LoopPorts } from "../autoscaler/loop/loop";
import type { MetricsPort } from "../autoscaler/loop/ports";
import { Prometheus, type PrometheusWay } from "../autoscaler/loop/adapters/prometheus";
import type { Holder } from "../autoscaler/loop/record";
import { StackTarget } from "../autoscaler/loop/adapters/stack-target";
import { SwarmTarget } from "../autoscaler/loop/adapters/swarm-target";
import type { DockerNode } from "../ops/connection/docker";
import { openManager } from "../ops/connection/managers";
import { messageOf, OperationError } from "../ops/errors";
import { ForwardAgent } from "../ops/connection/forward-agent";
import type { StackPlace } from "../ops/pulumi/run";
import type { ClusterOutputs } from "../settings/outputs";

export { History } from "../autoscaler/loop/history";
export { LoopMetrics } from "../autoscaler/loop/serving/metrics";
export { runLoop } from "../autoscaler/loop/run";
export { serve } from "../autoscaler/loop/serving/serve";

/** How an autoscaler is run. */
export interface AutoscalerOptions {
  readonly place: StackPlace;
  readonly clusterName: string;
  /** Prometheus' base addresses; none: what listens on the managers, by SSH. */
  readonly prometheus: readonly string[];
  readonly alertmanager: readonly string[];
  /** Host name of the manager that it runs on. */
  readonly node?: string | undefined;
  readonly dryRun: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly talk: (text: string) => void;
}

const clock = { now: () => Date.now() };

/** Puts the loop together from what it has to do with. */
export function makeLoop({
  place,
  clusterName,
  prometheus,
  alertmanager,
  node,
  dryRun,
  environment,
  say,
  talk,
}: AutoscalerOptions): Loop {
  const stack = new StackTarget(place, { environment, say, talk });
  const swarm = new SwarmTarget(node);
  const metrics = metricsOf(prometheus, async () => stack.outputs(false));
  const notify =
    alertmanager.length === 0 || dryRun ? tellNobody : new Alertmanager(alertmanager, () => clusterName, clock, say);
  const ports: LoopPorts = dryRun
    ? { metrics, notify, clock, swarm: new DrySwarm(swarm, say), stack: new DryStack(stack, say) }
    : { metrics, notify, clock, swarm, stack };
  // a dry run does nothing that one who acts could mind
  return new Loop(ports, { own: ownIdentity(), self: node, isDead: dryRun ? () => true : isDead, say });
}

/** A loop that sees what the active one sees, whoever that is and from whichever checkout, and does nothing. */
export async function makeOnlooker({
  place,
  prometheus,
  environment,
  say,
  talk,
}: Omit<AutoscalerOptions, "alertmanager" | "node" | "dryRun" | "clusterName">): Promise<Loop> {
  const target = new StackTarget(place, { environment, say, talk });
  const outputs = await target.outputs(true);
  const quiet = (): void => undefined;
  const stack = new DryStack(target, quiet, outputs.program);
  return new Loop(
    {
      metrics: metricsOf(prometheus, async () => target.outputs(false)),
      swarm: new DrySwarm(new SwarmTarget(), quiet),
      stack,
      notify: tellNobody,
      clock,
    },
    { own: ownIdentity(), isDead: () => true, say: quiet },
  );
}

function metricsOf(urls: readonly string[], outputs: () => Promise<ClusterOutputs>): MetricsPort {
  return urls.length > 0 ? Prometheus.at(urls) : new Prometheus(waysByManagers(outputs));
}

/** The port that Prometheus has on the managers that run one. */
const prometheusPort = 9090;
/** Seconds that a manager may take to answer by SSH. */
const connectSeconds = 10;

/** The ways to what listens on each manager, over connections that are kept. */
function waysByManagers(outputs: () => Promise<ClusterOutputs>): () => Promise<readonly PrometheusWay[]> {
  const open = new Map<string, Promise<DockerNode>>();
  return async () => {
    const { access } = await outputs();
    const faults: string[] = [];
    const ways = await Promise.all(
      access.managers.map(async (manager): Promise<PrometheusWay[]> => {
        const connection = open.get(manager.host) ?? openManager(access, manager, connectSeconds);
        open.set(manager.host, connection);
        try {
          const { ssh } = await connection;
          return [
            {
              url: new URL(`http://127.0.0.1:${prometheusPort}`),
              agent: new ForwardAgent(ssh, prometheusPort),
              failed: () => {
                ssh.close();
                open.delete(manager.host);
              },
            },
          ];
        } catch (error) {
          open.delete(manager.host);
          faults.push(messageOf(error));
          return [];
        }
      }),
    );
    if (ways.flat().length === 0) throw new OperationError(`no manager is reached (${faults.join("; ")})`);
    return ways.flat();
  };
}

/** Processes with the same number may be different ones in different containers of a machine. */
function processSpace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

const machine = `${hostname()}/${processSpace()}`;

function ownIdentity(): Omit<Holder, "at"> {
  return { instance: `${machine}/${process.pid}/${Date.now()}`, host: hostname(), pid: process.pid };
}

/**
 * Whether a holder is known to be dead: it ran where this process does, and its number is nobody's or this process'
 * own.
 */
function isDead({ instance, pid }: Holder): boolean {
  if (!instance.startsWith(`${machine}/`)) return false;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
