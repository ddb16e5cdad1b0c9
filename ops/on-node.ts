import type { ClusterAccess } from "../settings/outputs";
import type { NodeSpec } from "../settings/specs";
import type { DockerNode } from "./docker";
import { SshConnection } from "./ssh";

/** Does something on a node itself: a manager is reached directly, a worker through a manager. */
export async function onNode<T>(
  access: ClusterAccess, manager: DockerNode, spec: Pick<NodeSpec, "name" | "address" | "hostKey">, action: (node: SshConnection) => Promise<T>,
): Promise<T> {
  const itself = access.managers.find(({ name }) => name === spec.name);
  const login = { user: access.user, privateKey: access.privateKey };
  const node = itself === undefined
    ? await SshConnection.open({ name: spec.name, host: spec.address, hostKey: spec.hostKey, ...login }, manager.ssh)
    : await SshConnection.open({ ...itself, ...login });
  try {
    return await action(node);
  } finally {
    node.close();
  }
}
