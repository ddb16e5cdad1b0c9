import type { WorkerSets } from "../../settings/ordinals";
import type { ClusterOutputs } from "../../settings/outputs";
import { removalReasons, type Drain, type Memory, type RemovalReason } from "../model/memory";
import { keysOf, nodeKey, type Seen } from "../model/observation";
import { drainLabel, ownNodes, type OwnNode } from "./observe";
import type { SwarmView } from "./ports";
import type { BegunUpdate } from "./record";

/**
 * What brings the cluster to where the memory wants it, each safe to do twice. The memory is written before any of it
 * is done.
 */
export interface Steps {
  /** Nodes that get tasks again: their removal was taken back. */
  readonly activate: readonly OwnNode[];
  /** Nodes whose tasks are taken away, with the mark that says why and since when. */
  readonly drain: readonly { readonly node: OwnNode; readonly mark: string }[];
  /** Sets that an update shall leave; absent where none is needed. */
  readonly wanted?: WorkerSets;
}

interface Wanted {
  readonly outputs: Pick<ClusterOutputs, "clusterName" | "workerSets" | "workerGroups" | "nodes" | "deadlines">;
  readonly seen: Seen;
  readonly view: SwarmView;
  readonly memory: Memory;
  /** An update that did not end well: what it left is settled by the next. */
  readonly unsettled: BegunUpdate | undefined;
  readonly now: number;
}

export function planSteps(given: Wanted): Steps {
  const { outputs, seen, view, memory, now } = given;
  const own = ownNodes(outputs, view);
  const drains = new Map(memory.drains.map((drain) => [nodeKey(drain), drain]));
  const begin = memory.drains.filter((drain) => mayBegin(drain, memory));
  const drain = begin.flatMap((asked) =>
    own
      .filter(
        (node) =>
          nodeKey(node) === nodeKey(asked) &&
          node.state.Status.State === "ready" &&
          node.state.Spec.Availability === "active",
      )
      .map((node) => ({ node, mark: `${asked.because} ${Math.floor(now / 1000)}` })),
  );
  const activate = own.filter((node) => markOf(node) !== undefined && !drains.has(nodeKey(node)));
  const due = begin.filter((asked) =>
    isDue(
      asked,
      own.filter((node) => nodeKey(node) === nodeKey(asked)),
      given,
    ),
  );
  const wanted = wantedSets(seen.workerSets, memory, new Set(due.map(nodeKey)));
  const held = new Set(keysOf(outputs.workerSets));
  const isNeeded =
    given.unsettled !== undefined ||
    due.some((node) => held.has(nodeKey(node))) ||
    memory.inFlight.some((node) => node.failed === undefined && !held.has(nodeKey(node)));
  return { activate, drain, ...(isNeeded ? { wanted } : {}) };
}

/** What moves or replaces a node takes nothing away before the new one has joined. */
function mayBegin({ because }: Drain, { inFlight }: Memory): boolean {
  return (because !== "balance" && because !== "limits") || inFlight.every(({ failed }) => failed !== undefined);
}

/** Whether a node may be removed: it does no work, its tasks have left, or they had their time. */
function isDue({ because }: Drain, entries: readonly OwnNode[], { outputs, view, now }: Wanted): boolean {
  if (because === "did-not-join" || because === "lost") return true;
  return entries.every((node) => {
    const { ID, Status, Spec } = node.state;
    if (Status.State !== "ready") return true;
    if (Spec.Availability !== "drain") return false;
    const since = markOf(node)?.since ?? now;
    return now - since >= outputs.deadlines.drainMinutes * 60_000 || view.tasks.every((task) => task.NodeID !== ID);
  });
}

/** The sets that the memory asks for: what is held and what is on the way, without the given nodes. */
function wantedSets(held: WorkerSets, { inFlight }: Memory, without: ReadonlySet<string>): WorkerSets {
  return Object.fromEntries(
    Object.entries(held).map(([group, ordinals]) => {
      const all = new Set([
        ...ordinals,
        ...inFlight.filter((node) => node.group === group).map(({ ordinal }) => ordinal),
      ]);
      return [group, [...all].filter((ordinal) => !without.has(nodeKey({ group, ordinal }))).sort((a, b) => a - b)];
    }),
  );
}

/** Why and since when a node is drained by the autoscaler; undefined where it is not. */
export function markOf({ state }: OwnNode): { readonly because: RemovalReason; readonly since: number } | undefined {
  const [word = "", seconds = ""] = state.Spec.Labels?.[drainLabel]?.split(" ") ?? [];
  const because = removalReasons.find((reason) => reason === word);
  return because === undefined ? undefined : { because, since: Number(seconds) * 1000 };
}

/**
 * The memory with the drains that the swarm's nodes are marked with: what is left of a record that was lost, so that a
 * removal which was begun is finished. With a record it alone counts.
 */
export function adoptDrains(memory: Memory, own: readonly OwnNode[]): Memory {
  const drains = own.flatMap((node): Drain[] => {
    const mark = markOf(node);
    return mark === undefined ? [] : [{ group: node.group, ordinal: node.ordinal, ...mark }];
  });
  return { ...memory, drains: [...memory.drains, ...drains] };
}

/** The same sets, whatever their order. */
export function sameSets(one: WorkerSets, other: WorkerSets): boolean {
  const normal = (sets: WorkerSets): string => keysOf(sets).sort().join(" ");
  return normal(one) === normal(other);
}
