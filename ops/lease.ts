import { hostname } from "node:os";
import { z } from "zod";
import { openBackend, type Backend } from "./backend";
import { parseAs } from "../settings/json";

/** What a holder says of itself: until when it will have ended whatever it runs, unless it has said so again. */
const leaseSchema = z.object({ holder: z.string(), until: z.iso.datetime() });

/** Seconds that a lease lasts; as long, and the tolerance, a dead holder keeps others waiting. */
const leaseSeconds = 180;
/** Seconds between two renewals. */
const renewSeconds = 20;
/** Seconds before its end at which the holder gives up. */
const marginSeconds = 30;
/** Seconds by which two machines' clocks may differ; nodes keep time by NTP, to far less. */
const toleranceSeconds = 30;

const keyOf = (holder: string): string => `.swarm/leases/${holder}.json`;

/** Ends this process without a further word; of a container's first one, everything in the container ends with it. */
export function endSelf(): void {
  process.kill(process.pid, "SIGKILL");
}

/**
 * Holds a lease beside the state for as long as an update runs, so that another machine can tell that its holder is no
 * more. A holder that can no longer renew it gives up before it runs out: what is left of it must not go on changing things.
 *
 * @param holder name of the machine, as Pulumi writes it into its locks.
 * @param giveUp called at most once, when the lease could not be renewed in time.
 * @returns gives the lease back.
 */
export async function holdLease(backend: Backend, holder: string, giveUp: () => void, now: () => number = Date.now): Promise<() => Promise<void>> {
  let until = 0;
  let ended = false;
  const renew = async (): Promise<void> => {
    const next = now() + leaseSeconds * 1000;
    await backend.write(keyOf(holder), JSON.stringify({ holder, until: new Date(next).toISOString() }));
    until = next;
  };
  await renew();
  let renewedAt = now();
  const timer = setInterval(() => {
    if (ended) return;
    if (now() > until - marginSeconds * 1000) {
      ended = true;
      giveUp();
    } else if (now() - renewedAt >= renewSeconds * 1000) {
      renewedAt = now();
      // what fails now is tried again at the next turn, until the margin is reached
      void renew().catch(() => undefined);
    }
  }, 1000);
  return async () => {
    ended = true;
    clearInterval(timer);
    await backend.remove(keyOf(holder));
  };
}

/**
 * Does something under a lease of this machine, where `SWARM_LEASE` is "true" and the backend is of files or S3. Only for
 * who is never put to sleep: a laptop that wakes up would go on with what was taken from it.
 */
export async function underLease<T>(environment: NodeJS.ProcessEnv, action: () => Promise<T>): Promise<T> {
  const backend = environment["SWARM_LEASE"] === "true" ? openBackend(environment["PULUMI_BACKEND_URL"]) : undefined;
  if (backend === undefined) return action();
  const giveBack = await holdLease(backend, hostname(), endSelf);
  try {
    return await action();
  } finally {
    // one that stays runs out by itself
    await giveBack().catch(() => undefined);
  }
}

/** Whether a machine has held a lease that has run out, and what it locked it locked before that. */
export async function ranOut(backend: Backend, holder: string, lockedAt: number, now: number): Promise<boolean> {
  const lease = parseAs(leaseSchema, await backend.read(keyOf(holder)) ?? "");
  if (lease === undefined) return false;
  const until = Date.parse(lease.until);
  return lockedAt < until && now > until + toleranceSeconds * 1000;
}
