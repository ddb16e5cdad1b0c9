import type { DockerNode } from "../../../ops/connection/docker";
import { listRunningTasks } from "../../../ops/swarm/services";
import { quote } from "../../../ops/connection/ssh";
import type { ClusterAccess } from "../../../settings/outputs";
import { onManager } from "./on-manager";

/** Options of `docker service create`, each with its value. */
export type ServiceOptions = readonly (readonly [option: string, value: string])[];

/** Makes a service of Node.js on the workers that runs a line of a script; it may be placed anew. */
export async function makeService(
  access: ClusterAccess,
  name: string,
  script: string,
  replicas: number,
  options: ServiceOptions,
): Promise<void> {
  const words = [
    ["--name", name],
    ["--replicas", String(replicas)],
    ["--constraint", "node.role==worker"],
    ["--update-order", "start-first"],
    ["--update-monitor", "5s"],
    // the first process of a container heeds no signal that it has no handler for
    ["--stop-signal", "SIGKILL"],
    ...options,
  ].map(([option = "", value = ""]) => `${option} ${quote(value)}`);
  await onManager(
    access,
    `docker service create --detach --no-resolve-image ${words.join(" ")} swarm/node:20 -e ${quote(script)}`,
  );
}

/** The service that `fillWorkers` makes. */
export const filler = "reserved";

/**
 * Makes a service whose tasks fill a worker each and do nothing: what does not fit asks for workers, with the CPU idle.
 */
export async function fillWorkers(access: ClusterAccess, replicas: number): Promise<void> {
  await makeService(access, filler, "setInterval(() => {}, 1e6);", replicas, [["--reserve-cpu", "0.8"]]);
}

export async function scaleService(access: ClusterAccess, name: string, replicas: number): Promise<void> {
  await onManager(access, `docker service scale --detach ${name}=${replicas}`);
}

export async function removeService(access: ClusterAccess, name: string): Promise<void> {
  await onManager(access, `docker service rm ${name}`);
}

/**
 * When each node first ran a task of a service that runs on it now, in milliseconds since 1970 by the node's clock; by
 * the node's id.
 */
export async function firstTasks(manager: DockerNode, service: string): Promise<ReadonlyMap<string, number>> {
  const first = new Map<string, number>();
  for (const {
    NodeID = "",
    Status: { State, Timestamp = "" },
  } of await listRunningTasks(manager, service)) {
    if (State === "running") first.set(NodeID, Math.min(first.get(NodeID) ?? Infinity, Date.parse(Timestamp)));
  }
  return first;
}
