import type { ClusterOutputs } from "../settings/outputs";
import { UsageError } from "./errors";

/** The node with this name in the stack's outputs. @throws UsageError when there is none. */
export function findNode({ clusterName, nodes }: ClusterOutputs, name: string): ClusterOutputs["nodes"][number] {
  const node = nodes.find((candidate) => candidate.name === name);
  if (node === undefined)
    throw new UsageError(
      `node ${JSON.stringify(name)}: not of the cluster ${clusterName}; its nodes are ${nodes.map((one) => one.name).join(", ")}.`,
    );
  return node;
}
