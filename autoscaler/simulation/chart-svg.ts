import { scaleLinear, scaleUtc } from "d3-scale";
import { area, curveStepAfter, line, stack } from "d3-shape";
import type { Frame, Timeline } from "./simulate";
import { isAction } from "../model/verdict";
import { count, percent } from "../model/wording";

const width = 960;
const left = 64;
const right = 936;
const load = { top: 56, bottom: 216 };
const workers = { top: 264, bottom: 444 };
const legendTop = 496;

/**
 * Hues of the zones, apart for the eye and for most kinds of colour blindness; a tenth zone and later ones begin anew.
 */
const hues = [212, 28, 152, 340, 48, 190, 268, 90, 0];

const style = `
  svg { --paper: #fff; --ink: #1f2328; --faint: #59636e; --grid: #d1d9e0; --light: 46%; --out: #b42318; --in: #1a7f37; --demand: #59636e; font: 12px system-ui, sans-serif; }
  @media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --grid: #30363d; --light: 62%; --out: #ff8b80; --in: #56d364; --demand: #9198a1; } }
  text { fill: var(--ink); } .faint { fill: var(--faint); } .title { font-size: 15px; font-weight: 600; } .heading { font-weight: 600; }
  .grid { stroke: var(--grid); } .ratio { fill: none; stroke: var(--ink); stroke-width: 1.5; } .demand { fill: none; stroke: var(--demand); stroke-width: 1.5; stroke-dasharray: 2 2; }
  .out { stroke: var(--out); } .in { stroke: var(--in); } .limit { stroke: var(--faint); } .threshold { stroke-dasharray: 5 3; }
  .mark-out { fill: var(--out); } .mark-in { fill: var(--in); } .label-out { fill: var(--out); } .label-in { fill: var(--in); }
  .over { fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }`;

type Placed = (instant: Date) => number;

/**
 * Draws a timeline as one SVG file: utilisation with both thresholds above, workers by zone stacked below, with the
 * decisions between them (a triangle up or down each, with its why as a tooltip). Follows the reader's light or dark
 * scheme.
 */
export function drawTimeline(timeline: Timeline, title: string): string {
  const frames = thin(timeline.frames, right - left);
  const [first, last] = [timeline.frames[0]?.at ?? 0, timeline.frames.at(-1)?.at ?? 1];
  const time = scaleUtc([new Date(first), new Date(Math.max(last, first + 1))], [left, right]);
  const x: Placed = (instant) => time(instant);
  const height = legendTop + 24 * Math.ceil(timeline.zones.length / 8) + 16;
  const most = Math.max(0, ...timeline.frames.map(workersOf));
  const labels = time.ticks(8).map((tick) => {
    const at = x(tick).toFixed(1);
    return `<line class="grid" x1="${at}" x2="${at}" y1="${load.top}" y2="${workers.bottom}"/><text class="faint" text-anchor="middle" x="${at}" y="${workers.bottom + 18}">${label(tick, last - first)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title summary">`,
    `<title id="title">${escape(title)}</title><desc id="summary">${escape(summary(timeline, most))}</desc>`,
    `<style>${style}\n</style><rect width="100%" height="100%" fill="var(--paper)"/>`,
    `<text class="title" x="${left}" y="24">${escape(title)}</text>`,
    ...labels,
    ...drawLoad(timeline, frames, x),
    ...drawWorkers(timeline, frames, x, most),
    ...drawDecisions(timeline, x),
    ...drawLegend(timeline.zones),
    `<text class="faint" x="${right}" y="24" text-anchor="end">times in UTC</text></svg>`,
    "",
  ].join("\n");
}

function drawLoad({ policy }: Timeline, frames: readonly Frame[], x: Placed): string[] {
  const y = scaleLinear([0, 1], [load.bottom, load.top]);
  const path = line<Frame>()
    .defined(({ ratio }) => ratio !== undefined)
    .x(({ at }) => x(new Date(at)))
    .y(({ ratio }) => y(Math.min(1, ratio ?? 0)));
  const threshold = (kind: "out" | "in", ratio: number): string =>
    `<line class="threshold ${kind}" x1="${left}" x2="${right}" y1="${y(ratio)}" y2="${y(ratio)}"/>` +
    `<text class="label-${kind}" x="${right}" y="${y(ratio) - 4}" text-anchor="end">${kind === "out" ? "scale out above" : "scale in below"} ${percent(ratio)}</text>`;
  return [
    `<text class="heading" x="${left}" y="${load.top - 10}">CPU of the cluster, mean of ${policy.windowSeconds} s</text>`,
    ...y
      .ticks(4)
      .map(
        (tick) =>
          `<line class="grid" x1="${left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}"/><text class="faint" x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${percent(tick)}</text>`,
      ),
    `<path class="ratio" d="${short(path(frames) ?? "")}"/>`,
    threshold("out", policy.scaleOutCpuRatio),
    threshold("in", policy.scaleInCpuRatio),
  ];
}

function drawWorkers({ policy, zones }: Timeline, frames: readonly Frame[], x: Placed, most: number): string[] {
  // a max far above what was used would press the rest to the ground
  const showsMax = policy.max <= most * 1.5;
  const y = scaleLinear(
    [0, Math.max(1, most, showsMax ? policy.max : 0, policy.min)],
    [workers.bottom, workers.top],
  ).nice(5);
  const layers = stack<Frame>()
    .keys(zones)
    .value(({ ready }, zone) => ready[zone] ?? 0)([...frames]);
  const shape = area<(typeof layers)[number][number]>()
    .curve(curveStepAfter)
    .x(({ data }) => x(new Date(data.at)))
    .y0(([low]) => y(low))
    .y1(([, high]) => y(high));
  const all = line<Frame>()
    .curve(curveStepAfter)
    .x(({ at }) => x(new Date(at)))
    .y((frame) => y(workersOf(frame)));
  const limit = (number: number, name: string): string =>
    `<line class="threshold limit" x1="${left}" x2="${right}" y1="${y(number)}" y2="${y(number)}"/>` +
    `<text class="over" x="${left + 6}" y="${y(number) - 5}">${name} ${number}</text>`;
  return [
    `<text class="heading" x="${left}" y="${workers.top - 10}">Workers by zone</text><text class="faint" x="${left + 130}" y="${workers.top - 10}">dotted: with those on the way</text>`,
    ...y
      .ticks(5)
      .filter(Number.isInteger)
      .map(
        (tick) =>
          `<line class="grid" x1="${left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}"/><text class="faint" x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
      ),
    ...layers.map(
      (layer, index) =>
        `<path fill="${colour(index)}" fill-opacity="0.8" stroke="var(--paper)" stroke-width="0.5" d="${short(shape(layer) ?? "")}"><title>${escape(layer.key)}</title></path>`,
    ),
    `<path class="demand" d="${short(all(frames) ?? "")}"/>`,
    ...(showsMax ? [limit(policy.max, "max")] : []),
    ...(policy.min > 0 ? [limit(policy.min, "min")] : []),
  ];
}

function drawDecisions({ frames }: Timeline, x: Placed): string[] {
  const middle = (load.bottom + workers.top) / 2 - 14;
  return frames
    .filter(({ verdict }) => isAction(verdict))
    .map(({ at, verdict: { kind, why } }) => {
      const place = x(new Date(at));
      const isOut = kind === "scale-out";
      const [tip, foot] = isOut ? [middle - 5, middle + 4] : [middle + 5, middle - 4];
      return `<path class="mark-${isOut ? "out" : "in"}" d="${short(`M${place - 5},${foot}L${place + 5},${foot}L${place},${tip}Z`)}"><title>${new Date(at).toISOString()} ${kind}: ${escape(why)}</title></path>`;
    });
}

function drawLegend(zones: readonly string[]): string[] {
  return zones.map((zone, index) => {
    const [column, row] = [left + (index % 8) * 108, legendTop + Math.floor(index / 8) * 24];
    return `<rect x="${column}" y="${row - 10}" width="12" height="12" fill="${colour(index)}" fill-opacity="0.8"/><text x="${column + 18}" y="${row}">${escape(zone)}</text>`;
  });
}

/** Workers that are Ready and those on their way. */
export function workersOf({ ready, coming }: Frame): number {
  return [...Object.values(ready), ...Object.values(coming)].reduce((sum, number) => sum + number, 0);
}

/** As many frames as there are places for them; of those that share one the one with the highest load. */
export function thin(frames: readonly Frame[], places: number): readonly Frame[] {
  if (frames.length <= places) return frames;
  return Array.from({ length: places }, (_, place) =>
    frames
      .slice(Math.floor((place * frames.length) / places), Math.floor(((place + 1) * frames.length) / places))
      .reduce((highest, frame) => ((frame.ratio ?? -1) > (highest.ratio ?? -1) ? frame : highest)),
  );
}

function summary({ frames, zones }: Timeline, most: number): string {
  const number = (kind: Frame["verdict"]["kind"]): number =>
    frames.filter(({ verdict }) => verdict.kind === kind).length;
  return `${count(number("scale-out"), "scale-out")} and ${count(number("scale-in"), "scale-in")}, ${count(most, "worker")} at most in ${count(zones.length, "zone")}.`;
}

const minute = 60_000;

function label(tick: Date, span: number): string {
  const iso = tick.toISOString();
  if (span > 36 * 60 * minute) return `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
  return span < 8 * minute ? iso.slice(11, 19) : iso.slice(11, 16);
}

function colour(index: number): string {
  return `hsl(${hues[index % hues.length] ?? 0} 60% var(--light))`;
}

/** A tenth of a pixel is finer than any screen. */
function short(path: string): string {
  return path.replace(/-?\d+\.\d+/g, (number) => String(Math.round(Number(number) * 10) / 10));
}

/** Text as SVG and HTML take it. */
export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
