import { addressesOf, addressOf, firstOf, prefixOf } from "./ipv4";

/** The private networks (RFC 1918, section 3), in the order in which a free range is looked for. */
const privateNetworks = ["172.16.0.0/12", "10.0.0.0/8", "192.168.0.0/16"] as const;

/**
 * The first private range of a prefix length that shares no address with any of the taken networks; undefined where
 * there is none. Pure.
 */
export function freeRange(prefix: number, taken: readonly string[]): string | undefined {
  const size = addressesOf(prefix);
  const used = taken.map(boundsOf);
  for (const { first, end } of privateNetworks.map(boundsOf)) {
    let start = first;
    while (start + size <= end) {
      const hit = used.find((network) => network.first < start + size && start < network.end);
      if (hit === undefined) return `${addressOf(start)}/${prefix}`;
      start = Math.max(start + size, Math.ceil(hit.end / size) * size);
    }
  }
  return undefined;
}

/** First address of a network and the one after its last, as numbers. */
function boundsOf(network: string): { readonly first: number; readonly end: number } {
  return { first: firstOf(network), end: firstOf(network) + addressesOf(prefixOf(network)) };
}
