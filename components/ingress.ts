import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/schema";
import { loadBalancer } from "./load-balancer";
import type { Network } from "./network";
import type { ClusterPlan } from "./plan";

export interface IngressArgs {
  readonly settings: Settings;
  readonly plan: ClusterPlan;
  readonly network: Network;
  /** The mark of the cluster's resources. */
  readonly mark: pulumi.Input<string>;
  /** Registered when a manager holds the virtual address; the floating IP waits for it. */
  readonly holder?: pulumi.Resource | undefined;
}

/**
 * The one address of the cluster's services, by `settings.ingressMode`: a virtual address that the managers pass among
 * themselves by VRRP, or a load balancer, either with a floating IP; or none. Owns the address; keepalived and Traefik
 * decide who answers there.
 */
export class Ingress extends pulumi.ComponentResource {
  /** IPv4 address, from outside; absent in the mode "none". */
  readonly address?: pulumi.Output<string>;

  constructor(name: string, args: IngressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:edge:Ingress", name, { mode: args.settings.ingressMode }, opts);
    const { settings, network, mark } = args;
    if (settings.ingressMode !== "none") {
      const target = settings.ingressMode === "vip" ? this.virtualAddress(name, args) : loadBalancer(name, args, this);
      this.address = new openstack.networking.FloatingIp(
        `${name}-ip`,
        {
          pool: settings.externalNetwork,
          portId: target.portId,
          description: mark,
          tags: [settings.clusterName, "ingress"],
        },
        { parent: this, dependsOn: [...network.route, ...target.ready] },
      ).address;
    }
    this.registerOutputs({});
  }

  private virtualAddress(name: string, { settings, plan, network, mark, holder }: IngressArgs): IngressTarget {
    // bound to no server: it reserves the address and carries the floating IP
    const port = new openstack.networking.Port(
      `${name}-port`,
      {
        name: `${settings.clusterName}-ingress`,
        description: mark,
        networkId: network.networkId,
        fixedIps: [{ subnetId: network.subnetId, ipAddress: plan.addresses.vip }],
        noSecurityGroups: true,
        tags: [`cluster=${settings.clusterName}`],
      },
      { parent: this },
    );
    return { portId: port.id, ready: holder === undefined ? [] : [holder] };
  }
}

/** What the floating IP points to, and what must be in place before. */
export interface IngressTarget {
  readonly portId: pulumi.Output<string>;
  readonly ready: readonly pulumi.Resource[];
}
