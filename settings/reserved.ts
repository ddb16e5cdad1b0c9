import type { Fault } from "./errors";
import { isAddress, liesIn, overlap, prefixOf } from "./ipv4";
import type { ShapedSettings } from "./schema";

/** An IPv4 network, and the words that name it in a fault. */
interface NamedNetwork {
  readonly name: string;
  readonly network: string;
}

/** Networks that no host can use as its own (RFC 6890), e.g. those of loopback and of the metadata service. */
const specialNetworks: readonly NamedNetwork[] = [
  { name: "this network", network: "0.0.0.0/8" },
  { name: "loopback", network: "127.0.0.0/8" },
  { name: "link-local addresses, where the metadata service is,", network: "169.254.0.0/16" },
  { name: "multicast", network: "224.0.0.0/4" },
  { name: "reserved addresses", network: "240.0.0.0/4" },
];

/** Prefix length of each bridge network of Docker on a node: some 4,000 containers. */
export const bridgePrefix = 20;

type NetworkSettings = Partial<ShapedSettings>;

/** The networks that the cluster takes for itself: no two of them share an address, and none is special. */
function ownNetworks({ networkCidr, overlayPools = [], bridgePool }: NetworkSettings): NamedNetwork[] {
  return [
    ...(networkCidr === undefined ? [] : [{ name: "settings.networkCidr", network: networkCidr }]),
    ...overlayPools.map((network, index) => ({ name: `settings.overlayPools.${index}`, network })),
    ...(bridgePool === undefined ? [] : [{ name: "settings.bridgePool", network: bridgePool }]),
  ];
}

/** Addresses outside that containers exchange packets with. An overlay network that holds one takes its place in every container on it. */
function peersOfContainers({ dnsServers = [], ingressCidrs = [] }: NetworkSettings): NamedNetwork[] {
  return [
    ...dnsServers.map((address, index) => ({ name: `settings.dnsServers.${index}`, network: `${address}/32` })),
    ...ingressCidrs.map((network, index) => ({ name: `settings.ingressCidrs.${index}`, network })),
  ];
}

/** Addresses outside that nodes themselves exchange packets with. A bridge that holds one takes its place on the node. */
function peersOfNodes(settings: NetworkSettings): NamedNetwork[] {
  const { adminCidrs = [], ntpServers = [], registryMirrors = [], insecureRegistries = [], registryPrefix, proxy } = settings;
  const hosts: readonly (readonly [string, string | undefined])[] = [
    ...ntpServers.map((host, index) => [`settings.ntpServers.${index}`, host] as const),
    ...registryMirrors.map((url, index) => [`settings.registryMirrors.${index}`, hostOf(url)] as const),
    ...insecureRegistries.map((host, index) => [`settings.insecureRegistries.${index}`, hostOf(`http://${host}`)] as const),
    ["settings.registryPrefix", registryPrefix === undefined ? undefined : hostOf(`http://${registryPrefix}`)],
    ["settings.proxy.http", proxy?.http === undefined ? undefined : hostOf(proxy.http)],
    ["settings.proxy.https", proxy?.https === undefined ? undefined : hostOf(proxy.https)],
  ];
  return [
    ...peersOfContainers(settings),
    ...adminCidrs.map((network, index) => ({ name: `settings.adminCidrs.${index}`, network })),
    ...hosts.flatMap(([name, host]) => host === undefined || !isAddress(host) ? [] : [{ name, network: `${host}/32` }]),
  ];
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** Networks of the settings that would take each other's place, but for `poolFaults`. A network that holds a pool among others is no fault: see `reservedWarnings`. */
export function networksAreApart(settings: NetworkSettings): Fault[] {
  const { overlayPools = [], bridgePool, overlayPrefix } = settings;
  const own = ownNetworks(settings);
  const small = overlayPrefix === undefined ? [] : overlayPools.flatMap((pool, index) => prefixOf(pool) <= overlayPrefix ? [] : [{
    path: `settings.overlayPools.${index}`, problem: `"${pool}" is smaller than one overlay network of settings.overlayPrefix /${overlayPrefix}; use /${overlayPrefix} or larger.`,
  }]);
  return [
    ...own.flatMap(({ name: path, network }, index) => [...specialNetworks, ...own.slice(0, index)].filter((other) => overlap(other.network, network))
      .map((other) => ({ path, problem: `"${network}" overlaps ${other.name} "${other.network}"; use networks that do not overlap.` }))),
    ...small,
    ...(bridgePool === undefined || prefixOf(bridgePool) < bridgePrefix ? [] : [{
      path: "settings.bridgePool", problem: `"${bridgePool}" has no room for two bridges of /${bridgePrefix}; use /${bridgePrefix - 1} or larger.`,
    }]),
    ...(bridgePool === undefined ? [] : inside(bridgePool, "settings.bridgePool", "nodes", peersOfNodes(settings))),
  ];
}

/**
 * DNS servers and clients that lie in an overlay pool. A new cluster is refused; one that stands keeps its pools, and an overlay network may never take
 * those addresses, so it is warned.
 */
export function poolFaults(settings: NetworkSettings): Fault[] {
  return (settings.overlayPools ?? []).flatMap((pool, index) => inside(pool, `settings.overlayPools.${index}`, "containers", peersOfContainers(settings)));
}

function inside(pool: string, name: string, who: string, peers: readonly NamedNetwork[]): Fault[] {
  return peers.filter(({ network }) => liesIn(network, pool)).map(({ name: path, network }) => ({
    path, problem: `"${network.replace(/\/32$/, "")}" lies in ${name} "${pool}", so ${who} cannot reach it; use networks that do not overlap.`,
  }));
}

/** Administrators whose networks hold Docker's bridges among others: those at a bridge's addresses get no answer. */
export function reservedWarnings({ adminCidrs, bridgePool }: Pick<ShapedSettings, "adminCidrs" | "bridgePool">): string[] {
  return adminCidrs.filter((network) => overlap(network, bridgePool)).map((network) =>
    `settings.adminCidrs: "${network}" holds settings.bridgePool "${bridgePool}": nodes do not answer administrators at those addresses; choose a bridgePool that nobody uses.`);
}
