import { OperationError } from "../errors";
import type { OpenStack } from "./client";
import type { CloudThing } from "./cloud-thing";
import {
  byName,
  findBalancers,
  findFloatingIps,
  findGroups,
  findInterfaces,
  findPorts,
  findRules,
  findServerGroups,
  findServers,
  type Find,
} from "./find-marked";

/** A kind: its resource type in Pulumi, how it is found, and the service and path of its API. */
interface Kind {
  readonly kind: CloudThing["kind"];
  readonly type: string;
  readonly find: Find;
  readonly at: readonly [string, string];
}

/** All kinds, in the order of removal: what uses a resource goes before the resource. */
export const kinds: readonly Kind[] = [
  { kind: "server", type: "openstack:compute/instance:Instance", find: findServers, at: ["compute", "/servers/"] },
  {
    kind: "load balancer",
    type: "openstack:loadbalancer/loadBalancer:LoadBalancer",
    find: findBalancers,
    at: ["load-balancer", "/v2/lbaas/loadbalancers/"],
  },
  {
    kind: "floating IP",
    type: "openstack:networking/floatingIp:FloatingIp",
    find: findFloatingIps,
    at: ["network", "/v2.0/floatingips/"],
  },
  {
    kind: "router interface",
    type: "openstack:networking/routerInterface:RouterInterface",
    find: findInterfaces,
    at: ["network", "/v2.0/routers/"],
  },
  { kind: "port", type: "openstack:networking/port:Port", find: findPorts, at: ["network", "/v2.0/ports/"] },
  {
    kind: "router",
    type: "openstack:networking/router:Router",
    find: byName("router", "routers"),
    at: ["network", "/v2.0/routers/"],
  },
  {
    kind: "subnet",
    type: "openstack:networking/subnet:Subnet",
    find: byName("subnet", "subnets"),
    at: ["network", "/v2.0/subnets/"],
  },
  {
    kind: "network",
    type: "openstack:networking/network:Network",
    find: byName("network", "networks"),
    at: ["network", "/v2.0/networks/"],
  },
  {
    kind: "security rule",
    type: "openstack:networking/secGroupRule:SecGroupRule",
    find: findRules,
    at: ["network", "/v2.0/security-group-rules/"],
  },
  {
    kind: "security group",
    type: "openstack:networking/secGroup:SecGroup",
    find: findGroups,
    at: ["network", "/v2.0/security-groups/"],
  },
  {
    kind: "server group",
    type: "openstack:compute/serverGroup:ServerGroup",
    find: findServerGroups,
    at: ["compute", "/os-server-groups/"],
  },
];

/** Deletes a resource; one that is gone counts as deleted. */
export async function removeThing(cloud: OpenStack, { kind, id, made }: CloudThing): Promise<void> {
  const [service, path] = kinds.find((one) => one.kind === kind)?.at ?? [];
  if (service === undefined || path === undefined)
    throw new OperationError(`${kind} ${id}: no way to remove it is known; this is a bug.`);
  if (kind === "router interface")
    await cloud.put(service, `${path}${made["routerId"] ?? ""}/remove_router_interface`, { port_id: id });
  else await cloud.delete(service, `${path}${id}${kind === "load balancer" ? "?cascade=true" : ""}`);
}
