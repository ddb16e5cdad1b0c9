import { z } from "zod";

/** What documentation and command lines derive from the schema of a value. */
export interface Field {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly description: string;
  /** True where the value must be given. */
  readonly required: boolean;
  /** The default; undefined where the value is required or stays absent. */
  readonly fallback: unknown;
}

/** The fields of a map, in its order; none where the schema is of another kind. */
export function fieldsOf(schema: z.ZodType): Field[] {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject
    ? Object.entries(inner.shape as Record<string, z.ZodType>).map(([name, field]) => describeField(name, field))
    : [];
}

export function describeField(name: string, schema: z.ZodType): Field {
  const { success, data } = schema.safeParse(undefined);
  return {
    name,
    schema,
    description: schema.description ?? unwrap(schema).description ?? "",
    required: !success,
    fallback: data,
  };
}

/** The maps within a value, each with its path in it: "" for the value itself, ".<name>" or ".<n>" for a part. */
export function mapsIn(schema: z.ZodType): readonly { readonly at: string; readonly map: z.ZodType }[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return [{ at: "", map: inner }];
  const [at, item] =
    inner instanceof z.ZodRecord
      ? [".<name>", inner.valueType]
      : inner instanceof z.ZodArray
        ? [".<n>", inner.element]
        : [];
  return item === undefined ? [] : mapsIn(item as z.ZodType).map((found) => ({ ...found, at: `${at}${found.at}` }));
}

/** The unit of a whole number, e.g. "seconds"; undefined for any other value. */
export function unitOf(schema: z.ZodType): string | undefined {
  const unit = unwrap(schema).meta()?.["unit"];
  return typeof unit === "string" ? unit : undefined;
}

/** The schema without its default and optionality. */
export function unwrap(schema: z.ZodType): z.ZodType {
  let inner: unknown = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodPrefault)
    inner = inner.unwrap();
  return inner as z.ZodType;
}
