import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { openBackend, type Backend } from "./backend";
import { parseAs } from "../settings/json";

/** What a holder says of itself: its machine's name, for people, and until when it will have ended whatever it runs, unless it has said so again. */
const leaseSchema = z.object({ holder: z.string(), until: z.iso.datetime() });

/** Seconds that a lease lasts; as long, and the tolerance, a dead holder keeps others waiting. */
const leaseSeconds = 180;
/** Seconds between two renewals. */
const renewSeconds = 20;
/** Seconds before its end at which the holder gives up. */
const marginSeconds = 30;
/** Seconds by which two machines' clocks may differ; nodes keep time by NTP, to far less. */
const toleranceSeconds = 30;

/** Names the lease to the program of an update that runs under it. */
export const leaseVariable = "SWARM_LEASE_NAME";

const keyOf = (lease: string): string => `.swarm/leases/${lease}.json`;

/** Ends this process without a further word; of a container's first one, everything in the container ends with it. */
export function endSelf(): void {
  process.kill(process.pid, "SIGKILL");
}

/**
 * Holds a lease beside the state for as long as an update runs, so that another machine can tell that its holder is no
 * more. A holder that can no longer renew it gives up before it runs out: what is left of it must not go on changing things.
 *
 * @param lease its name, which nobody else's has: random, since two machines may have one name.
 * @param giveUp called at most once, when the lease could not be renewed in time.
 * @returns gives the lease back.
 */
export async function holdLease(backend: Backend, lease: string, giveUp: () => void, now: () => number = Date.now): Promise<() => Promise<void>> {
  let until = 0;
  let ended = false;
  const renew = async (): Promise<void> => {
    const next = now() + leaseSeconds * 1000;
    await backend.write(keyOf(lease), JSON.stringify({ holder: hostname(), until: new Date(next).toISOString() }));
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
    await forgetLease(backend, lease);
  };
}

/**
 * Does something under a lease, where `SWARM_LEASE` is "true" and the backend is of files or S3. Only for
 * who is never put to sleep: a laptop that wakes up would go on with what was taken from it.
 */
export async function underLease<T>(environment: NodeJS.ProcessEnv, action: (lease: string | undefined) => Promise<T>): Promise<T> {
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

/** Whether a lease has run out, and what its holder locked it locked before that. One that was given back has not. */
export async function ranOut(backend: Backend, lease: string, lockedAt: number, now: number): Promise<boolean> {
  const kept = parseAs(leaseSchema, await backend.read(keyOf(lease)) ?? "");
  if (kept === undefined) return false;
  const until = Date.parse(kept.until);
  return lockedAt < until && now > until + toleranceSeconds * 1000;
}

/** Removes a lease that nobody holds any more. */
export async function forgetLease(backend: Backend, lease: string): Promise<void> {
  await backend.remove(keyOf(lease));
}
