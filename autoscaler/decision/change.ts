import type { WorkerSets } from "../../settings/ordinals";
import { deadToKeep } from "./scale-in";
import type { Drain, Memory } from "../model/memory";
import { nodeKey, type NodeRef } from "../model/observation";
import type { Situation } from "./situation";
import type { Change, Removal, Verdict } from "../model/verdict";

/** The change that adds, removes and keeps the given nodes; what is dead goes along as far as no minimum counts it. */
export function changeOf(situation: Situation, nodes: Pick<Change, "add" | "remove" | "keep">, why: string): Change {
  const { dead, metrics, policy, seen, sets } = situation;
  const named = new Set(nodes.remove.map(nodeKey));
  const stay = metrics.fresh ? deadToKeep(situation, nodes.add, nodes.keep) : dead;
  const go = dead.filter((node) => !stay.includes(node) && !named.has(nodeKey(node)));
  const remove: Removal[] = [
    ...nodes.remove,
    ...go.map(({ group, ordinal, because }) => ({ group, ordinal, because })),
  ];
  const held = new Set(remove.map(nodeKey));
  const here: readonly NodeRef[] = [...stay, ...nodes.add, ...nodes.keep];
  const wanted: WorkerSets = Object.fromEntries([
    // groups that are not the policy's are not ours to change
    ...Object.entries(seen.workerSets).filter(([name]) => !sets.has(name)),
    ...policy.groups.map(({ name }): [string, readonly number[]] => {
      const ordinals = [
        ...(sets.get(name) ?? []),
        ...here.filter(({ group }) => group === name).map(({ ordinal }) => ordinal),
      ];
      return [
        name,
        [...new Set(ordinals)].filter((ordinal) => !held.has(nodeKey({ group: name, ordinal }))).sort((a, b) => a - b),
      ];
    }),
  ]);
  return { why, wanted, add: nodes.add, remove, keep: nodes.keep };
}

/** The memory once the verdict has been acted on. Where that was refused, the failure `refused` takes it back. */
export function recordVerdict(situation: Situation, verdict: Verdict, forLoad: boolean): Memory {
  const { memory, now, policy } = situation;
  const decided: Memory = { ...memory, lastDecision: { at: now, kind: verdict.kind, why: verdict.why } };
  if (verdict.kind === "hold" || verdict.kind === "blocked") return decided;
  const { add, remove, keep, kind } = verdict;
  const zones = new Map(policy.groups.map(({ name, zone }) => [name, zone]));
  const gone = new Set(remove.map(nodeKey));
  const settled = new Set([...remove, ...keep].map(nodeKey));
  return {
    ...decided,
    ...(kind === "scale-out" && forLoad ? { lastOutAt: now } : {}),
    ...(kind === "scale-in" && remove.some(({ because }) => because !== "did-not-join" && because !== "lost")
      ? { lastInAt: now }
      : {}),
    inFlight: [
      ...memory.inFlight.filter((node) => !gone.has(nodeKey(node))),
      ...add.map(({ group, ordinal }) => ({ group, ordinal, zone: zones.get(group) ?? "", since: now })),
    ],
    drains: [
      ...memory.drains.filter((node) => !settled.has(nodeKey(node))),
      ...remove.map(({ group, ordinal, because }): Drain => ({ group, ordinal, because, since: now })),
    ],
  };
}
