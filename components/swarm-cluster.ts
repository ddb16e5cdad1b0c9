import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { madeWith, type MadeWith } from "../settings/made-with";
import type { Previous } from "../settings/load";
import type { WorkerSets } from "../settings/ordinals";
import { clusterType, type ClusterFacts } from "../settings/outputs";
import { planSharedSubnets } from "../settings/overlays";
import type { Settings } from "../settings/schema";
import type { SecretKey } from "../settings/secrets";
import { noRepairs, type Repairs } from "../settings/specs";
import { describeCluster } from "./cluster-facts";
import { requireCompletion } from "./completion";
import { demoPath } from "./demo";
import { Firewall } from "./firewall";
import { Identity } from "./identity";
import { newestImage } from "./image";
import { Ingress } from "./ingress";
import { ingressHolder } from "./ingress-holder";
import { ManagerQuorum } from "./manager-quorum";
import { Network } from "./network";
import { Overlay, overlayOptions } from "./overlay";
import { planCluster, plannedNetworks, type ClusterPlan } from "./plan";
import { addOnStacks, stackContext, traefikStack } from "./swarm-stacks";
import { WorkerGroup } from "./worker-group";

export interface SwarmClusterArgs {
  /**
   * The validated configuration, as `parseSettings` returns it. `docs/configuration.md` lists each key with its unit
   * and default.
   */
  readonly settings: Settings;
  /** Values of the secret keys (`settings/secrets.ts`). Default: none. */
  readonly secrets?: Partial<Readonly<Record<SecretKey, pulumi.Input<string>>>>;
  /** Ordinals of the workers by group, e.g. `{ az1: [0, 1, 3] }`. Default: the `min` lowest ordinals of each group. */
  readonly workerSets?: WorkerSets;
  /**
   * What the last update left, as `loadSettings` reads it from the stack's outputs: new nodes join with `joinTokens`,
   * and the server groups of `managerGroupPolicies` stay. Default: nothing; right for a cluster whose
   * `managerAntiAffinity` never changes.
   */
  readonly previous?: Pick<Previous, "managers" | "managerGroupPolicies" | "joinTokens">;
  /** What the cluster is made with and keeps for life. Default: what a new cluster of these settings is made with. */
  readonly made?: MadeWith;
  /** Parts of the swarm that this update makes again. Default: none. */
  readonly repairs?: Repairs;
  /** Logical names of servers that exist in ERROR and never ran; this update replaces them. Default: none. */
  readonly unmade?: ReadonlySet<string>;
  /** Tag of the autoscaler's image; required with `settings.autoscalerService`. */
  readonly autoscalerImageTag?: string;
  /**
   * Prepares the swarm for its shared networks, e.g. removes leftover ones; they are made when its output resolves.
   * Default: no preparation.
   *
   * @param access access to the cluster as JSON; secret.
   * @returns the same access.
   */
  readonly prepareNetworks?: (access: pulumi.Output<string>, mark: pulumi.Output<string>) => pulumi.Output<string>;
}

/**
 * A whole Docker Swarm on OpenStack: network, firewall, managers, workers, ingress and the stacks of the platform.
 *
 * Every resource below is named after `settings.clusterName`, so two clusters in one program need two names. The
 * OpenStack provider comes from `opts.provider` or `opts.providers`. The commands that reach the swarm run
 * `ops/main.ts` of this checkout with Node.js and `tsx`. The checks before an update (plan guard, leftovers, drift) are
 * left to the program; `index.ts` runs them.
 */
export class SwarmCluster extends pulumi.ComponentResource {
  /** Docker's id of the swarm. */
  readonly clusterId: pulumi.Output<string>;
  /** IPv4 address of the ingress as clients reach it; absent where `settings.ingressMode` is "none". */
  readonly ingressAddress?: pulumi.Output<string>;
  /** URL of the demo service; absent without `settings.demo` or without an ingress address. */
  readonly demoUrl?: pulumi.Output<string>;
  /** Number of stale nodes: a new server would be made from another image, flavor, key or user data. */
  readonly staleNodes: pulumi.Output<number>;
  /** The mark of the cluster's resources on the cloud, e.g. "swarm prod, owner 5f2a…". */
  readonly mark: pulumi.Output<string>;
  /** All that other programs read of the cluster (settings/outputs.ts); secret, since it holds `access` and tokens. */
  readonly facts: pulumi.Output<ClusterFacts>;
  /** Registered when the whole cluster is in place. */
  readonly parts: readonly pulumi.Resource[];

  constructor(name: string, args: SwarmClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super(clusterType, name, { clusterName: args.settings.clusterName }, opts);
    const spec = withDefaults(args);
    const foundation = this.foundation(spec);
    const { quorum, overlay, options } = this.swarm(spec, foundation);
    const context = stackContext(spec, quorum, foundation.firewall);
    const clusterName = spec.settings.clusterName;
    const traefik = traefikStack(`${clusterName}-traefik`, context, this.child({ dependsOn: [overlay] }));
    const managers = quorum.join(traefik);
    const { ingress, holder } = this.ingress(spec, foundation, quorum, managers);
    const groups = this.workerGroups(spec, foundation, quorum, managers);
    const workers = groups.flatMap(({ memberships }) => memberships);
    const stacks = [
      traefik,
      ...addOnStacks(context, { overlay, traefik, managers, workers, options }, (more) => this.child(more)),
    ];
    this.parts = [
      quorum.configuration,
      ...managers,
      ...(holder === undefined ? [] : [holder]),
      ...workers,
      ...overlay.networks,
      ...stacks.map(({ deployment }) => deployment),
    ];
    requireCompletion(this.parts);
    this.clusterId = quorum.clusterId;
    this.mark = foundation.identity.mark;
    if (ingress.address !== undefined) {
      this.ingressAddress = ingress.address;
      if (spec.settings.demo) this.demoUrl = pulumi.interpolate`http://${ingress.address}${demoPath}`;
    }
    const nodes = [...quorum.nodes, ...groups.flatMap((group) => group.nodes)];
    this.staleNodes = pulumi.all(nodes.map(({ stale }) => stale)).apply((stale) => stale.filter(Boolean).length);
    this.facts = describeCluster(this, { ...spec, quorum, nodes, stacks });
    this.registerOutputs({ clusterId: this.clusterId, ingressAddress: this.ingressAddress, demoUrl: this.demoUrl });
  }

  /**
   * Options of a child. Before this component existed its children had no parent; by the alias a cluster of that time
   * keeps its resources, since the children of a child inherit it.
   */
  private child<T extends pulumi.ResourceOptions>(more?: T): T & pulumi.ResourceOptions {
    return { ...(more as T), parent: this, aliases: [{ parent: pulumi.rootStackResource }] };
  }

  private foundation({ settings, plan, previous }: ClusterSpec): Foundation {
    const name = settings.clusterName;
    const identity = new Identity(`${name}-identity`, name, this.child());
    const held = previous.managers.map(({ address }) => address);
    const network = new Network(name, { addresses: plan.addresses, settings, held, mark: identity.mark }, this.child());
    const firewall = new Firewall(name, { settings, mark: identity.mark }, this.child());
    return { identity, network, firewall, imageId: newestImage(settings.image, { parent: this }) };
  }

  private swarm(spec: ClusterSpec, foundation: Foundation): Swarm {
    const { settings, made, repairs, previous } = spec;
    const { identity, network, firewall } = foundation;
    const name = settings.clusterName;
    const options = network.mtu.apply((mtu) => overlayOptions(mtu, settings.overlayEncryption));
    const tokens = previous.joinTokens;
    const quorum = new ManagerQuorum(
      `${name}-managers`,
      {
        ...spec,
        ...foundation,
        groupPolicies: previous.managerGroupPolicies,
        overlayOptions: options,
        ...(tokens === undefined ? {} : { joinToken: tokens.manager }),
      },
      this.child(),
    );
    const overlay = new Overlay(
      `${name}-overlay`,
      {
        clusterName: name,
        networks: plannedNetworks(settings),
        subnets: made.sharedSubnets ?? {},
        access: spec.prepareNetworks(quorum.access, identity.mark),
        mark: identity.mark,
        options,
        repairs,
        cluster: firewall.anchor,
      },
      this.child({ dependsOn: [quorum.swarm] }),
    );
    return { quorum, overlay, options };
  }

  private ingress(
    { settings, plan }: ClusterSpec,
    { network, firewall, identity }: Foundation,
    { access }: ManagerQuorum,
    managers: readonly pulumi.Resource[],
  ): { readonly ingress: Ingress; readonly holder: command.local.Command | undefined } {
    const name = `${settings.clusterName}-ingress`;
    const holder = ingressHolder(
      `${name}-holder`,
      { settings, plan, access },
      this.child({ dependsOn: [...managers], deletedWith: firewall.anchor }),
    );
    return {
      holder,
      ingress: new Ingress(name, { settings, plan, network, mark: identity.mark, holder }, this.child()),
    };
  }

  private workerGroups(
    spec: ClusterSpec,
    foundation: Foundation,
    quorum: ManagerQuorum,
    managers: readonly pulumi.Resource[],
  ): WorkerGroup[] {
    const tokens = spec.previous.joinTokens;
    return Object.entries(spec.plan.workers).map(
      ([group, workers]) =>
        new WorkerGroup(
          `${spec.settings.clusterName}-workers-${group}`,
          {
            ...spec,
            ...foundation,
            workers,
            quorum,
            managers,
            ...(tokens === undefined ? {} : { joinToken: tokens.worker }),
          },
          this.child(),
        ),
    );
  }
}

/** The arguments, complete, and the plan that follows from them. */
export type ClusterSpec = Omit<Required<SwarmClusterArgs>, "autoscalerImageTag" | "workerSets"> &
  Pick<SwarmClusterArgs, "autoscalerImageTag"> & { readonly plan: ClusterPlan };

/** What every node needs before it is made. */
interface Foundation {
  readonly identity: Identity;
  readonly network: Network;
  readonly firewall: Firewall;
  /** Id that the image's name has now. */
  readonly imageId: pulumi.Output<string | undefined>;
}

/** The swarm, and the networks that its stacks share. */
interface Swarm {
  readonly quorum: ManagerQuorum;
  readonly overlay: Overlay;
  /** Options of the overlay driver. */
  readonly options: pulumi.Output<Record<string, string>>;
}

function withDefaults({ workerSets = {}, ...args }: SwarmClusterArgs): ClusterSpec {
  const { settings } = args;
  return {
    secrets: {},
    previous: { managers: [], managerGroupPolicies: [] },
    made: madeWith(settings, planSharedSubnets(settings)),
    repairs: noRepairs,
    unmade: new Set(),
    prepareNetworks: (access) => access,
    ...args,
    plan: planCluster(settings, workerSets),
  };
}
