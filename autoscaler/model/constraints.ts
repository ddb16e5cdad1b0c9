/** What placement constraints ask of a node. */
export interface NodeTraits {
  readonly role: "manager" | "worker";
  /** Absent for a node that is not there yet. */
  readonly hostname?: string | undefined;
  readonly id?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

const expression = /^\s*([\w.-]+)\s*(==|!=)\s*(.*?)\s*$/;

/**
 * Whether a node satisfies a service's constraints (Docker's `--constraint`: attribute, == or !=, value). What is asked
 * of a node's engine or platform is taken as satisfied: a cluster's nodes are made from one image.
 */
export function satisfies(constraints: readonly string[], node: NodeTraits): boolean {
  return constraints.every((text) => {
    const [, key = "", operator = "", value = ""] = expression.exec(text) ?? [];
    const actual = traitOf(key, node);
    if (actual === undefined) return true;
    return (actual.toLowerCase() === value.toLowerCase()) === (operator === "==");
  });
}

function traitOf(key: string, { role, hostname, id, labels }: NodeTraits): string | undefined {
  if (key === "node.role") return role;
  if (key === "node.hostname") return hostname ?? "";
  if (key === "node.id") return id ?? "";
  // a label that a node does not bear is the empty text, as for Swarm
  return key.startsWith("node.labels.") ? (labels[key.slice("node.labels.".length)] ?? "") : undefined;
}
