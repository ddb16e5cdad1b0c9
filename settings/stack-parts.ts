import { parse } from "yaml";
import { z } from "zod";

/** What a stack consists of, as far as it can be missed. */
export interface StackParts {
  readonly name: string;
  /** Full names, e.g. "traefik_traefik". */
  readonly services: readonly string[];
  /** Names of the networks of others that it uses. */
  readonly networks: readonly string[];
}

const composeFile = z.object({
  services: z.record(z.string(), z.unknown()).default({}),
  networks: z
    .record(
      z.string(),
      z
        .object({
          name: z.string().optional(),
          external: z.union([z.boolean(), z.object({ name: z.string() })]).optional(),
        })
        .nullable(),
    )
    .default({}),
});

/** The services of a stack and the networks of others that it uses, by the text of its compose file. */
export function stackParts(name: string, text: string): StackParts {
  const { services, networks } = composeFile.parse(parse(text) ?? {});
  return {
    name,
    services: Object.keys(services).map((service) => `${name}_${service}`),
    networks: Object.entries(networks).flatMap(([key, network]) =>
      network?.external === true ? [network.name ?? key] : [],
    ),
  };
}
