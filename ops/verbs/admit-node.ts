import type { ClusterAccess } from "../../settings/outputs";
import { bringBack, deliver, nodeSeconds } from "./bring-back";
import type { DockerNode } from "../connection/docker";
import { withManagers, type Managers } from "../connection/managers";
import { refuseEngine } from "../swarm/engine-gate";
import { messageOf, OperationError } from "../errors";
import {
  drainedBy,
  drainedByLabel,
  forgetGhosts,
  nodesNamed,
  removeVoter,
  unreadiness,
  updateNode,
  withoutLabels,
  type SwarmNodeState,
} from "../swarm/nodes";
import { claimOf, onNode } from "../connection/on-node";
import { OpenStack } from "../openstack/client";
import type { NodeSpec } from "../../settings/specs";
import { stackRunsOn } from "../swarm/stack-rollout";
import { Pending, waitFor } from "../wait";

/**
 * How often the managers are asked for a node that boots. They have joins to serve where many boot at once, and each is
 * waited for by itself.
 */
const pace = { intervalSeconds: 5, slack: 0.05 };

/**
 * Proves that a node is part of the swarm, labels it and sees its tasks of the given stacks run. A node that has not
 * joined is given the swarm's join token, as it is now: at once where its user data has none, since it was booted
 * before the swarm existed, and in the second half of its time where it has one, which may have been rotated since.
 * Until then one that boots is left alone. A node that a program drained and did not remove takes tasks again.
 * Repeating it changes nothing.
 *
 * @param labelled names of the labels that it was given before: those that it shall no longer have go. Others are not
 *   the program's.
 * @param isRepair true where it was part of the swarm and is not as it was: then it is asked itself, and gets its token
 *   at once.
 * @throws OperationError after the deadline, with cloud-init's result and the end of the console; and where its engine
 *   breaks what the swarm runs.
 */
export async function admitNode(
  access: ClusterAccess,
  spec: NodeSpec,
  labelled: readonly string[] = [],
  isRepair = false,
): Promise<void> {
  await withManagers(access, async (managers) => {
    if (isRepair) await managers.use((manager) => bringBack(access, manager, spec));
    const id = await proveReady(managers, access, spec);
    await managers.use(async (manager) => {
      await refuseEngine(manager, spec.name, (line) => {
        process.stderr.write(`${line}\n`);
      });
      // earlier servers of this name, and joins of this one that failed, left entries that the swarm keeps for ever
      for (const entry of await nodesNamed(manager, spec.name)) {
        if (entry.ID !== id) await removeVoter(manager, entry, spec.name);
        else await updateNode(manager, entry.ID, (current) => admitted(current, spec, labelled));
      }
      await forgetGhosts(manager);
    });
    for (const name of spec.stacks)
      await stackRunsOn(managers, { name, deadlineSeconds: spec.readySeconds }, { id, name: spec.name });
  });
}

/** The specification of a node that counts. */
function admitted(
  current: SwarmNodeState["Spec"],
  spec: NodeSpec,
  labelled: readonly string[],
): SwarmNodeState["Spec"] {
  return {
    ...current,
    Labels: { ...withoutLabels(current, [...labelled, drainedByLabel]), ...spec.labels },
    ...(drainedBy({ Spec: current }) === undefined ? {} : { Availability: "active" }),
  };
}

/** @returns the node's id in the swarm. */
async function proveReady(managers: Managers, access: ClusterAccess, spec: NodeSpec): Promise<string> {
  const tokenAt = Date.now() + (spec.holdsToken ? spec.readySeconds / 2 : 0) * 1000;
  let hasToken = false;
  let wasThere: boolean | undefined;
  try {
    return await waitFor(
      { what: `${spec.name} to be Ready in the swarm`, deadlineSeconds: spec.readySeconds, ...pace },
      async () => {
        const entries = await managers.use((manager) => nodesNamed(manager, spec.name));
        wasThere ??= entries.length > 0;
        let reason = unreadiness(spec.role, entries);
        if (reason === undefined) {
          // what was there from the start may be the entry of a server that this one replaces, not yet seen as down; of
          // several the node knows its own
          const id =
            wasThere || entries.length > 1
              ? await managers.use((manager) => ownId(access, manager, spec))
              : entries[0]?.ID;
          if (id !== undefined && entries.some(({ ID, Status }) => ID === id && Status.State === "ready")) return id;
          reason = "the swarm knows an earlier server of this name only";
        }
        if (!hasToken && Date.now() >= tokenAt) {
          await managers.use((manager) => deliver(access, manager, spec));
          hasToken = true;
        }
        return new Pending(reason);
      },
    );
  } catch (error) {
    throw new OperationError(`${spec.name}: it did not join.\n${await evidence(managers, access, spec)}`, {
      cause: error,
    });
  }
}

/** The node's id in the swarm, as the node itself says. */
async function ownId(access: ClusterAccess, manager: DockerNode, spec: NodeSpec): Promise<string> {
  return (await onNode(access, manager, spec, (node) => claimOf(node, nodeSeconds))).id;
}

/** What a person needs to see why a node did not join; each part may be out of reach itself. */
async function evidence(managers: Managers, access: ClusterAccess, spec: NodeSpec): Promise<string> {
  const say = (error: unknown): string => `(not to be had: ${messageOf(error)})`;
  const commands =
    "cloud-init status --long; systemctl --no-pager --full status swarm-node swarm-join docker | tail -n 40";
  const result = await managers
    .use((manager) =>
      onNode(access, manager, spec, (node) =>
        node.exec(["sudo", "sh", "-c", commands], { timeoutSeconds: nodeSeconds }),
      ),
    )
    .then(({ stdout, stderr }) => stdout + stderr, say);
  const console = await OpenStack.open(process.env)
    .then((cloud) => cloud.consoleTail(spec.serverId))
    .catch(say);
  return `cloud-init and units of ${spec.name}:\n${result}\nconsole of ${spec.name}:\n${console}`;
}
