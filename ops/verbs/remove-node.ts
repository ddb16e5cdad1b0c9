import type { ClusterAccess } from "../../settings/outputs";
import { whyNeeded } from "../../settings/quorum";
import type { DockerNode } from "../connection/docker";
import { withManager, type Patience } from "../connection/managers";
import { messageOf, OperationError } from "../errors";
import {
  drainBy,
  isReachable,
  listNodes,
  nodesNamed,
  quorumIn,
  removeEntry,
  updateNode,
  waitUntilEmpty,
  type SwarmNodeState,
} from "../swarm/nodes";
import { onNode } from "../connection/on-node";
import type { NodeSpec } from "../../settings/specs";
import { DeadlineError } from "../wait";

/** What a removal has changed so far, so that one that fails can be undone. */
interface Begun {
  /** Entries as they were before. */
  readonly entries: Map<string, SwarmNodeState["Spec"]>;
  /** Whether keepalived ran and was stopped. */
  gaveAddress: boolean;
}

/**
 * Takes a node out of the swarm: a manager gives the ingress address to another one; drain, wait until its tasks are
 * gone, demote a manager, remove the entry. A node that is down, or that does not get empty in time, is removed all the
 * same. A manager that the quorum needs is refused before anything is touched, and a removal that fails later is
 * undone. Repeating it changes nothing.
 *
 * @throws OperationError when no other manager answers, or the manager cannot be spared.
 */
export async function removeNode(access: ClusterAccess, spec: NodeSpec): Promise<void> {
  const others = { ...access, managers: access.managers.filter(({ name }) => name !== spec.name) };
  if (spec.role === "manager" && others.managers.length === 0) throw neededBy(spec, whyNeeded(quorumIn([]), true));
  const begun: Begun = { entries: new Map(), gaveAddress: false };
  try {
    await withManager(others, async (manager) => {
      await takeOut(access, manager, spec, begun);
    });
  } catch (error) {
    const left = await undo(access, others, spec, begun);
    throw left === undefined
      ? error
      : new OperationError(`${spec.name}: not removed, and is not as it was: ${left}`, { cause: error });
  }
}

function neededBy({ name }: NodeSpec, why = ""): OperationError {
  return new OperationError(`${name}: ${why}. Nothing was touched.`);
}

async function takeOut(access: ClusterAccess, manager: DockerNode, spec: NodeSpec, begun: Begun): Promise<void> {
  for (const node of await nodesNamed(manager, spec.name)) {
    if (node.ManagerStatus !== undefined) {
      const why = whyNeeded(quorumIn(await listNodes(manager)), isReachable(node));
      if (why !== undefined) throw neededBy(spec, why);
    }
    // a second try finds what the first one changed
    if (!begun.entries.has(node.ID)) begun.entries.set(node.ID, node.Spec);
    if (node.Status.State === "ready") {
      if (spec.role === "manager") await giveAddressAway(access, manager, spec, begun);
      await drainBy(manager, node.ID, "remove-node");
      await waitUntilEmpty(manager, node.ID, spec.name, spec.drainSeconds).catch((error: unknown) => {
        // a manager that went meanwhile says nothing of the node
        if (!(error instanceof DeadlineError)) throw error;
        process.stderr.write(`${messageOf(error)} Removing it anyway.\n`);
      });
    }
    await removeEntry(manager, node, spec.name);
  }
}

/** What the script says where keepalived ran. */
const stopped = "stopped";

/**
 * keepalived that is stopped says goodbye, and another manager has the address within a second; one whose Traefik has
 * been drained would hold it until the check has failed twice.
 */
async function giveAddressAway(
  access: ClusterAccess,
  manager: DockerNode,
  spec: NodeSpec,
  begun: Begun,
): Promise<void> {
  const script = `! systemctl is-active -q keepalived || { systemctl stop keepalived && echo ${stopped} && sleep 3; }`;
  const said = await onNode(access, manager, spec, (node) =>
    node.run(["sudo", "sh", "-c", script], { timeoutSeconds: 60 }),
  ).catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)} Removing it anyway.\n`);
    return "";
  });
  begun.gaveAddress ||= said.trim() === stopped;
}

/** Seconds for a manager to answer when a removal is undone: an election may be why it failed. */
const undoPatience: Patience = { managerSeconds: 60, connectSeconds: 20 };

/**
 * Gives the node back its role, its tasks, its labels and keepalived. @returns what could not be undone, and what to do
 * then.
 */
async function undo(
  access: ClusterAccess,
  others: ClusterAccess,
  spec: NodeSpec,
  { entries, gaveAddress }: Begun,
): Promise<string | undefined> {
  if (entries.size === 0) return undefined;
  return withManager(
    others,
    async (manager) => {
      const remaining = (await nodesNamed(manager, spec.name)).filter(({ ID }) => entries.has(ID));
      for (const { ID } of remaining)
        await updateNode(manager, ID, () => entries.get(ID) ?? { Role: spec.role, Availability: "active" });
      if (gaveAddress && remaining.length > 0) {
        await onNode(access, manager, spec, (node) =>
          node.run(["sudo", "systemctl", "start", "keepalived"], { timeoutSeconds: 60 }),
        );
      }
    },
    undoPatience,
  ).then(
    () => undefined,
    (error: unknown) =>
      `${messageOf(error)}. \`swarmctl node activate ${spec.name}\` gives it tasks again` +
      (gaveAddress ? ", `systemctl start keepalived` on it the ingress address." : "."),
  );
}
