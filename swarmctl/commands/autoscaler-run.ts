import { InvalidArgumentError, Option, type Command } from "@commander-js/extra-typings";
import type { Outcome } from "../../autoscaler/loop/adapters/job";
import type { Tick } from "../../autoscaler/loop/loop";
import { usualIntervalSeconds } from "../../autoscaler/loop/run";
import { DecisionLog } from "../decision-log";
import { exitCodes, UsageError, type ExitCode } from "../errors";
import { loadAutoscaler } from "../deferred-imports";
import { examples, namedOnce, numberOption, projectOption, prometheusOption, stackOption, urlOption } from "../options";
import type { Cluster } from "../project";
import type { Terminal } from "../terminal";

const helpExamples = examples(
  ["on a machine that reaches the managers", "swarmctl autoscaler run prod-swarm-alpha"],
  [
    "as a service on each manager",
    "swarmctl autoscaler run prod-swarm-alpha --prometheus=http://tasks.prometheus:9090 --alertmanager=http://tasks.alertmanager:9093 --listen=0.0.0.0:9095 --node=$NODE",
  ],
  ["what would it do?", "swarmctl autoscaler run prod-swarm-alpha --once --dry-run"],
);

const alertmanagerOption = () =>
  urlOption(
    "--alertmanager <url>",
    "Alertmanager that receives scale events; several may be given, and every address of a name receives them",
  );
const listenOption = () =>
  new Option("--listen <address:port>", "serve /metrics, /healthz and the status page there").argParser(listenAddress);
const intervalOption = () =>
  numberOption(
    "--interval <seconds>",
    `from a tick to the next, three times as many on a standby (default: ${usualIntervalSeconds})`,
  );

/** `swarmctl autoscaler run`: the autoscaler of a cluster, until it is ended. */
export function addAutoscalerRun(parent: Command, terminal: Terminal): void {
  parent
    .command("run")
    .argument("[cluster]", "name of the cluster; optional where there is only one")
    .summary("run a cluster's autoscaler")
    .description(
      "Checks a cluster every few seconds and adds or removes workers within its limits (settings.autoscale), by updates of its stack (pulumi up) from this\n" +
        "checkout, which has to be the program that was last deployed. One instance acts at a time, the others stand by. SIGTERM or Ctrl-C ends it; a running\n" +
        "update is then interrupted, and the next instance finishes it. Decisions go to standard output, a JSON object a line.",
    )
    .option("--cluster <name>", "name of the cluster, as the argument")
    .addOption(prometheusOption())
    .addOption(alertmanagerOption())
    .addOption(listenOption())
    .addOption(intervalOption())
    .option(
      "--node <name>",
      "host name of the manager that this runs on: it acts while that is the leader (default: it acts)",
    )
    .option("--once", "run one tick, carry out its decision, and end")
    .option("--dry-run", "decide, print what would be done, and do nothing")
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText("after", helpExamples)
    .action(async (argument, options) => {
      const intervalSeconds = options.interval ?? usualIntervalSeconds;
      if (intervalSeconds < 1) throw new UsageError("--interval: 0 would leave the managers no rest; use 1 or more.");
      const name = namedOnce("--cluster", argument, options.cluster);
      const cluster = terminal.cluster({ name, stack: options.stack, project: options.project });
      await runAutoscaler(cluster, { ...options, intervalSeconds }, terminal);
    });
}

interface RunOptions {
  readonly intervalSeconds: number;
  readonly prometheus?: readonly string[] | undefined;
  readonly alertmanager?: readonly string[] | undefined;
  /** Address and port. */
  readonly listen?: string | undefined;
  readonly node?: string | undefined;
  readonly once?: true | undefined;
  readonly dryRun?: true | undefined;
}

/** Runs the loop until a signal ends it, or for one tick. */
async function runAutoscaler(cluster: Cluster, options: RunOptions, terminal: Terminal): Promise<void> {
  const { makeLoop, runLoop, LoopMetrics, History } = loadAutoscaler();
  const loop = makeLoop({
    place: cluster,
    clusterName: cluster.name,
    prometheus: options.prometheus ?? [],
    alertmanager: options.alertmanager ?? [],
    node: options.node,
    dryRun: options.dryRun === true,
    environment: terminal.environment,
    say: (line) => {
      terminal.say(line);
    },
    talk: (text) => process.stderr.write(text),
  });
  const [metrics, history, log] = [new LoopMetrics(), new History(), new DecisionLog(terminal)];
  const progress = new Progress();
  const { intervalSeconds, listen } = options;
  if (listen !== undefined)
    await serveStatus(cluster, { listen, intervalSeconds, metrics, history, progress }, terminal);
  const { tick, outcome } = await runLoop(loop, {
    intervalSeconds,
    once: options.once === true,
    signal: untilSignal(),
    note: (noted) => {
      for (const taker of [progress, metrics, history, log]) taker.note(noted);
    },
  });
  if (options.once === true) terminal.finish(codeOf(tick, outcome));
}

/** The last tick, and when the last ones ended. */
class Progress {
  last: Tick | undefined;
  ended = { at: Date.now(), wellAt: Date.now() };

  note(tick: Tick): void {
    this.last = tick;
    const at = Date.now();
    const isWell = tick.gates.length > 0 || tick.verdict.kind !== "blocked";
    this.ended = { at, wellAt: isWell ? at : this.ended.wellAt };
  }
}

interface Served {
  readonly listen: string;
  readonly intervalSeconds: number;
  readonly metrics: InstanceType<ReturnType<typeof loadAutoscaler>["LoopMetrics"]>;
  readonly history: InstanceType<ReturnType<typeof loadAutoscaler>["History"]>;
  readonly progress: Progress;
}

/** Serves /metrics, /healthz and the status page. */
async function serveStatus({ name }: Cluster, served: Served, terminal: Terminal): Promise<void> {
  const { listen, progress, ...rest } = served;
  const { address } = await loadAutoscaler().serve(
    { ...rest, cluster: () => name, last: () => progress.last, ended: () => progress.ended, now: () => Date.now() },
    listen,
  );
  terminal.say(`${name}: /metrics, /healthz and the status page are at http://${address}/.`);
}

/** Aborted by SIGINT or SIGTERM. */
function untilSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      ending.abort();
    });
  return ending.signal;
}

function codeOf({ verdict, errors }: Tick, outcome: Outcome | undefined): ExitCode {
  if (outcome?.kind === "busy") return exitCodes.busy;
  if (errors.length > 0 || (outcome !== undefined && outcome.kind !== "done")) return exitCodes.failed;
  return verdict.kind === "blocked" ? exitCodes.unhealthy : exitCodes.done;
}

function listenAddress(text: string): string {
  if (!/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/.test(text))
    throw new InvalidArgumentError("use address:port, e.g. 127.0.0.1:9095.");
  return text;
}
