import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import { ingressPorts } from "../settings/ports";
import type { IngressArgs, IngressTarget } from "./ingress";

/** Where Traefik answers 200 while its manager may hold connections (stacks/traefik/compose.yml). */
const healthPath = "/.well-known/swarm-ingress";

/**
 * An Octavia load balancer in front of Traefik on every manager. It passes connections on as they are, preceded by the
 * client's address (PROXY protocol, version 2).
 */
export function loadBalancer(name: string, args: IngressArgs, parent: pulumi.Resource): IngressTarget {
  const { settings, network, mark } = args;
  const balancer = new openstack.loadbalancer.LoadBalancer(
    `${name}-balancer`,
    {
      name: `${settings.clusterName}-ingress`,
      description: mark,
      vipSubnetId: network.subnetId,
      tags: [settings.clusterName],
    },
    { parent },
  );
  const ready = ingressPorts.flatMap((port) => {
    const pool = poolOf(`${name}-${port}`, port, balancer, args, parent);
    return [
      monitorOf(`${name}-${port}`, port, pool, args, parent),
      ...membersOf(`${name}-${port}`, port, pool, args, parent),
    ];
  });
  return { portId: balancer.vipPortId, ready };
}

/** The managers that a port's connections go to. */
function poolOf(
  name: string,
  port: number,
  balancer: openstack.loadbalancer.LoadBalancer,
  { settings }: IngressArgs,
  parent: pulumi.Resource,
): openstack.loadbalancer.Pool {
  const listener = new openstack.loadbalancer.Listener(
    `${name}-listener`,
    {
      name: `${settings.clusterName}-${port}`,
      loadbalancerId: balancer.id,
      protocol: "TCP",
      protocolPort: port,
      allowedCidrs: [...settings.ingressCidrs],
    },
    { parent },
  );
  return new openstack.loadbalancer.Pool(
    `${name}-pool`,
    {
      name: `${settings.clusterName}-${port}`,
      listenerId: listener.id,
      protocol: "PROXYV2",
      lbMethod: "LEAST_CONNECTIONS",
    },
    { parent },
  );
}

/**
 * Takes a manager out of a pool. A connection alone proves nothing: a Traefik that leaves says so before it stops
 * (components/traefik.ts), and one that knows no services answers 404.
 */
function monitorOf(
  name: string,
  port: number,
  pool: openstack.loadbalancer.Pool,
  { settings }: IngressArgs,
  parent: pulumi.Resource,
): openstack.loadbalancer.Monitor {
  return new openstack.loadbalancer.Monitor(
    `${name}-monitor`,
    {
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
    },
    // a pool has one monitor at most
    { parent, deleteBeforeReplace: true },
  );
}

function membersOf(
  name: string,
  port: number,
  pool: openstack.loadbalancer.Pool,
  { plan, network }: IngressArgs,
  parent: pulumi.Resource,
): openstack.loadbalancer.Member[] {
  return plan.managers.map(
    ({ place, address }) =>
      new openstack.loadbalancer.Member(
        `${name}-member-${place.zone}-${place.ordinal}`,
        {
          name: place.name,
          poolId: pool.id,
          subnetId: network.subnetId,
          address,
          protocolPort: port,
          // healthPath is there, without TLS
          monitorPort: 80,
        },
        { parent },
      ),
  );
}
