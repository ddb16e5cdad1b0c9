import type { Tick } from "../autoscaler/loop/loop";
import { isNews, withDecision, type LoggedDecision } from "../autoscaler/loop/record";
import type { Terminal } from "./terminal";

/** Writes decisions as lines of JSON: those that act, and those with another reason than the one before. */
export class DecisionLog {
  private last: readonly LoggedDecision[] = [];

  constructor(private readonly terminal: Terminal) {}

  note({ at, verdict, change, active, events, failures, errors, took }: Tick): void {
    const decision = { at, kind: verdict.kind, why: verdict.why };
    const isNew = change !== undefined || isNews(this.last, decision);
    this.last = withDecision(this.last, decision);
    if (!isNew && events.length + failures.length + errors.length === 0) return;
    this.terminal.out(
      `${JSON.stringify({
        at: new Date(at).toISOString(),
        verdict: verdict.kind,
        why: verdict.why,
        active,
        ...(change === undefined ? {} : { add: change.add, remove: change.remove, keep: change.keep }),
        ...(events.length === 0 ? {} : { events }),
        ...(failures.length === 0 ? {} : { failures }),
        ...(errors.length === 0 ? {} : { errors }),
        seconds: took.loop,
      })}\n`,
    );
  }
}
