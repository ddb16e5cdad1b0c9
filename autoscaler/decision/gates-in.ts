import { deadToKeep, finishDrains, towardsLimits } from "./scale-in";
import { managersOf, type Question } from "./question";
import { pendingLots, ratioWithoutOne, tasksOf } from "./signals";
import { count, names, percent, seconds } from "../model/wording";

/** Ask for fewer workers. */
export const inSignals: Readonly<Record<string, Question>> = {
  dead: (situation) => {
    const stay = new Set(deadToKeep(situation, []));
    const go = situation.dead.filter((node) => !stay.has(node));
    const held = stay.size === 0 ? "" : `, ${names([...stay])} held for a minimum`;
    return {
      passed: go.length > 0,
      value: situation.dead.length === 0 ? "no worker is dead" : situation.dead.map(({ why }) => why).join(", ") + held,
      needs: "a worker that did not join or has long been down",
    };
  },
  unfinished: (situation) => {
    const finish = finishDrains(situation);
    return {
      passed: finish !== undefined,
      value: finish?.why ?? "no removal is overdue",
      needs: `one that takes more than ${situation.policy.drainDeadlineSeconds} s`,
    };
  },
  maximum: (situation) => {
    const step = towardsLimits(situation);
    return {
      passed: step !== undefined,
      value: step?.why ?? "no limit is exceeded",
      needs: "more workers than a max allows",
    };
  },
  "cpu-in": (situation) => {
    const { metrics, policy, cpu } = situation;
    if (!metrics.fresh)
      return {
        passed: false,
        value: metrics.value,
        needs: `below ${percent(policy.scaleInCpuRatio)} without one worker`,
      };
    const ratio = ratioWithoutOne(situation);
    const rest = Number.isFinite(ratio)
      ? `would be ${percent(ratio, policy.scaleInCpuRatio)} without one of ${count(situation.ready.length, "worker")}`
      : "has no other worker to go to";
    return {
      passed: ratio < policy.scaleInCpuRatio,
      value: `CPU of the cluster is ${percent(cpu?.ratio ?? 0)} over ${policy.windowSeconds} s and ${rest}`,
      needs: `below ${percent(policy.scaleInCpuRatio)}`,
    };
  },
};

/** Guards of every removal of a node that works. */
export const quietGuards: Readonly<Record<string, Question>> = {
  metrics: ({ metrics, policy }) => ({
    passed: metrics.fresh,
    value: metrics.value,
    needs: `at most ${policy.staleAfterSeconds} s, or nothing is removed`,
  }),
  drain: ({ leaving }) => ({
    passed: leaving.length === 0,
    value: leaving.length === 0 ? "no removal is under way" : `the removal of ${names(leaving)} is under way`,
    needs: "one at a time",
  }),
  coverage: ({ cpu, ready, policy }) => ({
    passed: cpu !== undefined && cpu.nodes >= policy.coverageRatio * ready.length,
    value: `the CPU figure covers ${cpu?.nodes ?? 0} of ${count(ready.length, "worker")}`,
    needs: `${percent(policy.coverageRatio)} of them`,
  }),
  margin: (situation) => {
    const { reachable, all, quorum } = managersOf(situation);
    return {
      passed: reachable > quorum || reachable === all,
      value: `${reachable} of ${count(all, "manager")} answer`,
      needs: "one more than the quorum, or all",
    };
  },
  "zones-up": ({ zones }) => {
    const down = [...zones.values()].filter(({ condition }) => condition === "down");
    return {
      passed: down.length === 0,
      value: down.length === 0 ? "no zone is down" : down.map(({ why }) => why).join(", "),
      needs: "every zone, before a worker that works is removed",
    };
  },
  "in-flight": ({ coming, stuck }) => {
    const all = [...coming, ...stuck];
    return {
      passed: all.length === 0,
      value: all.length === 0 ? "no worker is on the way" : `on the way: ${names(all)}`,
      needs: "none, before one is removed",
    };
  },
  "nothing-pending": (situation) => {
    const lots = pendingLots(situation);
    return {
      passed: lots.length === 0,
      value: lots.length === 0 ? "no task lacks CPU or memory" : `pending for lack of CPU or memory: ${tasksOf(lots)}`,
      needs: "none",
    };
  },
  "cooldown-in": ({ memory, policy, now }) => {
    const out = Math.max(memory.lastOutAt ?? -Infinity, memory.lastJoinAt ?? -Infinity);
    const own = memory.lastInAt ?? -Infinity;
    const needs = `${policy.cooldownInAfterOutSeconds} s after a scale-out or join, ${policy.cooldownInSeconds} s after a scale-in`;
    if (now - out < policy.cooldownInAfterOutSeconds * 1000)
      return { passed: false, value: `the last scale-out or join was ${seconds(now - out)} ago`, needs };
    if (now - own < policy.cooldownInSeconds * 1000)
      return { passed: false, value: `the last scale-in was ${seconds(now - own)} ago`, needs };
    return { passed: true, value: "no scale-out, join or scale-in is recent", needs };
  },
};

/** Guards removals for lack of load. */
export const patience: Question = ({ memory: { lowSince }, policy, now }) => ({
  passed: lowSince !== undefined && now - lowSince >= policy.scaleInAfterSeconds * 1000,
  value: lowSince === undefined ? "the load is not low" : `the load has been low for ${seconds(now - lowSince)}`,
  needs: `one goes after ${policy.scaleInAfterSeconds} s`,
});
