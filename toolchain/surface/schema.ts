import { objectType, type Member, type Properties, type Surface } from "./surface";

/** The parts of a Pulumi package schema that say what a program can see. */
export interface PackageSchema {
  readonly name: string;
  readonly version?: string;
  readonly provider?: ResourceSpec;
  readonly resources?: Readonly<Record<string, ResourceSpec>>;
  readonly functions?: Readonly<Record<string, FunctionSpec>>;
  readonly types?: Readonly<Record<string, ObjectSpec>>;
}

interface TypeSpec {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: TypeSpec;
  readonly additionalProperties?: TypeSpec;
  readonly oneOf?: readonly TypeSpec[];
}

interface PropertySpec extends TypeSpec {
  readonly secret?: boolean;
  readonly deprecationMessage?: string;
}

interface ObjectSpec {
  readonly properties?: Readonly<Record<string, PropertySpec>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly type?: string;
}

interface ResourceSpec extends ObjectSpec {
  readonly inputProperties?: Readonly<Record<string, PropertySpec>>;
  readonly requiredInputs?: readonly string[];
}

interface FunctionSpec {
  readonly inputs?: ObjectSpec;
  readonly outputs?: ObjectSpec;
}

/** Methods of the provider's class are functions in a schema; an SDK has them on the class. */
const methodPrefix = "pulumi:providers:";

/** Reads a provider's surface from the schema that its plugin serves. */
export function readSchema(schema: PackageSchema): Surface {
  const resources: Record<string, Member> = {};
  const functions: Record<string, Member> = {};
  for (const [token, resource] of Object.entries(schema.resources ?? {}))
    resources[token] = resourceOf(resource, schema);
  if (schema.provider !== undefined) resources[schema.name] = resourceOf(schema.provider, schema);
  for (const [token, invoke] of Object.entries(schema.functions ?? {})) {
    if (token.startsWith(methodPrefix)) continue;
    functions[token] = {
      inputs: propertiesOf(invoke.inputs?.properties, invoke.inputs?.required, schema),
      outputs: propertiesOf(invoke.outputs?.properties, invoke.outputs?.required, schema),
    };
  }
  return { resources, functions };
}

function resourceOf(resource: ResourceSpec, schema: PackageSchema): Member {
  return {
    inputs: propertiesOf(resource.inputProperties, resource.requiredInputs, schema),
    outputs: propertiesOf(resource.properties, resource.required, schema),
  };
}

function propertiesOf(
  properties: Readonly<Record<string, PropertySpec>> = {},
  required: readonly string[] = [],
  schema: PackageSchema,
): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      {
        type: structural(property, schema),
        required: required.includes(name),
        secret: property.secret ?? false,
        deprecated: property.deprecationMessage !== undefined,
      },
    ]),
  );
}

const references: Readonly<Record<string, string>> = {
  "pulumi.json#/Any": "any",
  "pulumi.json#/Archive": "Archive",
  "pulumi.json#/Asset": "Archive | Asset",
  "pulumi.json#/Json": "string",
};

function structural(type: TypeSpec, schema: PackageSchema, seen: readonly string[] = []): string {
  if (type.oneOf !== undefined)
    return [...new Set(type.oneOf.map((one) => structural(one, schema, seen)))].sort().join(" | ");
  if (type.$ref !== undefined) return reference(type.$ref, schema, seen);
  switch (type.type) {
    case "array":
      return `${structural(type.items ?? {}, schema, seen)}[]`;
    case "object":
      return `Record<string, ${structural(type.additionalProperties ?? { type: "string" }, schema, seen)}>`;
    case "integer":
      return "number";
    case undefined:
      throw new Error(`${schema.name}: a property without a type: ${JSON.stringify(type)}`);
    default:
      return type.type;
  }
}

function reference(ref: string, schema: PackageSchema, seen: readonly string[]): string {
  const known = references[ref];
  if (known !== undefined) return known;
  const token = decodeURIComponent(ref.replace("#/types/", ""));
  const declared = schema.types?.[token];
  if (declared === undefined) throw new Error(`${schema.name}: type ${ref} is not in the schema`);
  if (declared.enum !== undefined) return declared.type ?? "string";
  if (seen.includes(token)) return token;
  const required = declared.required ?? [];
  return objectType(
    Object.entries(declared.properties ?? {}).map(([name, property]) => [
      name,
      structural(property, schema, [...seen, token]),
      required.includes(name),
    ]),
  );
}
