import { execFile } from "node:child_process";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ClusterOutputs } from "../../settings/outputs";
import { OperationError } from "../errors";
import { readOutputs } from "../stack-state/outputs";

const include = "Include swarm/*.conf";
/** Seconds for Docker's client to write down a context: it asks nobody. */
const dockerSeconds = 30;

/** Client configuration that reaches each manager by its name, with the pinned host key. Pure. */
export function sshConfig({ clusterName, access }: Pick<ClusterOutputs, "clusterName" | "access">): {
  config: string;
  knownHosts: string;
} {
  const config = access.managers
    .map(({ name, host }) =>
      [
        `Host ${name}`,
        `    HostName ${host}`,
        `    HostKeyAlias ${name}`,
        `    User ${access.user}`,
        `    IdentityFile ~/.ssh/swarm/${clusterName}`,
        "    IdentitiesOnly yes",
        `    UserKnownHostsFile ~/.ssh/swarm/${clusterName}.known_hosts`,
        "    StrictHostKeyChecking yes",
        "",
      ].join("\n"),
    )
    .join("");
  return { config, knownHosts: access.managers.map(({ name, hostKey }) => `${name} ${hostKey}\n`).join("") };
}

/**
 * Lets people use the cluster from this machine: `ssh <manager>`, and a Docker context of the cluster's name that goes
 * through the first manager. Repeating it brings both up to date.
 *
 * @param outputs the stack's outputs, secrets in clear.
 * @returns what to type next.
 */
export async function makeContext(outputs: unknown): Promise<string> {
  const cluster = readOutputs(outputs);
  const { clusterName, access } = cluster;
  const [first] = access.managers;
  if (first === undefined) throw new OperationError(`${clusterName}: no manager; this is a bug.`);
  const folder = join(homedir(), ".ssh", "swarm");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { config, knownHosts } = sshConfig(cluster);
  await writeFile(join(folder, clusterName), access.privateKey, { mode: 0o600 });
  await writeFile(join(folder, `${clusterName}.known_hosts`), knownHosts, { mode: 0o600 });
  await writeFile(join(folder, `${clusterName}.conf`), config, { mode: 0o600 });
  await includeOnce(join(homedir(), ".ssh", "config"));
  const docker = async (words: string[]): Promise<unknown> =>
    promisify(execFile)("docker", words, { timeout: dockerSeconds * 1000 });
  const host = `host=ssh://${first.name}`;
  await docker(["context", "update", clusterName, "--docker", host])
    .catch(() => docker(["context", "create", clusterName, "--docker", host]))
    .catch((error: unknown) => {
      throw new OperationError("docker: no context was made; is Docker's command line installed here?", {
        cause: error,
      });
    });
  return `docker --context ${clusterName} node ls\nssh ${first.name}`;
}

/** An Include counts for every host only before the first Host line. */
async function includeOnce(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => "");
  if (text.split("\n").includes(include)) return;
  await writeFile(`${path}.new`, `${include}\n${text}`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
