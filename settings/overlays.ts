import { addressesOf, addressOf, firstOf, prefixOf } from "./ipv4";
import type { Fault } from "./errors";
import type { ShapedSettings } from "./schema";

/** The overlay networks that span the whole cluster and grow with it. */
export const sharedNetworks = ["ingress", "proxy", "monitoring"] as const;
export type SharedNetwork = (typeof sharedNetworks)[number];

/**
 * Addresses that each node may take of a shared network. What takes one is swarmkit's decision
 * (manager/allocator/network.go): the load balancer of a node (on `ingress` of every node that has an entry, elsewhere
 * of every node that has a task there), each task, and each service (its virtual IP). Every figure is doubled: a
 * rollout adds nodes before it removes the old ones, and an update of a service may start the new task before it stops
 * the old one.
 *
 * - `ingress`: the load balancer. Tasks that publish a port through the mesh share the spare addresses.
 * - `proxy`: the load balancer and three tasks behind the ingress.
 * - `monitoring`: the load balancer, node-exporter and cAdvisor.
 */
const addressesPerNode: Readonly<Record<SharedNetwork, number>> = { ingress: 2, proxy: 8, monitoring: 6 };

/**
 * Addresses of a shared network beyond those that grow with the nodes: virtual IPs of services, the network's own
 * tasks.
 */
const spareAddresses = 64;

/** Network, gateway and broadcast address, which nobody is given. */
const unusable = 3;

/**
 * Further networks of `overlayPrefix` that must fit: four belong to the program's stacks, the rest to the operator's.
 */
export const otherNetworks = 8;

interface NodeLimits {
  readonly managers: number;
  readonly workerGroups: Readonly<Record<string, { readonly max: number }>>;
}
export type OverlaySettings = NodeLimits & Pick<ShapedSettings, "overlayPools" | "overlayPrefix">;

/** Largest number of nodes that the settings allow. */
export function mostNodes({ managers, workerGroups }: NodeLimits): number {
  return managers + Object.values(workerGroups).reduce((sum, { max }) => sum + max, 0);
}

/** Prefix length of a shared network that holds so many nodes; never smaller than the other overlay networks. */
export function sharedPrefix(network: SharedNetwork, nodes: number, overlayPrefix: number): number {
  const needed = addressesPerNode[network] * nodes + spareAddresses + unusable;
  return Math.min(overlayPrefix, 32 - Math.ceil(Math.log2(needed)));
}

/** Number of nodes that a shared network of this prefix length has room for. */
export function nodesThatFit(network: SharedNetwork, prefix: number): number {
  return Math.max(0, Math.floor((addressesOf(prefix) - unusable - spareAddresses) / addressesPerNode[network]));
}

/** The subnets of the shared networks, by name. */
export type SharedSubnets = Readonly<Record<SharedNetwork, string>>;

/**
 * Cuts the subnets of the shared networks from the end of the pools, the largest first; Docker cuts the others from the
 * start. All three have their place from the beginning, also one that is switched on later.
 *
 * @returns undefined where the pools have no room for them and `otherNetworks` further ones.
 */
export function planSharedSubnets(settings: OverlaySettings): SharedSubnets | undefined {
  const nodes = mostNodes(settings);
  const pools = settings.overlayPools
    .map((pool) => ({ start: firstOf(pool), end: firstOf(pool) + addressesOf(prefixOf(pool)) }))
    .reverse();
  const sizes = sharedNetworks
    .map((network) => ({ network, prefix: sharedPrefix(network, nodes, settings.overlayPrefix) }))
    .sort((one, other) => one.prefix - other.prefix);
  const subnets: Partial<Record<SharedNetwork, string>> = {};
  for (const { network, prefix } of sizes) {
    const pool = pools.find(({ start, end }) => end - start >= addressesOf(prefix));
    if (pool === undefined) return undefined;
    pool.end -= addressesOf(prefix);
    subnets[network] = `${addressOf(pool.end)}/${prefix}`;
  }
  const left = pools.reduce(
    (sum, { start, end }) => sum + Math.floor((end - start) / addressesOf(settings.overlayPrefix)),
    0,
  );
  return left < otherNetworks ? undefined : (subnets as SharedSubnets);
}

/** Prefix length of the smallest single pool that has the room that `planSharedSubnets` asks for. */
export function poolThatFits(settings: OverlaySettings): number {
  const candidates = Array.from({ length: 25 }, (_, index) => 32 - index);
  return (
    candidates.find(
      (prefix) => planSharedSubnets({ ...settings, overlayPools: [`0.0.0.0/${prefix}`] }) !== undefined,
    ) ?? 8
  );
}

/** What the overlay networks of a cluster that stands were made for. */
export interface StandingOverlays {
  /** Subnets of the shared networks; one that is absent is of `overlayPrefix`. */
  readonly sharedSubnets: Partial<SharedSubnets>;
  /** Largest number of nodes that the last update allowed. */
  readonly mostNodes: number;
}

/**
 * Why the overlay networks have no room for the nodes that the settings allow. A standing cluster is refused growth
 * alone.
 */
export function overlayFaults(settings: OverlaySettings, standing: StandingOverlays | undefined): Fault[] {
  const nodes = mostNodes(settings);
  if (standing === undefined) {
    if (planSharedSubnets(settings) !== undefined) return [];
    const wanted = sharedNetworks
      .map((network) => `${network} /${sharedPrefix(network, nodes, settings.overlayPrefix)}`)
      .join(", ");
    return [
      {
        path: "settings.overlayPools",
        problem:
          `${JSON.stringify(settings.overlayPools)} has no room for the networks of ${nodes} nodes (${wanted}) and ${otherNetworks} networks of overlayPrefix /${settings.overlayPrefix}; ` +
          `use a pool of /${poolThatFits(settings)}, or lower max of the worker groups.`,
      },
    ];
  }
  // each node takes an address of `ingress` before it can run anything
  const most = addressesOf(standingPrefix("ingress", settings, standing)) - unusable;
  if (nodes <= most || nodes <= standing.mostNodes) return [];
  return [
    {
      path: "settings.workerGroups",
      problem: `the groups and managers may grow to ${nodes} nodes, but the network ingress of this cluster has ${most} addresses and keeps its size; lower max, or build a new cluster.`,
    },
  ];
}

/** The shared networks of a standing cluster that are small for the nodes that the settings allow, in one line. */
export function overlayWarnings(
  settings: OverlaySettings & Pick<ShapedSettings, "monitoring">,
  standing: StandingOverlays,
): string[] {
  const nodes = mostNodes(settings);
  const small = sharedNetworks
    .filter((network) => network !== "monitoring" || settings.monitoring !== undefined)
    .map((network) => ({ network, prefix: standingPrefix(network, settings, standing) }))
    .filter(({ network, prefix }) => nodesThatFit(network, prefix) < nodes)
    .map(({ network, prefix }) => `${network} /${prefix} for ${nodesThatFit(network, prefix)} nodes`);
  return small.length === 0
    ? []
    : [
        `settings.workerGroups: the groups and managers may grow to ${nodes} nodes, but overlay networks of this cluster are smaller and keep their size: ${small.join(", ")}; lower max, spread services over further networks, or build a new cluster.`,
      ];
}

function standingPrefix(
  network: SharedNetwork,
  { overlayPrefix }: OverlaySettings,
  { sharedSubnets }: StandingOverlays,
): number {
  const subnet = sharedSubnets[network];
  return subnet === undefined ? overlayPrefix : prefixOf(subnet);
}
