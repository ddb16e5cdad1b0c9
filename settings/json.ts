import type { z } from "zod";

/**
 * A text of JSON in the shape of a schema; undefined for one that is neither, e.g. one that is cut off or of another
 * version.
 */
export function parseAs<T extends z.ZodType>(schema: T, text: string): z.output<T> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
