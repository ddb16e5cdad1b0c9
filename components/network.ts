import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { AddressPlan } from "../settings/addresses";

export interface NetworkArgs {
  /** Who gets which address. */
  readonly addresses: AddressPlan;
  /** Name of the Neutron network that floating IPs come from. */
  readonly externalNetwork: string;
  /** DNS servers of the subnet; empty: the cloud's own. */
  readonly dnsServers: readonly string[];
}

/**
 * The network of the cluster: one subnet for all zones, and a router to the external network. Owns no port; nodes and
 * the ingress make theirs.
 */
export class Network extends pulumi.ComponentResource {
  readonly networkId: pulumi.Output<string>;
  readonly subnetId: pulumi.Output<string>;
  /** MTU in bytes, as Neutron gives it to the servers. */
  readonly mtu: pulumi.Output<number>;
  /** Floating IPs need it first. With it goes the whole cluster: what lives inside the cluster need not be taken apart. */
  readonly routerInterface: openstack.networking.RouterInterface;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:network:Network", name, { cidr: args.addresses.cidr }, opts);
    const external = openstack.networking.getNetworkOutput({ name: args.externalNetwork, external: true }, { parent: this });
    const network = new openstack.networking.Network(`${name}-network`, { name, adminStateUp: true, tags: [name] }, { parent: this });
    const subnet = new openstack.networking.Subnet(`${name}-subnet`, {
      name,
      networkId: network.id,
      cidr: args.addresses.cidr,
      ipVersion: 4,
      gatewayIp: args.addresses.gateway,
      dnsNameservers: [...args.dnsServers],
      allocationPools: [args.addresses.workers],
      tags: [name],
    }, { parent: this });
    const router = new openstack.networking.Router(`${name}-router`, {
      name, adminStateUp: true, externalNetworkId: external.id, tags: [name],
    }, { parent: this });
    this.routerInterface = new openstack.networking.RouterInterface(`${name}-router-interface`, {
      routerId: router.id, subnetId: subnet.id,
    }, { parent: this });
    this.networkId = network.id;
    this.subnetId = subnet.id;
    this.mtu = network.mtu;
    this.registerOutputs({});
  }
}
