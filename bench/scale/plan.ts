import type { WorkerSets } from "../../settings/ordinals";
import { placeWorker, type NodePlace } from "../../settings/names";
import type { Settings } from "../../settings/schema";
import type { Changes } from "../settings";

/**
 * Most workers of a group: with the manager's 2 GiB a zone then has 6 GiB of servers, which is what the lab gives it on
 * a machine of 24 GiB.
 */
const most = 4;

/**
 * The lab's cluster at its smallest, and with room for ten more: one manager and one worker, no demo. Three managers
 * that share two processors with ten servers that boot lose their leader, and a manager of 1 GiB does not answer for
 * more than a minute when ten join at once. The workers' flavor is the lab's own, 1 GiB: with less no node has been
 * seen to work.
 */
export const scaleChanges: Changes = {
  managers: 1,
  managerFlavor: "c1.medium",
  demo: false,
  workerGroups: { az1: { min: 1, max: most }, az2: { min: 0, max: most }, az3: { min: 0, max: most } },
};

/** What its first `up` leaves. */
export const standing: WorkerSets = { az1: [0], az2: [], az3: [] };

/**
 * The sets with so many workers more, each in the group that has the fewest; the first of a group has the given
 * ordinal. Pure.
 */
export function withMore(sets: WorkerSets, count: number, ordinal: number): WorkerSets {
  const more: Record<string, number[]> = Object.fromEntries(
    Object.entries(sets).map(([group, held]) => [group, [...held]]),
  );
  for (let left = count; left > 0; left -= 1) {
    const [fewest] = Object.entries(more).sort(([, a], [, b]) => a.length - b.length);
    if (fewest === undefined) throw new Error("worker sets: no group; this is a bug.");
    const [group, held] = fewest;
    held.push(ordinal + held.length - (sets[group]?.length ?? 0));
  }
  return more;
}

/** Places of the workers that sets have and others have not, as those of a cluster of the given name. Pure. */
export function placesOf(
  cluster: string,
  { workerGroups }: Pick<Settings, "workerGroups">,
  sets: WorkerSets,
  without: WorkerSets,
): NodePlace[] {
  return Object.entries(sets).flatMap(([group, ordinals]) =>
    ordinals
      .filter((ordinal) => without[group]?.includes(ordinal) !== true)
      .map((ordinal) => placeWorker(cluster, group, workerGroups[group]?.zone ?? group, ordinal)),
  );
}
