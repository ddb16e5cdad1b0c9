import { readdirSync, readFileSync } from "node:fs";

/** The processes of this machine. */
export function processes(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** The processes that a process has started, and theirs. */
export function descendants(pid: number): number[] {
  const parents = new Map(processes().map((one) => [one, parentOf(one)]));
  const found = [pid];
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child);
  return found.slice(1);
}

function parentOf(pid: number): number {
  // the name, in parentheses, may hold anything
  return Number(/^\d+ \(.*\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`))?.[1] ?? 0);
}

/** Its program and arguments; "" of one that has ended, whether or not somebody has taken notice. */
export function commandLineOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

/** What is mounted where it sees it, a line each as in /proc/mounts; "" of one that has ended. */
export function mountsOf(pid: number): string {
  return read(`/proc/${pid}/mounts`);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it has ended since
  }
}
