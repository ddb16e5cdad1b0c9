import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ClusterOutputs } from "../../../settings/outputs";
import { onManager } from "./on-manager";
import { commandLineOf, processes } from "./processes";
import { filesOf, logFolder } from "./run";
import { objectFolder } from "./stack";

/** What must be seen nowhere: the join tokens, and of the private key its longest line. */
function secretsOf({ access, joinTokens }: ClusterOutputs): string[] {
  const lines = access.privateKey.split("\n").sort((one, other) => other.length - one.length);
  return [joinTokens.manager, joinTokens.worker, lines[0] ?? ""];
}

/**
 * Command lines of all processes of this machine, collected while something is done: arguments are there for everyone
 * to read.
 */
export async function commandLinesDuring(action: () => Promise<void>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const pid of processes()) seen.add(commandLineOf(pid));
  }, 200);
  try {
    await action();
  } finally {
    clearInterval(timer);
  }
  return seen;
}

/** Places where a secret of the cluster stands for others to read. */
export async function exposures(outputs: ClusterOutputs, commandLines: ReadonlySet<string>): Promise<string[]> {
  const secrets = secretsOf(outputs);
  const holds = (text: string): boolean => secrets.some((secret) => text.includes(secret));
  const found = [...commandLines]
    .filter(holds)
    .map((line) => `command line ${line.split(" ").slice(0, 3).join(" ")} …`);
  // this test itself asks for the secrets
  const logs = filesOf(logFolder).filter((path) => !path.includes("stack-output"));
  const keys = filesOf(join(homedir(), ".ssh", "swarm")).filter((path) => (statSync(path).mode & 0o077) !== 0);
  const objects = filesOf(objectFolder).filter((path) => path.endsWith(".data"));
  if (!objects.some((path) => textOf(path).includes(outputs.clusterId)))
    throw new Error(`${objectFolder}: the state is not there`);
  found.push(...[...logs, ...objects, ...keys].filter((path) => holds(textOf(path))));
  for (const manager of outputs.access.managers) found.push(...(await exposuresOn(outputs, manager, secrets)));
  return found;
}

/** The text of a file that may be compressed, as the state is. */
function textOf(path: string): string {
  const content = readFileSync(path);
  return (content[0] === 0x1f && content[1] === 0x8b ? gunzipSync(content) : content).toString();
}

/** The same on a manager: process list, journal, console log of cloud-init, and files that everyone may read. */
async function exposuresOn(
  outputs: ClusterOutputs,
  target: ClusterOutputs["access"]["managers"][number],
  secrets: readonly string[],
): Promise<string[]> {
  const script = `umask 077; cat >/run/secrets-probe
    grep -aqFf /run/secrets-probe /proc/[0-9]*/cmdline 2>/dev/null && echo "process list"
    journalctl --no-pager -o cat | grep -aqFf /run/secrets-probe && echo journal
    find /etc /run /tmp /var/log /var/lib/cloud /home /usr/local -xdev -type f -perm -o=r -exec grep -alFf /run/secrets-probe {} +
    rm /run/secrets-probe`;
  const stdout = await onManager(outputs.access, script, { name: target.name, stdin: `${secrets.join("\n")}\n` });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${target.name}: ${line}`);
}
