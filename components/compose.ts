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
  return readFileSync(join(__dirname, "..", "stacks", stack, "compose.yml"), "utf8");
}

/**
 * What differs between Traefik's major versions: v2 reads services of a swarm with its docker provider in swarm mode,
 * v3 has a provider of its own. The version is read from the image's tag; without one it is the newest.
 */
export function traefikValues(image: string): ComposeValues {
  const major = Number(/:v?(\d+)/.exec(image)?.[1] ?? 3);
  return major < 3
    ? {
        TRAEFIK_PROVIDER: "docker",
        TRAEFIK_SWARM_MODE: "--providers.docker.swarmMode=true",
        TRAEFIK_REFRESH: "--providers.docker.swarmModeRefreshSeconds=5",
      }
    : { TRAEFIK_PROVIDER: "swarm", TRAEFIK_SWARM_MODE: "--providers.swarm=true", TRAEFIK_REFRESH: "--providers.swarm.refreshSeconds=5" };
}
