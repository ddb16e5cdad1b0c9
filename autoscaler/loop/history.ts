import type { Frame, Timeline } from "../simulation/simulate";
import { isAction } from "../model/verdict";
import { zoneNames } from "../decision/zone-health";
import type { Tick } from "./loop";
import { countNodes } from "./summary";

/** Hours that the status page looks back, and the frames that they may have. */
const hours = 6;
const mostFrames = 2400;

/** What the ticks of the last hours came to, for the drawing. It begins with the process. */
export class History {
  private frames: Frame[] = [];

  note(tick: Tick): void {
    const { at, seen, change, verdict, policy } = tick;
    if (seen === undefined || policy === undefined) return;
    const counts = [...countNodes(tick)];
    const by = (state: "ready" | "in_flight"): Record<string, number> =>
      Object.fromEntries(counts.map(([zone, number]) => [zone, number[state]]));
    const cores = seen.nodes.reduce((sum, { state, total }) => sum + (state === "ready" ? total.cpu : 0), 0);
    this.frames.push({
      at,
      demandCores: cores * (seen.cpu?.ratio ?? 0),
      ...(seen.cpu === undefined ? {} : { ratio: seen.cpu.ratio }),
      pendingTasks: seen.pending.reduce((sum, { count }) => sum + count, 0),
      ready: by("ready"),
      coming: by("in_flight"),
      // a verdict that was not acted on is no mark
      verdict: { kind: change?.kind ?? (verdict.kind === "blocked" ? "blocked" : "hold"), why: verdict.why },
    });
    this.frames = this.frames.filter((frame) => at - frame.at <= hours * 3_600_000);
    // of frames in which nothing was done every second one will do
    if (this.frames.length > mostFrames)
      this.frames = this.frames.filter((frame, index) => index % 2 === 0 || isAction(frame.verdict));
  }

  /** The drawing's material; undefined before the first tick that saw the cluster. */
  timeline({ policy }: Tick): Timeline | undefined {
    return policy === undefined || this.frames.length === 0
      ? undefined
      : { policy, zones: zoneNames(policy), frames: this.frames };
  }
}
