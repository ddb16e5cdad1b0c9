import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Values of a compose file's marks, e.g. `{ TRAEFIK_IMAGE: "traefik:v2.9" }`. */
export type ComposeValues = Readonly<Record<string, string>>;

/**
 * Fills in the marks `${NAME}` of a compose file.
 *
 * @throws Error for a mark without a value and for a value without a mark: either is a slip of ours.
 */
export function renderCompose(text: string, values: ComposeValues): string {
  const used = new Set<string>();
  const rendered = text.replaceAll(/\$\{([A-Z_]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`compose: no value for \${${name}}`);
    used.add(name);
    return value;
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`compose: no mark for ${unused.join(", ")}`);
  return rendered;
}

/** The text of a stack's compose file, which lies beside the program as data. */
export function readCompose(stack: string): string {
  return readStackFile(stack, "compose.yml");
}

/** The text of any file of a stack. */
export function readStackFile(stack: string, path: string): string {
  return readFileSync(join(__dirname, "..", "stacks", stack, path), "utf8");
}
