import { expect } from "chai";
import { drawTimeline } from "../../../autoscaler/simulation/chart-svg";
import { printTimeline, sparkline } from "../../../autoscaler/simulation/chart-text";
import { simulate, type Timeline } from "../../../autoscaler/simulation/simulate";
import type { TracePoint } from "../../../autoscaler/simulation/trace";
import { goodPolicy } from "../../support/autoscaler";

const start = Date.UTC(2026, 10, 24);
const points = [4, 20, 20, 4].map((cpuCores, index): TracePoint => ({
  at: start + index * 1_200_000,
  cpuCores,
  reservedCores: 0,
  zonesDown: [],
  bootFailures: [],
  metrics: index !== 2,
}));
const timeline = simulate(goodPolicy({ min: 3, max: 8 }), points);
const empty: Timeline = { policy: goodPolicy(), zones: ["az1"], frames: [] };

describe("drawTimeline", () => {
  const svg = drawTimeline(timeline, `night & <day>`);

  it("is one SVG with a title, a summary and both colour schemes", () => {
    expect(svg).to.match(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 960 \d+" role="img"/);
    expect(svg.match(/<svg/g)).to.have.length(1);
    expect(svg).to.include('<title id="title">night &#38; &#60;day&#62;</title>');
    expect(svg).to.match(
      /<desc id="summary">\d+ scale-outs? and \d+ scale-ins?, \d workers at most in 3 zones\.<\/desc>/,
    );
    expect(svg).to.include("@media (prefers-color-scheme: dark)");
  });

  it("names the thresholds, the limits, the zones and the hours", () => {
    for (const text of [
      "scale out above 75 %",
      "scale in below 50 %",
      "min 3",
      "max 8",
      ">az1<",
      ">az2<",
      ">az3<",
      ">00:30<",
    ])
      expect(svg).to.include(text);
  });

  it("marks each decision with its why", () => {
    const done = timeline.frames.filter(({ verdict: { kind } }) => kind === "scale-out" || kind === "scale-in");
    expect(done.length).to.be.greaterThan(0);
    expect(svg.match(/class="mark-/g)).to.have.length(done.length);
    expect(svg).to.include(`scale-out: ${done[0]?.verdict.why ?? "?"}`);
  });

  it("draws no number that is none, and leaves a gap where there are no figures", () => {
    expect(svg).not.to.match(/NaN|undefined|Infinity/);
    expect(/class="ratio" d="([^"]+)"/.exec(svg)?.[1]?.match(/M/g)).to.have.length(2);
  });

  it("draws an empty timeline", () => {
    expect(drawTimeline(empty, "nothing")).not.to.match(/NaN|undefined|Infinity/);
  });
});

describe("sparkline", () => {
  it("is as high as each value", () => {
    expect(sparkline([0, 1, 4, 8, undefined, 99], 8)).to.equal(" ▁▄█·█");
  });
  it("of nothing is flat", () => {
    expect(sparkline([0, 0], 0)).to.equal("  ");
  });
});

describe("printTimeline", () => {
  const lines = printTimeline(timeline, 80).split("\n");

  it("has a row for the load, one for each zone and one for the decisions", () => {
    expect(lines.slice(0, 5).map((row) => row.slice(0, 9).trim())).to.deep.equal([
      "CPU",
      "az1",
      "az2",
      "az3",
      "decisions",
    ]);
    expect(lines[0]).to.match(/max 100 %$/);
    expect(lines[4]).to.include("▲");
  });

  it("fits the terminal and ends with the decisions in words", () => {
    for (const row of lines.slice(0, 7)) expect(row.length).to.be.at.most(80);
    expect(lines.find((row) => row.includes("  scale-out  "))).to.match(
      /^2026-11-24T00:\d\d:\d\dZ {2}scale-out {2}CPU of the cluster is \d+(\.\d)? % over 60 s, above 75 %;/,
    );
  });

  it("says so where the trace is empty", () => {
    expect(printTimeline(empty, 80)).to.equal("The trace is empty.\n");
  });
});
