import { testedApi } from "../../../ops/connection/api-version";
import { DockerNode } from "../../../ops/connection/docker";
import { logIn, Managers } from "../../../ops/connection/managers";
import type { ClusterAccess } from "../../../settings/outputs";

export interface OnManager {
  /** The manager that is meant, whose Docker need not run; without a name whichever answers. */
  readonly name?: string;
  readonly stdin?: string;
}

/**
 * One manager, whose Docker need not run and which need not have a say in the swarm, by a connection that is kept until
 * something fails on it.
 */
export function managerOf(access: ClusterAccess, name: string): Managers {
  const target = access.managers.find((manager) => manager.name === name);
  if (target === undefined) throw new Error(`${name}: no such manager`);
  return new Managers(
    access,
    async (_, connectSeconds) => new DockerNode(await logIn(access, target, connectSeconds), testedApi.oldest),
    { managerSeconds: 0 },
  );
}

/**
 * Runs a shell script as root on a manager; hands over its standard output.
 *
 * @throws OperationError when it ends with another code than 0.
 */
export async function onManager(
  access: ClusterAccess,
  script: string,
  { name, stdin }: OnManager = {},
): Promise<string> {
  const managers = name === undefined ? new Managers(access) : managerOf(access, name);
  try {
    return await managers.use((manager) => asRoot(manager, script, stdin));
  } finally {
    managers.close();
  }
}

/** The same on a connection that is there. */
export async function asRoot({ ssh }: DockerNode, script: string, stdin?: string): Promise<string> {
  return ssh.run(["sudo", "sh", "-c", script], { timeoutSeconds: 300, ...(stdin === undefined ? {} : { stdin }) });
}
