import { z } from "zod";
import { planFirewall, type FirewallGroup } from "../../components/firewall-rules";
import type { ClusterPlan } from "../../components/plan";
import { OperationError } from "../../ops/errors";
import type { OpenStack } from "../../ops/openstack/client";
import type { Settings } from "../../settings/schema";
import { all } from "./all";

export const withId = z.object({ id: z.string() });

/** Name and description of what a cluster has on the cloud. */
export interface Marks {
  readonly name: string;
  readonly description: string;
}

export interface BoundNetwork {
  readonly id: string;
  readonly subnetId: string;
  /** MTU in bytes. */
  readonly mtu: number;
  readonly externalId: string;
  /** Settles when floating IPs can be had. */
  readonly routed: Promise<void>;
}

/** Makes one thing of a collection of Neutron's. */
export async function make<T extends z.ZodType>(
  cloud: OpenStack,
  collection: string,
  values: unknown,
  schema: T,
): Promise<z.output<T>> {
  const key = collection.replace(/s$/, "").replaceAll("-", "_");
  const body = await cloud.request("network", `/v2.0/${collection}`, z.record(z.string(), z.unknown()), {
    [key]: values,
  });
  return schema.parse(body[key]);
}

/** The network with its subnet, and its router on the way. */
export async function makeNetwork(
  cloud: OpenStack,
  settings: Settings,
  plan: ClusterPlan,
  marks: Marks,
): Promise<BoundNetwork> {
  const external = findExternal(cloud, settings.externalNetwork);
  const router = external.then((id) =>
    make(cloud, "routers", { ...marks, admin_state_up: true, external_gateway_info: { network_id: id } }, withId),
  );
  const { id, mtu } = await make(
    cloud,
    "networks",
    { ...marks, admin_state_up: true },
    z.object({ id: z.string(), mtu: z.int() }),
  );
  const subnet = await make(
    cloud,
    "subnets",
    {
      ...marks,
      network_id: id,
      cidr: plan.addresses.cidr,
      ip_version: 4,
      gateway_ip: plan.addresses.gateway,
      dns_nameservers: settings.dnsServers,
      allocation_pools: [plan.addresses.workers],
    },
    withId,
  );
  const routed = router.then((made) =>
    cloud.put("network", `/v2.0/routers/${made.id}/add_router_interface`, { subnet_id: subnet.id }),
  );
  // whoever needs the route hears of its failure
  routed.catch(() => undefined);
  return { id, subnetId: subnet.id, mtu, externalId: await external, routed };
}

async function findExternal(cloud: OpenStack, name: string): Promise<string> {
  const [found] = await cloud.list(
    "network",
    `/v2.0/networks?name=${encodeURIComponent(name)}&router:external=true`,
    "networks",
    withId,
  );
  if (found === undefined) throw new OperationError(`${name}: no such external network.`);
  return found.id;
}

/** The security groups with their rules; hands over their ids. */
export async function makeFirewall(
  cloud: OpenStack,
  settings: Settings,
  marks: Marks,
): Promise<Readonly<Record<FirewallGroup, string>>> {
  const roles: readonly FirewallGroup[] = ["nodes", "managers", "workers"];
  const groups = await all(
    roles.map(async (role) => ({
      role,
      ...(await make(
        cloud,
        "security-groups",
        { ...marks, name: `${marks.name}-${role}` },
        z.object({ id: z.string(), security_group_rules: z.array(withId) }),
      )),
    })),
  );
  const ids = Object.fromEntries(groups.map(({ role, id }) => [role, id])) as Record<FirewallGroup, string>;
  const ingress = planFirewall(settings).map(({ rule, source }) => ({
    security_group_id: ids[rule.to],
    direction: "ingress",
    ethertype: "IPv4",
    protocol: rule.protocol,
    description: rule.why,
    ...(rule.port === undefined ? {} : { port_range_min: rule.port, port_range_max: rule.port }),
    ...("group" in source ? { remote_group_id: ids[source.group] } : { remote_ip_prefix: source.cidr }),
  }));
  const egress = {
    security_group_id: ids.nodes,
    direction: "egress",
    ethertype: "IPv4",
    remote_ip_prefix: "0.0.0.0/0",
  };
  // Neutron's own egress rule of the same content would be in the way of ours
  await all(
    groups
      .flatMap((group) => group.security_group_rules)
      .map(({ id }) => cloud.delete("network", `/v2.0/security-group-rules/${id}`)),
  );
  await all([egress, ...ingress].map((rule) => make(cloud, "security-group-rules", rule, withId)));
  return ids;
}
