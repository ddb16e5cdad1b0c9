import { addressOf, addressesOf, firstOf, prefixOf } from "./ipv4";

/** Host number of the virtual address; 1 is the router's. */
const vipHost = 5;
/** Host number of the first manager; seven are the most. */
const firstManagerHost = 10;
/** Host number of the first address that Neutron hands out to workers. */
export const firstWorkerHost = 20;

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
