import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { parseAs } from "./json";

/**
 * Names the file in which the program, and what runs before it, leave why they refused an update, for the program that
 * started the update. A person reads the error itself.
 */
export const reportVariable = "SWARM_REPORT";

const reportSchema = z.discriminatedUnion("kind", [
  /** Another update holds the stack's lock. */
  z.object({ kind: z.literal("locked"), holder: z.string() }),
  /** The last update left other worker sets than the wanted ones were made from. */
  z.object({ kind: z.literal("overtaken") }),
  /** The wanted worker sets do not fit the configuration. */
  z.object({ kind: z.literal("unfit") }),
  /** The plan goes beyond the limits of `swarm:planGuard`; the verdict is in the words. */
  z.object({ kind: z.literal("plan-refused"), words: z.string() }),
]);
export type Report = z.output<typeof reportSchema>;

/** Leaves a report where somebody asked for one. */
export function leaveReport(environment: NodeJS.ProcessEnv, report: Report): void {
  const path = environment[reportVariable] ?? "";
  if (path !== "") writeFileSync(path, JSON.stringify(report));
}

/** The report in a file; undefined where none was left. */
export function readReport(path: string): Report | undefined {
  try {
    return parseAs(reportSchema, readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
