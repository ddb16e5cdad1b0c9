import { expect } from "chai";
import { parseCsvTrace, parsePrometheusTrace, TraceError, type TracePoint } from "../../../autoscaler/simulation/trace";

const point = (at: number, cpuCores: number, more: Partial<TracePoint> = {}): TracePoint => ({
  at,
  cpuCores,
  reservedCores: 0,
  zonesDown: [],
  bootFailures: [],
  metrics: true,
  ...more,
});

describe("parseCsvTrace", () => {
  it("reads seconds and cores", () => {
    expect(parseCsvTrace("time,cpu_cores\n0,1.5\n60,2\n")).to.deep.equal([point(0, 1.5), point(60_000, 2)]);
  });

  it("reads every column, in any order, and times as people write them", () => {
    expect(
      parseCsvTrace(
        "# a comment\ncpu_cores,time,metrics,zones_down,boot_failures,reserved_cores\n4,2026-11-24T10:00:00Z,0,az1 az2,az3,8\n\n",
      ),
    ).to.deep.equal([
      point(Date.UTC(2026, 10, 24, 10), 4, {
        metrics: false,
        zonesDown: ["az1", "az2"],
        bootFailures: ["az3"],
        reservedCores: 8,
      }),
    ]);
  });

  const faults: readonly (readonly [string, string, string])[] = [
    [
      "an unknown column",
      "time,cpu\n0,1\n",
      `trace: the column "cpu" is not known; use time, cpu_cores, reserved_cores, zones_down, boot_failures, metrics.`,
    ],
    [
      "a missing column",
      "time\n0\n",
      "trace: the column cpu_cores is missing; the first line names the columns, time and cpu_cores at least.",
    ],
    [
      "an empty file",
      "",
      "trace: the column time is missing; the first line names the columns, time and cpu_cores at least.",
    ],
    ["no points", "time,cpu_cores\n", "trace: it has no points; give one at least."],
    [
      "a word for a number",
      "# first\ntime,cpu_cores\n0,1\n60,much\n",
      `trace line 4: cpu_cores is "much"; use a number, 0 or more.`,
    ],
    ["a negative number", "time,cpu_cores\n0,-1\n", `trace line 2: cpu_cores is "-1"; use a number, 0 or more.`],
    ["a cell that is missing", "time,cpu_cores\n0\n", `trace line 2: cpu_cores is ""; use a number, 0 or more.`],
    [
      "a time that is none",
      "time,cpu_cores\nnoon,1\n",
      `trace line 2: time is "noon"; use seconds, or a time like 2026-11-24T10:00:00Z.`,
    ],
    [
      "times out of order",
      "time,cpu_cores\n60,1\n0,1\n",
      "trace: the time 1970-01-01T00:00:00.000Z is not after the one before it; sort the lines by time.",
    ],
  ];
  for (const [what, text, message] of faults)
    it(`refuses ${what}`, () => {
      expect(() => parseCsvTrace(text)).to.throw(TraceError, message);
    });
});

describe("parsePrometheusTrace", () => {
  const answer = (result: unknown): string =>
    JSON.stringify({ status: "success", data: { resultType: "matrix", result } });

  it("adds the series up, and takes an instant without a figure as one without metrics", () => {
    const series = [
      {
        metric: { az: "az1" },
        values: [
          [1000, "1.5"],
          [1015, "2"],
        ],
      },
      {
        metric: { az: "az2" },
        values: [
          [1015, "2.5"],
          [1000.5, "NaN"],
        ],
      },
    ];
    expect(parsePrometheusTrace(answer(series))).to.deep.equal([
      point(1_000_000, 1.5),
      point(1_000_500, 0, { metrics: false }),
      point(1_015_000, 4.5),
    ]);
  });

  const faults: readonly (readonly [string, string, string])[] = [
    ["what is no JSON", "<html>", "trace: it is no JSON; use the answer of /api/v1/query_range."],
    ["an error", `{"status":"error"}`, "trace: status:"],
    [
      "an instant query",
      JSON.stringify({ status: "success", data: { resultType: "vector", result: [] } }),
      "trace: data.resultType:",
    ],
    ["an empty answer", answer([]), "trace: it has no points; give one at least."],
  ];
  for (const [what, text, message] of faults)
    it(`refuses ${what}`, () => {
      expect(() => parsePrometheusTrace(text)).to.throw(TraceError, message);
    });
});
