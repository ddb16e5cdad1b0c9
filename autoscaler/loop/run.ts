import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome } from "./adapters/job";
import type { Loop, Tick } from "./loop";

/**
 * Seconds from the beginning of a tick to the next one's where the instance may act: half of cluster-autoscaler's
 * `--scan-interval`, since to start an update takes some more.
 */
export const usualIntervalSeconds = 5;

/**
 * How many times rarer an instance looks whose manager does not lead. It waits for its turn, which comes by an election
 * of 10 s or more; and what it asks its own manager for that one asks the leader, which so answers for every instance.
 */
const standbyFactor = 3;

/** Seconds from the beginning of a tick to the next one's. */
export function periodSeconds({ seen }: Pick<Tick, "seen">, intervalSeconds: number): number {
  return seen?.leader === false ? standbyFactor * intervalSeconds : intervalSeconds;
}

export interface RunOptions {
  /** Of an instance that may act; see periodSeconds. */
  readonly intervalSeconds: number;
  /** One look, with what it begins, to its end. */
  readonly once: boolean;
  readonly signal: AbortSignal;
  /** Is given each tick that has ended. */
  readonly note: (tick: Tick) => void;
}

/**
 * Ticks until the signal, or once. The next tick begins a period after the last one began, or at once where that took
 * longer. In the end an update that runs is interrupted and the record is left to whoever comes next.
 *
 * @returns the last tick, and of a single look what its update came to.
 */
export async function runLoop(
  loop: Loop,
  { intervalSeconds, once, signal, note }: RunOptions,
): Promise<{ readonly tick: Tick; readonly outcome?: Outcome | undefined }> {
  for (;;) {
    const begun = Date.now();
    const tick = await loop.tick();
    note(tick);
    if (once) {
      const interrupt = (): void => {
        void loop.close();
      };
      signal.addEventListener("abort", interrupt, { once: true });
      const outcome = await loop.update;
      signal.removeEventListener("abort", interrupt);
      await loop.close();
      return { tick, outcome };
    }
    await sleep(Math.max(0, begun + periodSeconds(tick, intervalSeconds) * 1000 - Date.now()), undefined, {
      signal,
    }).catch(() => undefined);
    if (signal.aborted) {
      await loop.close();
      return { tick };
    }
  }
}
