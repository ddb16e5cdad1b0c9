import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { run } from "./run";

/** What a lab could leave behind on the machine, each as sorted lines. */
export type Machine = Readonly<Record<string, readonly string[]>>;

export async function lookAtMachine(): Promise<Machine> {
  const lines = async (...argv: string[]): Promise<string[]> =>
    (await run(argv, { deadlineMinutes: 1 })).stdout.split("\n").filter((line) => line !== "").sort();
  return {
    links: (await lines("ip", "-o", "link")).map((line) => line.split(": ")[1] ?? line),
    addresses: (await lines("ip", "-o", "-4", "address")).map((line) => line.split(/\s+/).slice(1, 4).join(" ")),
    routes: await lines("ip", "-4", "route"),
    namespaces: await lines("ip", "netns", "list"),
    mounts: readFileSync("/proc/mounts", "utf8").split("\n").map((line) => line.split(" ")[1] ?? "").sort(),
    firewall: (await lines("iptables-save")).filter((line) => !line.startsWith("#")).map((line) => line.replace(/\[\d+:\d+\]/, "")),
    processes: processesElsewhere(),
  };
}

/**
 * Command lines of the processes in network or process namespaces other than this one's: each of the lab's daemons is in
 * such ones. The package cache has the machine's network.
 */
function processesElsewhere(): string[] {
  const spaces = (pid: string): string[] => ["net", "pid"].map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
  const here = spaces("self").join();
  return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)).flatMap((pid) => {
    try {
      return spaces(pid).join() === here ? [] : [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()];
    } catch {
      return []; // it has ended since
    }
  }).sort();
}
