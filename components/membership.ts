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
  /** Stacks whose global services run on the node before it counts; none by default. */
  readonly stacks?: readonly string[];
  readonly deadlines: Settings["deadlines"];
  /** What this update makes again. */
  readonly repairs: Repairs;
  /** Access to the cluster; secret. */
  readonly access: pulumi.Input<string>;
  /** What is deleted together with the whole cluster: then no node needs to leave the swarm. */
  readonly cluster: pulumi.Resource;
}

/** The label of a node's zone as its server has it: an edit of a group's zone moves no server. */
export function ownZone(node: SwarmNode): Readonly<Record<string, pulumi.Input<string>>> {
  return { az: node.zone };
}

/**
 * A node's part in the swarm: it stands when the node is proven Ready, is labelled and runs its tasks of the given
 * stacks, and its removal drains the node and takes it out before the server goes. It goes and comes with the server,
 * also where that is made anew in its place.
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
    // without replaceWith a replaced server would die undrained: another server's id only updates the membership
    pulumi.mergeOptions(opts, { deletedWith: args.cluster, replaceWith: [node.server] }),
  );
}
