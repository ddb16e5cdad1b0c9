/** What can be measured, in the order in which it is. */
export const parts = ["phases", "terraform", "scale", "size", "loop", "reaction"] as const;
export type Part = (typeof parts)[number];

/** What a run measures. */
export interface Choices {
  readonly parts: readonly Part[];
  readonly rounds: number;
  /** Nodes of the clusters whose cost is measured. */
  readonly sizes: readonly number[];
}

/**
 * Three managers and a worker in each of the three groups are the least that is a cluster here; the largest has been
 * tried.
 */
const [smallest, largest] = [6, 1000];

/**
 * Reads what to measure from the environment: `BENCH_PARTS` (all by default), `BENCH_ROUNDS` (3), `BENCH_SIZES`
 * (9,100,1000).
 *
 * @throws Error for a value that is not allowed.
 */
export function readChoices(environment: NodeJS.ProcessEnv): Choices {
  return {
    parts: list(environment, "BENCH_PARTS", parts.join(",")).map((name) => {
      const known = parts.find((part) => part === name);
      if (known === undefined)
        throw new Error(`BENCH_PARTS: ${JSON.stringify(name)} is not known; use some of ${parts.join(", ")}.`);
      return known;
    }),
    rounds: whole("BENCH_ROUNDS", environment["BENCH_ROUNDS"] ?? "3", 1, 99),
    sizes: list(environment, "BENCH_SIZES", "9,100,1000").map((size) => whole("BENCH_SIZES", size, smallest, largest)),
  };
}

function list(environment: NodeJS.ProcessEnv, name: string, usual: string): string[] {
  return (environment[name] ?? usual).split(",").map((item) => item.trim());
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new Error(`${name}: ${JSON.stringify(text)} is not allowed; use whole numbers from ${least} to ${most}.`);
  }
  return value;
}
