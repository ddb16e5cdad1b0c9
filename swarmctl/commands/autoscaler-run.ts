import { InvalidArgumentError, Option, type Command } from "@commander-js/extra-typings";
import type { Outcome } from "../../autoscaler/loop/adapters/job";
import type { Tick } from "../../autoscaler/loop/loop";
import { isNews, withDecision, type LoggedDecision } from "../../autoscaler/loop/record";
import { usualIntervalSeconds } from "../../autoscaler/loop/run";
import { exitCodes, UsageError, type ExitCode } from "../errors";
import { loadAutoscaler } from "../lazy";
import { examples, numberOption, projectOption, prometheusOption, stackOption, urlOption } from "../options";
import type { Terminal } from "../terminal";

/** `swarmctl autoscaler run`: the autoscaler of a cluster, until it is ended. */
export function addAutoscalerRun(parent: Command, terminal: Terminal): void {
  parent
    .command("run")
    .argument("[cluster]", "name of the cluster; may be left away where there is one only")
    .summary("run a cluster's autoscaler")
    .description(
      "Looks at a cluster every few seconds and adds or removes workers by its limits (settings.autoscale), by updates of its stack (pulumi up) from this\n" +
        "checkout, which has to be the program that was last deployed. One acts at a time: others stand by. SIGTERM or Ctrl-C ends it; an update that runs\n" +
        "is interrupted then and finished by whoever comes next. Decisions go to standard output, a JSON object a line.",
    )
    .option("--cluster <name>", "name of the cluster, as the argument")
    .addOption(prometheusOption())
    .addOption(
      urlOption(
        "--alertmanager <url>",
        "Alertmanager that is told of scale events; several may be given, and every address of a name is told",
      ),
    )
    .addOption(
      new Option("--listen <address:port>", "serve /metrics, /healthz and the status page there").argParser(
        listenAddress,
      ),
    )
    .addOption(
      numberOption(
        "--interval <seconds>",
        `from a look to the next, of a standby three times as many (default: ${usualIntervalSeconds})`,
      ),
    )
    .option(
      "--node <name>",
      "host name of the manager that this runs on: it acts while that is the leader (default: it acts)",
    )
    .option("--once", "look once, carry out what is decided, and end")
    .option("--dry-run", "look and decide, say what would be done, and do nothing")
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText(
      "after",
      examples(
        ["on a machine that reaches the managers", "swarmctl autoscaler run prod-swarm-alpha"],
        [
          "as a service on each manager",
          "swarmctl autoscaler run prod-swarm-alpha --prometheus=http://tasks.prometheus:9090 --alertmanager=http://tasks.alertmanager:9093 --listen=0.0.0.0:9095 --node=$NODE",
        ],
        ["what would it do?", "swarmctl autoscaler run prod-swarm-alpha --once --dry-run"],
      ),
    )
    .action(async (argument, options) => {
      const { makeLoop, runLoop, LoopMetrics, History, serve } = loadAutoscaler();
      if (argument !== undefined && options.cluster !== undefined && argument !== options.cluster) {
        throw new UsageError(
          `--cluster: ${JSON.stringify(options.cluster)} is not ${JSON.stringify(argument)}, the argument; name one cluster.`,
        );
      }
      const intervalSeconds = options.interval ?? usualIntervalSeconds;
      if (intervalSeconds < 1) throw new UsageError("--interval: 0 would leave the managers no rest; use 1 or more.");
      const cluster = terminal.cluster({
        name: argument ?? options.cluster,
        stack: options.stack,
        project: options.project,
      });
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
      const [metrics, history] = [new LoopMetrics(), new History()];
      let last: Tick | undefined;
      let ended = { at: Date.now(), wellAt: Date.now() };
      const log = new DecisionLog(terminal);
      const note = (tick: Tick): void => {
        last = tick;
        const at = Date.now();
        ended = { at, wellAt: tick.gates.length > 0 || tick.verdict.kind !== "blocked" ? at : ended.wellAt };
        for (const taker of [metrics, history, log]) taker.note(tick);
      };
      if (options.listen !== undefined) {
        const { address } = await serve(
          {
            cluster: () => cluster.name,
            metrics,
            history,
            last: () => last,
            ended: () => ended,
            now: () => Date.now(),
            intervalSeconds,
          },
          options.listen,
        );
        terminal.say(`${cluster.name}: /metrics, /healthz and the status page are at http://${address}/.`);
      }
      const ending = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => {
          ending.abort();
        });
      const { tick, outcome } = await runLoop(loop, {
        intervalSeconds,
        once: options.once === true,
        signal: ending.signal,
        note,
      });
      if (options.once === true) terminal.finish(codeOf(tick, outcome));
    });
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

/** Decisions as lines of JSON: what acts, and what has another reason than the one before. */
class DecisionLog {
  private last: readonly LoggedDecision[] = [];

  constructor(private readonly terminal: Terminal) {}

  note({ at, verdict, change, active, events, failures, errors, took }: Tick): void {
    const decision = { at, kind: verdict.kind, why: verdict.why };
    const isNew = change !== undefined || isNews(this.last, decision);
    this.last = withDecision(this.last, decision);
    if (!isNew && events.length + failures.length + errors.length === 0) return;
    this.terminal.out(
      `${JSON.stringify({
        at: new Date(at).toISOString(),
        verdict: verdict.kind,
        why: verdict.why,
        active,
        ...(change === undefined ? {} : { add: change.add, remove: change.remove, keep: change.keep }),
        ...(events.length === 0 ? {} : { events }),
        ...(failures.length === 0 ? {} : { failures }),
        ...(errors.length === 0 ? {} : { errors }),
        seconds: took.loop,
      })}\n`,
    );
  }
}
