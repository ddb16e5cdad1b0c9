import type { ClusterAccess } from "../../settings/outputs";
import type { Consent } from "./consent";
import { oneLook, withManager } from "../connection/managers";
import { messageOf, OperationError } from "../errors";
import { isExplained, judge, refusalOf, title, unknownTo, type Judgement } from "./leftovers";
import { kinds, removeThing } from "./cloud-kinds";
import type { Find } from "./find-marked";
import type { CloudThing, Known } from "./cloud-thing";
import { listNodes, removeEntry, updateNode, waitUntilEmpty, type SwarmNodeState } from "../swarm/nodes";
import type { OpenStack } from "./client";
import type { PendingCreate } from "../stack-state/state";
import { DeadlineError, Pending, waitFor } from "../wait";

/** What decides over what the state does not know. */
export interface Evidence {
  readonly known: Known;
  readonly pending: readonly PendingCreate[];
  readonly consent: Consent;
  /** How the last complete update reached the cluster; absent where there was none, and so nothing in use. */
  readonly access?: ClusterAccess;
  readonly say: (line: string) => void;
}

/** Seconds for what is deleted to be gone: Nova tears down a server, Octavia a load balancer. */
const goneSeconds = 300;

/** Seconds for the tasks of a leftover that joined the swarm to run elsewhere. */
const emptySeconds = 60;

/**
 * All that bears the cluster's mark. Rules and interfaces bear none and people add to them, so they are looked for only
 * where a killed update was creating one.
 */
export async function lookAtCloud(
  cloud: OpenStack,
  { known, pending }: Pick<Evidence, "known" | "pending">,
): Promise<CloudThing[]> {
  const { mark, owner } = known;
  if (mark === undefined || owner === undefined) return [];
  return (await Promise.all(searchesFor(pending).map((find) => find(cloud, known, mark, owner)))).flat();
}

function searchesFor(pending: readonly PendingCreate[]): Find[] {
  return kinds
    .filter(
      ({ kind, type }) =>
        (kind !== "security rule" && kind !== "router interface") || pending.some((create) => create.type === type),
    )
    .map(({ find }) => find);
}

/** Judges what was seen on the cloud; asks the swarm only where a server might go. Nothing is touched. */
export async function judgeCloud(seen: readonly CloudThing[], evidence: Evidence): Promise<Judgement> {
  const { known, pending, consent, access } = evidence;
  const unknown = unknownTo(known, seen);
  const mayGo = (thing: CloudThing): boolean =>
    thing.kind === "server" && (isExplained(thing, pending) || consent.remove.has(thing.id));
  const nodes = access !== undefined && unknown.some(mayGo) ? await nodesOf(access) : [];
  return judge(unknown, pending, consent.remove, (thing) => useOf(thing, known, nodes));
}

/** The swarm's nodes; why there are none where no manager answers. */
async function nodesOf(access: ClusterAccess): Promise<readonly SwarmNodeState[] | string> {
  return withManager(access, listNodes, oneLook).catch((error: unknown) => messageOf(error));
}

/**
 * Who uses a thing, in words; undefined where nobody does. A server that joined the swarm by its user data and was
 * never admitted (it lacks the labels of its place) belongs to the killed update still: Pulumi admits no server that
 * its state does not have. Pure.
 *
 * @param nodes the swarm's nodes, or why nobody can tell.
 */
export function useOf(thing: CloudThing, known: Known, nodes: readonly SwarmNodeState[] | string): string | undefined {
  if (thing.kind === "port")
    return thing.deviceId !== undefined && known.ids.has(thing.deviceId)
      ? `${thing.deviceId}, which the state knows, uses it`
      : undefined;
  if (thing.kind !== "server") return undefined;
  // one that is being built or could not be built is in no swarm
  if (typeof nodes === "string")
    return ["BUILD", "ERROR"].includes(thing.status ?? "") ? undefined : `the swarm may use it: ${nodes}`;
  const entry = entryOf(thing, nodes);
  return entry?.Spec.Labels?.["ordinal"] === undefined
    ? undefined
    : `the swarm uses it: its node ${entry.ID} is ${entry.Status.State}`;
}

/** A server's node in the swarm. Other servers may have its name, none of them its address. */
function entryOf({ name, addresses = [] }: CloudThing, nodes: readonly SwarmNodeState[]): SwarmNodeState | undefined {
  return nodes.find(
    ({ Description, Status }) =>
      Description?.Hostname === name && Status.Addr !== undefined && addresses.includes(Status.Addr),
  );
}

/**
 * Removes what a killed update made on the cloud without noting it in the state; the next one would make all of it a
 * second time, or be refused by what is in its way.
 *
 * @returns what was removed.
 * @throws OperationError where something appears that is unexplained.
 */
export async function sweep(cloud: OpenStack, evidence: Evidence): Promise<CloudThing[]> {
  const { known, pending, access, say } = evidence;
  return removeInOrder(cloud, known, searchesFor(pending), async (seen) => {
    const judgement = await judgeCloud(seen, evidence);
    const refusal = refusalOf(judgement, undefined);
    if (refusal !== undefined) throw new OperationError(refusal);
    for (const thing of judgement.leftovers) {
      say(
        `${title(thing)} ${isExplained(thing, pending) ? "was left behind by a killed update; removing it." : "will be removed, as you consented to."}`,
      );
      if (thing.kind === "server" && access !== undefined) await takeOut(access, thing, say);
    }
    return judgement.leftovers;
  });
}

/** Removes all that bears a mark, for whoever made it without Pulumi. */
export async function removeAll(cloud: OpenStack, known: Known): Promise<CloudThing[]> {
  return removeInOrder(
    cloud,
    known,
    kinds.map(({ find }) => find),
    (seen) => Promise.resolve(seen),
  );
}

/** Each kind is looked for again when its turn comes: the cloud may still be at work on what was asked for before. */
async function removeInOrder(
  cloud: OpenStack,
  known: Known,
  searches: readonly Find[],
  choose: (seen: readonly CloudThing[]) => Promise<readonly CloudThing[]>,
): Promise<CloudThing[]> {
  const { mark, owner } = known;
  if (mark === undefined || owner === undefined) return [];
  const removed: CloudThing[] = [];
  for (const find of searches) {
    const chosen = await choose(await find(cloud, known, mark, owner));
    for (const thing of chosen) await removeThing(cloud, thing);
    if (chosen.length > 0) await waitUntilGone(() => find(cloud, known, mark, owner), chosen);
    removed.push(...chosen);
  }
  return removed;
}

/** Takes a leftover out of the swarm where its user data let it join: it may have tasks by now, or a vote. */
async function takeOut(access: ClusterAccess, server: CloudThing, say: (line: string) => void): Promise<void> {
  if (["BUILD", "ERROR"].includes(server.status ?? "")) return;
  await withManager(
    access,
    async (manager) => {
      const entry = entryOf(server, await listNodes(manager));
      if (entry === undefined) return;
      if (entry.Status.State === "ready") {
        await updateNode(manager, entry.ID, (spec) => ({ ...spec, Availability: "drain" }));
        await waitUntilEmpty(manager, entry.ID, server.name, emptySeconds).catch((error: unknown) => {
          if (!(error instanceof DeadlineError)) throw error;
          say(`${messageOf(error)} Removing it anyway.`);
        });
      }
      await removeEntry(manager, entry, server.name);
    },
    oneLook,
  );
}

async function waitUntilGone(find: () => Promise<CloudThing[]>, things: readonly CloudThing[]): Promise<void> {
  const ids = new Set(things.map(({ id }) => id));
  await waitFor(
    {
      what: `${things.map(({ kind, name }) => `${kind} ${name}`).join(", ")} to be gone`,
      deadlineSeconds: goneSeconds,
    },
    async () => {
      const left = (await find()).filter(({ id }) => ids.has(id));
      return left.length === 0
        ? true
        : new Pending(`still there: ${left.map(({ name, id }) => `${name} (${id})`).join(", ")}`);
    },
  );
}
