import type { Settings } from "./schema";

/** The ordinals that each worker group holds, ascending, e.g. `{ az1: [0, 1, 3] }`. */
export type WorkerSets = Readonly<Record<string, readonly number[]>>;

/**
 * The worker sets that this update shall have: the wanted ones where some are, else what the last update left; both
 * clamped to the limits. A group below `min` gets its lowest free ordinals, a group above `max` loses its highest ones,
 * and a group that the settings no longer name has none. A wanted set that was checked (`readWanted`) is taken as it
 * is.
 */
export function planWorkerSets(
  groups: Settings["workerGroups"],
  previous: WorkerSets,
  wanted?: WorkerSets,
): WorkerSets {
  const base = wanted ?? previous;
  return Object.fromEntries(
    Object.entries(groups).map(([name, { min, max }]) => {
      const held = [...(base[name] ?? [])].sort((a, b) => a - b).slice(0, max);
      while (held.length < min) held.push(freeOrdinal(held));
      return [name, held.sort((a, b) => a - b)];
    }),
  );
}

/** The lowest ordinal that a group does not hold. */
export function freeOrdinal(held: readonly number[]): number {
  let ordinal = 0;
  while (held.includes(ordinal)) ordinal += 1;
  return ordinal;
}

/** The number of workers in all groups. */
export function countWorkers(sets: WorkerSets): number {
  return Object.values(sets).reduce((sum, held) => sum + held.length, 0);
}
