import { changeOf, recordVerdict } from "./change";
import { evaluateGates } from "./gates";
import { dropDead, finishDrains, forLackOfLoad, lackOfLoad, moveSome, towardsLimits, type Inward } from "./scale-in";
import type { Memory } from "../model/memory";
import type { NodeRef, Seen } from "../model/observation";
import { planOut, type Outward } from "./scale-out";
import type { Policy } from "../model/policy";
import { remember } from "./update-memory";
import { pendingLots, ratioWithoutOne } from "./signals";
import { survey, type Situation } from "./situation";
import type { Gate, Verdict } from "../model/verdict";
import type { Choice } from "./node-selector";
import { count, names, percent, sentence } from "../model/wording";

export interface Decision {
  readonly verdict: Verdict;
  /** What to hand to the next tick, the verdict taken as acted on. */
  readonly memory: Memory;
  /** The memory without the verdict: what to hand on where it is not acted on after all. */
  readonly remembered: Memory;
  readonly gates: readonly Gate[];
}

/**
 * Decides what a tick comes to: one action at most. Out before in, and within each the nodes that do no work first.
 *
 * @param now milliseconds since the epoch.
 * @throws RangeError only where a schedule's time zone is unknown to Intl.
 */
export function decide(policy: Policy, seen: Seen, memory: Memory, now: number): Decision {
  const situation = withPatience(survey(policy, seen, remember(policy, seen, memory, now), now));
  const outward = planOut(situation);
  const choice = forLackOfLoad(situation);
  const gates = evaluateGates(situation, choice);
  const verdict =
    blocked(gates) ?? out(situation, outward) ?? inward(situation, gates, choice) ?? hold(situation, outward, gates);
  return { verdict, gates, remembered: situation.memory, memory: recordVerdict(situation, verdict, outward.forLoad) };
}

/** Notes since when the load has been low; without figures that cover the cluster it is not known to be. */
function withPatience(situation: Situation): Situation {
  const { policy, cpu, ready, memory, now } = situation;
  const isLow =
    cpu !== undefined &&
    cpu.nodes >= policy.coverageRatio * ready.length &&
    pendingLots(situation).length === 0 &&
    ratioWithoutOne(situation) < policy.scaleInCpuRatio;
  return { ...situation, memory: { ...memory, lowSince: isLow ? (memory.lowSince ?? now) : undefined } };
}

function blocked(gates: readonly Gate[]): Verdict | undefined {
  const closed = gates.filter(({ side, passed }) => side === "both" && !passed);
  return closed.length === 0 ? undefined : { kind: "blocked", why: closed.map(reason).join(" ") };
}

/** A gate as a sentence. */
function reason({ value, needs }: Gate): string {
  return sentence(`${value}; ${needs}`);
}

function out(situation: Situation, { draft, causes, hindrances }: Outward): Verdict | undefined {
  const { added, kept } = draft;
  if (added.length + kept.length === 0) return undefined;
  const keep = kept.map(({ group, ordinal }) => ({ group, ordinal }));
  const parts = [
    causes.join(" and "),
    ...(keep.length > 0 ? [`the removal of ${names(keep)} is cancelled`] : []),
    ...(added.length > 0 ? [placement(situation, added)] : []),
  ];
  if (hindrances.length > 0) parts.push(`more cannot be had: ${hindrances.join(", ")}`);
  return { kind: "scale-out", ...changeOf(situation, { add: added, remove: [], keep }, sentence(parts.join("; "))) };
}

function placement({ policy, zones }: Situation, added: readonly NodeRef[]): string {
  const skipped = [...zones.values()]
    .filter(({ condition }) => condition === "down" || condition === "backoff")
    .map(({ why }) => why);
  const others = skipped.length === 0 ? "" : ` (${skipped.join(", ")})`;
  const [node] = added;
  const zone = policy.groups.find(({ name }) => name === node?.group)?.zone ?? "";
  return added.length === 1
    ? `${names(added)} is added, ${zone} has the fewest workers of the zones that can take one${others}`
    : `${count(added.length, "worker")} are added where the fewest are: ${names(added)}${others}`;
}

/** Removals, the ones that take nothing from anyone first. */
function inward(situation: Situation, gates: readonly Gate[], choice: Choice): Verdict | undefined {
  const open = (...closed: readonly string[]): boolean =>
    gates.every(({ name, side, role, passed }) => side !== "in" || role !== "guard" || passed || closed.includes(name));
  const passed = (name: string): boolean =>
    gates.some((gate) => gate.name === name && gate.side === "in" && gate.passed);
  if (!passed("metrics")) return undefined;
  const act = ({ add, remove, why }: Inward): Verdict => ({
    kind: "scale-in",
    ...changeOf(situation, { add, remove, keep: [] }, sentence(why)),
  });
  const atOnce =
    dropDead(situation) ?? finishDrains(situation) ?? (passed("drain") ? towardsLimits(situation) : undefined);
  if (atOnce !== undefined) return act(atOnce);
  if (open() && passed("cpu-in")) return act(lackOfLoad(situation, choice));
  const move = open("patience", "victim") ? moveSome(situation) : undefined;
  return move === undefined ? undefined : act(move);
}

function hold(situation: Situation, { causes, hindrances }: Outward, gates: readonly Gate[]): Verdict {
  if (causes.length > 0) {
    const but =
      hindrances.length > 0
        ? hindrances.join(", ")
        : `a step may have ${count(situation.policy.maxStepNodes.out, "worker")}`;
    return { kind: "hold", why: sentence(`${causes.join(" and ")}, but ${but}`) };
  }
  const { policy, cpu, metrics } = situation;
  if (cpu === undefined)
    return {
      kind: "hold",
      why: sentence(`${metrics.value}; at most ${policy.staleAfterSeconds} s, or nothing is removed`),
    };
  const find = (name: string): Gate | undefined => gates.find((gate) => gate.name === name);
  const high = find("cpu-out");
  if (high !== undefined && cpu.ratio > policy.scaleOutCpuRatio)
    return { kind: "hold", why: reason({ ...high, needs: "no more are asked for" }) };
  const low = find("cpu-in");
  const guard = gates.find(({ side, role, passed }) => side === "in" && role === "guard" && !passed);
  if (low?.passed === true && guard !== undefined) {
    return { kind: "hold", why: sentence(`${low.value}, ${low.needs}, but ${guard.value}; ${guard.needs}`) };
  }
  const value = `CPU of the cluster is ${percent(cpu.ratio)} over ${policy.windowSeconds} s`;
  return {
    kind: "hold",
    why: sentence(
      `${value}; a worker comes above ${percent(policy.scaleOutCpuRatio)} and goes where the others stay below ${percent(policy.scaleInCpuRatio)}`,
    ),
  };
}
