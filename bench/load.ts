/** From an instant on, in milliseconds since 1970, the share of a core that is busy. */
export interface LoadStep {
  readonly at: number;
  readonly busy: number;
}

/** Milliseconds between the steps of a load that rises slowly. */
const riseStep = 1000;

/** A load that rises evenly, by steps of a second. Pure. */
export function rise(at: number, from: number, to: number, seconds: number): LoadStep[] {
  const steps = Math.max(1, Math.round((seconds * 1000) / riseStep));
  return Array.from({ length: steps }, (_, index) => ({
    at: at + index * riseStep,
    busy: from + ((to - from) * (index + 1)) / steps,
  }));
}

/** Seconds that a core was busy, from the first step until an instant; the steps are in order. Pure. */
export function busySeconds(load: readonly LoadStep[], until: number): number {
  return load.reduce(
    (sum, { at, busy }, index) =>
      sum + (busy * Math.max(0, Math.min(until, load[index + 1]?.at ?? Infinity) - at)) / 1000,
    0,
  );
}

/** The share that was busy over the window that ends at an instant. Pure. */
export function meanBusy(load: readonly LoadStep[], until: number, windowSeconds: number): number {
  return (busySeconds(load, until) - busySeconds(load, until - windowSeconds * 1000)) / windowSeconds;
}

/**
 * The first instant, from one on at which it is not the case, at which the mean over the window is the threshold: from
 * there on more workers are due. Undefined where the load never comes to that. Pure.
 *
 * @param from at least a window after the load's first step.
 */
export function dueAt(
  load: readonly LoadStep[],
  {
    threshold,
    windowSeconds,
    from,
  }: { readonly threshold: number; readonly windowSeconds: number; readonly from: number },
): number | undefined {
  // between instants at which a step enters or leaves the window the mean changes evenly
  const bends = load
    .flatMap(({ at }) => [at, at + windowSeconds * 1000])
    .filter((at) => at > from)
    .sort((a, b) => a - b);
  let before = { at: from, mean: meanBusy(load, from, windowSeconds) };
  for (const at of bends) {
    const mean = meanBusy(load, at, windowSeconds);
    if (mean >= threshold && mean > before.mean)
      return before.at + ((at - before.at) * (threshold - before.mean)) / (mean - before.mean);
    before = { at, mean };
  }
  return undefined;
}
