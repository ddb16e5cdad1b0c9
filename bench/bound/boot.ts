import { z } from "zod";
import { adminUser } from "../../cloudinit/render";
import { deriveSshKeyPair } from "../../cloudinit/ssh-keys";
import type { FirewallGroup } from "../../components/firewall-rules";
import { placeLabels, type PlannedManager, type PlannedWorker } from "../../components/plan";
import { OperationError } from "../../ops/errors";
import type { OpenStack } from "../../ops/openstack/client";
import { Pending, waitFor } from "../../ops/wait";
import { ownerMark, type NodePlace } from "../../settings/names";
import type { ClusterAccess } from "../../settings/outputs";
import { userDataFor, type NodeSource } from "../settings";
import { all } from "./all";
import { make, makeFirewall, makeNetwork, withId, type BoundNetwork, type Marks } from "./network";

/** What a cluster is made from, but for what only its network tells. */
export type ClusterSource = Omit<NodeSource, "mtu"> & {
  /** Number of the one who owns what is made, in hexadecimal. */
  readonly owner: string;
};

export interface BootingNode {
  readonly place: NodePlace;
  readonly address: string;
  readonly serverId: string;
  readonly hostKey: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface BootingCluster {
  readonly mtu: number;
  readonly access: ClusterAccess;
  readonly managers: readonly BootingNode[];
  readonly workers: readonly BootingNode[];
}

/** Seconds for a server to be ACTIVE. */
export const activeSeconds = 600;

/**
 * What the program makes on OpenStack, by bare API calls: each as soon as what it needs is there, none waited for
 * longer than its answer takes. When it is done, the servers are on their way.
 */
export async function bootCluster(cloud: OpenStack, source: ClusterSource): Promise<BootingCluster> {
  const { settings, plan, owner, seed } = source;
  const marks: Marks = { name: settings.clusterName, description: ownerMark(settings.clusterName, owner) };
  const [network, groups, image, flavorIds, serverGroup] = await all([
    makeNetwork(cloud, settings, plan, marks),
    makeFirewall(cloud, settings, marks),
    findImage(cloud, settings.image),
    findFlavors(cloud),
    makeServerGroup(cloud, `${marks.name}-managers-${owner}`),
  ]);
  const pieces = { cloud, source, marks, network, groups, image, flavorIds, serverGroup };
  const [managers, workers] = await all([
    all(
      plan.managers.map(async (manager) => {
        const { portId, ...node } = await bootNode(pieces, manager, manager);
        return { node, host: await floatingIp(pieces, portId) };
      }),
    ),
    all(
      Object.values(plan.workers)
        .flat()
        .map((worker) => bootNode(pieces, worker)),
    ),
    port(pieces, {
      name: `${marks.name}-ingress`,
      fixed_ips: [{ subnet_id: network.subnetId, ip_address: plan.addresses.vip }],
      security_groups: [],
    }).then(({ id }) => floatingIp(pieces, id)),
  ]);
  return {
    mtu: network.mtu,
    access: {
      user: adminUser,
      privateKey: deriveSshKeyPair(seed, "admin").privateKey,
      managers: managers.map(({ node, host }) => ({ name: node.place.name, host, hostKey: node.hostKey })),
    },
    managers: managers.map(({ node }) => node),
    workers,
  };
}

/** Waits until every server is ACTIVE. */
export async function waitUntilActive(cloud: OpenStack, { managers, workers }: BootingCluster): Promise<void> {
  await all(
    [...managers, ...workers].map(async ({ place, serverId }) => {
      const status = await waitFor(
        { what: `${place.name} to be ACTIVE`, deadlineSeconds: activeSeconds, intervalSeconds: 1 },
        async () => {
          const { server } = await cloud.request(
            "compute",
            `/servers/${serverId}`,
            z.object({ server: z.object({ status: z.string() }) }),
          );
          return server.status === "BUILD" ? new Pending(server.status) : server.status;
        },
      );
      if (status !== "ACTIVE") throw new OperationError(`${place.name}: its server is ${status}.`);
    }),
  );
}

/** What every node is made with. */
export interface Pieces {
  readonly cloud: OpenStack;
  readonly source: ClusterSource;
  readonly marks: Marks;
  readonly network: Pick<BoundNetwork, "id" | "subnetId" | "mtu">;
  readonly groups: Readonly<Record<FirewallGroup, string>>;
  readonly image: string;
  /** By the flavor's name. */
  readonly flavorIds: ReadonlyMap<string, string>;
  /** Of managers. */
  readonly serverGroup?: string;
}

/** Makes a node's port and asks for its server. */
export async function bootNode(
  pieces: Pieces,
  { place, flavor, labels }: Planned,
  manager?: PlannedManager,
): Promise<BootingNode & { readonly portId: string }> {
  const { cloud, source, marks, network, groups, image, flavorIds, serverGroup } = pieces;
  const {
    id: portId,
    fixed_ips: [fixed],
  } = await port(pieces, {
    name: place.name,
    fixed_ips: [{ subnet_id: network.subnetId, ...(manager === undefined ? {} : { ip_address: manager.address }) }],
    security_groups: [groups.nodes, manager === undefined ? groups.workers : groups.managers],
    allowed_address_pairs: manager === undefined ? [] : [{ ip_address: source.plan.addresses.vip }],
  });
  const address = fixed?.ip_address ?? "";
  const userData = userDataFor({ ...source, mtu: network.mtu }, place, address, manager);
  const { server } = await cloud.request("compute", "/servers", z.object({ server: withId }), {
    server: {
      name: place.name,
      availability_zone: place.zone,
      flavorRef: flavorIds.get(flavor),
      imageRef: image,
      networks: [{ port: portId }],
      config_drive: true,
      user_data: Buffer.from(userData).toString("base64"),
      metadata: { mark: marks.description },
    },
    ...(manager === undefined ? {} : { "os:scheduler_hints": { group: serverGroup } }),
  });
  return {
    place,
    address,
    portId,
    serverId: server.id,
    hostKey: deriveSshKeyPair(source.seed, `host:${place.name}`).publicKey,
    labels: labels ?? placeLabels(place),
  };
}

/** A manager, which has no labels of its own, or a worker. */
type Planned = Pick<PlannedManager, "place" | "flavor"> & Partial<Pick<PlannedWorker, "labels">>;

async function port(
  { cloud, network, marks }: Pieces,
  values: object,
): Promise<{ id: string; fixed_ips: { ip_address: string }[] }> {
  return make(
    cloud,
    "ports",
    { description: marks.description, network_id: network.id, ...values },
    z.object({ id: z.string(), fixed_ips: z.array(z.object({ ip_address: z.string() })) }),
  );
}

async function floatingIp(
  { cloud, network, marks }: Pieces & { readonly network: BoundNetwork },
  portId: string,
): Promise<string> {
  await network.routed;
  const made = await make(
    cloud,
    "floatingips",
    { description: marks.description, floating_network_id: network.externalId, port_id: portId },
    z.object({ floating_ip_address: z.string() }),
  );
  return made.floating_ip_address;
}

/** Ids of the flavors by their names. */
export async function findFlavors(cloud: OpenStack): Promise<ReadonlyMap<string, string>> {
  const flavors = await cloud.list(
    "compute",
    "/flavors/detail",
    "flavors",
    z.object({ id: z.string(), name: z.string() }),
  );
  return new Map(flavors.map(({ id, name }) => [name, id]));
}

export async function findImage(cloud: OpenStack, name: string): Promise<string> {
  const {
    images: [found],
  } = await cloud.request(
    "image",
    `/v2/images?name=${encodeURIComponent(name)}`,
    z.object({ images: z.array(withId) }),
  );
  if (found === undefined) throw new OperationError(`${name}: no such image.`);
  return found.id;
}

/**
 * The lab's managers stand in zones of their own, so the strict policy asks for no more than the soft one; it needs no
 * microversion.
 */
async function makeServerGroup(cloud: OpenStack, name: string): Promise<string> {
  const { server_group: group } = await cloud.request(
    "compute",
    "/os-server-groups",
    z.object({ server_group: withId }),
    {
      server_group: { name, policies: ["anti-affinity"] },
    },
  );
  return group.id;
}
