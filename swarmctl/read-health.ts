import { parseRecord, recordName } from "../autoscaler/loop/record";
import type { DockerNode } from "../ops/connection/docker";
import { oneLook, withManager } from "../ops/connection/managers";
import { useOf } from "../ops/swarm/engine-gate";
import { messageOf } from "../ops/errors";
import { clusterHealth, type ClusterHealth, type LastDecision } from "../ops/swarm/health";
import { listOverlays } from "../ops/swarm/overlay-networks";
import { listNodes } from "../ops/swarm/nodes";
import { listServices } from "../ops/swarm/services";
import { readRecord } from "../ops/swarm/config-record";
import type { ClusterOutputs } from "../settings/outputs";

/** Reads a cluster's health once; an unreachable cluster is a result, not an error. */
export async function readHealth(outputs: ClusterOutputs): Promise<ClusterHealth> {
  const ask = async (manager: DockerNode): Promise<ClusterHealth> => {
    const [states, networks, services, decision] = await Promise.all([
      listNodes(manager),
      listOverlays(manager),
      listServices(manager),
      outputs.autoscale === undefined ? null : lastDecision(manager),
    ]);
    return clusterHealth(
      outputs,
      { states, networks, services: services.map(({ Spec }) => Spec.Name), use: useOf(services, networks) },
      decision,
    );
  };
  return withManager(outputs.access, ask, oneLook).catch((error: unknown) =>
    clusterHealth(outputs, { unreachable: `${messageOf(error)}; see docs/runbook.md.` }),
  );
}

/** From the autoscaler's record in the swarm. */
async function lastDecision(manager: DockerNode): Promise<LastDecision | null> {
  const kept = await readRecord(manager, recordName);
  const { memory: { lastDecision: last } = {}, holder } =
    (kept === undefined ? undefined : parseRecord(kept.text)) ?? {};
  const iso = (at: number): string => new Date(at).toISOString();
  return last === undefined
    ? null
    : {
        at: iso(last.at),
        kind: last.kind,
        why: last.why,
        host: holder?.host ?? null,
        seenAt: holder === undefined ? null : iso(holder.at),
      };
}
