import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { ingressPorts } from "../settings/ports";
import type { Settings } from "../settings/schema";
import type { Network } from "./network";
import type { ClusterPlan } from "./plan";

/** Where Traefik answers 200 while its manager may hold connections (stacks/traefik/compose.yml). */
const healthPath = "/.well-known/swarm-ingress";

export interface IngressArgs {
  readonly settings: Settings;
  readonly plan: ClusterPlan;
  readonly network: Network;
  /** The mark of the cluster's resources. */
  readonly mark: pulumi.Input<string>;
  /** Stands when a manager holds the virtual address; the floating IP points there no sooner. */
  readonly holder?: pulumi.Resource | undefined;
}

/**
 * The one address of the cluster's services, by the settings' mode: a virtual address that the managers pass among
 * themselves by VRRP, or a load balancer, either with a floating IP; or none. Owns the address; who answers there is
 * keepalived's and Traefik's business.
 */
export class Ingress extends pulumi.ComponentResource {
  /** IPv4 address, from outside; absent in the mode "none". */
  readonly address?: pulumi.Output<string>;

  constructor(name: string, args: IngressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:edge:Ingress", name, { mode: args.settings.ingressMode }, opts);
    const { settings, network, mark } = args;
    if (settings.ingressMode !== "none") {
      const target = settings.ingressMode === "vip" ? this.virtualAddress(name, args) : this.loadBalancer(name, args);
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

  private virtualAddress(name: string, { settings, plan, network, mark, holder }: IngressArgs): Target {
    // bound to no server: it keeps the address from being given away and carries the floating IP
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

  /** Passes connections on as they are, with the client's address before them (PROXY protocol, version 2). */
  private loadBalancer(name: string, { settings, plan, network, mark }: IngressArgs): Target {
    const balancer = new openstack.loadbalancer.LoadBalancer(
      `${name}-balancer`,
      {
        name: `${settings.clusterName}-ingress`,
        description: mark,
        vipSubnetId: network.subnetId,
        tags: [settings.clusterName],
      },
      { parent: this },
    );
    const ready = ingressPorts.flatMap((port) => {
      const key = `${name}-${port}`;
      const listener = new openstack.loadbalancer.Listener(
        `${key}-listener`,
        {
          name: `${settings.clusterName}-${port}`,
          loadbalancerId: balancer.id,
          protocol: "TCP",
          protocolPort: port,
          allowedCidrs: [...settings.ingressCidrs],
        },
        { parent: this },
      );
      const pool = new openstack.loadbalancer.Pool(
        `${key}-pool`,
        {
          name: `${settings.clusterName}-${port}`,
          listenerId: listener.id,
          protocol: "PROXYV2",
          lbMethod: "LEAST_CONNECTIONS",
        },
        { parent: this },
      );
      const monitor = new openstack.loadbalancer.Monitor(
        `${key}-monitor`,
        {
          // one that leaves says so before it stops (components/traefik.ts), and one that knows no services answers
          // 404: a connection proves neither
          name: `${settings.clusterName}-${port}`,
          poolId: pool.id,
          type: "HTTP",
          httpMethod: "GET",
          urlPath: healthPath,
          expectedCodes: "200",
          delay: 5,
          timeout: 4,
          maxRetries: 2,
          maxRetriesDown: 3,
          // a pool has one monitor at most
        },
        { parent: this, deleteBeforeReplace: true },
      );
      const members = plan.managers.map(
        ({ place, address }) =>
          new openstack.loadbalancer.Member(
            `${key}-member-${place.zone}-${place.ordinal}`,
            {
              name: place.name,
              poolId: pool.id,
              subnetId: network.subnetId,
              address,
              protocolPort: port,
              // where the path is, without TLS
              monitorPort: 80,
            },
            { parent: this },
          ),
      );
      return [monitor, ...members];
    });
    return { portId: balancer.vipPortId, ready };
  }
}

/** What the floating IP points to, and what must stand before it does. */
interface Target {
  readonly portId: pulumi.Output<string>;
  readonly ready: readonly pulumi.Resource[];
}
