import type { ClusterAccess } from "../settings/outputs";
import { withManager } from "./docker";
import { OperationError } from "./errors";
import { forgetDeadEntries, nodesNamed, unreadiness, updateNode } from "./nodes";
import { OpenStack } from "./openstack";
import type { NodeSpec } from "../settings/specs";
import { SshConnection } from "./ssh";
import { Pending, waitFor } from "./wait";

/** Where the node's join unit looks for its token. */
const tokenFile = "/etc/swarm/join-token";

/**
 * Proves that a node is part of the swarm and labels it. A node that was booted before the swarm existed gets its token
 * first. Repeating it changes nothing.
 *
 * @throws OperationError after the deadline, with cloud-init's result and the end of the console.
 */
export async function admitNode(access: ClusterAccess, spec: NodeSpec, joinToken: string): Promise<void> {
  try {
    await waitFor({ what: `${spec.name} to be Ready in the swarm`, deadlineSeconds: spec.readySeconds, intervalSeconds: 5 }, async () => {
      const reason = await withManager(access, async (manager) => unreadiness(spec.role, await nodesNamed(manager, spec.name)));
      if (reason === undefined) return true;
      return new Pending(`${reason}; ${await deliver(access, spec, joinToken)}`);
    });
  } catch (error) {
    throw new OperationError(`${spec.name}: it did not join.\n${await evidence(access, spec)}`, { cause: error });
  }
  await withManager(access, async (manager) => {
    const nodes = await nodesNamed(manager, spec.name);
    await forgetDeadEntries(manager, nodes);
    for (const node of nodes.filter(({ Status }) => Status.State !== "down")) {
      await updateNode(manager, node.ID, (current) => ({ ...current, Labels: spec.labels }));
    }
  });
}

/** Hands the token over unless the node has one or has joined; says what it found. */
async function deliver(access: ClusterAccess, spec: NodeSpec, joinToken: string): Promise<string> {
  return onNode(access, spec, async (node) => {
    const script = `systemctl is-active -q swarm-join.service || test -e ${tokenFile} || install -D -m 600 /dev/stdin ${tokenFile}`;
    await node.run(["sudo", "sh", "-c", script], { stdin: joinToken, timeoutSeconds: 60 });
    return "it has its token";
  });
}

/** Does something on the node itself: a manager is reached directly, a worker through a manager. */
async function onNode<T>(access: ClusterAccess, spec: NodeSpec, action: (node: SshConnection) => Promise<T>): Promise<T> {
  const itself = access.managers.find(({ name }) => name === spec.name);
  const login = { user: access.user, privateKey: access.privateKey };
  if (itself !== undefined) return using(await SshConnection.open({ ...itself, ...login }), action);
  return withManager(access, async (manager) =>
    using(await SshConnection.open({ name: spec.name, host: spec.address, hostKey: spec.hostKey, ...login }, manager.ssh), action));
}

async function using<T>(connection: SshConnection, action: (connection: SshConnection) => Promise<T>): Promise<T> {
  try {
    return await action(connection);
  } finally {
    connection.close();
  }
}

/** What a person needs to see why a node did not join; each part may be out of reach itself. */
async function evidence(access: ClusterAccess, spec: NodeSpec): Promise<string> {
  const say = (error: unknown): string => `(not to be had: ${error instanceof Error ? error.message : String(error)})`;
  const commands = "cloud-init status --long; systemctl --no-pager --full status swarm-node swarm-join docker | tail -n 40";
  const result = await onNode(access, spec, (node) => node.exec(["sudo", "sh", "-c", commands], { timeoutSeconds: 60 }))
    .then(({ stdout, stderr }) => stdout + stderr, say);
  const console = await OpenStack.open(process.env).then((cloud) => cloud.consoleTail(spec.serverId)).catch(say);
  return `cloud-init and units of ${spec.name}:\n${result}\nconsole of ${spec.name}:\n${console}`;
}

