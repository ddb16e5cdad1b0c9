import { keysOf } from "../model/observation";
import type { Verdict } from "../model/verdict";
import { seconds } from "../model/wording";
import type { UpdateOrder } from "./ports";
import type { RefusedChange } from "./record";

/**
 * Seconds for which a change of a kind that was refused is not asked for again: what allows it is a person's edit and
 * update.
 */
const refusedSeconds = 3600;

/** What is noted of an update that the plan guard refused. Its first line says enough; the table is in the log. */
export function refusalOfOrder(
  { wanted, expected }: Pick<UpdateOrder, "wanted" | "expected">,
  message: string,
  at: number,
): RefusedChange {
  const kept = new Set(keysOf(wanted));
  return { at, removes: keysOf(expected).some((key) => !kept.has(key)), why: message.split("\n")[0] ?? message };
}

/** The verdict, blocked where a change of its kind was refused lately; the other kind goes on. Pure. */
export function blockedByRefusal(verdict: Verdict, refused: RefusedChange | undefined, now: number): Verdict {
  if (refused === undefined || verdict.kind === "hold" || verdict.kind === "blocked") return verdict;
  const left = refused.at + refusedSeconds * 1000 - now;
  const isAlike = refused.removes ? verdict.remove.length > 0 : verdict.add.length > 0;
  if (left <= 0 || !isAlike) return verdict;
  return {
    kind: "blocked",
    why: `${verdict.why} The plan guard refused such a change: ${refused.why} It is asked for again in ${seconds(left)}; see "A plan is refused" in docs/runbook.md.`,
  };
}
