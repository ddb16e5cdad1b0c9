import ipaddr from "ipaddr.js";

/** Prefix length of an IPv4 network, e.g. 24 of "10.20.0.0/24". */
export function prefixOf(network: string): number {
  return Number(network.split("/")[1]);
}

/** Number of addresses of an IPv4 network, of its prefix length. */
export function addressesOf(prefix: number): number {
  return 2 ** (32 - prefix);
}

/** First address of an IPv4 network, as a number. */
export function firstOf(network: string): number {
  return numberOf(network.split("/")[0] ?? network);
}

function numberOf(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((value, byte) => value * 256 + byte, 0);
}

/** An address of its number, e.g. 167772161 is "10.0.0.1". */
export function addressOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** True where two IPv4 networks share an address: one then lies in the other. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [ipaddr.IPv4.parseCIDR(one), ipaddr.IPv4.parseCIDR(other)];
  return a[0].match(b[0], Math.min(a[1], b[1]));
}

/** True where every address of `inner` belongs to `outer`. */
export function liesIn(inner: string, outer: string): boolean {
  return prefixOf(inner) >= prefixOf(outer) && overlap(inner, outer);
}

/** True for an IPv4 address in its usual form, e.g. "10.0.0.53". */
export function isAddress(value: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(value);
}

/** True where an address lies between two others, both included. */
export function isBetween(address: string, start: string, end: string): boolean {
  return numberOf(start) <= numberOf(address) && numberOf(address) <= numberOf(end);
}
