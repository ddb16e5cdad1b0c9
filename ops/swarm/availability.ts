import type { ClusterAccess } from "../../settings/outputs";
import { withManager } from "../connection/managers";
import { OperationError } from "../errors";
import { drainedBy, nodesNamed, setSpecAvailability, waitUntilEmpty } from "./nodes";

/**
 * Gives a node tasks again, or takes them away and waits until none runs on it any more: a person's word, so that a
 * node which a program had drained is the person's from then on. Repeating it changes nothing.
 *
 * @param drainSeconds deadline for the tasks to leave.
 * @returns whether the swarm's entry of the node was changed.
 * @throws OperationError when the swarm does not know the node, or tasks are still there after the deadline.
 */
export async function setAvailability(
  access: ClusterAccess,
  name: string,
  availability: "active" | "drain",
  drainSeconds: number,
): Promise<boolean> {
  return withManager(access, async (manager) => {
    const entries = await nodesNamed(manager, name);
    const entry = entries.find(({ Status }) => Status.State === "ready") ?? entries[0];
    if (entry === undefined)
      throw new OperationError(`${name}: not in the swarm; \`swarmctl cluster status\` shows what is.`);
    const changed = entry.Spec.Availability !== availability;
    if (changed || drainedBy(entry) !== undefined) await setSpecAvailability(manager, entry.ID, availability);
    // a node that is down reports no end of its tasks
    if (availability === "drain" && entry.Status.State === "ready")
      await waitUntilEmpty(manager, entry.ID, name, drainSeconds);
    return changed;
  });
}
