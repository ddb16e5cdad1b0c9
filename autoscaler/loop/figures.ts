import { z } from "zod";
import type { CpuSeen } from "../model/observation";
import type { Figures } from "./ports";

const serviceCores = "service:swarm_cpu_usage:cores";

/** The series that are read, by the names of the recording rules (stacks/monitoring/). */
export const figuresQuery = `{__name__=~"(cluster|zone):swarm_worker_cpu_.+|${serviceCores}"}`;

/** Prometheus' answer to an instant query (https://prometheus.io/docs/prometheus/latest/querying/api/). */
const answerSchema = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("vector"),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});
export type Series = z.output<typeof answerSchema>["data"]["result"][number];

/** @throws Error for what is no answer to an instant query. */
export function readSeries(text: string): Series[] {
  return answerSchema.parse(JSON.parse(text)).data.result;
}

/** Puts the series into figures; those of another window are none. */
export function figuresOf(series: readonly Series[], windowSeconds: number): Figures {
  const zones = [...new Set(series.map(({ metric }) => metric["zone"]).filter((zone) => zone !== undefined))];
  const cpu = figureOf(
    series.filter(({ metric }) => metric["__name__"]?.startsWith("cluster:") === true),
    windowSeconds,
  );
  const zoneCpu = Object.fromEntries(
    zones.flatMap((zone): [string, CpuSeen][] => {
      const figure = figureOf(
        series.filter(({ metric }) => metric["zone"] === zone),
        windowSeconds,
      );
      return typeof figure === "string" ? [] : [[zone, figure]];
    }),
  );
  const cores = series
    .filter(({ metric }) => metric["__name__"] === serviceCores)
    .map(({ metric, value }): [string, number] => [metric["service"] ?? "", Number(value[1])]);
  return {
    zoneCpu,
    serviceCores: Object.fromEntries(cores),
    ...(typeof cpu === "string" ? { fault: `Prometheus has ${cpu}` } : { cpu }),
  };
}

/** The figure of some series, or what is missing. */
function figureOf(series: readonly Series[], windowSeconds: number): CpuSeen | string {
  const window = `${windowSeconds}s`;
  const find = (ending: string, windowed: boolean): number | undefined => {
    const found = series.find(
      ({ metric }) => metric["__name__"]?.endsWith(ending) === true && (!windowed || metric["window"] === window),
    );
    return found === undefined ? undefined : Number(found.value[1]);
  };
  const [ratio, nodes, newest] = [
    find(":swarm_worker_cpu_utilisation:ratio", true),
    find(":swarm_worker_cpu_nodes:count", true),
    find(":swarm_worker_cpu_newest_sample:timestamp_seconds", false),
  ];
  if (ratio === undefined) {
    const others = [...new Set(series.map(({ metric }) => metric["window"]).filter((other) => other !== undefined))];
    return others.length === 0
      ? "no utilisation of the workers"
      : `the utilisation over ${others.join(", ")} and not over ${window}`;
  }
  if (nodes === undefined) return "no number of workers that the utilisation covers";
  if (newest === undefined) return "no time of the newest sample";
  return { ratio, nodes, newestSampleAt: newest * 1000 };
}
