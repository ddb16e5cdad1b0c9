import { z } from "zod";
import { unwrap } from "./fields";
import { settingsShape, type SettingsKey } from "./schema";

/**
 * The values of a stack's configuration as `parseSettings` takes them, by key without the project's prefix; keys of
 * other packages are left out. Pulumi hands every value over as text, and `pulumi config set` writes most as text: all
 * but the text keys hold JSON. A value that is encrypted, as it is in a stack's file, is left out: who reads the file
 * cannot judge it, and no key that is required is a secret.
 *
 * @param config values by full key, e.g. `swarm:managers`.
 */
export function rawSettings(config: Readonly<Record<string, unknown>>, project: string): Record<string, unknown> {
  const prefix = `${project}:`;
  const own = Object.entries(config).filter(([key, value]) => key.startsWith(prefix) && !isEncrypted(value));
  return Object.fromEntries(
    own.map(([key, value]) => {
      const name = key.slice(prefix.length);
      return [name, isTextKey(name) ? asText(value) : typeof value === "string" ? json(value) : value];
    }),
  );
}

/** True for a key whose value is text; every other value is a number, a boolean, a list or a map. */
function isTextKey(key: string): boolean {
  if (!(key in settingsShape)) return false;
  const schema = unwrap(settingsShape[key as SettingsKey]);
  return schema instanceof z.ZodString || schema instanceof z.ZodEnum;
}

function isEncrypted(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}

/** A number or truth value where text is wanted is that text: YAML knows what Pulumi does not. */
function asText(value: unknown): unknown {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}

/** A text where JSON is wanted is left as it is, for the validation to name. */
function json(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
