import { parse } from "yaml";
import { z } from "zod";
import { nodeSpec, stackSpec, type KeptParts, type NodeSpec } from "../settings/specs";
import type { Desired, DesiredNode, DesiredStack } from "./drift";
import type { StateResource } from "./state";

/** A node as its last admission was told: it can be asked itself. */
export type KnownNode = DesiredNode & Pick<NodeSpec, "hostKey">;

export interface DesiredSwarm extends Desired {
  readonly nodes: readonly KnownNode[];
}

/** The inputs of a verb as a resource (components/swarm-command.ts), as far as they are read here. */
const verbInputs = z.object({ create: z.string(), environment: z.object({ SWARM_SPEC: z.string() }), stdin: z.string().optional() });

/**
 * What the swarm holds by a stack's state: the nodes that were admitted, the networks that were made, the stacks that were
 * deployed, each as the last update left it, and of these what the next update keeps. Pure.
 */
export function desiredSwarm(state: readonly StateResource[], kept: KeptParts): DesiredSwarm {
  const verbs = state.flatMap(({ inputs }) => {
    const parsed = verbInputs.safeParse(inputs);
    return parsed.success ? [{ verb: parsed.data.create.split(" ").at(-1) ?? "", spec: JSON.parse(parsed.data.environment.SWARM_SPEC) as unknown, stdin: parsed.data.stdin ?? "" }] : [];
  });
  const nodes = verbs.filter(({ verb }) => verb === "admit-node").map(({ spec }) => nodeSpec.parse(spec));
  const known = new Set(nodes.map(({ name }) => name));
  return {
    nodes: nodes.filter(({ name }) => kept.nodes.includes(name)).map(({ name, role, address, labels, hostKey }) => ({ name, role, address, labels, hostKey })),
    networks: state.flatMap(({ type, id, inputs }) => type === "docker:index/network:Network" && id !== undefined
      ? [{ id, name: String(inputs?.["name"]) }] : []).filter(({ name }) => kept.networks.includes(name)),
    stacks: verbs.filter(({ verb }) => verb === "deploy-stack").map(({ spec, stdin }) => stackOf(stackSpec.parse(spec).name, stdin)).filter(({ name }) => kept.stacks.includes(name)),
    others: [...known, ...kept.nodes].filter((name) => !(known.has(name) && kept.nodes.includes(name))),
  };
}

const composeFile = z.object({
  services: z.record(z.string(), z.unknown()).default({}),
  networks: z.record(z.string(), z.object({ name: z.string().optional(), external: z.union([z.boolean(), z.object({ name: z.string() })]).optional() }).nullable()).default({}),
});

/** The services of a stack and the networks of others that it uses, by the text of its compose file. */
export function stackOf(name: string, text: string): DesiredStack {
  const { services, networks } = composeFile.parse(parse(text) ?? {});
  return {
    name,
    services: Object.keys(services).map((service) => `${name}_${service}`),
    networks: Object.entries(networks).flatMap(([key, network]) => network?.external === true ? [network.name ?? key] : []),
  };
}
