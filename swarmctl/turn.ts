import { setTimeout as sleep } from "node:timers/promises";
import { BusyError, LockedError } from "../ops/errors";

export interface Turn {
  /** Seconds from the first refusal until it is given up; 0 to take the first one for an answer. */
  readonly lockSeconds: number;
  /** Seconds between two tries at a lock; 15 by default: a try may plan anew and start Pulumi. */
  readonly intervalSeconds?: number;
  readonly say: (line: string) => void;
}

/**
 * Does what an update is part of when it is its turn: after another one that holds the stack's lock, and once more
 * where another one came in between. Each try is the whole action, so that what is planned follows from the cluster as
 * it is then.
 *
 * @throws BusyError when it is not its turn in time, or this process is asked to end meanwhile.
 */
export async function inTurn<T>(
  { lockSeconds, intervalSeconds = 15, say }: Turn,
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

/** Waits; false when this process is asked to end, which it then does in its own words. */
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
