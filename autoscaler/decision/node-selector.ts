import { nodeKey, tally, type NodeSeen } from "../model/observation";
import { binOf, firstMisfit, lotsOf } from "./packing";
import type { GroupPolicy } from "../model/policy";
import { dominantShare } from "../model/resources";
import { ratioWithout } from "./signals";
import type { Situation } from "./situation";
import { count, percent } from "../model/wording";

/** The nodes that may go, or why none may. */
export interface Choice {
  readonly victims: readonly NodeSeen[];
  /** Where one goes, what speaks for it; where none goes, what speaks against the first in question. A clause. */
  readonly why: string;
  /** Utilisation of the cluster without the victims. */
  readonly ratio: number;
}

/** Nodes that work in each zone, less the given ones. */
export function workersByZone(
  { policy, sets, lost }: Situation,
  gone: readonly NodeSeen[] = [],
): ReadonlyMap<string, number> {
  const idle = tally([...lost, ...gone]);
  const zones = new Map<string, number>();
  for (const { name, zone } of policy.groups)
    zones.set(zone, (zones.get(zone) ?? 0) + (sets.get(name)?.length ?? 0) - (idle.get(name) ?? 0));
  return zones;
}

/** Emptiest first, by the larger of its reserved shares, then by tasks; of those alike the oldest. */
export function emptiestFirst(a: NodeSeen, b: NodeSeen): number {
  return (
    dominantShare(a.reserved, a.total) - dominantShare(b.reserved, b.total) ||
    a.tasks.length - b.tasks.length ||
    a.joinedAt - b.joinedAt ||
    a.ordinal - b.ordinal
  );
}

/** Workers that may go at all: no minimum needs them, nobody protects them, and no task is bound to them. */
export function candidates(situation: Situation, gone: readonly NodeSeen[] = []): NodeSeen[] {
  const { policy, sets, lost, minimum } = situation;
  const idle = tally([...lost, ...gone]);
  const spare = new Map(
    policy.groups.map(({ name, min }) => [name, (sets.get(name)?.length ?? 0) - (idle.get(name) ?? 0) - min]),
  );
  const all = [...spare.keys()].reduce((sum, name) => sum + (sets.get(name)?.length ?? 0) - (idle.get(name) ?? 0), 0);
  if (all - 1 < minimum.nodes) return [];
  const going = new Set(gone.map(nodeKey));
  return situation.ready.filter(
    (node) =>
      (spare.get(node.group) ?? 0) > 0 &&
      node.protected !== true &&
      !going.has(nodeKey(node)) &&
      !node.tasks.some(({ pinned }) => pinned === true),
  );
}

/** Packing is tried for so many; where the emptiest do not fit, fuller ones hardly do. */
const mostTried = 50;

/**
 * Up to `most` nodes that can go for lack of load: from the zones that have the most (so that they stay within one of
 * each other), the emptiest, of those alike the oldest, for which the load without it stays below `ceiling` and every
 * task fits elsewhere.
 */
export function chooseVictims(situation: Situation, ceiling: number, most: number): Choice {
  let choice: Choice = { victims: [], why: "", ratio: ratioWithout(situation, []) };
  while (choice.victims.length < most) {
    const next = chooseOne(situation, ceiling, choice.victims);
    if (next.victims.length === choice.victims.length) return choice.victims.length === 0 ? next : choice;
    choice = choice.victims.length === 0 ? next : { ...next, why: choice.why };
  }
  return choice;
}

function chooseOne(situation: Situation, ceiling: number, gone: readonly NodeSeen[]): Choice {
  const may = candidates(situation, gone);
  const zones = workersByZone(situation, gone);
  const zoneOf = new Map(situation.policy.groups.map(({ name, zone }) => [name, zone]));
  const inZone = (node: NodeSeen): number => zones.get(zoneOf.get(node.group) ?? "") ?? 0;
  const largest = Math.max(...may.map(inZone));
  const ranked = may.filter((node) => inZone(node) === largest).sort(emptiestFirst);
  let refusal: string | undefined;
  for (const node of ranked.slice(0, mostTried)) {
    const against = objection(situation, ceiling, gone, node);
    if (against === undefined) {
      const zone = zoneOf.get(node.group) ?? "";
      const why = `${nodeKey(node)} is the emptiest of ${count(largest, "worker")} in ${zone}, no zone that can give one has more, and its tasks fit elsewhere`;
      return { victims: [...gone, node], why, ratio: ratioWithout(situation, [...gone, node]) };
    }
    refusal ??= against;
  }
  return {
    victims: gone,
    why: refusal ?? "every worker is needed for a minimum, protected or bound to its tasks",
    ratio: ratioWithout(situation, gone),
  };
}

function objection(
  situation: Situation,
  ceiling: number,
  gone: readonly NodeSeen[],
  node: NodeSeen,
): string | undefined {
  const going = [...gone, node];
  const key = nodeKey(node);
  const ratio = ratioWithout(situation, going);
  if (ratio >= ceiling)
    return `CPU of the cluster would be ${percent(ratio, ceiling)} without ${key}, not below ${percent(ceiling)}`;
  const keys = new Set(going.map(nodeKey));
  const others = situation.ready.filter((one) => !keys.has(nodeKey(one)));
  const misfit = firstMisfit(lotsOf(going.flatMap(({ tasks }) => tasks)), others.map(binOf), node.total);
  return misfit === undefined ? undefined : `not every task of ${misfit.service} on ${key} fits elsewhere`;
}

/** A node that a zone with at least two more than another gives up for it, and the group that gets one. */
export interface Move {
  readonly from: string;
  readonly to: GroupPolicy;
  /** By how many workers they differ, 2 at least. */
  readonly by: number;
  /** "az1 has 5 workers and az3 has 2". */
  readonly why: string;
}

/**
 * The move that brings the zones closer together: from the fullest zone that can give to the emptiest that can take.
 * Zones drift apart while one of them is down; each move brings them closer, so that moves come to an end.
 */
export function moveBetweenZones(situation: Situation, canTake: (group: GroupPolicy) => boolean): Move | undefined {
  const zones = workersByZone(situation);
  const zoneOf = new Map(situation.policy.groups.map(({ name, zone }) => [name, zone]));
  const inZone = (zone: string): number => zones.get(zone) ?? 0;
  const givers = [...new Set(candidates(situation).map(({ group }) => zoneOf.get(group) ?? ""))].sort(
    (a, b) => inZone(b) - inZone(a),
  );
  const takers = situation.policy.groups.filter(canTake).sort((a, b) => inZone(a.zone) - inZone(b.zone));
  const [from] = givers;
  const [to] = takers;
  if (from === undefined || to === undefined) return undefined;
  const by = inZone(from) - inZone(to.zone);
  return by < 2
    ? undefined
    : { from, to, by, why: `${from} has ${count(inZone(from), "worker")} and ${to.zone} has ${inZone(to.zone)}` };
}
