import type { ClusterAccess } from "../../settings/outputs";
import type { NodeSpec } from "../../settings/specs";
import type { DockerNode } from "../connection/docker";
import { messageOf } from "../errors";
import { drainedBy, nodesNamed, removeVoter, updateNode, type SwarmNodeState } from "../swarm/nodes";
import { claimOf, onNode, type Claim } from "../connection/on-node";

/** Where the node's join unit looks for its token. */
const tokenFile = "/etc/swarm/join-token";

/**
 * Seconds for a command on a node that boots still, beside others that do: on the lab `sudo` alone took more than 60.
 */
export const nodeSeconds = 180;

/**
 * Brings a node back that was part of the swarm. One whose own Docker is no longer part of it gives up its earlier
 * entries, a manager's first of all, which would count in raft beside the new one, and joins again at once. One that a
 * program began to remove gets its role and its ingress address back. A node that does not answer is left to what
 * admits it.
 */
export async function bringBack(access: ClusterAccess, manager: DockerNode, spec: NodeSpec): Promise<void> {
  const claim = await onNode(access, manager, spec, (node) => claimOf(node, nodeSeconds)).catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}; waiting for it.\n`);
    return undefined;
  });
  if (claim === undefined) return;
  const entries = await nodesNamed(manager, spec.name);
  const own = entries.find(({ ID }) => ID === claim.id);
  if (own === undefined) await joinAgain(access, manager, spec, entries, claim);
  else if (drainedBy(own) !== undefined) await undoRemoval(access, manager, spec, own);
}

async function joinAgain(
  access: ClusterAccess,
  manager: DockerNode,
  spec: NodeSpec,
  entries: readonly SwarmNodeState[],
  claim: Claim,
): Promise<void> {
  for (const entry of entries.filter(({ Status }) => Status.State !== "ready"))
    await removeVoter(manager, entry, spec.name);
  process.stderr.write(`${spec.name}: its own Docker reports ${claim.state}; joining it to the swarm again.\n`);
  await deliver(access, manager, spec, rejoinScript(tokenFile));
}

async function undoRemoval(
  access: ClusterAccess,
  manager: DockerNode,
  spec: NodeSpec,
  own: SwarmNodeState,
): Promise<void> {
  if (own.Spec.Role !== spec.role) await updateNode(manager, own.ID, (current) => ({ ...current, Role: spec.role }));
  if (spec.role === "worker") return;
  const script = "[ ! -e /etc/swarm/keepalived.conf ] || systemctl start keepalived";
  await onNode(access, manager, spec, (node) =>
    node.run(["sudo", "sh", "-c", script], { timeoutSeconds: nodeSeconds }),
  );
}

/**
 * Makes a node join that has been part of a swarm: its join unit has done its work once and would not begin again by
 * itself, and Docker holds on to a swarm that has removed it. A node in its first boot may have no unit yet; then its
 * path unit finds the token. Pure.
 */
export function rejoinScript(file: string): string {
  return [
    "set -e",
    "systemctl stop swarm-join.service || true",
    "docker swarm leave --force </dev/null || true",
    `install -D -m 600 /dev/stdin ${file}`,
    "systemctl start --no-block swarm-join.service || true",
  ].join("; ");
}

/**
 * Puts a token where the join unit reads it anew each time it tries. A node that has joined needs none: the unit takes
 * it away then, and would never take away one that comes a moment later. Pure.
 */
export function deliveryScript(file: string): string {
  const forget = `rm -f ${file}`;
  const put = `install -D -m 600 /dev/stdin ${file}; [ "$(docker info --format '{{.Swarm.LocalNodeState}}')" != active ] || ${forget}`;
  return `if systemctl is-active -q swarm-join.service; then ${forget}; else ${put}; fi`;
}

/** Hands the token over to a script on the node; by default unless the node has joined. */
export async function deliver(
  access: ClusterAccess,
  manager: DockerNode,
  spec: NodeSpec,
  script = deliveryScript(tokenFile),
): Promise<void> {
  await onNode(access, manager, spec, async (node) => {
    const { JoinTokens: tokens } = (await manager.api.swarmInspect()) as {
      JoinTokens: { Manager: string; Worker: string };
    };
    const stdin = spec.role === "manager" ? tokens.Manager : tokens.Worker;
    await node.run(["sudo", "sh", "-c", script], { stdin, timeoutSeconds: nodeSeconds });
  });
}
