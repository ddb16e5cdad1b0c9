import type { NodeSeen, PendingTasks, TaskSeen } from "../model/observation";
import { dominantShare, minus, timesThatFit, type Resources } from "../model/resources";

/** Tasks alike: what each needs, how many there are, and whose nodes may have them. */
export interface Lot {
  readonly service: string;
  readonly need: Resources;
  readonly count: number;
  readonly groups?: readonly string[];
}

/** Room on a node, or on one to come. */
export interface Bin {
  readonly group: string;
  readonly free: Resources;
}

export function admits(lot: Lot, group: string): boolean {
  return lot.groups?.includes(group) ?? true;
}

export function binOf({ group, total, reserved }: NodeSeen): Bin {
  return { group, free: minus(total, reserved) };
}

export function lotOf({ service, count, reserved, groups }: PendingTasks): Lot {
  return { service, need: reserved, count, ...(groups === undefined ? {} : { groups }) };
}

/** A node's tasks as lots, those of a service that reserve alike together. */
export function lotsOf(tasks: readonly TaskSeen[]): Lot[] {
  const lots = new Map<string, Lot>();
  for (const { service, reserved, groups } of tasks) {
    const key = `${service} ${reserved.cpu} ${reserved.memoryBytes}`;
    lots.set(key, {
      service,
      need: reserved,
      count: (lots.get(key)?.count ?? 0) + 1,
      ...(groups === undefined ? {} : { groups }),
    });
  }
  return [...lots.values()];
}

/** The largest first, measured by the node `like`: what is hardest to place has the most to choose from. */
export function largestFirst(lots: readonly Lot[], like: Resources): Lot[] {
  return [...lots].sort((a, b) => dominantShare(b.need, like) - dominantShare(a.need, like));
}

/** First fit of one lot. Takes the room out of the bins. Returns the number that found none. */
export function place(lot: Lot, bins: Bin[]): number {
  let left = lot.count;
  for (let index = 0; index < bins.length && left > 0; index += 1) {
    const bin = bins[index];
    if (bin === undefined || !admits(lot, bin.group)) continue;
    const taken = Math.min(left, timesThatFit(lot.need, bin.free));
    if (taken === 0) continue;
    left -= taken;
    bins[index] = {
      ...bin,
      free: minus(bin.free, { cpu: lot.need.cpu * taken, memoryBytes: lot.need.memoryBytes * taken }),
    };
  }
  return left;
}

/**
 * First fit decreasing: whether every task finds room, by reservations. It may miss a packing that exists (it needs at
 * most 11/9 of the best number of bins, and 1), which errs on the side of keeping a node.
 *
 * @returns the first lot that does not fit, or undefined.
 */
export function firstMisfit(lots: readonly Lot[], bins: readonly Bin[], like: Resources): Lot | undefined {
  const room = [...bins];
  return largestFirst(lots, like).find((lot) => place(lot, room) > 0);
}
