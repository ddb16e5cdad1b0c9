import { openManager, withManager, type DockerNode } from "../../../ops/docker";
import type { ClusterAccess } from "../../../settings/outputs";

export interface OnManager {
  /** The manager that is meant, whose Docker need not run; without a name whichever answers. */
  readonly name?: string;
  readonly stdin?: string;
}

/**
 * Runs a shell script as root on a manager; hands over its standard output.
 *
 * @throws OperationError when it ends with another code than 0.
 */
export async function onManager(access: ClusterAccess, script: string, { name, stdin }: OnManager = {}): Promise<string> {
  const run = async ({ ssh }: DockerNode): Promise<string> =>
    ssh.run(["sudo", "sh", "-c", script], { timeoutSeconds: 300, ...(stdin === undefined ? {} : { stdin }) });
  if (name === undefined) return withManager(access, run);
  const target = access.managers.find((manager) => manager.name === name);
  if (target === undefined) throw new Error(`${name}: no such manager`);
  const manager = await openManager(access, target);
  try {
    return await run(manager);
  } finally {
    manager.close();
  }
}
