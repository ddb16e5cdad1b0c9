import { addressOf, addressesOf, firstOf, isBetween, prefixOf } from "./ipv4";

/** Host number of the virtual address; 1 is the router's. */
const vipHost = 5;
/** Host number of the first manager; seven are the most. */
const firstManagerHost = 10;
/** Host number of the first address that Neutron hands out to workers. */
export const firstWorkerHost = 20;

/** Most managers that there may be. */
const mostManagers = 7;

/** A range of addresses that Neutron hands out, both ends included. */
export interface AllocationPool {
  readonly start: string;
  readonly end: string;
}

/**
 * Fixed addresses of an existing subnet that Neutron may hand out to others, in order. A new cluster needs those of the
 * most managers outside the pools, so that it can grow; of one that stands, ports hold the virtual address and the
 * managers' own.
 *
 * @param held addresses of managers that stand; none: the cluster is new.
 */
export function unreservedAddresses(
  plan: AddressPlan,
  pools: readonly AllocationPool[],
  held: readonly string[],
): string[] {
  const { vip, managers } = planAddresses(plan.cidr, mostManagers);
  const needed = held.length === 0 ? [vip, ...managers] : plan.managers.filter((address) => !held.includes(address));
  return needed.filter((address) => pools.some(({ start, end }) => isBetween(address, start, end)));
}

/** Who has which address of the cluster's network. All fixed but the workers', which come from `workers`. */
export interface AddressPlan {
  readonly cidr: string;
  readonly prefix: number;
  readonly gateway: string;
  readonly vip: string;
  readonly managers: readonly string[];
  readonly workers: { readonly start: string; readonly end: string };
}

/**
 * Lays out an IPv4 network: router, virtual address, managers, and the rest for workers.
 *
 * @param cidr network of /27 or larger; the rules of the settings see to it.
 * @param managers number of managers, 7 at most.
 */
export function planAddresses(cidr: string, managers: number): AddressPlan {
  const prefix = prefixOf(cidr);
  const host = (number: number): string => addressOf(firstOf(cidr) + number);
  return {
    cidr,
    prefix,
    gateway: host(1),
    vip: host(vipHost),
    managers: Array.from({ length: managers }, (_, index) => host(firstManagerHost + index)),
    workers: { start: host(firstWorkerHost), end: host(addressesOf(prefix) - 2) },
  };
}
