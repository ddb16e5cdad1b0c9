import type { Fault } from "./errors";
import { freeRange } from "./free-range";
import { isAddress, liesIn, overlap, prefixOf } from "./ipv4";
import type { SettingsKey, ShapedSettings } from "./schema";

/** An IPv4 network, and the words that name it in a fault. */
interface NamedNetwork {
  readonly name: string;
  readonly network: string;
}

/** One of the cluster's own networks. */
interface OwnNetwork extends NamedNetwork {
  readonly key: "networkCidr" | "overlayPools" | "bridgePool";
}

/** Keys that the configuration leaves at their defaults, of those that may still be set. */
export type AtDefault = ReadonlySet<SettingsKey>;

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
function ownNetworks({ networkCidr, overlayPools = [], bridgePool }: NetworkSettings): OwnNetwork[] {
  return [
    ...(networkCidr === undefined
      ? []
      : [{ key: "networkCidr" as const, name: "settings.networkCidr", network: networkCidr }]),
    ...overlayPools.map((network, index) => ({
      key: "overlayPools" as const,
      name: `settings.overlayPools.${index}`,
      network,
    })),
    ...(bridgePool === undefined
      ? []
      : [{ key: "bridgePool" as const, name: "settings.bridgePool", network: bridgePool }]),
  ];
}

/** Widest network that counts as a site's: no private network is wider (10.0.0.0/8, RFC 1918, section 3). */
const widestSitePrefix = 8;

/**
 * Says how a network gets out of another one's way. A default nobody has chosen is named with a free range to set in
 * its place.
 */
type Cure = (...networks: readonly NamedNetwork[]) => string;

/** The free ranges share no address with each other, so all may be set at once. */
function cures(settings: NetworkSettings, atDefault: AtDefault): Cure {
  const own = ownNetworks(settings);
  const peers = peersOfNodes(settings).map(({ network }) => network);
  const taken = own.map(({ network }) => network);
  const defaults = own
    .filter(({ key }) => atDefault.has(key))
    .map(({ key, name, network }) => {
      const within = (widest: number): string | undefined =>
        freeRange(prefixOf(network), [...taken, ...peers.filter((peer) => prefixOf(peer) >= widest)]);
      // where the peers fill all private networks, one that merely holds the range is no fault
      const range = within(widestSitePrefix) ?? within(prefixOf(network));
      if (range !== undefined) taken.push(range);
      const example =
        range === undefined
          ? ""
          : `, e.g. \`pulumi config set swarm:${key} ${key === "overlayPools" ? `'["${range}"]'` : range}\``;
      const advice = key === "bridgePool" ? "set it to a free range" : "a new cluster may set it to a free range";
      return { name, words: `: "${network}" is the default of swarm:${key}; ${advice}${example}` };
    });
  return (...networks) =>
    `use networks that do not overlap${defaults.find(({ name }) => networks.some((network) => network.name === name))?.words ?? ""}.`;
}

/**
 * Addresses outside that containers exchange packets with. An overlay network that holds one takes its place in every
 * container on it.
 */
function peersOfContainers({ dnsServers = [], ingressCidrs = [] }: NetworkSettings): NamedNetwork[] {
  return [
    ...dnsServers.map((address, index) => ({ name: `settings.dnsServers.${index}`, network: `${address}/32` })),
    ...ingressCidrs.map((network, index) => ({ name: `settings.ingressCidrs.${index}`, network })),
  ];
}

/**
 * Addresses outside that nodes themselves exchange packets with. A bridge that holds one takes its place on the node.
 */
function peersOfNodes(settings: NetworkSettings): NamedNetwork[] {
  const {
    adminCidrs = [],
    ntpServers = [],
    registryMirrors = [],
    insecureRegistries = [],
    registryPrefix,
    proxy,
  } = settings;
  const hosts: readonly (readonly [string, string | undefined])[] = [
    ...ntpServers.map((host, index) => [`settings.ntpServers.${index}`, host] as const),
    ...registryMirrors.map((url, index) => [`settings.registryMirrors.${index}`, hostOf(url)] as const),
    ...insecureRegistries.map(
      (host, index) => [`settings.insecureRegistries.${index}`, hostOf(`http://${host}`)] as const,
    ),
    ["settings.registryPrefix", registryPrefix === undefined ? undefined : hostOf(`http://${registryPrefix}`)],
    ["settings.proxy.http", proxy?.http === undefined ? undefined : hostOf(proxy.http)],
    ["settings.proxy.https", proxy?.https === undefined ? undefined : hostOf(proxy.https)],
  ];
  return [
    ...peersOfContainers(settings),
    ...adminCidrs.map((network, index) => ({ name: `settings.adminCidrs.${index}`, network })),
    ...hosts.flatMap(([name, host]) =>
      host === undefined || !isAddress(host) ? [] : [{ name, network: `${host}/32` }],
    ),
  ];
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/**
 * Networks of the settings that would take each other's place, but for `poolFaults`. A network that holds a pool among
 * others is no fault: see `reservedWarnings`.
 */
export function networksAreApart(settings: NetworkSettings, atDefault: AtDefault): Fault[] {
  const { overlayPools = [], bridgePool, overlayPrefix } = settings;
  const own = ownNetworks(settings);
  const cure = cures(settings, atDefault);
  const small =
    overlayPrefix === undefined
      ? []
      : overlayPools.flatMap((pool, index) =>
          prefixOf(pool) <= overlayPrefix
            ? []
            : [
                {
                  path: `settings.overlayPools.${index}`,
                  problem: `"${pool}" is smaller than one overlay network of settings.overlayPrefix /${overlayPrefix}; use /${overlayPrefix} or larger.`,
                },
              ],
        );
  return [
    ...own.flatMap((one, index) =>
      [...specialNetworks, ...own.slice(0, index)]
        .filter((other) => overlap(other.network, one.network))
        .map((other) => ({
          path: one.name,
          problem: `"${one.network}" overlaps ${other.name} "${other.network}"; ${cure(one, other)}`,
        })),
    ),
    ...small,
    ...(bridgePool === undefined || prefixOf(bridgePool) < bridgePrefix
      ? []
      : [
          {
            path: "settings.bridgePool",
            problem: `"${bridgePool}" has no room for two bridges of /${bridgePrefix}; use /${bridgePrefix - 1} or larger.`,
          },
        ]),
    ...own
      .filter(({ key }) => key === "bridgePool")
      .flatMap((pool) => inside(pool, "nodes", peersOfNodes(settings), cure)),
  ];
}

/**
 * DNS servers and clients that lie in an overlay pool. A new cluster is refused; one that stands keeps its pools, and
 * an overlay network may never take those addresses, so it is warned.
 */
export function poolFaults(settings: NetworkSettings, atDefault: AtDefault): Fault[] {
  const cure = cures(settings, atDefault);
  return ownNetworks(settings)
    .filter(({ key }) => key === "overlayPools")
    .flatMap((pool) => inside(pool, "containers", peersOfContainers(settings), cure));
}

function inside(pool: NamedNetwork, who: string, peers: readonly NamedNetwork[], cure: Cure): Fault[] {
  return peers
    .filter(({ network }) => liesIn(network, pool.network))
    .map(({ name: path, network }) => ({
      path,
      problem: `"${network.replace(/\/32$/, "")}" lies in ${pool.name} "${pool.network}", so ${who} cannot reach it; ${cure(pool)}`,
    }));
}

/** Administrators whose networks hold Docker's bridges among others: those at a bridge's addresses get no answer. */
export function reservedWarnings(
  settings: Pick<ShapedSettings, "adminCidrs" | "bridgePool"> & NetworkSettings,
  atDefault: AtDefault,
): string[] {
  const { adminCidrs, bridgePool } = settings;
  const cure = cures(settings, atDefault);
  return adminCidrs
    .filter((network) => overlap(network, bridgePool))
    .map(
      (network) =>
        `settings.adminCidrs: "${network}" holds settings.bridgePool "${bridgePool}": nodes do not answer administrators at those addresses; ${cure({ name: "settings.bridgePool", network: bridgePool })}`,
    );
}
