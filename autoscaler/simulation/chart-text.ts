import { thin } from "./chart-svg";
import type { Frame, Timeline } from "./simulate";
import { isAction } from "../model/verdict";
import { percent } from "../model/wording";

const blocks = " ▁▂▃▄▅▆▇█";

/** A row of blocks, as high as each value is beside `most`; what is not known is a middle dot. */
export function sparkline(values: readonly (number | undefined)[], most: number): string {
  return values
    .map((value) => {
      if (value === undefined) return "·";
      const level = most <= 0 ? 0 : Math.ceil(Math.min(1, value / most) * (blocks.length - 1));
      return blocks[level] ?? " ";
    })
    .join("");
}

/**
 * A timeline for the terminal: a row for the load, one for each zone's workers, one for the decisions (▲ out, ▼ in),
 * and the decisions in words.
 *
 * @param columns width of the terminal; 40 are the fewest.
 */
export function printTimeline(timeline: Timeline, columns: number): string {
  const { frames, zones, policy } = timeline;
  if (frames.length === 0) return "The trace is empty.\n";
  const gutter = Math.max(9, ...zones.map((zone) => zone.length + 1));
  const places = Math.max(40, columns) - gutter - 12;
  const shown = thin(frames, places);
  const most = Math.max(1, ...frames.flatMap(({ ready }) => Object.values(ready)));
  const row = (name: string, text: string, note: string): string =>
    `${name.padEnd(gutter)}${text.padEnd(Math.min(places, shown.length))} ${note}`.trimEnd();
  const highest = Math.max(0, ...frames.map(({ ratio }) => ratio ?? 0));
  return [
    row(
      "CPU",
      sparkline(
        shown.map(({ ratio }) => ratio),
        1,
      ),
      `max ${percent(highest)}`,
    ),
    ...zones.map((zone) =>
      row(
        zone,
        sparkline(
          shown.map(({ ready }) => ready[zone]),
          most,
        ),
        `max ${Math.max(0, ...frames.map(({ ready }) => ready[zone] ?? 0))}`,
      ),
    ),
    row("decisions", marks(frames, Math.min(places, shown.length)), ""),
    `${"".padEnd(gutter)}${clock(frames[0]).padEnd(Math.max(6, Math.min(places, shown.length) - 5))}${clock(frames.at(-1))} UTC`,
    `${"".padEnd(gutter)}out above ${percent(policy.scaleOutCpuRatio)}, in below ${percent(policy.scaleInCpuRatio)}, ${policy.min} to ${policy.max} workers`,
    "",
    ...frames
      .filter(({ verdict }) => isAction(verdict))
      .map(
        ({ at, verdict: { kind, why } }) => `${new Date(at).toISOString().slice(0, 19)}Z  ${kind.padEnd(9)}  ${why}`,
      ),
    "",
  ].join("\n");
}

function marks(frames: readonly Frame[], places: number): string {
  return Array.from({ length: places }, (_, place) => {
    const here = frames
      .slice(Math.floor((place * frames.length) / places), Math.floor(((place + 1) * frames.length) / places))
      .map(({ verdict }) => verdict)
      .filter(isAction)
      .map(({ kind }) => kind);
    if (here.length === 0) return " ";
    return here.every((kind) => kind === here[0]) ? (here[0] === "scale-out" ? "▲" : "▼") : "◆";
  }).join("");
}

function clock(frame: Frame | undefined): string {
  return frame === undefined ? "" : new Date(frame.at).toISOString().slice(11, 16);
}
