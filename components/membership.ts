import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { NodeSpec, Repairs } from "../settings/specs";
import type { Settings } from "../settings/schema";
import type { SwarmNode } from "./node";
import { swarmCommand } from "./swarm-command";

export interface MembershipArgs {
  readonly node: SwarmNode;
  /** Public SSH host key that is pinned for the node. */
  readonly hostKey: pulumi.Input<string>;
  readonly labels: Readonly<Record<string, pulumi.Input<string>>>;
  /** Stacks whose global services must run on the node first. Default: none. */
  readonly stacks?: readonly string[];
  readonly deadlines: Settings["deadlines"];
  /** What this update repairs. */
  readonly repairs: Repairs;
  /** Access to the cluster; secret. */
  readonly access: pulumi.Input<string>;
  /** Deleted only with the whole cluster; then no node needs to leave the swarm. */
  readonly cluster: pulumi.Resource;
}

/** The label of the zone that the server is in: an edit of a group's zone moves no server. */
export function ownZone(node: SwarmNode): Readonly<Record<string, pulumi.Input<string>>> {
  return { az: node.zone };
}

/**
 * A node's membership of the swarm. Created when the node is Ready, has its labels and runs its tasks of the given
 * stacks. Its deletion drains the node and removes it from the swarm before the server is deleted. A replaced server
 * gets a new membership.
 */
export function membership(
  name: string,
  args: MembershipArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const { node, deadlines } = args;
  const spec: pulumi.Input<{ [Key in keyof NodeSpec]: pulumi.Input<NodeSpec[Key]> }> = {
    name: node.place.name,
    role: node.place.role,
    address: node.address,
    hostKey: args.hostKey,
    serverId: node.server.id,
    labels: pulumi.all({ ...args.labels }),
    holdsToken: node.holdsToken,
    stacks: [...(args.stacks ?? [])],
    readySeconds: deadlines.nodeReadyMinutes * 60,
    drainSeconds: deadlines.drainMinutes * 60,
  };
  return swarmCommand(
    name,
    {
      create: "admit-node",
      delete: "remove-node",
      access: args.access,
      spec,
      repair: args.repairs.nodes.get(node.place.name),
    },
    // without replaceWith a replaced server would go undrained: its new id only updates the membership
    pulumi.mergeOptions(opts, { deletedWith: args.cluster, replaceWith: [node.server] }),
  );
}
