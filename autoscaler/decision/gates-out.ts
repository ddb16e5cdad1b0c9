import { Draft } from "./placement";
import { cooldownOut } from "./scale-out";
import type { Question } from "./question";
import { cpuSignal, pendingLots, tasksOf } from "./signals";
import { count, percent, seconds } from "../model/wording";

/** Ask for more workers. */
export const outSignals: Readonly<Record<string, Question>> = {
  minimum: (situation) => {
    const draft = new Draft(situation);
    const short = situation.policy.groups
      .filter(({ name, min }) => draft.live(name) < min)
      .map(({ name, min }) => `${name} below its min of ${min}`);
    return {
      passed: short.length > 0 || draft.liveTotal < situation.minimum.nodes,
      value: [`${count(draft.liveTotal, "worker")} at work or on the way`, ...short].join(", "),
      needs: `below ${situation.minimum.from}`,
    };
  },
  pending: (situation) => {
    const lots = pendingLots(situation);
    const others = situation.seen.pending.filter(({ cause }) => cause === "constraints").map(({ service }) => service);
    const value =
      lots.length === 0 ? "no task lacks CPU or memory" : `pending for lack of CPU or memory: ${tasksOf(lots)}`;
    return {
      passed: lots.length > 0,
      value:
        others.length === 0
          ? value
          : `${value}; pending for constraints that more nodes do not satisfy: ${others.join(", ")}`,
      needs: "any task",
    };
  },
  "cpu-out": (situation) => {
    const { wants, value } = cpuSignal(situation);
    return { passed: wants, value, needs: `above ${percent(situation.policy.scaleOutCpuRatio)}` };
  },
};

/** Let them come. */
export const outGuards: Readonly<Record<string, Question>> = {
  zones: ({ zones }) => {
    const unwell = [...zones.values()].filter(({ condition }) => condition !== "healthy");
    return {
      passed: [...zones.values()].some(({ condition }) => condition === "healthy" || condition === "probation"),
      value: unwell.length === 0 ? "every zone is healthy" : unwell.map(({ why }) => why).join(", "),
      needs: "one zone that is neither down nor skipped",
    };
  },
  quota: ({ memory: { quota }, now }) => ({
    passed: quota === undefined || quota.until <= now,
    value:
      quota === undefined
        ? "no quota was exhausted"
        : `a quota was exhausted ${seconds(now - quota.lastAt)} ago (${quota.why})`,
    needs:
      quota !== undefined && quota.until > now ? `the next try is in ${seconds(quota.until - now)}` : "none of late",
  }),
  room: (situation) => {
    const draft = new Draft(situation);
    const value = draft.obstacle(() => true);
    return {
      passed: value === undefined,
      value: value ?? count(draft.total, "worker"),
      needs: `a group below its max, and the cluster below its max of ${situation.policy.max}`,
    };
  },
  "cooldown-out": (situation) => {
    const { left, value } = cooldownOut(situation);
    return { passed: left <= 0, value, needs: `${situation.policy.cooldownOutSeconds} s, for CPU alone` };
  },
};
