import type { Settings } from "./schema";

/** The ordinals that each worker group holds, ascending, e.g. `{ az1: [0, 1, 3] }`. */
export type WorkerSets = Readonly<Record<string, readonly number[]>>;

/**
 * The worker sets that this update shall have: what the last one left, clamped to the limits. A group below `min`
 * gets its lowest free ordinals, a group above `max` loses its highest ones, and a group that the settings no longer
 * name has none.
 */
export function planWorkerSets(groups: Settings["workerGroups"], previous: WorkerSets): WorkerSets {
  return Object.fromEntries(Object.entries(groups).map(([name, { min, max }]) => {
    const held = [...(previous[name] ?? [])].sort((a, b) => a - b).slice(0, max);
    for (let ordinal = 0; held.length < min; ordinal += 1) if (!held.includes(ordinal)) held.push(ordinal);
    return [name, held.sort((a, b) => a - b)];
  }));
}
