import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/schema";
import type { Repairs } from "../settings/specs";
import type { Firewall } from "./firewall";
import type { Identity } from "./identity";
import type { ManagerQuorum } from "./manager-quorum";
import { membership, ownZone } from "./membership";
import type { Network } from "./network";
import { SwarmNode } from "./node";
import type { ClusterPlan, PlannedWorker } from "./plan";
import { templateHash, userDataOf } from "./user-data";

export interface WorkerGroupArgs {
  readonly settings: Settings;
  readonly plan: ClusterPlan;
  /** The group's workers; they decide its structure. */
  readonly workers: readonly PlannedWorker[];
  readonly network: Network;
  readonly firewall: Firewall;
  readonly identity: Identity;
  readonly quorum: ManagerQuorum;
  /** Registered when every manager is in the swarm; workers join a complete quorum. */
  readonly managers: readonly pulumi.Resource[];
  /** What this update makes again. */
  readonly repairs: Repairs;
  /** Logical names of servers that exist and never ran. */
  readonly unmade: ReadonlySet<string>;
  /** Id that the image's name has now. */
  readonly imageId: pulumi.Input<string | undefined>;
  /** Join token of workers from the last update; absent while there is no swarm. Secret. */
  readonly joinToken?: pulumi.Output<string>;
}

/** The workers of one group: their servers and memberships. The plan decides which ordinals there are. */
export class WorkerGroup extends pulumi.ComponentResource {
  readonly nodes: readonly SwarmNode[];
  /** Registered when every worker is Ready. */
  readonly memberships: readonly pulumi.Resource[];

  constructor(name: string, args: WorkerGroupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:compute:WorkerGroup", name, { workers: args.workers.length }, opts);
    this.nodes = args.workers.map((worker) => this.node(name, args, worker));
    this.memberships = this.nodes.map((node, index) => this.membership(name, args, node, args.workers[index]?.labels));
    this.registerOutputs({});
  }

  private node(name: string, args: WorkerGroupArgs, { place, flavor }: PlannedWorker): SwarmNode {
    const { settings, plan, network, firewall, identity, joinToken } = args;
    const token = joinToken === undefined ? {} : { joinToken };
    return new SwarmNode(
      `${name}-${place.ordinal}`,
      {
        cluster: settings.clusterName,
        mark: identity.mark,
        place,
        network,
        securityGroupIds: firewall.workerGroupIds,
        flavor,
        unmade: args.unmade,
        image: settings.image,
        imageId: args.imageId,
        ...(settings.keyPair === undefined ? {} : { keyPair: settings.keyPair }),
        template: network.mtu.apply((mtu) => templateHash(settings, plan, mtu, flavor)),
        holdsToken: joinToken !== undefined,
        userData: userDataOf({ settings, plan, identity, mtu: network.mtu, ...token }, place.name),
      },
      { parent: this },
    );
  }

  private membership(
    name: string,
    { settings, identity, firewall, quorum, managers, repairs }: WorkerGroupArgs,
    node: SwarmNode,
    labels: PlannedWorker["labels"] = {},
  ): pulumi.Resource {
    return membership(
      `${name}-membership-${node.place.ordinal}`,
      {
        node,
        hostKey: identity.publicHostKey(node.place.name),
        labels: { ...labels, ...ownZone(node) },
        deadlines: settings.deadlines,
        repairs,
        access: quorum.access,
        cluster: firewall.anchor,
      },
      { parent: this, dependsOn: [node.server, ...managers, ...firewall.rules] },
    );
  }
}
