import type { ClusterAccess } from "../../settings/outputs";
import type { NodeSpec } from "../../settings/specs";
import type { DockerNode } from "./docker";
import { logIn } from "./managers";
import { UnreachableError } from "../errors";
import { SshConnection } from "./ssh";

/**
 * Does something on a node itself: a manager is reached directly, a worker through a manager.
 *
 * @throws UnreachableError when it cannot be reached: it boots, or is dead; and whatever the action throws.
 */
export async function onNode<T>(
  access: ClusterAccess,
  manager: DockerNode,
  spec: Pick<NodeSpec, "name" | "address" | "hostKey">,
  action: (node: SshConnection) => Promise<T>,
): Promise<T> {
  const itself = access.managers.find(({ name }) => name === spec.name);
  const { user, privateKey } = access;
  const opened =
    itself === undefined
      ? SshConnection.open(
          { name: spec.name, host: spec.address, hostKey: spec.hostKey, user, privateKey },
          manager.ssh,
        )
      : logIn(access, itself);
  const node = await opened.catch((cause: unknown) => {
    throw new UnreachableError(`${spec.name}: not reached`, { cause });
  });
  try {
    return await action(node);
  } finally {
    node.close();
    // whoever bounds how many there are through a manager counts on it
    await node.closed();
  }
}

/**
 * What a node's own Docker says of its part in the swarm (GET /info): its state, e.g. "active" or "inactive", and its
 * id, empty where it has none.
 */
export interface Claim {
  readonly state: string;
  readonly id: string;
}

export async function claimOf(node: SshConnection, timeoutSeconds: number): Promise<Claim> {
  const said = await node.run(["docker", "info", "--format", "{{.Swarm.LocalNodeState}} {{.Swarm.NodeID}}"], {
    timeoutSeconds,
  });
  const [state = "", id = ""] = said.trim().split(" ");
  return { state, id };
}
