import { inSignals, patience, quietGuards } from "./gates-in";
import { outGuards, outSignals } from "./gates-out";
import { isDown, nodeKey } from "../model/observation";
import { managersOf, type Question } from "./question";
import type { Situation } from "./situation";
import type { Gate } from "../model/verdict";
import type { Choice } from "./node-selector";
import { count, percent } from "../model/wording";

/** Pass, or nothing is done at all. */
const forBoth: Readonly<Record<string, Question>> = {
  leader: ({ seen }) => ({
    passed: seen.leader,
    value: `this autoscaler is ${seen.leader ? "" : "not "}on the raft leader`,
    needs: "only the leader's acts",
  }),
  obstacle: ({ seen: { obstacles } }) => ({
    passed: obstacles.length === 0,
    value: obstacles.length === 0 ? "nothing stands in the way" : obstacles.map(({ value }) => value).join(", "),
    needs: obstacles.length === 0 ? "nothing in the way" : obstacles.map(({ needs }) => needs).join(", "),
  }),
  quorum: (situation) => {
    const { reachable, all, quorum } = managersOf(situation);
    return {
      passed: reachable >= quorum,
      value: `${reachable} of ${count(all, "manager")} answer`,
      needs: `${quorum} keep the quorum`,
    };
  },
  unready: (situation) => {
    const { policy, memory, workers } = situation;
    const elsewhere = new Set([...memory.drains, ...memory.inFlight].map(nodeKey));
    const counted = [...workers.values()].filter((node) => !elsewhere.has(nodeKey(node)));
    const down = counted.filter(isDown).length;
    const share = counted.length === 0 ? 0 : down / counted.length;
    return {
      passed: down <= policy.unreadyTolerated || share <= policy.unreadyFreezeRatio,
      value: `${down} of ${count(counted.length, "worker")} are down (${percent(share, policy.unreadyFreezeRatio)})`,
      needs: `with more than ${policy.unreadyTolerated} and more than ${percent(policy.unreadyFreezeRatio)} nothing is changed`,
    };
  },
};

/** Every gate, in the order in which `explain` shows them. */
export function evaluateGates(situation: Situation, choice: Choice): Gate[] {
  const ask = (questions: Readonly<Record<string, Question>>, side: Gate["side"], role: Gate["role"]): Gate[] =>
    Object.entries(questions).map(([name, question]) => ({ name, side, role, ...question(situation) }));
  const victim: Question = () => ({
    passed: choice.victims.length > 0,
    value: choice.why,
    needs: "a worker whose load and tasks the others can take",
  });
  return [
    ...ask(forBoth, "both", "guard"),
    ...ask(outSignals, "out", "signal"),
    ...ask(outGuards, "out", "guard"),
    ...ask(inSignals, "in", "signal"),
    ...ask(quietGuards, "in", "guard"),
    ...ask({ patience, victim }, "in", "guard"),
  ];
}
