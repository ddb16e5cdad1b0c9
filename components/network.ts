import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { unreservedAddresses, type AddressPlan } from "../settings/addresses";
import { refusal } from "../settings/refusal";
import type { Settings } from "../settings/schema";

export interface NetworkArgs {
  /** Who gets which address. */
  readonly addresses: AddressPlan;
  readonly settings: Pick<Settings, "clusterName" | "networkName" | "externalNetwork" | "dnsServers">;
  /** Addresses of the managers that the last update left. */
  readonly held: readonly string[];
  /** The mark of the cluster's resources. */
  readonly mark: pulumi.Input<string>;
}

/** What nodes and the ingress need of a network, made by this component or not. */
interface NetworkFacts {
  readonly networkId: pulumi.Output<string>;
  readonly subnetId: pulumi.Output<string>;
  /** MTU in bytes, as Neutron tells the servers. */
  readonly mtu: pulumi.Output<number>;
  /** What floating IPs need first. */
  readonly route: readonly pulumi.Resource[];
}

/**
 * The network of the cluster: one subnet for all zones with a router to the external network. Makes them, or finds
 * those of `settings.networkName`. Owns no port; nodes and the ingress make theirs.
 */
export class Network extends pulumi.ComponentResource implements NetworkFacts {
  readonly networkId: pulumi.Output<string>;
  readonly subnetId: pulumi.Output<string>;
  readonly mtu: pulumi.Output<number>;
  readonly route: readonly pulumi.Resource[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:network:Network", name, { cidr: args.addresses.cidr }, opts);
    const facts =
      args.settings.networkName === undefined ? this.make(name, args) : this.find(args.settings.networkName, args);
    this.networkId = facts.networkId;
    this.subnetId = facts.subnetId;
    this.mtu = facts.mtu;
    this.route = facts.route;
    this.registerOutputs({});
  }

  private find(networkName: string, { addresses, held }: NetworkArgs): NetworkFacts {
    const { cidr } = addresses;
    const network = openstack.networking.getNetworkOutput({ name: networkName }, { parent: this });
    const subnet = openstack.networking.getSubnetOutput({ networkId: network.id, cidr }, { parent: this });
    const mtu = network.apply((found) => {
      if (found.mtu === undefined)
        throw new Error(`network ${networkName}: Neutron reports no MTU for it (extension net-mtu).`);
      return found.mtu;
    });
    const subnetId = subnet.apply(({ id, allocationPools }) => {
      const taken = unreservedAddresses(addresses, allocationPools, held);
      if (taken.length === 0) return id;
      throw refusal(
        `settings.networkName: the subnet ${cidr} of "${networkName}" may assign ${taken.join(", ")} to other ports, but the cluster's managers and its ingress need these addresses; ` +
          `give it the pool ${addresses.workers.start} to ${addresses.workers.end}: openstack subnet set --no-allocation-pool --allocation-pool start=${addresses.workers.start},end=${addresses.workers.end} ${id}`,
      );
    });
    return { networkId: network.id, subnetId, mtu, route: [] };
  }

  private make(name: string, args: NetworkArgs): NetworkFacts {
    const { addresses, settings, mark } = args;
    const { clusterName } = settings;
    const network = new openstack.networking.Network(
      `${name}-network`,
      { name: clusterName, description: mark, adminStateUp: true, tags: [clusterName] },
      { parent: this },
    );
    const subnet = new openstack.networking.Subnet(
      `${name}-subnet`,
      {
        name: clusterName,
        description: mark,
        networkId: network.id,
        cidr: addresses.cidr,
        ipVersion: 4,
        gatewayIp: addresses.gateway,
        dnsNameservers: [...settings.dnsServers],
        allocationPools: [addresses.workers],
        tags: [clusterName],
      },
      { parent: this },
    );
    return { networkId: network.id, subnetId: subnet.id, mtu: network.mtu, route: [this.connect(name, args, subnet)] };
  }

  /** The router to the external network. @returns what floating IPs need first. */
  private connect(
    name: string,
    { settings: { clusterName, externalNetwork }, mark }: NetworkArgs,
    subnet: openstack.networking.Subnet,
  ): pulumi.Resource {
    const external = openstack.networking.getNetworkOutput({ name: externalNetwork, external: true }, { parent: this });
    const router = new openstack.networking.Router(
      `${name}-router`,
      { name: clusterName, description: mark, adminStateUp: true, externalNetworkId: external.id, tags: [clusterName] },
      { parent: this },
    );
    return new openstack.networking.RouterInterface(
      `${name}-router-interface`,
      { routerId: router.id, subnetId: subnet.id },
      { parent: this },
    );
  }
}
