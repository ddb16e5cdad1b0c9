import ipaddr from "ipaddr.js";
import { z } from "zod";
import { isAddress } from "./ipv4";

/** One error for a value of any wrong shape: what is allowed. */
export function allowed(words: string): { error: () => string } {
  return { error: () => `use ${words}` };
}

export function text(pattern: RegExp, words: string) {
  return z.string(allowed(words)).regex(pattern, allowed(words));
}

/** Certificates, one or more. */
export const pem = text(
  /^-----BEGIN CERTIFICATE-----\n[\s\S]+-----END CERTIFICATE-----\s*$/,
  "certificates in PEM format",
);

/** @param unit what the number counts, e.g. "seconds"; `unitOf` (settings/fields.ts) reads it. */
export function integer(minimum: number, maximum: number, unit: string) {
  const words = `a whole number of ${unit} from ${minimum} to ${maximum}`;
  return z.int(allowed(words)).min(minimum, allowed(words)).max(maximum, allowed(words)).meta({ unit });
}

export function list<T extends z.ZodType>(item: T, words: string) {
  return z.array(item, allowed(`a list of ${words}`));
}

export const onOff = z.boolean(allowed("true or false"));

/** A map with these keys and no others; what is allowed follows from them. @param more follows the keys' names. */
export function fields<const T extends z.core.$ZodLooseShape>(shape: T, more = "") {
  return z.strictObject(shape, allowed(`${keysOf({ shape })}${requirement(shape)}${more}`));
}

/** "{from, to}": the keys of a map. */
export function keysOf({ shape }: { readonly shape: Readonly<Record<string, unknown>> }): string {
  return `{${Object.keys(shape).join(", ")}}`;
}

/** ", of which min and max are required"; empty where all are optional. */
function requirement(shape: z.core.$ZodLooseShape): string {
  const required = Object.entries(shape).flatMap(([key, schema]) =>
    z.safeParse(schema as z.ZodType, undefined).success ? [] : [key],
  );
  if (required.length === 0) return "";
  if (required.length === Object.keys(shape).length) return ", all of them required";
  const names = required.length === 1 ? required[0] : `${required.slice(0, -1).join(", ")} and ${required.at(-1)}`;
  return `, of which ${names} ${required.length === 1 ? "is" : "are"} required`;
}

/** True for an IPv4 network whose host bits are all zero, e.g. "10.20.0.0/24". */
function isNetwork(value: string): boolean {
  try {
    const [address, prefix] = ipaddr.IPv4.parseCIDR(value);
    return ipaddr.IPv4.networkAddressFromCIDR(value).toString() === address.toString() && value.endsWith(`/${prefix}`);
  } catch {
    return false;
  }
}

const cidrWords = `an IPv4 network with its host bits zero, e.g. "10.20.0.0/24"`;
export const cidr = z.string(allowed(cidrWords)).refine(isNetwork, allowed(cidrWords));

const addressWords = `an IPv4 address, e.g. "10.0.0.53"`;
export const address = z.string(allowed(addressWords)).refine(isAddress, allowed(addressWords));

/** A DNS label (RFC 1123, section 2.1) of at most `length` characters that starts with a letter. */
export function label(length: number) {
  return text(
    new RegExp(`^[a-z](?:[a-z0-9-]{0,${length - 2}}[a-z0-9])?$`),
    `a name of lower-case letters, digits and inner hyphens that starts with a letter, ${length} characters at most`,
  );
}

export const nonEmpty = text(/^\S(.*\S)?$/, "a name, not empty");
