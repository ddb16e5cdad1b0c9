import { say } from "./command";
import { median } from "./results";

/** What each tool is put through in a round, in this order. */
export const steps = ["create", "no-op", "no-op with refresh", "edit of rules", "one more node", "destroy"] as const;
export type Step = (typeof steps)[number];

/** The cluster before the edits: of the lab's size. */
export const nodes = 6;

export interface Tool {
  readonly name: string;
  /** Does a step; hands over its seconds. */
  readonly step: (step: Step) => Promise<number>;
  /** Takes away what a failed step left. */
  readonly clean: () => Promise<unknown>;
}

/** Medians of the steps' seconds by tool. */
export type Medians = ReadonlyMap<Tool, Readonly<Record<Step, number>>>;

/** Puts the tools through rounds by turns, so that what changes on the machine meets all of them. */
export async function measureRounds(tools: readonly Tool[], rounds: number): Promise<Medians> {
  const seconds = new Map(
    tools.map((tool) => [
      tool,
      Object.fromEntries(steps.map((step) => [step, []])) as unknown as Record<Step, number[]>,
    ]),
  );
  for (let round = 1; round <= rounds; round += 1) {
    for (const [tool, taken] of seconds) {
      try {
        for (const step of steps) {
          const took = await tool.step(step);
          taken[step].push(took);
          say(`round ${round} of ${rounds}: ${tool.name}: ${step}: ${took.toFixed(1)} s`);
        }
      } catch (error) {
        await tool.clean().catch((cause: unknown) => {
          say(`${tool.name}: what it made is still there: ${String(cause)}`);
        });
        throw error;
      }
    }
  }
  return new Map(
    [...seconds].map(([tool, taken]) => [
      tool,
      Object.fromEntries(steps.map((step) => [step, median(taken[step])])) as Record<Step, number>,
    ]),
  );
}
