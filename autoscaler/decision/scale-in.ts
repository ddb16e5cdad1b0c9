import { Draft } from "./placement";
import { tally, type NodeRef, type NodeSeen } from "../model/observation";
import { sizeOf, type Dead, type Situation } from "./situation";
import type { Removal } from "../model/verdict";
import { chooseVictims, emptiestFirst, moveBetweenZones, workersByZone, type Choice } from "./node-selector";
import { count, names, percent, seconds } from "../model/wording";

/** Nodes that go, those that come in their place, and why, as a clause. */
export interface Inward {
  readonly remove: readonly Removal[];
  readonly add: readonly NodeRef[];
  readonly why: string;
}

/**
 * Dead nodes that stay on the books until others can take their place, because a minimum counts them: without them the
 * wanted sets would lie below the limits. `add` are nodes that come in the same action.
 */
export function deadToKeep(
  { policy, sets, dead, minimum }: Situation,
  add: readonly NodeRef[],
  keep: readonly NodeRef[] = [],
): readonly Dead[] {
  const more = tally([...add, ...keep]);
  const counts = new Map(
    policy.groups.map(({ name }) => [name, (sets.get(name)?.length ?? 0) + (more.get(name) ?? 0)]),
  );
  let total = [...counts.values()].reduce((sum, number) => sum + number, 0);
  const stay = new Set<Dead>();
  const keepWhile = (needs: (node: Dead) => boolean): void => {
    for (const node of dead) {
      if (stay.has(node) || !needs(node)) continue;
      stay.add(node);
      total += 1;
      counts.set(node.group, (counts.get(node.group) ?? 0) + 1);
    }
  };
  const groups = new Map(policy.groups.map((group) => [group.name, group]));
  keepWhile(({ group }) => (counts.get(group) ?? 0) < (groups.get(group)?.min ?? 0));
  keepWhile(({ group }) => total < minimum.nodes && (counts.get(group) ?? 0) < (groups.get(group)?.max ?? 0));
  return [...stay];
}

/** Nodes that never joined or have long been down, as far as no minimum counts them. */
export function dropDead(situation: Situation): Inward | undefined {
  const stay = new Set(deadToKeep(situation, []));
  const go = situation.dead.filter((node) => !stay.has(node));
  if (go.length === 0) return undefined;
  return {
    remove: go.map(({ group, ordinal, because }) => ({ group, ordinal, because })),
    add: [],
    why: [...new Set(go.map(({ why }) => why))].join(", "),
  };
}

/** Removals that take too long: whoever was at it is gone, so they are asked for again. */
export function finishDrains({ leaving, policy, now }: Situation): Inward | undefined {
  const overdue = leaving.filter(({ since }) => now - since > policy.drainDeadlineSeconds * 1000);
  if (overdue.length === 0) return undefined;
  const why = `the removal of ${names(overdue)} has not ended within ${seconds(policy.drainDeadlineSeconds * 1000)}`;
  return { remove: overdue.map(({ group, ordinal, because }) => ({ group, ordinal, because })), add: [], why };
}

/**
 * One node towards limits that were lowered below what there is: one that is down, or the emptiest of the fullest zone.
 */
export function towardsLimits(situation: Situation): Inward | undefined {
  const { policy, sets, lost, ready, coming, stuck } = situation;
  const sizes = new Map(policy.groups.map(({ name }) => [name, sets.get(name)?.length ?? 0]));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const over = policy.groups.filter(({ name, max }) => (sizes.get(name) ?? 0) > max);
  const [first] = over;
  if (first === undefined && total <= policy.max) return undefined;
  const why =
    first === undefined
      ? `the cluster has ${count(total, "worker")}, above its max of ${policy.max}`
      : `${first.name} has ${count(sizes.get(first.name) ?? 0, "worker")}, above its max of ${first.max}`;
  const may = new Set(
    (first === undefined ? policy.groups.filter(({ name, min }) => (sizes.get(name) ?? 0) > min) : [first]).map(
      ({ name }) => name,
    ),
  );
  const zones = workersByZone(situation);
  const zoneOf = new Map(policy.groups.map(({ name, zone }) => [name, zone]));
  const inZone = ({ group }: NodeRef): number => zones.get(zoneOf.get(group) ?? "") ?? 0;
  const byRank = (a: NodeSeen, b: NodeSeen): number =>
    Number(a.protected ?? false) - Number(b.protected ?? false) || inZone(b) - inZone(a) || emptiestFirst(a, b);
  const order: NodeRef[] = [...lost, ...[...ready].sort(byRank), ...stuck, ...coming];
  const victim = order.find(({ group }) => may.has(group));
  if (victim === undefined) return undefined;
  const draft = new Draft(situation);
  const isShort = total <= situation.minimum.nodes;
  // the cluster's minimum still counts a node that its group may no longer have: another takes its place, or it stays
  if (isShort && draft.add(({ name }) => name !== first?.name) === undefined) return undefined;
  return { remove: [{ group: victim.group, ordinal: victim.ordinal, because: "limits" }], add: draft.added, why };
}

/**
 * A zone that is short of two workers or more gets some from the fullest, as many as a step may remove; what moves must
 * leave the load below the threshold for scale-out.
 */
export function moveSome(situation: Situation): Inward | undefined {
  const { policy } = situation;
  const draft = new Draft(situation);
  const move = moveBetweenZones(situation, (group) => draft.obstacle(({ name }) => name === group.name) === undefined);
  if (move === undefined) return undefined;
  const most = Math.min(policy.maxStepNodes.in, Math.floor(move.by / 2));
  while (draft.added.length < most) if (draft.add(({ name }) => name === move.to.name) === undefined) break;
  const { cpu: cores } = sizeOf(situation, move.to);
  const alike = new Set(
    policy.groups.filter((group) => sizeOf(situation, group).cpu === cores).map(({ name }) => name),
  );
  const victims = chooseVictims(situation, policy.scaleOutCpuRatio, draft.added.length).victims.filter(({ group }) =>
    alike.has(group),
  );
  const add = draft.added.slice(0, victims.length);
  if (add.length === 0) return undefined;
  return {
    remove: victims.map(({ group, ordinal }) => ({ group, ordinal, because: "balance" })),
    add,
    why: `${move.why}, so ${names(add)} take${add.length === 1 ? "s" : ""} the place of ${names(victims)}`,
  };
}

/** Nodes that the load does not need. */
export function forLackOfLoad(situation: Situation): Choice {
  return chooseVictims(situation, situation.policy.scaleInCpuRatio, situation.policy.maxStepNodes.in);
}

export function lackOfLoad(situation: Situation, { victims, why, ratio }: Choice): Inward {
  const { policy, cpu, now, memory } = situation;
  const since = memory.lowSince === undefined ? "" : ` for ${seconds(now - memory.lowSince)}`;
  return {
    remove: victims.map(({ group, ordinal }) => ({ group, ordinal, because: "load" })),
    add: [],
    why:
      `CPU of the cluster is ${percent(cpu?.ratio ?? 0)} over ${policy.windowSeconds} s and would be ${percent(ratio)} without ${names(victims)}, ` +
      `below ${percent(policy.scaleInCpuRatio)}${since}; ${why}`,
  };
}
