import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/schema";
import type { Network } from "./network";
import type { ClusterPlan } from "./plan";

export interface IngressArgs {
  readonly settings: Settings;
  readonly plan: ClusterPlan;
  readonly network: Network;
}

/**
 * The one address of the cluster's services: a virtual address that the managers pass among themselves by VRRP, and a
 * floating IP on it. Owns the address; who answers there is keepalived's and Traefik's business.
 */
export class Ingress extends pulumi.ComponentResource {
  /** IPv4 address, from outside. */
  readonly address: pulumi.Output<string>;

  constructor(name: string, args: IngressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:edge:Ingress", name, {}, opts);
    const { settings, plan, network } = args;
    // bound to no server: it keeps the address from being given away and carries the floating IP
    const port = new openstack.networking.Port(`${name}-port`, {
      name: `${settings.clusterName}-ingress`,
      networkId: network.networkId,
      fixedIps: [{ subnetId: network.subnetId, ipAddress: plan.addresses.vip }],
      noSecurityGroups: true,
      tags: [`cluster=${settings.clusterName}`],
    }, { parent: this });
    const floatingIp = new openstack.networking.FloatingIp(`${name}-ip`, {
      pool: settings.externalNetwork, portId: port.id, description: `${settings.clusterName} ingress`, tags: [settings.clusterName],
    }, { parent: this, dependsOn: [network.routerInterface] });
    this.address = floatingIp.address;
    this.registerOutputs({});
  }
}
