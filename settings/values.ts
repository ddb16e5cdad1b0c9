import { z } from "zod";

/** One kind of error for a value of any wrong shape: what is allowed, in words. */
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

export function integer(minimum: number, maximum: number, what: string) {
  const words = `a whole number of ${what} from ${minimum} to ${maximum}`;
  return z.int(allowed(words)).min(minimum, allowed(words)).max(maximum, allowed(words));
}

export function list<T extends z.ZodType>(item: T, words: string) {
  return z.array(item, allowed(`a list of ${words}`));
}
