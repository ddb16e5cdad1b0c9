import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Option, type Command } from "@commander-js/extra-typings";
import { policyOf } from "../../autoscaler/model/policy-of";
import { simulate, type Timeline } from "../../autoscaler/simulation/simulate";
import { parseCsvTrace, parsePrometheusTrace, TraceError, type TracePoint } from "../../autoscaler/simulation/trace";
import { worldDefaults } from "../../autoscaler/simulation/world";
import { UsageError } from "../errors";
import { loadSvgChart, loadTextChart } from "../deferred-imports";
import { examples, jsonOption, numberOption, projectOption, stackOption } from "../options";
import { settingsOf, type Cluster } from "../project";
import type { Terminal } from "../terminal";

/** Columns of a terminal that does not tell its width. */
const defaultColumns = 100;

const helpExamples = examples(
  ["how would yesterday have gone?", "swarmctl autoscaler simulate yesterday.csv prod-swarm-alpha --svg yesterday.svg"],
  [
    "the decisions alone",
    "swarmctl autoscaler simulate load.json --json | jq -r '.frames[].verdict | select(.kind != \"hold\").why'",
  ],
);

/** `swarmctl autoscaler simulate`: what a cluster's policy would have made of a trace; asks nobody. */
export function addAutoscalerSimulate(parent: Command, terminal: Terminal): void {
  parent
    .command("simulate")
    .argument("<trace>", "CSV (time, cpu_cores, …) or the JSON of Prometheus' /api/v1/query_range")
    .argument("[cluster]", "name of the cluster whose limits count")
    .summary("replay a trace against a cluster's limits")
    .description(
      "Replays a recorded load against the autoscaling of a cluster's configuration: when workers would have come and gone, and why. No cluster is asked.",
    )
    .addOption(new Option("--svg <file>", "draw it into a file"))
    .addOption(
      numberOption(
        "--boot-seconds <seconds>",
        `from asking for a worker to Ready (default: ${worldDefaults.bootSeconds})`,
      ),
    )
    .addOption(numberOption("--node-cores <cores>", `cores of a worker (default: ${worldDefaults.nodeSize.cpu})`))
    .addOption(jsonOption())
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText("after", helpExamples)
    .action((trace, name, { svg, bootSeconds, nodeCores, json, stack, project }) => {
      const cluster = terminal.cluster({ name, stack, project });
      const world = {
        ...(bootSeconds === undefined ? {} : { bootSeconds }),
        ...(nodeCores === undefined ? {} : { nodeSize: { ...worldDefaults.nodeSize, cpu: nodeCores } }),
      };
      const timeline = simulate(policyFor(cluster), readTrace(resolve(terminal.cwd, trace)), world);
      if (svg !== undefined)
        writeFileSync(resolve(terminal.cwd, svg), loadSvgChart().drawTimeline(timeline, titleOf(cluster, timeline)));
      if (json === true) terminal.json(timeline);
      else
        terminal.out(
          loadTextChart().printTimeline(timeline, process.stdout.isTTY ? process.stdout.columns : defaultColumns),
        );
    });
}

function policyFor(cluster: Cluster): Timeline["policy"] {
  const policy = policyOf(settingsOf(cluster, cluster.text));
  if (policy === undefined) {
    throw new UsageError(
      `${cluster.file}: settings.autoscale is not set, so nothing scales; run \`swarmctl cluster update ${cluster.name} --autoscale-cpu-threshold=75\`.`,
    );
  }
  return policy;
}

function readTrace(path: string): TracePoint[] {
  try {
    const text = readFileSync(path, "utf8");
    return text.trimStart().startsWith("{") ? parsePrometheusTrace(text) : parseCsvTrace(text);
  } catch (error) {
    if (error instanceof TraceError) throw new UsageError(`${path}: ${error.message}`, { cause: error });
    throw new UsageError(`${path}: cannot be read; name a file of CSV or JSON.`, { cause: error });
  }
}

function titleOf({ name }: Cluster, { frames }: Timeline): string {
  const day = (at: number | undefined): string => new Date(at ?? 0).toISOString().slice(0, 10);
  return `${name}, ${day(frames[0]?.at)}`;
}
