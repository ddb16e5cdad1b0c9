import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { z } from "zod";
import { parseAs } from "../../settings/json";
import type { Backend } from "./backend";
import { forgetLease, type LeaseWatch } from "./lease";
import type { HeldLock } from "./locks";
import { startOf, thisSpace } from "../pulumi/processes";

// Pulumi's lock tells a host name and a process number, which prove nothing about who holds it. So whoever starts an
// update, and the program in it, leave a record of the holder beside the state.

const holderSchema = z.object({
  /**
   * The lock's name, by the program, which runs while it is held; absent where the record was written before Pulumi was
   * started.
   */
  lock: z.string().optional(),
  /** As Pulumi writes them into the lock. */
  hostname: z.string(),
  pid: z.int(),
  /** When the process began (ops/pulumi/processes.ts). */
  ticks: z.string(),
  space: z.object({ machineId: z.string(), bootId: z.string(), pidNamespace: z.string() }),
  at: z.iso.datetime(),
  /** The lease under which the update runs, if it does. */
  lease: z.string().optional(),
});
export type Holder = z.output<typeof holderSchema>;

/** A holder as a backend keeps it. */
export interface KeptHolder {
  readonly key: string;
  readonly stack: string;
  readonly holder: Holder;
}

const folder = ".swarm/holders/";

/**
 * Seconds from the start of a Pulumi to its lock: it reads its configuration and asks the backend. Beyond, a lock is
 * another one's.
 */
const startSeconds = 120;

/**
 * Notes that a process of this machine updates a stack, or is about to. Nothing is noted where the machine does not
 * tell what proves a holder dead, or the process is gone.
 *
 * @param known the lock that it holds, and the lease that it is under.
 */
export async function noteHolder(
  backend: Backend,
  stack: string,
  pid: number,
  known: { readonly lock?: string; readonly lease?: string | undefined } = {},
): Promise<void> {
  const [space, start] = await Promise.all([thisSpace(), startOf(pid)]);
  if (space === undefined || typeof start === "string") return;
  const holder: Holder = {
    ...(known.lock === undefined ? {} : { lock: known.lock }),
    ...(known.lease === undefined ? {} : { lease: known.lease }),
    hostname: hostname(),
    pid,
    ticks: start.ticks,
    space,
    at: new Date().toISOString(),
  };
  await backend.write(`${folder}${stack}/${known.lock ?? randomUUID()}.json`, JSON.stringify(holder));
}

/** Every record of a holder. One that is being written in this moment is left out. */
export async function keptHolders(backend: Backend): Promise<KeptHolder[]> {
  const keys = (await backend.list(folder)).filter((key) => key.endsWith(".json"));
  return (
    await Promise.all(
      keys.map(async (key) => {
        const holder = parseAs(holderSchema, (await backend.read(key)) ?? "");
        return holder === undefined ? [] : [{ key, stack: basename(dirname(key)), holder }];
      }),
    )
  ).flat();
}

/**
 * The records that may be of a lock's holder: the program's, which names the lock, or else those of Pulumis that were
 * started just before it. Pure.
 */
export function claimsOn(lock: HeldLock, kept: readonly KeptHolder[]): KeptHolder[] {
  const ofStack = kept.filter(({ stack }) => stack === lock.stack);
  const named = ofStack.filter(({ holder }) => holder.lock === lock.name);
  if (named.length > 0) return named;
  return ofStack.filter(({ holder }) => {
    const age = Date.parse(lock.timestamp) - Date.parse(holder.at);
    // the record is written beside the start of the process
    return (
      holder.lock === undefined &&
      holder.hostname === lock.hostname &&
      holder.pid === lock.pid &&
      Math.abs(age) < startSeconds * 1000
    );
  });
}

/**
 * What is known of a lock's holder: a proof that it is dead, that it may live, or that only more looks at its lease can
 * tell.
 */
export type Judgement = { readonly death: string } | "held" | "undecided";

/** Judges a lock's holder. Each that may be the holder has to be dead. */
export async function judge(
  lock: HeldLock,
  kept: readonly KeptHolder[],
  backend: Backend,
  leases: LeaseWatch,
): Promise<Judgement> {
  const judgements = await Promise.all(
    claimsOn(lock, kept).map(async ({ holder }) => judgeHolder(holder, lock.name, backend, leases)),
  );
  return (["held", "undecided"] as const).find((one) => judgements.includes(one)) ?? judgements[0] ?? "held";
}

async function judgeHolder(
  { lock, space, pid, ticks, lease, hostname: host }: Holder,
  held: string,
  backend: Backend,
  leases: LeaseWatch,
): Promise<Judgement> {
  const here = await thisSpace();
  if (
    here !== undefined &&
    (["machineId", "bootId", "pidNamespace"] as const).every((fact) => here[fact] === space[fact])
  ) {
    const start = await startOf(pid);
    // a later process of the number may be the one that holds a lock which no record names
    if (start === "none" || (lock !== undefined && start !== "unknown" && start.ticks !== ticks))
      return { death: `its process ${pid} on this machine is dead` };
  }
  const state = lease === undefined ? "given-back" : await leases.look(backend, lease, held);
  if (state === "run-out") return { death: `the lease of ${host} has run out` };
  return state === "watched" ? "undecided" : "held";
}

/**
 * Removes the records that no lock bears out any more, and their leases: their updates are over, or never got their
 * lock.
 */
export async function forgetHolders(
  backend: Backend,
  kept: readonly KeptHolder[],
  locks: readonly HeldLock[],
  now: number,
): Promise<void> {
  const inUse = new Set(locks.flatMap((lock) => claimsOn(lock, kept)));
  const old = kept.filter((one) => !inUse.has(one) && now - Date.parse(one.holder.at) > 5 * startSeconds * 1000);
  const leases = new Set(old.map(({ holder }) => holder.lease));
  for (const one of kept) if (!old.includes(one)) leases.delete(one.holder.lease);
  await Promise.all([
    ...old.map(async ({ key }) => backend.remove(key)),
    ...[...leases].map(async (lease) => (lease === undefined ? undefined : forgetLease(backend, lease))),
  ]);
}
