import { Draft } from "./placement";
import { nodeKey } from "../model/observation";
import { binOf, largestFirst, place, type Bin, type Lot } from "./packing";
import type { GroupPolicy } from "../model/policy";
import { fits } from "../model/resources";
import { admitted, cpuSignal, needOf, negligibleCores, pendingLots, tasksOf } from "./signals";
import { sizeOf, type Situation } from "./situation";
import { count, percent, seconds } from "../model/wording";

/** What a scale-out would be: why it is asked for, the nodes, and what stands in its way. */
export interface Outward {
  readonly draft: Draft;
  /** Why nodes are wanted, as clauses. Empty: nothing asks for any. */
  readonly causes: readonly string[];
  /** Why not all of them can be had, as clauses. */
  readonly hindrances: readonly string[];
  /** Load asks for them, not a minimum alone. */
  readonly forLoad: boolean;
}

/**
 * Plans the nodes that the minimums, the pending tasks and the CPU ask for, in this order; each counts what came
 * before.
 */
export function planOut(situation: Situation): Outward {
  const draft = new Draft(situation);
  const causes: string[] = [];
  const hindrances = new Set<string>();
  const run = (plan: (situation: Situation, draft: Draft) => Planned): void => {
    const { cause, hindrance } = plan(situation, draft);
    if (cause !== undefined) causes.push(cause);
    if (hindrance !== undefined) hindrances.add(hindrance);
  };
  run(planGroupMinimums);
  run(planMinimum);
  const before = causes.length;
  run(planPending);
  run(planCpu);
  return { draft, causes, hindrances: [...hindrances], forLoad: causes.length > before };
}

interface Planned {
  readonly cause?: string;
  readonly hindrance?: string | undefined;
}

function planGroupMinimums({ policy }: Situation, draft: Draft): Planned {
  const short = policy.groups.filter(({ name, min }) => draft.live(name) < min);
  if (short.length === 0) return {};
  const cause = short
    .map(
      ({ name, min }) =>
        `${name} has ${count(draft.live(name), "worker")} at work or on the way, below its min of ${min}`,
    )
    .join(", ");
  const hindrances = short
    .map(({ name, min }) => {
      const isIt = (group: GroupPolicy): boolean => group.name === name;
      while (draft.live(name) < min) if (draft.grow(isIt) === undefined) return draft.obstacle(isIt);
      return undefined;
    })
    .filter((hindrance) => hindrance !== undefined);
  return { cause, hindrance: hindrances[0] };
}

function planMinimum({ minimum }: Situation, draft: Draft): Planned {
  const before = draft.liveTotal;
  if (before >= minimum.nodes) return {};
  const cause = `the cluster has ${count(before, "worker")} at work or on the way, below ${minimum.from}`;
  while (draft.liveTotal < minimum.nodes)
    if (draft.grow(() => true) === undefined) return { cause, hindrance: draft.obstacle(() => true) };
  return { cause };
}

/** Packs what is pending into the room there is and will be, and opens nodes for the rest. */
function planPending(situation: Situation, draft: Draft): Planned {
  const lots = pendingLots(situation);
  if (lots.length === 0) return {};
  const groups = new Map(situation.policy.groups.map((group) => [group.name, group]));
  const toCome = [...situation.coming, ...draft.added].flatMap(({ group }): Bin[] => {
    const known = groups.get(group);
    return known === undefined ? [] : [{ group, free: draft.size(known) }];
  });
  const bins = [
    ...situation.ready.map(binOf),
    ...draft.kept.flatMap(({ node }) => (node === undefined ? [] : [binOf(node)])),
    ...toCome,
  ];
  const unmet: Lot[] = [];
  const hindrances: string[] = [];
  for (const lot of largestFirst(lots, sizeOfAny(situation))) {
    const left = place(lot, bins);
    if (left === 0) continue;
    unmet.push({ ...lot, count: left });
    const hindrance = openFor(situation, draft, { ...lot, count: left }, bins);
    if (hindrance !== undefined) hindrances.push(hindrance);
  }
  if (unmet.length === 0) return {};
  const number = unmet.reduce((sum, lot) => sum + lot.count, 0);
  return {
    cause: `${tasksOf(unmet)} ${number === 1 ? "is" : "are"} pending for lack of CPU or memory`,
    hindrance: hindrances[0],
  };
}

function sizeOfAny(situation: Situation): { readonly cpu: number; readonly memoryBytes: number } {
  const [group] = situation.policy.groups;
  return group === undefined ? { cpu: 1, memoryBytes: 1 } : sizeOf(situation, group);
}

function openFor(situation: Situation, draft: Draft, lot: Lot, bins: Bin[]): string | undefined {
  const may = new Set(admitted(situation, lot).map(({ name }) => name));
  if (may.size === 0) return `no group's nodes satisfy the constraints of ${lot.service}`;
  const qualifies = (group: GroupPolicy): boolean => may.has(group.name) && fits(lot.need, draft.size(group));
  if (!situation.policy.groups.some(qualifies))
    return `no group has nodes large enough for ${lot.service} (${needOf(lot)})`;
  let left = lot.count;
  while (left > 0) {
    const gain = draft.grow(qualifies);
    if (gain === undefined) return draft.obstacle(qualifies);
    const opened = [gain.bin];
    left = place({ ...lot, count: left }, opened);
    bins.push(...opened);
  }
  return undefined;
}

function planCpu(situation: Situation, draft: Draft): Planned {
  const { wants, wantsNew, missingCores, value } = cpuSignal(situation);
  if (!wants) return {};
  const cause = `${value}, above ${percent(situation.policy.scaleOutCpuRatio)}`;
  const leaving = new Map(situation.leaving.map((node) => [nodeKey(node), node]));
  const keptCores = draft.kept.reduce((sum, node) => sum + (leaving.get(nodeKey(node))?.node?.total.cpu ?? 0), 0);
  const groups = new Map(situation.policy.groups.map((group) => [group.name, group]));
  const addedCores = draft.added.reduce((sum, { group }) => {
    const known = groups.get(group);
    return sum + (known === undefined ? 0 : draft.size(known).cpu);
  }, 0);
  let missing = missingCores - keptCores - addedCores;
  const waits = cooldownOut(situation);
  const most = wantsNew ? draft.added.length + (waits.left <= 0 ? Infinity : toMakeUp(situation)) : 0;
  while (missing > negligibleCores) {
    const gain = draft.keep(() => true) ?? (draft.added.length < most ? draft.add(() => true) : undefined);
    if (gain === undefined)
      return {
        cause,
        hindrance: waits.left > 0 && wantsNew && draft.added.length >= most ? waits.value : draft.obstacle(() => true),
      };
    missing -= gain.cores;
  }
  return { cause };
}

/**
 * Nodes that fail after they were asked for, or are lost: others take their place at once. After a join all wait, since
 * until the window is over the figure still holds time without the node that joined.
 */
function toMakeUp({ stuck, lost, dead, memory, policy, now }: Situation): number {
  return now - (memory.lastJoinAt ?? -Infinity) < policy.cooldownOutSeconds * 1000
    ? 0
    : stuck.length + lost.length + dead.length;
}

/** How long CPU has to wait for its next scale-out, in milliseconds, with the clause that says so. */
export function cooldownOut({ memory, policy, now }: Situation): { readonly left: number; readonly value: string } {
  const last = Math.max(memory.lastOutAt ?? -Infinity, memory.lastJoinAt ?? -Infinity);
  const left = last + policy.cooldownOutSeconds * 1000 - now;
  const value = Number.isFinite(last)
    ? `the last scale-out or join was ${seconds(now - last)} ago`
    : "there was no scale-out or join";
  return { left, value: left > 0 ? `${value}, less than ${policy.cooldownOutSeconds} s` : value };
}
