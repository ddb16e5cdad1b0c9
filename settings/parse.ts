import type { z } from "zod";
import { completeAutoscale } from "./autoscale";
import { SettingsError, type Fault } from "./errors";
import { rules } from "./rules";
import { isSecretKey, secretKeys, type SecretKey } from "./secrets";
import { settingsKeys, settingsShape, type Settings, type SettingsKey, type ShapedSettings } from "./schema";

/**
 * Turns raw configuration values, key by key, into settings.
 *
 * @param raw values by key without the `swarm:` prefix, already of their types; an empty string is an absent value.
 * @throws SettingsError with every fault of shape and every broken rule at once.
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>): Settings {
  return Object.freeze(complete(shapedSettings(raw)));
}

/** The secrets of a configuration that `parseSettings` takes, by key; those that are not set are absent. */
export function parseSecrets(raw: Readonly<Record<string, unknown>>): Partial<Record<SecretKey, string>> {
  const shaped = shapedSettings(raw);
  return Object.fromEntries(secretKeys.filter((key) => shaped[key] !== undefined).map((key) => [key, shaped[key]]));
}

/** The keys that a configuration does not set. */
export function unsetKeys(raw: Readonly<Record<string, unknown>>): ReadonlySet<SettingsKey> {
  return new Set(settingsKeys.filter((key) => valueOf(raw, key) === undefined));
}

function valueOf(raw: Readonly<Record<string, unknown>>, key: SettingsKey): unknown {
  return raw[key] === "" ? undefined : raw[key];
}

function shapedSettings(raw: Readonly<Record<string, unknown>>): ShapedSettings {
  const faults: Fault[] = unknownKeys(raw);
  const parsed: Partial<Record<SettingsKey, unknown>> = {};
  for (const key of settingsKeys) {
    const value = valueOf(raw, key);
    const result = settingsShape[key].safeParse(value);
    if (result.success) parsed[key] = result.data;
    else if (value === undefined)
      faults.push({ path: `settings.${key}`, problem: `missing; ${settingsShape[key].description}` });
    else faults.push(...result.error.issues.map((issue) => fault(key, value, issue)));
  }
  const shaped = parsed as Partial<ShapedSettings>;
  const unset = unsetKeys(raw);
  for (const rule of rules) faults.push(...rule(shaped, unset));
  if (faults.length > 0) throw new SettingsError(faults);
  return shaped as ShapedSettings;
}

/** Fills in the defaults that hang on other keys, and leaves the secrets out. */
function complete({ autoscale, ...shaped }: ShapedSettings): Settings {
  const settings = Object.fromEntries(Object.entries(shaped).filter(([key]) => !isSecretKey(key))) as Omit<
    ShapedSettings,
    "autoscale" | SecretKey
  >;
  return autoscale === undefined ? settings : { ...settings, autoscale: completeAutoscale(autoscale, settings) };
}

function unknownKeys(raw: Readonly<Record<string, unknown>>): Fault[] {
  return Object.keys(raw)
    .filter((key) => !(key in settingsShape))
    .map((key) => ({
      path: `settings.${key}`,
      problem: `unknown; known are ${settingsKeys.join(", ")}.`,
    }));
}

function fault(key: string, value: unknown, issue: z.core.$ZodIssue): Fault {
  const path = ["settings", key, ...issue.path.map(String)].join(".");
  if (issue.code === "unrecognized_keys") {
    return { path, problem: `unknown ${issue.keys.map((name) => JSON.stringify(name)).join(", ")}; ${issue.message}.` };
  }
  const given = issue.path.reduce<unknown>(
    (inner, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step],
    value,
  );
  const shown =
    given === undefined
      ? "missing"
      : `${isSecretKey(key) ? "the value, a secret," : JSON.stringify(given)} is not allowed`;
  return { path, problem: `${shown}; ${keyMessage(issue)}.` };
}

/** A bad key of a map carries the reason one level down. */
function keyMessage(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? `as a key ${issue.issues[0]?.message ?? issue.message}` : issue.message;
}
