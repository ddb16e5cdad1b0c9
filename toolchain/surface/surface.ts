/**
 * The surface of a provider: what a program can see of it. It is read once from an npm SDK's declarations and once from
 * a built plugin's schema; the two must agree, or a program that type-checks against the SDK meets another provider at
 * run time.
 */

/**
 * A property as both sides can state it. `type` is structural: names of nested types differ between sides, their shape
 * may not.
 */
export interface Property {
  readonly type: string;
  readonly required: boolean;
  readonly secret: boolean;
  readonly deprecated: boolean;
}

export type Properties = Readonly<Record<string, Property>>;

export interface Member {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

export interface Surface {
  readonly resources: Readonly<Record<string, Member>>;
  readonly functions: Readonly<Record<string, Member>>;
}

/** The one spelling of a nested object on both sides; keys sorted, optional ones marked. */
export function objectType(fields: readonly (readonly [name: string, type: string, required: boolean])[]): string {
  const parts = fields.map(([name, type, required]) => `${name}${required ? "" : "?"}: ${type}`).sort();
  return `{ ${parts.join("; ")} }`;
}
