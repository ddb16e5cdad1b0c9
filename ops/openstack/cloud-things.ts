import { z } from "zod";
import { ownerMark, ownerResource } from "../../settings/names";
import { OperationError } from "../errors";
import type { OpenStack } from "./client";
import { resourceNamed, type StateResource } from "../stack-state/state";

/** A thing on the cloud: its kind, as people call it, its id and its name. */
export interface CloudThing {
  readonly kind:
    | "server"
    | "load balancer"
    | "floating IP"
    | "router interface"
    | "port"
    | "router"
    | "subnet"
    | "network"
    | "security rule"
    | "security group"
    | "server group";
  readonly id: string;
  readonly name: string;
  /** What the request that made it named, by Pulumi's name of the input. */
  readonly made: Readonly<Record<string, string | number | null>>;
  /** Of a server: its addresses, and Nova's status. */
  readonly addresses?: readonly string[];
  readonly status?: string;
  /** Of a port: the id of what it is plugged into. */
  readonly deviceId?: string;
  /** Of a security group. */
  readonly tags?: readonly string[];
}

/** What a stack's state knows: who owns, and which ids are its own. */
export interface Known {
  readonly cluster: string;
  /** The mark of the cluster's resources; absent while the stack has none. */
  readonly mark?: string;
  readonly owner?: string;
  readonly ids: ReadonlySet<string>;
}

export function knownBy(cluster: string, state: readonly StateResource[]): Known {
  const owner = resourceNamed(state, ownerResource(cluster))?.outputs?.["stdout"];
  const ids = new Set(state.map(({ id }) => id).filter((id) => id !== undefined));
  return typeof owner === "string" && owner !== ""
    ? { cluster, mark: ownerMark(cluster, owner), owner, ids }
    : { cluster, ids };
}

/** Lists what bears the mark, of one kind or of two that go together. */
export type Find = (cloud: OpenStack, known: Known, mark: string, owner: string) => Promise<CloudThing[]>;

const named = z.object({ id: z.string(), name: z.string() });

const findServers: Find = async (cloud, { cluster }, mark) => {
  const server = named.extend({
    metadata: z.record(z.string(), z.string()),
    status: z.string().optional(),
    addresses: z.record(z.string(), z.array(z.object({ addr: z.string() }))).optional(),
  });
  const all = await cloud.list(
    "compute",
    `/servers/detail?name=${encodeURIComponent(`^${cluster}-`)}`,
    "servers",
    server,
  );
  return all
    .filter(({ metadata }) => metadata["mark"] === mark)
    .map(({ id, name, status, addresses = {} }) => ({
      kind: "server",
      id,
      name,
      made: { name },
      addresses: Object.values(addresses)
        .flat()
        .map(({ addr }) => addr),
      ...(status === undefined ? {} : { status }),
    }));
};

const findBalancers: Find = async (cloud, _, mark) =>
  cloud.has("load-balancer")
    ? (
        await cloud.list(
          "load-balancer",
          `/v2/lbaas/loadbalancers?description=${encodeURIComponent(mark)}`,
          "loadbalancers",
          named,
        )
      ).map(({ id, name }) => ({ kind: "load balancer", id, name, made: { name } }))
    : [];

/** Things of Neutron by their description, in which the mark stands from their creation on. */
async function described<T extends z.ZodType>(
  cloud: OpenStack,
  path: string,
  mark: string,
  item: T,
): Promise<z.output<T>[]> {
  return cloud.list(
    "network",
    `/v2.0/${path}?description=${encodeURIComponent(mark)}`,
    path.replaceAll("-", "_"),
    item,
  );
}

/** A finder of things that their name alone tells apart. */
function byName(kind: CloudThing["kind"], path: string): Find {
  return async (cloud, _, mark) =>
    (await described(cloud, path, mark, named)).map(({ id, name }) => ({ kind, id, name, made: { name } }));
}

const findFloatingIps: Find = async (cloud, _, mark) => {
  const floating = z.object({ id: z.string(), floating_ip_address: z.string(), port_id: z.string().nullish() });
  // the request that makes it binds it to its port; one that is bound to nothing is used by nobody
  return (await described(cloud, "floatingips", mark, floating)).map(
    ({ id, floating_ip_address: name, port_id: portId }) => ({
      kind: "floating IP",
      id,
      name,
      made: typeof portId === "string" ? { portId } : {},
    }),
  );
};

/** An interface is a port of Neutron's own, without our mark; its router has it. */
const findInterfaces: Find = async (cloud, _, mark) => {
  const port = z.object({
    id: z.string(),
    device_owner: z.string(),
    fixed_ips: z.array(z.object({ subnet_id: z.string() })).default([]),
  });
  const routers = await described(cloud, "routers", mark, named);
  const found = await Promise.all(
    routers.map(async ({ id: routerId, name }) =>
      (await cloud.list("network", `/v2.0/ports?device_id=${routerId}`, "ports", port))
        // of routers that are distributed or doubled it has an ending more
        .filter(({ device_owner: owner }) => owner.startsWith("network:router_interface"))
        .map(({ id, fixed_ips: [first] }): CloudThing => ({
          kind: "router interface",
          id,
          name,
          made: { routerId, subnetId: first?.subnet_id ?? null },
        })),
    ),
  );
  return found.flat();
};

const findPorts: Find = async (cloud, _, mark) =>
  (await described(cloud, "ports", mark, named.extend({ device_id: z.string().nullish() }))).map(
    ({ id, name, device_id: deviceId }) => ({
      kind: "port",
      id,
      name,
      made: { name },
      ...(typeof deviceId === "string" && deviceId !== "" ? { deviceId } : {}),
    }),
  );

const text = z.string().nullish();
const port = z.int().nullish();
const rule = z.object({
  id: z.string(),
  direction: text,
  ethertype: text,
  protocol: text,
  port_range_min: port,
  port_range_max: port,
  remote_ip_prefix: text,
  remote_group_id: text,
});

/** Rules of the groups that the state knows; a group that it does not know takes its own along. */
const findRules: Find = async (cloud, known, mark) => {
  const groups = await described(cloud, "security-groups", mark, named);
  const rules = await Promise.all(
    groups
      .filter(({ id }) => known.ids.has(id))
      .map(async ({ id: groupId, name }) =>
        (
          await cloud.list(
            "network",
            `/v2.0/security-group-rules?security_group_id=${groupId}`,
            "security_group_rules",
            rule,
          )
        ).map((one): CloudThing => ({
          kind: "security rule",
          id: one.id,
          name,
          made: {
            securityGroupId: groupId,
            direction: one.direction ?? null,
            ethertype: one.ethertype ?? null,
            protocol: one.protocol ?? null,
            portRangeMin: one.port_range_min ?? null,
            portRangeMax: one.port_range_max ?? null,
            remoteIpPrefix: one.remote_ip_prefix ?? null,
            remoteGroupId: one.remote_group_id ?? null,
          },
        })),
      ),
  );
  return rules.flat();
};

export const findGroups: Find = async (cloud, _, mark) =>
  (await described(cloud, "security-groups", mark, named.extend({ tags: z.array(z.string()).default([]) }))).map(
    ({ id, name, tags }) => ({ kind: "security group", id, name, made: { name }, tags }),
  );

const findServerGroups: Find = async (cloud, _, __, owner) =>
  (await cloud.list("compute", "/os-server-groups", "server_groups", named))
    .filter(({ name }) => name.endsWith(`-${owner}`))
    .map(({ id, name }) => ({ kind: "server group", id, name, made: { name } }));

/** How a kind is found, which resource of Pulumi's it is, and where the cloud has it: service and path. */
interface Kind {
  readonly kind: CloudThing["kind"];
  readonly type: string;
  readonly find: Find;
  readonly at: readonly [string, string];
}

/** In the order in which things are removed: what uses one goes before it. */
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

export async function removeThing(cloud: OpenStack, { kind, id, made }: CloudThing): Promise<void> {
  const [service, path] = kinds.find((one) => one.kind === kind)?.at ?? [];
  if (service === undefined || path === undefined)
    throw new OperationError(`${kind} ${id}: no way to remove it is known; this is a bug.`);
  if (kind === "router interface")
    await cloud.put(service, `${path}${made["routerId"] ?? ""}/remove_router_interface`, { port_id: id });
  else await cloud.delete(service, `${path}${id}${kind === "load balancer" ? "?cascade=true" : ""}`);
}
