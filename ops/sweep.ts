import { z } from "zod";
import { ownerMark, ownerResource } from "../settings/names";
import { OperationError } from "./errors";
import { OpenStack } from "./openstack";
import { resourceNamed, type StateResource } from "./state";
import { Pending, waitFor } from "./wait";

/** A thing on the cloud: its kind, as people call it, its id and its name. */
export interface CloudThing {
  readonly kind: "server" | "load balancer" | "floating IP" | "router interface" | "port" | "router" | "subnet" | "network" | "security rule" | "security group" | "server group";
  readonly id: string;
  readonly name: string;
  /** Of a router interface: the router. */
  readonly routerId?: string;
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
  return typeof owner === "string" && owner !== "" ? { cluster, mark: ownerMark(cluster, owner), owner, ids } : { cluster, ids };
}

/** Of what bears the stack's mark, that which its state does not know: what a killed update left behind. Pure. */
export function leftovers(marked: readonly CloudThing[], known: Known): CloudThing[] {
  return marked.filter(({ id }) => !known.ids.has(id));
}

/** Seconds for what is deleted to be gone: Nova tears down a server, Octavia a load balancer. */
const goneSeconds = 300;

/**
 * Removes what a killed update made on the cloud without noting it in the state; the next one would make all of it a
 * second time, or be refused by what is in its way. Only what bears the stack's own mark is looked at.
 *
 * @returns what was removed.
 */
export async function sweep(cloud: OpenStack, known: Known, say: (line: string) => void): Promise<CloudThing[]> {
  const { mark, owner } = known;
  if (mark === undefined || owner === undefined) return [];
  // Nearly always there is nothing, and every update waits for this. Where there is, each kind is looked for again when its turn
  // comes: the cloud may still be at work on what the killed update asked for.
  const looks = await Promise.all(searches.map((find) => find(cloud, known, mark, owner)));
  if (leftovers(looks.flat(), known).length === 0) return [];
  const swept: CloudThing[] = [];
  for (const find of searches) {
    const all = leftovers(await find(cloud, known, mark, owner), known);
    for (const thing of all) {
      say(`${thing.kind} ${thing.name} (${thing.id}) was left behind by an update that was killed; it is removed.`);
      await remove(cloud, thing);
    }
    if (all.length > 0) await waitUntilGone(() => find(cloud, known, mark, owner), all);
    swept.push(...all);
  }
  return swept;
}

/**
 * Removes what earlier updates of this stack left behind; called before an update makes anything.
 *
 * @param state what the stack whose update it is has.
 */
export async function sweepBeforeUpdate(cluster: string, state: readonly StateResource[], environment: NodeJS.ProcessEnv): Promise<void> {
  const known = knownBy(cluster, state);
  // before the first resource there is nothing that could have been left behind
  if (known.mark === undefined) return;
  await sweep(await OpenStack.open(environment), known, (line) => { process.stderr.write(`${line}\n`); });
}

type Find = (cloud: OpenStack, known: Known, mark: string, owner: string) => Promise<CloudThing[]>;

async function waitUntilGone(find: () => Promise<CloudThing[]>, things: readonly CloudThing[]): Promise<void> {
  const ids = new Set(things.map(({ id }) => id));
  await waitFor({ what: `${things.map(({ kind, name }) => `${kind} ${name}`).join(", ")} to be gone`, deadlineSeconds: goneSeconds }, async () => {
    const left = (await find()).filter(({ id }) => ids.has(id));
    return left.length === 0 ? true : new Pending(`still there: ${left.map(({ name, id }) => `${name} (${id})`).join(", ")}`);
  });
}

const named = z.object({ id: z.string(), name: z.string() });

const findServers: Find = async (cloud, { cluster }, mark) => {
  const server = named.extend({ metadata: z.record(z.string(), z.string()) });
  const all = await cloud.list("compute", `/servers/detail?name=${encodeURIComponent(`^${cluster}-`)}`, "servers", server);
  return all.filter(({ metadata }) => metadata["mark"] === mark).map(({ id, name }) => ({ kind: "server", id, name }));
};

const findBalancers: Find = async (cloud, _, mark) => cloud.has("load-balancer")
  ? (await cloud.list("load-balancer", `/v2/lbaas/loadbalancers?description=${encodeURIComponent(mark)}`, "loadbalancers", named))
    .map((thing) => ({ kind: "load balancer", ...thing }))
  : [];

/** Things of Neutron by their description, in which the mark stands from their creation on. */
async function described(cloud: OpenStack, path: string, mark: string): Promise<z.output<typeof named>[]> {
  return cloud.list("network", `/v2.0/${path}?description=${encodeURIComponent(mark)}`, path.replaceAll("-", "_"), named);
}

const findFloatingIps: Find = async (cloud, _, mark) => {
  const floating = z.object({ id: z.string(), floating_ip_address: z.string() });
  const all = await cloud.list("network", `/v2.0/floatingips?description=${encodeURIComponent(mark)}`, "floatingips", floating);
  return all.map(({ id, floating_ip_address: name }) => ({ kind: "floating IP", id, name }));
};

/** An interface is a port of Neutron's own, without our mark; its router has it. */
const findInterfaces: Find = async (cloud, _, mark) => {
  const routers = await described(cloud, "routers", mark);
  const found = await Promise.all(routers.map(async ({ id: routerId, name }) =>
    (await cloud.list("network", `/v2.0/ports?device_id=${routerId}`, "ports", z.object({ id: z.string(), device_owner: z.string() })))
      // of routers that are distributed or doubled it has an ending more
      .filter(({ device_owner: owner }) => owner.startsWith("network:router_interface"))
      .map(({ id }): CloudThing => ({ kind: "router interface", id, name, routerId }))));
  return found.flat();
};

const findPorts: Find = async (cloud, _, mark) => (await described(cloud, "ports", mark)).map((thing) => ({ kind: "port", ...thing }));
const findRouters: Find = async (cloud, _, mark) => (await described(cloud, "routers", mark)).map((thing) => ({ kind: "router", ...thing }));

const findNetworks: Find = async (cloud, _, mark) => [
  ...(await described(cloud, "subnets", mark)).map((thing): CloudThing => ({ kind: "subnet", ...thing })),
  ...(await described(cloud, "networks", mark)).map((thing): CloudThing => ({ kind: "network", ...thing })),
];

/** A rule that the state does not know is in the way of the same rule; it belongs to whom its group belongs to. */
const findSecurity: Find = async (cloud, known, mark) => {
  const groups = await described(cloud, "security-groups", mark);
  const rules = await Promise.all(groups.filter(({ id }) => known.ids.has(id)).map(async ({ id: groupId, name }) =>
    (await cloud.list("network", `/v2.0/security-group-rules?security_group_id=${groupId}`, "security_group_rules", z.object({ id: z.string() })))
      .map(({ id }): CloudThing => ({ kind: "security rule", id, name }))));
  return [...rules.flat(), ...groups.map((thing): CloudThing => ({ kind: "security group", ...thing }))];
};

const findServerGroups: Find = async (cloud, _, __, owner) =>
  (await cloud.list("compute", "/os-server-groups", "server_groups", named))
    .filter(({ name }) => name.endsWith(`-${owner}`)).map((thing) => ({ kind: "server group", ...thing }));

/** In the order in which things are removed: what uses one goes before it. */
const searches: readonly Find[] = [findServers, findBalancers, findFloatingIps, findInterfaces, findPorts, findRouters, findNetworks, findSecurity, findServerGroups];

const paths: Readonly<Record<Exclude<CloudThing["kind"], "router interface">, readonly [string, string]>> = {
  "server": ["compute", "/servers/"],
  "server group": ["compute", "/os-server-groups/"],
  "load balancer": ["load-balancer", "/v2/lbaas/loadbalancers/"],
  "floating IP": ["network", "/v2.0/floatingips/"],
  "port": ["network", "/v2.0/ports/"],
  "router": ["network", "/v2.0/routers/"],
  "subnet": ["network", "/v2.0/subnets/"],
  "network": ["network", "/v2.0/networks/"],
  "security rule": ["network", "/v2.0/security-group-rules/"],
  "security group": ["network", "/v2.0/security-groups/"],
};

async function remove(cloud: OpenStack, { kind, id, name, routerId }: CloudThing): Promise<void> {
  if (kind === "router interface") {
    if (routerId === undefined) throw new OperationError(`router interface ${id} of ${name}: its router is not known; this is a bug.`);
    await cloud.put("network", `/v2.0/routers/${routerId}/remove_router_interface`, { port_id: id });
    return;
  }
  const [service, path] = paths[kind];
  await cloud.delete(service, `${path}${id}${kind === "load balancer" ? "?cascade=true" : ""}`);
}
