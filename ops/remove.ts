import type { ClusterAccess } from "../settings/outputs";
import { withManager } from "./docker";
import { messageOf } from "./errors";
import { nodesNamed, removeEntry, updateNode, waitUntilEmpty } from "./nodes";
import type { NodeSpec } from "../settings/specs";

/**
 * Takes a node out of the swarm: drain, wait until its tasks are gone, demote a manager, remove the entry. A node that
 * is down, or that does not get empty in time, is removed all the same. Repeating it changes nothing.
 */
export async function removeNode(access: ClusterAccess, spec: NodeSpec): Promise<void> {
  const others = { ...access, managers: access.managers.filter(({ name }) => name !== spec.name) };
  await withManager(others, async (manager) => {
    for (const node of await nodesNamed(manager, spec.name)) {
      if (node.Status.State === "ready") {
        await updateNode(manager, node.ID, (current) => ({ ...current, Availability: "drain" }));
        await waitUntilEmpty(manager, node.ID, spec.name, spec.drainSeconds).catch((error: unknown) => {
          process.stderr.write(`${messageOf(error)} It is removed all the same.\n`);
        });
      }
      await removeEntry(manager, node, spec.name);
    }
  });
}
