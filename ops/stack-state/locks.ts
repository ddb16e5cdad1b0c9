import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { z } from "zod";
import { parseAs } from "../../settings/json";
import { openBackend, type Backend } from "./backend";
import { LockedError } from "../errors";
import { forgetHolders, judge, keptHolders, noteHolder } from "./lock-holders";
import { leaseSeconds, leaseVariable, LeaseWatch } from "./lease";
import { endOrphans } from "../pulumi/orphans";
import { ancestors } from "../pulumi/processes";
import { lockMakerIn, type LockMaker } from "../connection/third-party";
import { Pending, waitFor } from "../wait";

/** What Pulumi writes into a lock of a backend of files or objects (pkg/backend/diy/lock.go). */
const lockSchema = z.object({ pid: z.int(), username: z.string(), hostname: z.string(), timestamp: z.string() });
export type Lock = z.output<typeof lockSchema>;

/** A lock, the stack that it is of, and its own name, which is random. */
export type HeldLock = Lock & { readonly stack: string; readonly name: string };

/** A lock's update, as refusals name it. */
function holderOf({ username, hostname: host, timestamp, pid }: Lock | LockMaker): string {
  return `${username}@${host}'s update of ${timestamp} (process ${pid})`;
}

/** Which update holds the lock, by what a Pulumi printed that was refused; undefined where it was not a lock. */
export function holderIn(output: string): string | undefined {
  const maker = lockMakerIn(output);
  if (maker === undefined) return undefined;
  return maker === "unknown" ? "another update" : holderOf(maker);
}

/**
 * What this process has seen of leases. One that looks again and again, as the autoscaler does, need not wait to know
 * that one has run out.
 */
const ownWatch = new LeaseWatch();

/** Seconds between two looks at a lease, of which a holder that lives makes three or four before a renewal. */
const lookSeconds = 5;

/**
 * Takes what killed updates left in the way of a stack's next one out of it: their locks and their plugins. It waits
 * only where the lock's holder is under a lease: until that is renewed, mostly within 20 seconds, or has run out.
 *
 * @param backendUrl `PULUMI_BACKEND_URL`.
 * @throws LockedError when another update holds the stack's lock. Pulumi says so too, but reads the state first, which
 *   that update may be writing.
 */
export async function clearWay(
  stack: string,
  backendUrl: string | undefined,
  say: (line: string) => void,
  leases = ownWatch,
  intervalSeconds = lookSeconds,
): Promise<void> {
  await endOrphans(say);
  const what = `stack ${stack}: the lease of the update that holds the lock to be renewed or to run out`;
  // a look of its own may take the backend as long as it takes; the lease's own time is over well before the deadline
  const holder = await waitFor(
    { what, deadlineSeconds: 2 * leaseSeconds, intervalSeconds, say, isFinal: () => true },
    async () => {
      const held = (await breakDeadLocks(backendUrl, say, leases)).find((lock) => lock.stack === stack);
      return held?.isUndecided === true
        ? new Pending(`${holderOf(held)} has not renewed it yet, within ${leaseSeconds} s it is dead`)
        : held;
    },
  );
  if (holder !== undefined) throw new LockedError(stack, holderOf(holder));
}

/** Clears the way, and notes the process that will be the next update's Pulumi; throws as `clearWay`. */
export async function makeWay(
  stack: string,
  pid: number,
  backendUrl: string | undefined,
  say: (line: string) => void,
): Promise<void> {
  await clearWay(stack, backendUrl, say);
  const backend = openBackend(backendUrl);
  if (backend !== undefined) await noteHolder(backend, stack, pid);
}

const lockFolder = ".pulumi/locks/";

/** A lock that stays. */
export interface StandingLock extends HeldLock {
  /** True while only further looks at its holder's lease can tell whether that lives. */
  readonly isUndecided: boolean;
}

/**
 * Breaks the locks of holders that are proven dead: their process on this machine is no more, or the lease that they
 * held for the update has run out. Other backends than files and S3 keep their locks themselves.
 *
 * @returns the locks that stay.
 */
export async function breakDeadLocks(
  backendUrl: string | undefined,
  say: (line: string) => void,
  leases = ownWatch,
): Promise<StandingLock[]> {
  const backend = openBackend(backendUrl);
  if (backend === undefined) return [];
  const [locks, holders] = [await locksIn(backend), await keptHolders(backend)];
  const held: StandingLock[] = [];
  for (const { key, lock } of locks) {
    const judgement = await judge(lock, holders, backend, leases);
    if (typeof judgement === "string") {
      held.push({ ...lock, isUndecided: judgement === "undecided" });
      continue;
    }
    say(`The lock of ${lock.username}'s update of ${lock.timestamp} is broken: ${judgement.death}.`);
    await backend.remove(key);
  }
  await forgetHolders(backend, holders, held, Date.now());
  return held;
}

/**
 * Whose update holds a stack's lock, for who only looks, and never waits; undefined where none does that may still
 * live, or the backend keeps its locks itself. A lease that has run out is known by looks over that time.
 */
export async function lockHolder(
  stack: string,
  backendUrl: string | undefined,
  leases = ownWatch,
): Promise<string | undefined> {
  const backend = openBackend(backendUrl);
  if (backend === undefined) return undefined;
  const [locks, holders] = [await locksIn(backend, stack), await keptHolders(backend)];
  for (const { lock } of locks)
    if (typeof (await judge(lock, holders, backend, leases)) === "string") return holderOf(lock);
  return undefined;
}

/**
 * Notes who holds the lock of the update that this program runs in: a Pulumi among its ancestors. So a plain `pulumi
 * up` that is killed is proven dead as well, whoever started it.
 */
export async function noteUpdate(stack: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const backend = openBackend(environment["PULUMI_BACKEND_URL"]);
  if (backend === undefined) return;
  const [locks, pids] = await Promise.all([locksIn(backend, stack), ancestors()]);
  const own = locks.find(({ lock }) => lock.hostname === hostname() && pids.includes(lock.pid))?.lock;
  if (own !== undefined)
    await noteHolder(backend, stack, own.pid, { lock: own.name, lease: environment[leaseVariable] });
}

/**
 * All locks, or those of a stack. One that is being written or taken away in this moment is somebody's who lives, and
 * left out.
 */
async function locksIn(backend: Backend, stack?: string): Promise<{ readonly key: string; readonly lock: HeldLock }[]> {
  const keys = (await backend.list(lockFolder)).filter(
    (key) => key.endsWith(".json") && (stack === undefined || basename(dirname(key)) === stack),
  );
  return (
    await Promise.all(
      keys.map(async (key) => {
        const lock = parseAs(lockSchema, (await backend.read(key)) ?? "");
        return lock === undefined
          ? []
          : [{ key, lock: { ...lock, stack: basename(dirname(key)), name: basename(key, ".json") } }];
      }),
    )
  ).flat();
}
