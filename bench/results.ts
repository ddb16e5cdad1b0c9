/** One measured figure. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: "s" | "ratio" | "bytes" | "1/s" | "count";
  /** What it should be at most. */
  readonly bound?: number;
}

/** The middle one, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/**
 * The median of each round's ratio: of two that are measured one after the other, on a machine whose speed changes with
 * the minutes.
 */
export function medianRatio(values: readonly number[], others: readonly number[]): number {
  return median(values.map((value, round) => value / (others[round] ?? NaN)));
}

/** The smallest value that so large a share of them does not exceed (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? NaN;
}

/** The figures as people read them, with a word where one misses its bound. */
export function table(results: readonly Result[]): string {
  const width = Math.max(0, ...results.map(({ name }) => name.length));
  return results
    .map(({ name, value, unit, bound }) => {
      const figure = (unit === "bytes" || unit === "count" ? Math.round(value).toString() : value.toFixed(2)).padStart(
        9,
      );
      const aim = bound === undefined ? "" : `  (aim: ${bound} at most${value > bound ? ", missed" : ""})`;
      return `${name.padEnd(width)} ${figure} ${unit}${aim}`;
    })
    .join("\n");
}

/** Takes a figure as soon as it is measured, so that a later failure does not lose it. */
export type Report = (result: Result) => void;
