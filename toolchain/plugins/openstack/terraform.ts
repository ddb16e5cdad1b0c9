import type { Properties } from "../../surface/surface";

/** What `pulumi-resource-openstack -get-provider-info` prints, as far as it is used. */
export interface ProviderInfo {
  readonly provider: {
    readonly schema: TerraformSchema;
    readonly resources: Readonly<Record<string, TerraformSchema>>;
    readonly dataSources: Readonly<Record<string, TerraformSchema>>;
  };
}

export type TerraformSchema = Readonly<Record<string, TerraformField>>;

interface TerraformField {
  readonly type: number;
  readonly maxItems?: number;
  readonly deprecated?: string;
}

export interface Table {
  readonly version: string;
  readonly config: Readonly<Record<string, { readonly env: readonly string[] }>>;
  readonly resources: Readonly<Record<string, Entry>>;
  readonly dataSources: Readonly<Record<string, Entry>>;
}

interface Entry {
  readonly token: string;
  readonly fields?: Readonly<Record<string, FieldOverride>>;
}

interface FieldOverride {
  readonly name?: string;
  readonly maxItemsOne?: boolean;
}

const collections: ReadonlySet<number> = new Set([5, 7]); // the bridge's numbers for list and set

/** The fields for which the SDK has another name, or another number, than the bridge would choose. */
export function fieldOverrides(schema: TerraformSchema, properties: Properties): Record<string, FieldOverride> {
  const overrides: Record<string, FieldOverride> = {};
  for (const [field, property] of pairFields(schema, properties)) {
    const override: FieldOverride = {
      ...(isDefaultName(field, property, schema) ? {} : { name: property }),
      ...maxItemsOne(schema[field], properties[property]?.type ?? ""),
    };
    if (Object.keys(override).length > 0) overrides[field] = override;
  }
  return overrides;
}

function maxItemsOne(field: TerraformField | undefined, type: string): FieldOverride {
  if (field === undefined || !collections.has(field.type)) return {};
  const [single, array] = [field.maxItems === 1, type.endsWith("[]")];
  return single === array ? { maxItemsOne: !array } : {};
}

/** Each field with its property: by exact name, by plural, and what is left by being the only one left of its kind. */
function pairFields(schema: TerraformSchema, properties: Properties): [field: string, property: string][] {
  const free = new Set(Object.keys(properties).filter((name) => name !== "id"));
  const pairs: [string, string][] = [];
  let left = Object.keys(schema)
    .filter((field) => field !== "id")
    .sort();
  const fits: ((field: string, property: string) => boolean)[] = [
    (field, property) => camel(field) === property && sameState(schema[field], properties, property),
    (field, property) => plurals(camel(field)).includes(property) && sameState(schema[field], properties, property),
    (field, property) => [camel(field), ...plurals(camel(field))].includes(property),
    // `StackOutputs` of a stack's `outputs`
    (field, property) => property.toLowerCase().endsWith(camel(field).toLowerCase()),
  ];
  for (const fit of fits) {
    left = left.filter((field) => {
      const property = [...free].find((name) => fit(field, name));
      if (property === undefined) return true;
      free.delete(property);
      pairs.push([field, property]);
      return false;
    });
  }
  return pairs;
}

/** A deprecated field and its successor may share a name but for the number; they are told apart by the deprecation. */
function sameState(field: TerraformField | undefined, properties: Properties, property: string): boolean {
  return (field?.deprecated !== undefined) === (properties[property]?.deprecated ?? false);
}

function isDefaultName(field: string, property: string, schema: TerraformSchema): boolean {
  if (camel(field) === property) return true;
  // The bridge uses no plural that is another field's name.
  const taken = Object.keys(schema).some((other) => other !== field && camel(other) === property);
  return !taken && plurals(camel(field)).includes(property);
}

function camel(field: string): string {
  return field.replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

function plurals(name: string): string[] {
  return [`${name}s`, `${name}es`, name.replace(/y$/, "ies")].filter((plural) => plural !== name);
}
