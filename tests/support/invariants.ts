import type { Decision } from "../../autoscaler/decision/decide";
import { memorySchema, type Memory } from "../../autoscaler/model/memory";
import { nodeKey, type NodeRef, type Seen } from "../../autoscaler/model/observation";
import type { Policy } from "../../autoscaler/model/policy";
import { activeSchedule } from "../../autoscaler/model/schedule";

/** What must hold of every decision, whatever the state. Returns what does not, in words. */
export function violations(policy: Policy, seen: Seen, before: Memory, decision: Decision, now: number): string[] {
  const { verdict, memory, gates } = decision;
  const found: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) found.push(`${what}; verdict: ${verdict.kind}: ${verdict.why}`);
  };
  must(verdict.why.length > 1 && verdict.why.endsWith("."), "the why is a sentence");
  must(
    gates.every(({ value, needs }) => value !== "" && needs !== ""),
    "every gate has its value",
  );
  must(memorySchema.safeParse(JSON.parse(JSON.stringify(memory))).success, "the memory survives being written down");
  if (verdict.kind === "hold" || verdict.kind === "blocked") return found;
  must(
    gates.every(({ side, passed }) => side !== "both" || passed),
    "nothing is done past a closed gate",
  );
  const refused = new Set(
    seen.failures
      .filter(({ kind, at }) => kind === "refused" && at > (before.failuresCountedAt ?? -Infinity))
      .flatMap(({ nodes }) => nodes.map(nodeKey)),
  );
  // what was refused was never asked for
  const asked = before.inFlight.filter((node) => !refused.has(nodeKey(node)));
  const held = (group: string): Set<number> =>
    new Set([
      ...(seen.workerSets[group] ?? []),
      ...[...asked, ...seen.inFlight].filter((node) => node.group === group).map(({ ordinal }) => ordinal),
    ]);
  const leaving = new Set(before.drains.map(nodeKey));
  const staying = (group: string): number[] =>
    [...held(group)].filter((ordinal) => !leaving.has(nodeKey({ group, ordinal })));
  const wanted = (group: string): readonly number[] => verdict.wanted[group] ?? [];
  const sum = (counts: readonly number[]): number => counts.reduce((all, number) => all + number, 0);
  for (const { name, min, max } of policy.groups) {
    must(new Set(wanted(name)).size === wanted(name).length, `${name} names no ordinal twice`);
    must(wanted(name).length <= Math.max(max, held(name).size), `${name} stays within its max`);
    must(wanted(name).length >= Math.min(min, staying(name).length), `${name} stays within its min`);
  }
  const total = sum(policy.groups.map(({ name }) => wanted(name).length));
  const min = Math.min(
    policy.max,
    sum(policy.groups.map(({ max }) => max)),
    activeSchedule(policy.schedules, now)?.min ?? policy.min,
  );
  must(
    total <= Math.max(policy.max, sum(policy.groups.map(({ name }) => held(name).size))),
    "the cluster stays within its max",
  );
  must(
    total >= Math.min(min, sum(policy.groups.map(({ name, max }) => Math.min(max, staying(name).length)))),
    "the cluster stays within its min",
  );
  const cpu = seen.cpu;
  const fresh =
    cpu !== undefined &&
    Number.isFinite(cpu.ratio) &&
    Math.abs(now - cpu.newestSampleAt) <= policy.staleAfterSeconds * 1000;
  must(
    fresh || (verdict.kind === "scale-out" && verdict.remove.length === 0),
    "nothing is removed without fresh figures",
  );
  const removed = new Set(verdict.remove.map(nodeKey));
  const isKnown = (node: NodeRef): boolean =>
    held(node.group).has(node.ordinal) ||
    before.removed.some(
      (gone) => nodeKey(gone) === nodeKey(node) && now - gone.at <= policy.ordinalReuseSeconds * 1000,
    );
  must(
    verdict.add.every((node) => !isKnown(node)),
    "an ordinal that is new was neither held nor given up of late",
  );
  must(
    verdict.add.every(({ group, ordinal }) => wanted(group).includes(ordinal)),
    "what is added is wanted",
  );
  must(
    verdict.remove.every(({ group, ordinal }) => !wanted(group).includes(ordinal)),
    "what is removed is not wanted",
  );
  must(verdict.add.length <= policy.maxStepNodes.out, "a step has its limit");
  must(
    seen.nodes.every(
      (node) =>
        !removed.has(nodeKey(node)) ||
        leaving.has(nodeKey(node)) ||
        node.protected !== true ||
        verdict.remove.some(
          (one) => nodeKey(one) === nodeKey(node) && one.because !== "load" && one.because !== "balance",
        ),
    ),
    "a protected worker does not go for load",
  );
  must(verdict.add.length + verdict.remove.length + verdict.keep.length > 0, "an action changes something");
  return found;
}
