import type { ClusterAccess } from "../settings/outputs";
import { withManager, type DockerNode } from "./docker";
import { messageOf } from "./errors";
import { nodesNamed, removeEntry, updateNode, waitUntilEmpty } from "./nodes";
import { onNode } from "./on-node";
import type { NodeSpec } from "../settings/specs";
import { DeadlineError } from "./wait";

/**
 * Takes a node out of the swarm: a manager gives the ingress address to another one; drain, wait until its tasks are
 * gone, demote a manager, remove the entry. A node that is down, or that does not get empty in time, is removed all the
 * same; a manager without which the others are no quorum is not. Repeating it changes nothing.
 *
 * @throws OperationError when no other manager answers, or the manager cannot be spared.
 */
export async function removeNode(access: ClusterAccess, spec: NodeSpec): Promise<void> {
  const others = { ...access, managers: access.managers.filter(({ name }) => name !== spec.name) };
  await withManager(others, async (manager) => {
    for (const node of await nodesNamed(manager, spec.name)) {
      if (node.Status.State === "ready") {
        if (spec.role === "manager") await giveAddressAway(access, manager, spec);
        await updateNode(manager, node.ID, (current) => ({ ...current, Availability: "drain" }));
        await waitUntilEmpty(manager, node.ID, spec.name, spec.drainSeconds).catch((error: unknown) => {
          // a manager that went meanwhile says nothing of the node
          if (!(error instanceof DeadlineError)) throw error;
          process.stderr.write(`${messageOf(error)} It is removed all the same.\n`);
        });
      }
      await removeEntry(manager, node, spec.name);
    }
  });
}

/**
 * keepalived that is stopped says goodbye, and another manager has the address within a second; one whose Traefik has
 * been drained would hold it until the check has failed twice.
 */
async function giveAddressAway(access: ClusterAccess, manager: DockerNode, spec: NodeSpec): Promise<void> {
  const script = "! systemctl is-active -q keepalived || { systemctl stop keepalived && sleep 3; }";
  await onNode(access, manager, spec, (node) => node.run(["sudo", "sh", "-c", script], { timeoutSeconds: 60 })).catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)} It is removed all the same.\n`);
  });
}
