import type { Memory } from "../model/memory";
import { isDown, nodeKey, type Seen } from "../model/observation";
import type { Verdict } from "../model/verdict";
import type { ScaleEvent } from "./ports";
import type { Action, Rebalance } from "./record";

/** Workers that take tasks. */
export function readyWorkers({ nodes }: Seen): number {
  return nodes.filter(({ state }) => state === "ready").length;
}

/** What a verdict adds to the actions that are under way: undefined where it does nothing to a node that works. */
export function actionOf(verdict: Verdict, seen: Seen, operation: string, now: number): Action | undefined {
  if (verdict.kind === "hold" || verdict.kind === "blocked") return undefined;
  const add = verdict.add.map(nodeKey);
  // a node that never joined was none
  const remove = verdict.remove.filter(({ because }) => because !== "did-not-join").map(nodeKey);
  return add.length + remove.length === 0
    ? undefined
    : { operation, kind: verdict.kind, why: verdict.why, since: now, from: readyWorkers(seen), add, remove };
}

/** The actions without what a verdict keeps, which is no longer removed. */
export function withoutKept(actions: readonly Action[], verdict: Verdict): readonly Action[] {
  const kept = new Set("keep" in verdict ? verdict.keep.map(nodeKey) : []);
  return actions
    .map((action) => ({ ...action, remove: action.remove.filter((key) => !kept.has(key)) }))
    .filter(({ add, remove }) => add.length + remove.length > 0);
}

export function startOf({ operation, kind, from, why, add, remove }: Action, at: number): ScaleEvent {
  return {
    operation,
    phase: "started",
    kind,
    from,
    to: from + add.length - remove.length,
    why,
    nodes: [...add, ...remove],
    at,
  };
}

/** Parts the actions into those that go on and what the others came to. */
export function settleActions(
  actions: readonly Action[],
  memory: Memory,
  seen: Seen,
  now: number,
): { readonly open: readonly Action[]; readonly events: readonly ScaleEvent[] } {
  const [coming, leaving] = [new Set(memory.inFlight.map(nodeKey)), new Set(memory.drains.map(nodeKey))];
  const here = new Set(seen.nodes.filter((node) => !isDown(node)).map(nodeKey));
  const open = actions.filter(
    ({ add, remove }) => add.some((key) => coming.has(key)) || remove.some((key) => leaving.has(key)),
  );
  const events = actions
    .filter((action) => !open.includes(action))
    .map(({ operation, kind, why, since, from, add, remove }): ScaleEvent => {
      const isDone = add.every((key) => here.has(key)) && remove.every((key) => !here.has(key));
      return {
        operation,
        phase: isDone ? "done" : "failed",
        kind,
        why,
        from,
        to: readyWorkers(seen),
        nodes: [...add, ...remove],
        seconds: Math.round((now - since) / 1000),
        at: now,
      };
    });
  return { open, events };
}

/** The rebalance that is due or under way: one after each time that nodes joined and none is on the way any more. */
export function dueRebalance(known: Rebalance | undefined, { lastJoinAt, inFlight }: Memory): Rebalance | undefined {
  if (lastJoinAt === undefined || inFlight.some(({ failed }) => failed === undefined)) return undefined;
  if (known === undefined || known.since < lastJoinAt) return { since: lastJoinAt, ended: false, done: [] };
  return known.ended ? undefined : known;
}
