import { z } from "zod";
import type { OpenStack } from "./client";
import type { CloudThing, Known } from "./cloud-thing";

/** Lists the resources of a kind that bear the mark. */
export type Find = (cloud: OpenStack, known: Known, mark: string, owner: string) => Promise<CloudThing[]>;

const named = z.object({ id: z.string(), name: z.string() });

export const findServers: Find = async (cloud, { cluster }, mark) => {
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

export const findBalancers: Find = async (cloud, _, mark) =>
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

/** Resources of Neutron with the mark in their description; they have it from their creation. */
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

/** Finds resources of Neutron that have nothing but a name. */
export function byName(kind: CloudThing["kind"], path: string): Find {
  return async (cloud, _, mark) =>
    (await described(cloud, path, mark, named)).map(({ id, name }) => ({ kind, id, name, made: { name } }));
}

export const findFloatingIps: Find = async (cloud, _, mark) => {
  const floating = z.object({ id: z.string(), floating_ip_address: z.string(), port_id: z.string().nullish() });
  // the request that creates one binds it to its port, so nobody uses one without a port
  return (await described(cloud, "floatingips", mark, floating)).map(
    ({ id, floating_ip_address: name, port_id: portId }) => ({
      kind: "floating IP",
      id,
      name,
      made: typeof portId === "string" ? { portId } : {},
    }),
  );
};

/** A router interface is a port that Neutron owns. It has no mark, but its router does. */
export const findInterfaces: Find = async (cloud, _, mark) => {
  const port = z.object({
    id: z.string(),
    device_owner: z.string(),
    fixed_ips: z.array(z.object({ subnet_id: z.string() })).default([]),
  });
  const routers = await described(cloud, "routers", mark, named);
  const found = await Promise.all(
    routers.map(async ({ id: routerId, name }) =>
      (await cloud.list("network", `/v2.0/ports?device_id=${routerId}`, "ports", port))
        // distributed and highly available routers have owners with a suffix
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

export const findPorts: Find = async (cloud, _, mark) =>
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

/** Rules of the groups that the state knows. A group that the state does not know is removed with its rules. */
export const findRules: Find = async (cloud, known, mark) => {
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

export const findServerGroups: Find = async (cloud, _, __, owner) =>
  (await cloud.list("compute", "/os-server-groups", "server_groups", named))
    .filter(({ name }) => name.endsWith(`-${owner}`))
    .map(({ id, name }) => ({ kind: "server group", id, name, made: { name } }));
