import type { Member, Properties, Property, Surface } from "./surface";

/** One way in which a plugin's surface differs from its SDK's: where, and both sides. */
export interface Difference {
  readonly where: string;
  readonly sdk: string;
  readonly plugin: string;
}

const absent = "absent";

/**
 * All differences between an SDK's surface and a plugin's, of the members that `tokens` names (all of the SDK's by
 * default).
 */
export function differences(sdk: Surface, plugin: Surface, tokens?: readonly string[]): Difference[] {
  return [...members(sdk.resources, plugin.resources, tokens), ...members(sdk.functions, plugin.functions, tokens)];
}

type Members = Readonly<Record<string, Member>>;

function members(sdk: Members, plugin: Members, tokens: readonly string[] | undefined): Difference[] {
  return union(sdk, plugin)
    .filter((token) => tokens === undefined || tokens.includes(token))
    .flatMap((token) => {
      const [wanted, built] = [sdk[token], plugin[token]];
      if (wanted === undefined) return [{ where: token, sdk: absent, plugin: "present" }];
      if (built === undefined) return [{ where: token, sdk: "present", plugin: absent }];
      return [
        ...properties(`${token} input`, wanted.inputs, built.inputs),
        ...properties(`${token} output`, wanted.outputs, built.outputs),
      ];
    });
}

function properties(where: string, sdk: Properties, plugin: Properties): Difference[] {
  return union(sdk, plugin).flatMap((name) => {
    const [wanted, built] = [describe(sdk[name]), describe(plugin[name])];
    return wanted === built ? [] : [{ where: `${where} ${name}`, sdk: wanted, plugin: built }];
  });
}

function describe(property: Property | undefined): string {
  if (property === undefined) return absent;
  return `${property.type}${property.required ? "" : ", optional"}${property.secret ? ", secret" : ""}`;
}

function union(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}

export function format(difference: Difference): string {
  return `${difference.where}: the SDK has ${difference.sdk}, the plugin ${difference.plugin}`;
}
