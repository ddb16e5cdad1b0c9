import { csvParseRows } from "d3-dsv";
import { z } from "zod";

/** What the cluster is faced with from an instant on, until the next point. */
export interface TracePoint {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Cores that the services would use if they had them. */
  readonly cpuCores: number;
  /** Cores that the services' tasks reserve. */
  readonly reservedCores: number;
  readonly zonesDown: readonly string[];
  /** Zones in which the cloud finds no host for a new server. */
  readonly bootFailures: readonly string[];
  /** False while there are no figures. */
  readonly metrics: boolean;
}

/** The trace cannot be read; the message names the line or the path. */
export class TraceError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TraceError";
  }
}

const columns = ["time", "cpu_cores", "reserved_cores", "zones_down", "boot_failures", "metrics"] as const;
type Column = (typeof columns)[number];

/**
 * Reads a trace as CSV with a header: `time` (seconds, or ISO 8601) and `cpu_cores` are required; `reserved_cores`,
 * `zones_down` and `boot_failures` (zones separated by spaces) and `metrics` (0: none) may follow. Lines that start
 * with # are comments.
 *
 * @throws TraceError
 */
export function parseCsvTrace(text: string): TracePoint[] {
  const lines = text.split("\n").map((line) => (line.startsWith("#") ? "" : line));
  const rows = csvParseRows(lines.join("\n"))
    .map((cells, index) => ({ cells, line: index + 1 }))
    .filter(({ cells }) => cells.join("").trim() !== "");
  const [header, ...body] = rows;
  const names = header?.cells.map((cell) => cell.trim()) ?? [];
  const known: readonly string[] = columns;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TraceError(`trace: the column ${JSON.stringify(unknown)} is not known; use ${columns.join(", ")}.`);
  const missing = ["time", "cpu_cores"].find((name) => !names.includes(name));
  if (missing !== undefined)
    throw new TraceError(
      `trace: the column ${missing} is missing; the first line names the columns, time and cpu_cores at least.`,
    );
  return ordered(
    body.map(({ cells, line }) =>
      pointOf(line, (column) => {
        const index = names.indexOf(column);
        return index < 0 ? "" : (cells[index]?.trim() ?? "");
      }),
    ),
  );
}

function pointOf(line: number, cell: (column: Column) => string): TracePoint {
  const number = (column: Column, fallback?: number): number => {
    const text = cell(column);
    const value = text === "" ? fallback : Number(text);
    if (value !== undefined && Number.isFinite(value) && value >= 0) return value;
    throw new TraceError(`trace line ${line}: ${column} is ${JSON.stringify(text)}; use a number, 0 or more.`);
  };
  const list = (column: Column): string[] =>
    cell(column)
      .split(/\s+/)
      .filter((name) => name !== "");
  const time = cell("time");
  const at = /^\d+(\.\d+)?$/.test(time) ? Number(time) * 1000 : Date.parse(time);
  if (!Number.isFinite(at))
    throw new TraceError(
      `trace line ${line}: time is ${JSON.stringify(time)}; use seconds, or a time like 2026-11-24T10:00:00Z.`,
    );
  return {
    at,
    cpuCores: number("cpu_cores"),
    reservedCores: number("reserved_cores", 0),
    zonesDown: list("zones_down"),
    bootFailures: list("boot_failures"),
    metrics: number("metrics", 1) > 0,
  };
}

function ordered(points: TracePoint[]): TracePoint[] {
  if (points.length === 0) throw new TraceError("trace: it has no points; give one at least.");
  const late = points.find(({ at }, index) => index > 0 && at <= (points[index - 1]?.at ?? -Infinity));
  if (late !== undefined)
    throw new TraceError(
      `trace: the time ${new Date(late.at).toISOString()} is not after the one before it; sort the lines by time.`,
    );
  return points;
}

/**
 * Answer of Prometheus to `/api/v1/query_range`,
 * https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 */
const rangeAnswer = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])) }),
    ),
  }),
});

/**
 * Reads a trace from a range query for cores in use, e.g. `sum by (az)
 * (rate(node_cpu_seconds_total{mode!="idle"}[1m]))`: the sum of all series. An instant without a figure is one without
 * metrics.
 *
 * @throws TraceError
 */
export function parsePrometheusTrace(text: string): TracePoint[] {
  const parsed = rangeAnswer.safeParse(json(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TraceError(
      `trace: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unknown"}; use the answer of /api/v1/query_range, a matrix.`,
    );
  }
  const sums = new Map<number, number>();
  for (const { values } of parsed.data.data.result) {
    for (const [time, value] of values) sums.set(time, (sums.get(time) ?? 0) + Number(value));
  }
  return ordered(
    [...sums]
      .sort(([a], [b]) => a - b)
      .map(([time, cores]) => ({
        at: time * 1000,
        cpuCores: Number.isFinite(cores) ? cores : 0,
        reservedCores: 0,
        zonesDown: [],
        bootFailures: [],
        metrics: Number.isFinite(cores),
      })),
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new TraceError("trace: it is no JSON; use the answer of /api/v1/query_range.", { cause });
  }
}
