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
  /** What stands when every manager is in the swarm: workers join a quorum that is whole. */
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

/**
 * The workers of one group, all in one zone. Owns their servers and their part in the swarm; which ordinals there are
 * is the plan's business.
 */
export class WorkerGroup extends pulumi.ComponentResource {
  readonly nodes: readonly SwarmNode[];
  /** Stand when every worker is proven Ready. */
  readonly memberships: readonly pulumi.Resource[];

  constructor(name: string, args: WorkerGroupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:compute:WorkerGroup", name, { workers: args.workers.length }, opts);
    const { settings, plan, network, firewall, identity, quorum, joinToken } = args;
    this.nodes = args.workers.map(
      ({ place, flavor }) =>
        new SwarmNode(
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
            userData: userDataOf(
              { settings, plan, identity, mtu: network.mtu, ...(joinToken === undefined ? {} : { joinToken }) },
              place.name,
            ),
          },
          { parent: this },
        ),
    );
    this.memberships = this.nodes.map((node, index) =>
      membership(
        `${name}-membership-${node.place.ordinal}`,
        {
          node,
          hostKey: identity.publicHostKey(node.place.name),
          labels: { ...args.workers[index]?.labels, ...ownZone(node) },
          deadlines: settings.deadlines,
          repairs: args.repairs,
          access: quorum.access,
          cluster: firewall.anchor,
        },
        { parent: this, dependsOn: [node.server, ...args.managers, ...firewall.rules] },
      ),
    );
    this.registerOutputs({});
  }
}
