import { z } from "zod";
import { parseAs } from "../../settings/json";
import type { ClusterOutputs } from "../../settings/outputs";
import { nodeSpec, stackSpec, type KeptParts, type NodeSpec } from "../../settings/specs";
import { stackParts } from "../../settings/stack-parts";
import type { Desired, DesiredNode } from "./drift-finding";
import type { StateResource } from "../stack-state/state";

/** A node as its last admission was told: it can be asked itself. */
export type KnownNode = DesiredNode & Pick<NodeSpec, "hostKey">;

export interface DesiredSwarm extends Desired {
  readonly nodes: readonly KnownNode[];
}

const knownNode = nodeSpec.pick({ name: true, role: true, address: true, labels: true, hostKey: true });
const knownStack = stackSpec.pick({ name: true });

/** The inputs of a verb as a resource (components/swarm-command.ts), as far as they are read here. */
const verbInputs = z.object({
  create: z.string(),
  environment: z.object({ SWARM_SPEC: z.string() }),
  stdin: z.string().optional(),
});

/**
 * What the swarm holds by a stack's state: the nodes that were admitted, the networks that were made, the stacks that
 * were deployed, each as the last update left it, and of these what the next update keeps. Pure.
 */
export function desiredSwarm(state: readonly StateResource[], kept: KeptParts): DesiredSwarm {
  const verbs = state.flatMap(({ inputs }) => {
    const parsed = verbInputs.safeParse(inputs);
    return parsed.success
      ? [
          {
            verb: parsed.data.create.split(" ").at(-1) ?? "",
            spec: parsed.data.environment.SWARM_SPEC,
            stdin: parsed.data.stdin ?? "",
          },
        ]
      : [];
  });
  // what another version of the program wrote may have another shape; it is not judged then
  const nodes = verbs.filter(({ verb }) => verb === "admit-node").flatMap(({ spec }) => parseAs(knownNode, spec) ?? []);
  const known = new Set(nodes.map(({ name }) => name));
  return {
    nodes: nodes.filter(({ name }) => kept.nodes.includes(name)),
    networks: state
      .flatMap(({ type, id, inputs }) =>
        type === "docker:index/network:Network" && id !== undefined ? [{ id, name: String(inputs?.["name"]) }] : [],
      )
      .filter(({ name }) => kept.networks.includes(name)),
    stacks: verbs
      .filter(({ verb }) => verb === "deploy-stack")
      .flatMap(({ spec, stdin }) => {
        const stack = parseAs(knownStack, spec);
        return stack === undefined ? [] : [stackParts(stack.name, stdin)];
      })
      .filter(({ name }) => kept.stacks.includes(name)),
    others: [...known, ...kept.nodes].filter((name) => !(known.has(name) && kept.nodes.includes(name))),
  };
}

/**
 * The same by a stack's outputs, for who looks at a cluster without its state: what they do not know is not judged.
 * Pure.
 */
export function desiredOf({ nodes, networks = [], stacks = {} }: ClusterOutputs): Desired {
  return {
    nodes: nodes.map(({ name, role, address, labels }) => ({ name, role, address, labels })),
    networks: networks.map((name) => ({ name })),
    stacks: Object.entries(stacks).map(([name, services]) => ({ name, services, networks: [] })),
    others: [],
  };
}
