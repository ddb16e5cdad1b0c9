import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { openBackend, type Backend } from "./backend";
import { LockedError } from "./errors";
import { parseAs } from "../settings/json";
import { ranOut } from "./lease";

/** What Pulumi writes into a lock of a backend of files or objects (pkg/backend/diy/lock.go). */
const lockSchema = z.object({ pid: z.int(), username: z.string(), hostname: z.string(), timestamp: z.string() });
export type Lock = z.output<typeof lockSchema>;

/** What is known of a process by its number: its command's name, nothing, or that there is no such process. */
export type LookUp = (pid: number) => Promise<{ readonly command: string | undefined } | "none">;

/**
 * Whether the holder of a lock is proven dead: it ran on this machine, and its number belongs to no process or to one
 * that is not Pulumi. A holder on another machine never is.
 */
export async function isHolderDead(lock: Lock, thisHost: string, lookUp: LookUp): Promise<boolean> {
  if (lock.hostname !== thisHost) return false;
  const found = await lookUp(lock.pid);
  return found === "none" || (found.command !== undefined && found.command !== "pulumi");
}

/** A lock's update, as refusals name it. */
function holderOf({ username, hostname: host, timestamp, pid }: { readonly [key in keyof Lock]: string | number }): string {
  return `${username}@${host}'s update of ${timestamp} (process ${pid})`;
}

/** How Pulumi says that another update runs (@pulumi/pulumi, automation/errors.ts): a backend of files or objects, and the service. */
const lockTexts = ["the stack is currently locked by", "[409] Conflict: Another update is currently in progress"];

/**
 * Which update holds the lock, by what an update printed that was refused: in Pulumi's words (pkg/backend/diy/lock.go), or
 * in those of `clearWay`, which lab/pulumi asks first. Pure.
 *
 * @returns undefined where it was not a lock.
 */
export function holderIn(output: string): string | undefined {
  const ours = /^stack \S+: locked by (.+?); try again/m.exec(output)?.[1];
  if (ours !== undefined || !lockTexts.some((text) => output.includes(text))) return ours;
  const [, username, hostname, pid, timestamp] = /: created by (.+)@(\S+) \(pid (\d+)\) at (\S+)/.exec(output) ?? [];
  if (username === undefined || hostname === undefined || pid === undefined || timestamp === undefined) return "another update";
  return holderOf({ username, hostname, pid, timestamp });
}

/**
 * Takes what killed updates left in the way of a stack's next one out of it: their locks and their plugins.
 *
 * @param backendUrl `PULUMI_BACKEND_URL`.
 * @throws LockedError when another update holds the stack's lock. Pulumi says so too, but reads the state first, which that
 * update may be writing.
 */
export async function clearWay(stack: string, backendUrl: string | undefined, say: (line: string) => void): Promise<void> {
  await endOrphans(say);
  const holder = (await breakDeadLocks(backendUrl, say)).find((lock) => lock.stack === stack);
  if (holder !== undefined) throw new LockedError(stack, holderOf(holder));
}

/** A lock, and the stack that it is of. */
export type HeldLock = Lock & { readonly stack: string };

const lockFolder = ".pulumi/locks/";

/**
 * Breaks the locks of holders that are proven dead: their process on this machine is no more, or the lease that they held
 * for the update has run out. Other backends than files and S3 keep their locks themselves.
 *
 * @returns the locks that stay.
 */
export async function breakDeadLocks(backendUrl: string | undefined, say: (line: string) => void): Promise<HeldLock[]> {
  const backend = openBackend(backendUrl);
  if (backend === undefined) return [];
  const held: HeldLock[] = [];
  for (const { key, lock, proof } of await locksIn(backend)) {
    if (proof === undefined) {
      held.push(lock);
      continue;
    }
    say(`The lock of ${lock.username}'s update of ${lock.timestamp} is broken: ${proof}.`);
    await backend.remove(key);
  }
  return held;
}

/** Whose update holds a stack's lock, for who only looks; undefined where none does that may still live, or the backend keeps its locks itself. */
export async function lockHolder(stack: string, backendUrl: string | undefined): Promise<string | undefined> {
  const backend = openBackend(backendUrl);
  if (backend === undefined) return undefined;
  const found = (await locksIn(backend)).find(({ lock, proof }) => lock.stack === stack && proof === undefined);
  return found === undefined ? undefined : holderOf(found.lock);
}

/** All locks, and where their holder is dead the proof of it. One that is being written or taken away in this moment is somebody's who lives, and left out. */
async function locksIn(backend: Backend): Promise<{ readonly key: string; readonly lock: HeldLock; readonly proof: string | undefined }[]> {
  const keys = (await backend.list(lockFolder)).filter((key) => key.endsWith(".json"));
  return (await Promise.all(keys.map(async (key) => {
    const lock = parseAs(lockSchema, await backend.read(key) ?? "");
    return lock === undefined ? [] : [{ key, lock: { ...lock, stack: basename(dirname(key)) }, proof: await proofOfDeath(lock, backend) }];
  }))).flat();
}

async function proofOfDeath(lock: Lock, backend: Backend): Promise<string | undefined> {
  const { pid, hostname: host, timestamp } = lock;
  if (await isHolderDead(lock, hostname(), commandOf)) return `its process ${pid} on this machine is dead`;
  return await ranOut(backend, host, Date.parse(timestamp), Date.now()) ? `the lease of ${host} has run out` : undefined;
}

const commandOf: LookUp = async (pid) => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "none";
  }
  return { command: (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => undefined))?.trim() };
};

/** Seconds that a plugin gets to be gone after it was ended. */
const orphanSeconds = 10;

/** Ends what killed updates left running: a plugin without its engine may still be making things on the cloud. */
export async function endOrphans(say: (line: string) => void): Promise<void> {
  for (const { pid, name, engine } of await plugins()) {
    if (await answers(engine)) continue;
    say(`${name} (process ${pid}) has lost its engine at ${engine}: it is ended.`);
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // it may end by itself in this moment
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    for (let waited = 0; waited < orphanSeconds && await commandOf(pid) !== "none"; waited += 0.2) await sleep(200);
  }
}

interface Plugin { readonly pid: number; readonly name: string; readonly engine: string }

/** Pulumi's plugins and language hosts of this user; each is given its engine's address as its last argument. */
async function plugins(): Promise<Plugin[]> {
  const found = await Promise.all((await readdir("/proc").catch(() => [])).filter((entry) => /^\d+$/.test(entry)).map(async (entry): Promise<Plugin[]> => {
    const words = (await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "")).split("\0").filter((word) => word !== "");
    const name = basename(words[0] ?? "");
    const engine = words.at(-1) ?? "";
    const owner = /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${entry}/status`, "utf8").catch(() => ""))?.[1];
    const isPlugin = /^pulumi-(resource|language)-/.test(name) && /^127\.0\.0\.1:\d+$/.test(engine) && Number(owner) === process.getuid?.();
    return isPlugin ? [{ pid: Number(entry), name, engine }] : [];
  }));
  return found.flat();
}

/** Whether somebody listens at a loopback address. */
async function answers(address: string): Promise<boolean> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once("connect", () => { socket.destroy(); resolve(true); });
    socket.once("error", () => { resolve(false); });
  });
}
