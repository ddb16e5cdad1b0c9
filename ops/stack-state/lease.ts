import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { openBackend, type Backend } from "./backend";

// No machine compares its clock with another's: the holder measures the time since its last renewal, whoever waits the
// time since it saw one.

/** Seconds that a lease lasts after a renewal; a dead holder keeps others waiting as long. */
export const leaseSeconds = 180;
/** Seconds between two renewals. */
const renewSeconds = 20;
/** Seconds before its end at which the holder gives up. */
const marginSeconds = 30;

/** Names the lease to the program of an update that runs under it. */
export const leaseVariable = "SWARM_LEASE_NAME";

const keyOf = (lease: string): string => `.swarm/leases/${lease}.json`;

/** Ends this process without a further word; of a container's first one, everything in the container ends with it. */
export function endSelf(): void {
  process.kill(process.pid, "SIGKILL");
}

/**
 * Measures seconds from now. A clock may be set back, and the monotonic one stands still while a machine sleeps
 * (clock_gettime(2)), so the one that went further counts.
 */
function stopwatch(): () => number {
  const [monotonic, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - monotonic, Date.now() - wall) / 1000;
}

/**
 * Holds a lease beside the state for as long as an update runs, so that another machine can tell that its holder is no
 * more. A holder that can no longer renew it gives up before it runs out: what is left of it must not go on changing
 * things.
 *
 * @param lease its name, which nobody else's has: random, since two machines may have one name.
 * @param giveUp called at most once, when the lease could not be renewed in time.
 * @returns gives the lease back.
 */
export async function holdLease(backend: Backend, lease: string, giveUp: () => void): Promise<() => Promise<void>> {
  let sinceRenewal = stopwatch();
  let renewals = 0;
  let ended = false;
  const renew = async (): Promise<void> => {
    // others see the renewal after this
    const since = stopwatch();
    renewals += 1;
    // each renewal changes the text; the machine's name is for people
    await backend.write(keyOf(lease), JSON.stringify({ holder: hostname(), renewals }));
    sinceRenewal = since;
  };
  await renew();
  let sinceTry = stopwatch();
  const timer = setInterval(() => {
    if (ended) return;
    if (sinceRenewal() > leaseSeconds - marginSeconds) {
      ended = true;
      giveUp();
    } else if (sinceTry() >= renewSeconds) {
      sinceTry = stopwatch();
      // what fails now is tried again at the next turn, until the margin is reached
      void renew().catch(() => undefined);
    }
  }, 1000);
  return async () => {
    ended = true;
    clearInterval(timer);
    await forgetLease(backend, lease);
  };
}

/**
 * Does something under a lease, where `SWARM_LEASE` is "true" and the backend is of files or S3. Only for
 * who is never put to sleep: a laptop that wakes up would go on with what was taken from it.
 */
export async function underLease<T>(
  environment: NodeJS.ProcessEnv,
  action: (lease: string | undefined) => Promise<T>,
): Promise<T> {
  const backend = environment["SWARM_LEASE"] === "true" ? openBackend(environment["PULUMI_BACKEND_URL"]) : undefined;
  if (backend === undefined) return action(undefined);
  const lease = randomUUID();
  const giveBack = await holdLease(backend, lease, endSelf);
  try {
    return await action(lease);
  } finally {
    // one that stays runs out by itself
    await giveBack().catch(() => undefined);
  }
}

/**
 * What one has seen of a lease: nothing (it was given back), a renewal, none yet, or none for as long as a lease lasts.
 */
export type LeaseState = "given-back" | "renewed" | "watched" | "run-out";

/**
 * Tells whether leases are renewed, by this process' own looks and its monotonic clock alone. Looks may be any time
 * apart.
 */
export class LeaseWatch {
  private readonly seen = new Map<
    string,
    { readonly text: string; readonly since: number; readonly isRenewed: boolean }
  >();

  /** @param now milliseconds of a monotonic clock. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * @param lock what the holder locked: the watch begins when both were seen, so a lock that is taken later is not
   * judged by what was seen before.
   */
  async look(backend: Backend, lease: string, lock: string): Promise<LeaseState> {
    const name = `${lease} ${lock}`;
    const asked = this.now();
    const text = await backend.read(keyOf(lease));
    const before = this.seen.get(name);
    if (text === undefined) {
      this.seen.delete(name);
      return "given-back";
    }
    if (before?.text !== text) {
      this.seen.set(name, { text, since: this.now(), isRenewed: before !== undefined });
      return before === undefined ? "watched" : "renewed";
    }
    if (asked - before.since >= leaseSeconds * 1000) return "run-out";
    return before.isRenewed ? "renewed" : "watched";
  }
}

/** Removes a lease that nobody holds any more. */
export async function forgetLease(backend: Backend, lease: string): Promise<void> {
  await backend.remove(keyOf(lease));
}
