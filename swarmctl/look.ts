import { oneLook, withManager } from "../ops/docker";
import { messageOf } from "../ops/errors";
import { clusterHealth, type ClusterHealth } from "../ops/health";
import { listNodes } from "../ops/nodes";
import type { ClusterOutputs } from "../settings/outputs";

/** Looks once how a cluster is; that nobody answers is part of the answer. */
export async function look(outputs: ClusterOutputs): Promise<ClusterHealth> {
  const seen = await withManager(outputs.access, listNodes, oneLook)
    .then((states) => ({ states }), (error: unknown) => ({ unreachable: `${messageOf(error)}; see docs/runbook.md.` }));
  return clusterHealth(outputs, seen);
}
