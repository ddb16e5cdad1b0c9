import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { adminUser, type VipFacts } from "../cloudinit/render";
import { initResult, type InitSpec, type Repairs, type SwarmSpec } from "../settings/specs";
import type { MadeWith } from "../settings/made-with";
import type { ClusterAccess } from "../settings/outputs";
import type { Settings } from "../settings/schema";
import type { Firewall } from "./firewall";
import type { Identity } from "./identity";
import { membership } from "./membership";
import type { Network } from "./network";
import { SwarmNode } from "./node";
import type { ClusterPlan, PlannedManager } from "./plan";
import { serverGroups, type AntiAffinity } from "./server-groups";
import type { Stack } from "./stack";
import { swarmCommand } from "./swarm-command";
import { templateHash, userDataOf } from "./user-data";

export interface ManagerQuorumArgs {
  readonly settings: Settings;
  readonly plan: ClusterPlan;
  readonly network: Network;
  readonly firewall: Firewall;
  readonly identity: Identity;
  /** What this update repairs. */
  readonly repairs: Repairs;
  /** Logical names of servers that exist and never ran. */
  readonly unmade: ReadonlySet<string>;
  /** Options of the overlay driver, for the ingress network. */
  readonly overlayOptions: pulumi.Output<Record<string, string>>;
  /** What the cluster is made with; the state records it with the swarm. */
  readonly made: MadeWith;
  /** Id that the image's name has now. */
  readonly imageId: pulumi.Input<string | undefined>;
  /** Policies of the server groups that earlier updates made, the first one first; none before the first update. */
  readonly groupPolicies: readonly AntiAffinity[];
  /** Join token of managers from the last update; absent while there is no swarm. Secret. */
  readonly joinToken?: pulumi.Output<string>;
}

/**
 * The managers, spread over the zones with fixed addresses and floating IPs, and the swarm, which the first of them
 * initializes once. Owns the raft group and the access to the cluster, but not the ingress address.
 */
export class ManagerQuorum extends pulumi.ComponentResource {
  readonly nodes: readonly SwarmNode[];
  /** Public address of each manager, in order. */
  readonly floatingIps: readonly openstack.networking.FloatingIp[];
  /** Access to the cluster as JSON, in the shape of `clusterAccess`; secret. */
  readonly access: pulumi.Output<string>;
  readonly clusterId: pulumi.Output<string>;
  /** Policies of the existing server groups, the first one first. */
  readonly groupPolicies: readonly AntiAffinity[];
  /** Registered when there is a swarm to join. */
  readonly swarm: pulumi.Resource;
  /** Registered when the swarm has its settings that may change while it runs. */
  readonly configuration: pulumi.Resource;
  /** Secrets. */
  readonly joinTokens: pulumi.Output<{ manager: string; worker: string }>;

  constructor(
    private readonly name: string,
    private readonly args: ManagerQuorumArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("swarm:compute:ManagerQuorum", name, { managers: args.plan.managers.length }, opts);
    const groups = serverGroups(name, args, this);
    this.groupPolicies = [...groups.keys()];
    const serverGroup = groups.get(args.settings.managerAntiAffinity);
    if (serverGroup === undefined) throw new Error("managerAntiAffinity: its server group was not planned");
    this.nodes = args.plan.managers.map((manager) => this.manager(name, args, manager, serverGroup));
    this.floatingIps = this.nodes.map(
      (node) =>
        new openstack.networking.FloatingIp(
          `${name}-ip-${node.place.zone}-${node.place.ordinal}`,
          {
            pool: args.settings.externalNetwork,
            portId: node.port.id,
            description: args.identity.mark,
            tags: [args.settings.clusterName, node.place.name],
          },
          { parent: this, dependsOn: [...args.network.route] },
        ),
    );
    this.access = this.accessOf(args.identity);
    const initialized = this.init(name, args);
    this.swarm = initialized.init;
    const spec: SwarmSpec = { dispatcherHeartbeatSeconds: args.settings.dispatcherHeartbeatSeconds };
    this.configuration = swarmCommand(
      `${name}-configuration`,
      { create: "configure", access: this.access, spec },
      { parent: this, dependsOn: [initialized.init] },
    );
    this.clusterId = pulumi.unsecret(initialized.clusterId);
    this.joinTokens = pulumi.secret({ manager: initialized.managerToken, worker: initialized.workerToken });
    this.registerOutputs({});
  }

  /**
   * Lets the managers join one by one, each when the one before it runs its tasks. On busy machines a raft group that
   * grows by two at once, or whose managers all pull images at the same time, can lose its leader for minutes.
   *
   * @param first a stack that is deployed first, while the swarm has one member and needs no other vote; its global
   *   services run on every manager.
   * @returns registered when every manager is Reachable and runs them.
   */
  join(first: Stack): readonly pulumi.Resource[] {
    const { name, args } = this;
    const joined: pulumi.Resource[] = [];
    for (const [index, node] of this.nodes.entries()) {
      joined.push(
        membership(
          `${name}-membership-${node.place.zone}-${node.place.ordinal}`,
          {
            node,
            hostKey: args.identity.publicHostKey(node.place.name),
            labels: args.plan.managers[index]?.labels ?? {},
            stacks: [first.stack],
            deadlines: args.settings.deadlines,
            repairs: args.repairs,
            access: this.access,
            cluster: args.firewall.anchor,
          },
          { parent: this, dependsOn: [node.server, first.deployment, ...joined.slice(-1)] },
        ),
      );
    }
    return joined;
  }

  private manager(
    name: string,
    args: ManagerQuorumArgs,
    planned: PlannedManager,
    group: openstack.compute.ServerGroup,
  ): SwarmNode {
    const { settings, plan, network, firewall, identity, joinToken } = args;
    const vip = settings.ingressMode === "vip" ? virtualAddressOf(plan, planned) : undefined;
    return new SwarmNode(
      `${name}-${planned.place.zone}-${planned.place.ordinal}`,
      {
        cluster: settings.clusterName,
        mark: identity.mark,
        place: planned.place,
        network,
        securityGroupIds: firewall.managerGroupIds,
        address: planned.address,
        ...(vip === undefined ? {} : { sharedAddress: vip.address }),
        flavor: planned.flavor,
        unmade: args.unmade,
        image: settings.image,
        imageId: args.imageId,
        ...(settings.keyPair === undefined ? {} : { keyPair: settings.keyPair }),
        serverGroupId: group.id,
        template: network.mtu.apply((mtu) => templateHash(settings, plan, mtu, planned.flavor, vip)),
        holdsToken: joinToken !== undefined,
        userData: userDataOf(
          { settings, plan, identity, mtu: network.mtu, ...(joinToken === undefined ? {} : { joinToken }) },
          planned.place.name,
          vip,
        ),
      },
      { parent: this },
    );
  }

  private accessOf(identity: Identity): pulumi.Output<string> {
    const managers = this.nodes.map((node, index) =>
      pulumi
        .all([this.floatingIps[index]?.address ?? "", node.address, identity.publicHostKey(node.place.name)])
        .apply(([host, address, hostKey]) => ({ name: node.place.name, host, address, hostKey })),
    );
    return pulumi.secret(
      pulumi
        .all([identity.adminKey, pulumi.all(managers)])
        .apply(([key, all]) =>
          JSON.stringify({ user: adminUser, privateKey: key.privateKey, managers: all } satisfies ClusterAccess),
        ),
    );
  }

  /** The one swarm there ever is. Its result never changes: later managers join, also the first one's replacement. */
  private init(name: string, args: ManagerQuorumArgs): SwarmMade {
    const [first] = this.nodes;
    const [planned] = args.plan.managers;
    if (first === undefined || planned === undefined)
      throw new Error("managers: none planned; the settings require one at least");
    const spec: pulumi.Input<{ [Key in keyof InitSpec]: pulumi.Input<InitSpec[Key]> }> = {
      manager: planned.place.name,
      address: planned.address,
      overlayOptions: args.overlayOptions,
      ...(args.made.sharedSubnets?.ingress === undefined ? {} : { ingressSubnet: args.made.sharedSubnets.ingress }),
      overlayPools: [...args.settings.overlayPools],
      overlayPrefix: args.settings.overlayPrefix,
      deadlineSeconds: args.settings.deadlines.nodeReadyMinutes * 60,
    };
    const init = swarmCommand(
      `${name}-init`,
      { create: "init", access: this.access, spec, record: JSON.stringify(args.made), secretOutput: true },
      {
        parent: this,
        dependsOn: [first.server, ...args.firewall.rules],
        // made once: a later change of managers or settings must not touch the running swarm
        ignoreChanges: ["environment", "create", "triggers"],
      },
    );
    const result = pulumi.secret(init.stdout).apply((text) => initResult.parse(JSON.parse(text)));
    return { init, clusterId: result.clusterId, managerToken: result.managerToken, workerToken: result.workerToken };
  }
}

/** A manager's part in holding the virtual address. */
export function virtualAddressOf({ addresses: { vip, prefix } }: ClusterPlan, { priority }: PlannedManager): VipFacts {
  return { address: vip, prefix, priority };
}

/** The swarm, and the resource that is registered when it exists. The tokens are secrets. */
interface SwarmMade {
  readonly init: pulumi.Resource;
  readonly clusterId: pulumi.Output<string>;
  readonly managerToken: pulumi.Output<string>;
  readonly workerToken: pulumi.Output<string>;
}
