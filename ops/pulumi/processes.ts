import { readFile, readlink } from "node:fs/promises";

/**
 * Where a process number means something: a kernel since its boot, and a namespace of process numbers on it. Names of
 * machines prove nothing: cloud images and containers share them. Equal facts are the same place, since a boot id is
 * random; a namespace's number may be given again on a kernel, but only when every process of the former one is dead.
 */
export interface ProcessSpace {
  /** /etc/machine-id; empty where there is none. */
  readonly machineId: string;
  readonly bootId: string;
  readonly pidNamespace: string;
}

/**
 * Where this process runs; undefined where that cannot be told: without /proc, as on macOS, or with another
 * namespace's.
 */
export async function thisSpace(): Promise<ProcessSpace | undefined> {
  const [self, pidNamespace] = await Promise.all(
    ["/proc/self", "/proc/self/ns/pid"].map(async (path) => readlink(path).catch(() => undefined)),
  );
  const [bootId, machineId] = await Promise.all(["/proc/sys/kernel/random/boot_id", "/etc/machine-id"].map(textOf));
  if (self !== String(process.pid) || pidNamespace === undefined || bootId === undefined) return undefined;
  return { machineId: machineId ?? "", bootId, pidNamespace };
}

async function textOf(path: string): Promise<string | undefined> {
  return (await readFile(path, "utf8").catch(() => undefined))?.trim();
}

/**
 * When a process of this space began, in the kernel's ticks since its boot (proc(5), /proc/PID/stat, field 22): what
 * tells it from a later one of its number. "none" where there is no such process or only its remains; "unknown" where
 * it cannot be looked at.
 */
export async function startOf(
  pid: number,
): Promise<{ readonly ticks: string; readonly parent: number } | "none" | "unknown"> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "none";
  }
  const stat = await textOf(`/proc/${pid}/stat`);
  // the command's name, in parentheses, may hold anything
  const [state, parent, ...rest] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  const ticks = rest[17];
  if (ticks === undefined) return "unknown";
  return state === "Z" || state === "X" ? "none" : { ticks, parent: Number(parent) };
}

/** This process' parent, its parent, and so on. */
export async function ancestors(): Promise<number[]> {
  const found: number[] = [];
  for (let pid = process.ppid; pid > 0 && !found.includes(pid);) {
    found.push(pid);
    const start = await startOf(pid);
    if (typeof start === "string") break;
    pid = start.parent;
  }
  return found;
}
