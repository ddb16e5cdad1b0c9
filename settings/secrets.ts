import { serviceSecretKeys } from "./autoscaler-service";
import { hookKeys } from "./monitoring";

/**
 * Keys whose values are secrets: set with `pulumi config set --secret`, shown by no fault, part of no plain settings.
 */
export const secretKeys = [...hookKeys, ...serviceSecretKeys] as const;
export type SecretKey = (typeof secretKeys)[number];

export function isSecretKey(key: string): key is SecretKey {
  return (secretKeys as readonly string[]).includes(key);
}
