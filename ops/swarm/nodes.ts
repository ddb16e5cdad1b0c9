import { quorumOf, whyNeeded, type Quorum } from "../../settings/quorum";
import { whileOvertaken, type DockerNode } from "../connection/docker";
import { OperationError } from "../errors";
import { isConnectionLost, isMissing } from "../connection/third-party";
import { Pending, waitFor } from "../wait";

/** The fields of Docker's node object that are read here (Engine API, GET /nodes). */
export interface SwarmNodeState {
  readonly ID: string;
  readonly CreatedAt?: string;
  readonly Version: { readonly Index: number };
  readonly Spec: {
    readonly Role: "manager" | "worker";
    readonly Availability: "active" | "pause" | "drain";
    readonly Labels?: Record<string, string>;
  };
  readonly Description?: {
    readonly Hostname?: string;
    readonly Resources?: { readonly NanoCPUs?: number; readonly MemoryBytes?: number };
    readonly Engine?: { readonly EngineVersion?: string };
  };
  readonly Status: { readonly State: "unknown" | "down" | "ready" | "disconnected"; readonly Addr?: string };
  readonly ManagerStatus?: {
    readonly Leader?: boolean;
    readonly Reachability?: "unknown" | "unreachable" | "reachable";
  };
}

export async function listNodes(manager: DockerNode): Promise<SwarmNodeState[]> {
  return (await manager.api.listNodes()) as SwarmNodeState[];
}

/** The nodes of a host name: none, one, or also the dead entries of earlier servers of that name. */
export async function nodesNamed(manager: DockerNode, name: string): Promise<SwarmNodeState[]> {
  return (await listNodes(manager)).filter((node) => node.Description?.Hostname === name);
}

/**
 * Why a node is not yet a proven part of the swarm, or undefined when it is: Ready, and reachable where it is a
 * manager.
 */
export function unreadiness(role: "manager" | "worker", nodes: readonly SwarmNodeState[]): string | undefined {
  if (nodes.length === 0) return "not in the swarm";
  const ready = nodes.find((node) => node.Status.State === "ready");
  if (ready === undefined) return `its state is ${nodes.map((node) => node.Status.State).join(", ")}`;
  if (ready.Spec.Role !== role) return `its role is ${ready.Spec.Role}`;
  if (role === "manager" && ready.ManagerStatus?.Reachability !== "reachable") {
    return `as a manager it is ${ready.ManagerStatus?.Reachability ?? "not known"}`;
  }
  return undefined;
}

/**
 * The raft group. Every entry with a manager's part counts, that of a server which is gone as well: raft still asks it.
 */
export function quorumIn(nodes: readonly SwarmNodeState[]): Quorum {
  const managers = nodes.filter(({ ManagerStatus }) => ManagerStatus !== undefined);
  return quorumOf(managers.length, managers.filter(isReachable).length);
}

export function isReachable({ ManagerStatus }: SwarmNodeState): boolean {
  return ManagerStatus?.Reachability === "reachable";
}

/**
 * Changes a node's specification.
 *
 * @throws whatever the manager says, but that another was quicker: another manager may do better (`Managers`).
 */
export async function updateNode(
  manager: DockerNode,
  id: string,
  change: (spec: SwarmNodeState["Spec"]) => SwarmNodeState["Spec"],
): Promise<void> {
  await whileOvertaken(async () => {
    const node = (await manager.api.getNode(id).inspect()) as SwarmNodeState;
    await manager.api.getNode(id).update({ version: node.Version.Index, ...change(node.Spec) });
  });
}

/**
 * The label of a node that a program drains, e.g. "remove-node 2026-01-01T00:00:00.000Z": which one, and since when. So
 * the drain of a program that died is told from a person's, which bears no such label and is nobody else's to end.
 */
export const drainedByLabel = "swarm.drained-by";

/** Drains a node in the name of a program. One that is drained already stays whose it is. */
export async function drainBy(manager: DockerNode, id: string, program: string): Promise<void> {
  const mark = `${program} ${new Date().toISOString()}`;
  await updateNode(manager, id, (spec) =>
    spec.Availability === "drain"
      ? spec
      : { ...spec, Availability: "drain", Labels: { ...spec.Labels, [drainedByLabel]: mark } },
  );
}

/** Gives a node tasks again, or takes them away for a person; whatever a program meant is over with it. */
export async function setSpecAvailability(
  manager: DockerNode,
  id: string,
  availability: "active" | "drain",
): Promise<void> {
  await updateNode(manager, id, (spec) => ({
    ...spec,
    Availability: availability,
    ...(spec.Labels === undefined ? {} : { Labels: withoutLabels(spec, [drainedByLabel]) }),
  }));
}

/** Which program drained a node and when; undefined where a person did, or nobody. */
export function drainedBy({
  Spec,
}: Pick<SwarmNodeState, "Spec">): { readonly program: string; readonly at: number } | undefined {
  const [, program, at] =
    /^(\S+) (\S+)$/.exec(Spec.Availability === "drain" ? (Spec.Labels?.[drainedByLabel] ?? "") : "") ?? [];
  return program === undefined || at === undefined ? undefined : { program, at: Date.parse(at) };
}

/** Labels of a node but those of the given names. */
export function withoutLabels(
  { Labels = {} }: SwarmNodeState["Spec"],
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(Labels).filter(([name]) => !names.includes(name)));
}

/** Seconds for a manager to become a worker: a change of the raft group. */
const demoteSeconds = 60;

/**
 * Takes a node's entry out of the swarm; a manager has to leave the raft group first, which one whose join failed is
 * not in.
 */
export async function removeEntry(manager: DockerNode, node: SwarmNodeState, name: string): Promise<void> {
  if (node.ManagerStatus !== undefined) {
    await updateNode(manager, node.ID, (current) => ({ ...current, Role: "worker" }));
    await waitFor(
      { what: `${name} to be a worker`, deadlineSeconds: demoteSeconds, isFinal: isConnectionLost },
      async () => {
        const now = (await manager.api.getNode(node.ID).inspect()) as { ManagerStatus?: unknown };
        return now.ManagerStatus === undefined ? true : new Pending("it is still a manager");
      },
    );
  }
  await forget(manager, node.ID);
}

/**
 * The same, unless the quorum needs the manager.
 *
 * @throws OperationError then, before anything is touched.
 */
export async function removeVoter(manager: DockerNode, node: SwarmNodeState, name: string): Promise<void> {
  const why =
    node.ManagerStatus === undefined ? undefined : whyNeeded(quorumIn(await listNodes(manager)), isReachable(node));
  if (why !== undefined) throw new OperationError(`${name}: its entry ${node.ID} has to leave the swarm, but ${why}.`);
  await removeEntry(manager, node, name);
}

/** Removes an entry. One that is gone is as it should be: admissions run beside each other and all look for ghosts. */
async function forget(manager: DockerNode, id: string): Promise<void> {
  await manager.api
    .getNode(id)
    .remove({ force: true })
    .catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
}

/** Seconds after which an entry that no node has ever used is nobody's: a node uses its own within a few. */
const ghostSeconds = 120;

/**
 * Entries that no node has ever used: one that joins while the managers elect a leader may be given a certificate
 * twice, and uses the second. Global services wait for the first one's node for ever.
 *
 * @param now the managers' time, in milliseconds since 1970.
 */
export function ghosts(nodes: readonly SwarmNodeState[], now: number): SwarmNodeState[] {
  return nodes.filter(
    ({ Description, Status, ManagerStatus, CreatedAt }) =>
      (Description?.Hostname ?? "") === "" &&
      Status.State !== "ready" &&
      ManagerStatus === undefined &&
      CreatedAt !== undefined &&
      now - Date.parse(CreatedAt) > ghostSeconds * 1000,
  );
}

/** Removes such entries. */
export async function forgetGhosts(manager: DockerNode): Promise<void> {
  const nodes = await listNodes(manager);
  if (ghosts(nodes, Infinity).length === 0) return;
  const { SystemTime } = (await manager.api.info()) as { SystemTime: string };
  for (const ghost of ghosts(nodes, Date.parse(SystemTime))) {
    process.stderr.write(`The swarm's entry ${ghost.ID} was never used by a node; it is removed.\n`);
    await forget(manager, ghost.ID);
  }
}

/** Waits until no task of a node is meant to run on it any more or runs. */
export async function waitUntilEmpty(
  manager: DockerNode,
  id: string,
  name: string,
  deadlineSeconds: number,
): Promise<void> {
  await waitFor({ what: `the tasks of ${name} to leave`, deadlineSeconds, isFinal: isConnectionLost }, async () => {
    const tasks = (await manager.api.listTasks({ filters: { node: [id] } })) as { Status?: { State?: string } }[];
    const running = tasks.filter(({ Status }) => Status?.State === "running");
    return running.length === 0 ? true : new Pending(`${running.length} still run`);
  });
}
