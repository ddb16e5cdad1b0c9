import { setTimeout as sleep } from "node:timers/promises";
import { BusyError, LockedError } from "../ops/errors";

export interface Patience {
  /** Seconds from the first refusal until the last try; 0 to try once. */
  readonly lockSeconds: number;
  /** Seconds between two tries at a lock. Default: 15, since a try may plan again and start Pulumi. */
  readonly intervalSeconds?: number;
  readonly say: (line: string) => void;
}

/**
 * Runs an action with an update in it: waits while another update holds the stack's lock, and tries again where another
 * one came in between. Each try is the whole action, so it plans from the cluster as it is then.
 *
 * @throws BusyError when other updates take too long, or this process is asked to end meanwhile.
 */
export async function retryWhileBusy<T>(
  { lockSeconds, intervalSeconds = 15, say }: Patience,
  action: () => Promise<T>,
): Promise<T> {
  let until: number | undefined;
  let told = "";
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      until ??= Date.now() + lockSeconds * 1000;
      const left = until - Date.now();
      if (left <= 0 || (error instanceof LockedError && error.interrupted)) throw error;
      const talk =
        error instanceof LockedError
          ? `waiting for ${error.holder} to end, which holds the stack's lock`
          : error.message;
      if (talk !== told) say(error instanceof LockedError ? `${talk}; ${Math.ceil(left / 60_000)} min at most.` : talk);
      told = talk;
      if (error instanceof LockedError && !(await pause(Math.min(left, intervalSeconds * 1000)))) throw error;
    }
  }
}

/** @returns false when this process is asked to end; it then reports that itself. */
async function pause(milliseconds: number): Promise<boolean> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    interruption.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  try {
    return await sleep(milliseconds, true, { signal: interruption.signal }).catch(() => false);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}
