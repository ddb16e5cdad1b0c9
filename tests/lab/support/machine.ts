import { readFileSync } from "node:fs";
import { commandLineOf, mountsOf, processes } from "./processes";
import { run } from "./run";

/** What a lab could leave behind on the machine, each as sorted lines. */
export type Machine = Readonly<Record<string, readonly string[]>>;

export async function lookAtMachine(): Promise<Machine> {
  const lines = async (...argv: string[]): Promise<string[]> =>
    (await run(argv, { deadlineMinutes: 1 })).stdout
      .split("\n")
      .filter((line) => line !== "")
      .sort();
  return {
    links: (await lines("ip", "-o", "link")).map((line) => line.split(": ")[1] ?? line),
    addresses: (await lines("ip", "-o", "-4", "address")).map((line) => line.split(/\s+/).slice(1, 4).join(" ")),
    routes: await lines("ip", "-4", "route"),
    namespaces: await lines("ip", "netns", "list"),
    mounts: readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[1] ?? "")
      .sort(),
    firewall: (await lines("iptables-save"))
      .filter((line) => !line.startsWith("#"))
      .map((line) => line.replace(/\[\d+:\d+\]/, "")),
    processes: processesOfLab(),
  };
}

/**
 * Command lines of the lab's processes: each of its hosts has laid an /etc of its own over the machine's
 * (lab/host/init.sh).
 */
function processesOfLab(): string[] {
  return processes()
    .filter((pid) => mountsOf(pid).includes("\nlab-etc /etc "))
    .map(commandLineOf)
    .filter((command) => command !== "")
    .sort();
}
