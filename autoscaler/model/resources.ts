/** What a node offers or a task reserves. */
export interface Resources {
  /** CPU cores; fractions as in a compose file's `cpus: "0.5"`. */
  readonly cpu: number;
  readonly memoryBytes: number;
}

/** Cores are sums of decimal fractions; what is short by less than this is rounding, not load. */
const roundingCores = 1e-9;

export function fits(need: Resources, room: Resources): boolean {
  return need.cpu <= room.cpu + roundingCores && need.memoryBytes <= room.memoryBytes;
}

export function minus(a: Resources, b: Resources): Resources {
  return { cpu: a.cpu - b.cpu, memoryBytes: a.memoryBytes - b.memoryBytes };
}

/** How often `need` goes into `room`; infinite for a task that reserves nothing. */
export function timesThatFit(need: Resources, room: Resources): number {
  return Math.max(0, Math.min(times(need.cpu, room.cpu), times(need.memoryBytes, room.memoryBytes)));
}

function times(needed: number, free: number): number {
  if (needed <= 0) return free < -roundingCores ? 0 : Infinity;
  return Math.floor((free + roundingCores) / needed);
}

/** The larger of the two shares that `part` takes of `whole`; 0 of a node that offers nothing. */
export function dominantShare(part: Resources, whole: Resources): number {
  return Math.max(
    whole.cpu > 0 ? part.cpu / whole.cpu : 0,
    whole.memoryBytes > 0 ? part.memoryBytes / whole.memoryBytes : 0,
  );
}
