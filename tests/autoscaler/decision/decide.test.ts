import { expect } from "chai";
import { decide } from "../../../autoscaler/decision/decide";
import type { Memory } from "../../../autoscaler/model/memory";
import type { NodeSeen, Seen } from "../../../autoscaler/model/observation";
import type { Policy } from "../../../autoscaler/model/policy";
import type { Verdict } from "../../../autoscaler/model/verdict";
import { ago, busy, calm, cpu, goodPolicy, goodSeen, noon, pending, size, worker } from "../../support/autoscaler";
import { violations } from "../../support/invariants";

/** Two workers in az1 and az3, one in az2, two tasks each. */
const five = ["az1-0", "az1-1", "az2-0", "az3-0", "az3-1"].map((name) => busy(name, 2));

interface Case {
  readonly policy?: Partial<Policy>;
  readonly nodes?: readonly NodeSeen[];
  readonly seen?: Partial<Seen>;
  readonly memory?: Partial<Memory>;
}

function decided({ policy, nodes = five, seen, memory }: Case): ReturnType<typeof decide> {
  const [good, observed, remembered] = [goodPolicy(policy), goodSeen(nodes, seen), calm(memory)];
  const decision = decide(good, observed, remembered, noon);
  expect(violations(good, observed, remembered, decision, noon)).to.deep.equal([]);
  return decision;
}

/** What a verdict changes, e.g. "+az2-1 -az1-0 =az3-1" (added, removed, kept). */
function changes(verdict: Verdict): string {
  if (verdict.kind === "hold" || verdict.kind === "blocked") return "";
  const list = (sign: string, nodes: readonly { group: string; ordinal: number }[]): string[] =>
    nodes.map(({ group, ordinal }) => `${sign}${group}-${ordinal}`);
  return [...list("+", verdict.add), ...list("-", verdict.remove), ...list("=", verdict.keep)].join(" ");
}

type Row = readonly [what: string, given: Case, kind: Verdict["kind"], change: string, why: string];

function table(rows: readonly Row[]): void {
  for (const [what, given, kind, change, why] of rows) {
    it(what, () => {
      const { verdict } = decided(given);
      expect([verdict.kind, changes(verdict), verdict.why]).to.deep.equal([kind, change, why]);
    });
  }
}

const inFlight = (name: string, seconds: number, more: object = {}): Memory["inFlight"][number] => {
  const { group, ordinal, zone } = worker(name);
  return { group, ordinal, zone, since: ago(seconds), ...more };
};
const drain = (
  name: string,
  seconds: number,
  because: Memory["drains"][number]["because"] = "load",
): Memory["drains"][number] => {
  const { group, ordinal } = worker(name);
  return { group, ordinal, because, since: ago(seconds) };
};
const down = (name: string): NodeSeen => busy(name, 2, { state: "down" });
const failed = (zone: string, seconds: number, failures = 1): Memory["zones"] => ({
  [zone]: {
    failures,
    lastAt: ago(60 - seconds),
    until: noon + seconds * 1000,
    why: "No valid host was found",
    down: false,
  },
});

describe("decide, scaling out for CPU", () => {
  table([
    [
      "adds a worker where the fewest are",
      { seen: { cpu: cpu(0.82) } },
      "scale-out",
      "+az2-1",
      "CPU of the cluster is 82 % over 60 s, above 75 %; az2-1 is added, az2 has the fewest workers of the zones that can take one.",
    ],
    [
      "adds as many as bring the load below the threshold",
      { seen: { cpu: cpu(0.94) } },
      "scale-out",
      "+az2-1 +az1-2",
      "CPU of the cluster is 94 % over 60 s, above 75 %; 2 workers are added where the fewest are: az2-1, az1-2.",
    ],
    [
      "adds half as many again where nobody knows how much is missing",
      { seen: { cpu: cpu(1) } },
      "scale-out",
      "+az2-1 +az1-2 +az2-2",
      "CPU of the cluster is 100 % over 60 s, above 75 %; 3 workers are added where the fewest are: az2-1, az1-2, az2-2.",
    ],
    [
      "does not wait to make up for what fails",
      {
        seen: { cpu: cpu(0.82) },
        memory: { lastOutAt: ago(20), inFlight: [inFlight("az3-2", 20)], zones: failed("az3", 50) },
      },
      "scale-out",
      "+az2-1",
      "CPU of the cluster is 82 % over 60 s, above 75 %; az2-1 is added, az2 has the fewest workers of the zones that can take one (az3 is skipped for 50 s (No valid host was found)).",
    ],
    [
      "prefers the hotter of zones that are alike",
      {
        nodes: five.filter(({ ordinal }) => ordinal === 0),
        seen: { cpu: cpu(0.82), zoneCpu: { az1: cpu(0.6), az3: cpu(0.9) } },
      },
      "scale-out",
      "+az3-1",
      "CPU of the cluster is 82 % over 60 s, above 75 %; az3-1 is added, az3 has the fewest workers of the zones that can take one.",
    ],
    [
      "takes no more than a step",
      { policy: { maxStepNodes: { out: 1, in: 1 } }, seen: { cpu: cpu(1) } },
      "scale-out",
      "+az2-1",
      "CPU of the cluster is 100 % over 60 s, above 75 %; az2-1 is added, az2 has the fewest workers of the zones that can take one.",
    ],
    [
      "shows the difference to the threshold",
      { seen: { cpu: cpu(0.7512) } },
      "scale-out",
      "+az2-1",
      "CPU of the cluster is 75.1 % over 60 s, above 75 %; az2-1 is added, az2 has the fewest workers of the zones that can take one.",
    ],
    [
      "holds at the threshold",
      { seen: { cpu: cpu(0.75) } },
      "hold",
      "",
      "CPU of the cluster is 75 % over 60 s; a worker comes above 75 % and goes where the others stay below 50 %.",
    ],
    [
      "counts what is on the way",
      { seen: { cpu: cpu(0.82) }, memory: { inFlight: [inFlight("az2-1", 60)] } },
      "hold",
      "",
      "CPU of the cluster is 82 % over 60 s and comes to 68 % with az2-1 on the way; no more are asked for.",
    ],
    [
      "asks for what is on the way and is not enough",
      { seen: { cpu: cpu(0.94) }, memory: { inFlight: [inFlight("az2-1", 60)] } },
      "scale-out",
      "+az1-2",
      "CPU of the cluster is 94 % over 60 s, above 75 %; az1-2 is added, az1 has the fewest workers of the zones that can take one.",
    ],
    [
      "waits after a scale-out",
      { seen: { cpu: cpu(0.82) }, memory: { lastOutAt: ago(20) } },
      "hold",
      "",
      "CPU of the cluster is 82 % over 60 s, above 75 %, but the last scale-out or join was 20 s ago, less than 60 s.",
    ],
    [
      "waits after a join",
      { seen: { cpu: cpu(0.82) }, memory: { lastOutAt: ago(200), lastJoinAt: ago(59) } },
      "hold",
      "",
      "CPU of the cluster is 82 % over 60 s, above 75 %, but the last scale-out or join was 59 s ago, less than 60 s.",
    ],
    [
      "does not wait after a scale-in",
      { seen: { cpu: cpu(0.82) }, memory: { lastInAt: ago(20) } },
      "scale-out",
      "+az2-1",
      "CPU of the cluster is 82 % over 60 s, above 75 %; az2-1 is added, az2 has the fewest workers of the zones that can take one.",
    ],
    [
      "holds at the cluster's max",
      { policy: { max: 5 }, seen: { cpu: cpu(0.82) } },
      "hold",
      "",
      "CPU of the cluster is 82 % over 60 s, above 75 %, but the cluster is at its max of 5 workers.",
    ],
    [
      "counts what is on the way for the max",
      { policy: { max: 6 }, seen: { cpu: cpu(1) }, memory: { inFlight: [inFlight("az2-1", 60)] } },
      "hold",
      "",
      "CPU of the cluster is 100 % over 60 s, above 75 %, but the cluster is at its max of 6 workers.",
    ],
    [
      "counts what still leaves for the max",
      { policy: { max: 5 }, seen: { cpu: cpu(0.9) }, memory: { drains: [drain("az3-1", 20, "limits")] } },
      "hold",
      "",
      "CPU of the cluster is 90 % over 60 s, above 75 %, but the cluster is at its max of 5 workers, az3-1 still leaving.",
    ],
    [
      "says so where the groups are full",
      {
        policy: { groups: goodPolicy().groups.map((group) => ({ ...group, max: group.name === "az2" ? 1 : 2 })) },
        seen: { cpu: cpu(0.82) },
      },
      "hold",
      "",
      "CPU of the cluster is 82 % over 60 s, above 75 %, but az1 is at its max of 2, az2 is at its max of 1, az3 is at its max of 2.",
    ],
    [
      "takes the room there is and says that it is not enough",
      { policy: { max: 6 }, seen: { cpu: cpu(1) } },
      "scale-out",
      "+az2-1",
      "CPU of the cluster is 100 % over 60 s, above 75 %; az2-1 is added, az2 has the fewest workers of the zones that can take one; more cannot be had: the cluster is at its max of 6 workers.",
    ],
    [
      "does not take an ordinal that went of late",
      { seen: { cpu: cpu(0.82) }, memory: { removed: [{ group: "az2", ordinal: 1, at: ago(600) }] } },
      "scale-out",
      "+az2-2",
      "CPU of the cluster is 82 % over 60 s, above 75 %; az2-2 is added, az2 has the fewest workers of the zones that can take one.",
    ],
    [
      "takes the lowest ordinal that is free",
      { nodes: [...five.slice(0, 2), busy("az2-1", 2), ...five.slice(3)], seen: { cpu: cpu(0.82) } },
      "scale-out",
      "+az2-0",
      "CPU of the cluster is 82 % over 60 s, above 75 %; az2-0 is added, az2 has the fewest workers of the zones that can take one.",
    ],
  ]);
});

describe("decide, scaling out for pending tasks", () => {
  table([
    [
      "opens as many nodes as they need",
      { seen: { pending: [pending("web", 3, 3)] } },
      "scale-out",
      "+az2-1 +az1-2 +az2-2",
      "3 tasks of web are pending for lack of CPU or memory; 3 workers are added where the fewest are: az2-1, az1-2, az2-2.",
    ],
    [
      "packs small ones beside large ones",
      { seen: { pending: [pending("api", 1, 1), pending("web", 1, 3)] } },
      "scale-out",
      "+az2-1",
      "1 task of web is pending for lack of CPU or memory; az2-1 is added, az2 has the fewest workers of the zones that can take one.",
    ],
    [
      "does so with CPU idle and without figures",
      { seen: { cpu: cpu(0.9, { newestSampleAt: ago(600) }), pending: [pending("web", 1, 4)] } },
      "scale-out",
      "+az2-1",
      "1 task of web is pending for lack of CPU or memory; az2-1 is added, az2 has the fewest workers of the zones that can take one.",
    ],
    [
      "does not wait after a scale-out",
      { seen: { pending: [pending("web", 1, 4)] }, memory: { lastOutAt: ago(5) } },
      "scale-out",
      "+az2-1",
      "1 task of web is pending for lack of CPU or memory; az2-1 is added, az2 has the fewest workers of the zones that can take one.",
    ],
    [
      "counts what is on the way",
      { seen: { pending: [pending("web", 1, 4)] }, memory: { inFlight: [inFlight("az2-1", 30)] } },
      "hold",
      "",
      "CPU of the cluster is 60 % over 60 s; a worker comes above 75 % and goes where the others stay below 50 %.",
    ],
    [
      "heeds constraints",
      { seen: { pending: [pending("db", 1, 4, { groups: ["az3"] })] } },
      "scale-out",
      "+az3-2",
      "1 task of db is pending for lack of CPU or memory; az3-2 is added, az3 has the fewest workers of the zones that can take one.",
    ],
    [
      "adds nothing for constraints that no node satisfies",
      { seen: { pending: [pending("db", 1, 1, { cause: "constraints" })] } },
      "hold",
      "",
      "CPU of the cluster is 60 % over 60 s; a worker comes above 75 % and goes where the others stay below 50 %.",
    ],
    [
      "adds nothing where no group is admitted",
      { seen: { pending: [pending("db", 2, 4, { groups: ["gpu"] })] } },
      "hold",
      "",
      "2 tasks of db are pending for lack of CPU or memory, but no group's nodes satisfy the constraints of db.",
    ],
    [
      "adds nothing for a task larger than any node",
      { seen: { pending: [pending("web", 3, 16)] } },
      "hold",
      "",
      "3 tasks of web are pending for lack of CPU or memory, but no group has nodes large enough for web (16 CPU and 1.0 GiB each).",
    ],
    [
      "is bounded by a step",
      { policy: { maxStepNodes: { out: 2, in: 1 } }, seen: { pending: [pending("web", 9, 4)] } },
      "scale-out",
      "+az2-1 +az1-2",
      "9 tasks of web are pending for lack of CPU or memory; 2 workers are added where the fewest are: az2-1, az1-2.",
    ],
    [
      "starts from nothing",
      { nodes: [], seen: { pending: [pending("web", 1, 1)] } },
      "scale-out",
      "+az1-0",
      "1 task of web is pending for lack of CPU or memory; az1-0 is added, az1 has the fewest workers of the zones that can take one.",
    ],
    [
      "and CPU: each counts what came before",
      { seen: { cpu: cpu(0.94), pending: [pending("web", 1, 4)] } },
      "scale-out",
      "+az2-1 +az1-2",
      "1 task of web is pending for lack of CPU or memory and CPU of the cluster is 94 % over 60 s, above 75 %; 2 workers are added where the fewest are: az2-1, az1-2.",
    ],
  ]);
});

describe("decide, limits and schedules", () => {
  const mornings = { name: "mornings", days: ["tue"], from: "09:00", to: "18:00", timeZone: "UTC", min: 7 } as const;
  const withMin = (name: string, min: number): Partial<Policy> => ({
    groups: goodPolicy().groups.map((group) => (group.name === name ? { ...group, min } : group)),
  });
  table([
    [
      "fills the cluster's min",
      { policy: { min: 7 } },
      "scale-out",
      "+az2-1 +az1-2",
      "The cluster has 5 workers at work or on the way, below the min of 7; 2 workers are added where the fewest are: az2-1, az1-2.",
    ],
    [
      "fills a group's min",
      { policy: withMin("az3", 3) },
      "scale-out",
      "+az3-2",
      "az3 has 2 workers at work or on the way, below its min of 3; az3-2 is added, az3 has the fewest workers of the zones that can take one.",
    ],
    [
      "fills the min of a schedule",
      { policy: { schedules: [mornings] } },
      "scale-out",
      "+az2-1 +az1-2",
      "The cluster has 5 workers at work or on the way, below the min of 7 by the schedule mornings; 2 workers are added where the fewest are: az2-1, az1-2.",
    ],
    [
      "heeds a schedule's min when the load is low",
      { policy: { schedules: [{ ...mornings, min: 5 }] }, seen: { cpu: cpu(0.1) } },
      "hold",
      "",
      "CPU of the cluster is 10 % over 60 s and would be 13 % without one of 5 workers, below 50 %, but every worker is needed for a minimum, protected or bound to its tasks; a worker whose load and tasks the others can take.",
    ],
    [
      "lets a schedule lower the min",
      { policy: { min: 5, schedules: [{ ...mornings, min: 2 }] }, seen: { cpu: cpu(0.1) } },
      "scale-in",
      "-az1-0",
      "CPU of the cluster is 10 % over 60 s and would be 13 % without az1-0, below 50 % for 3600 s; az1-0 is the emptiest of 2 workers in az1, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "goes one at a time towards a max that was lowered",
      { policy: { max: 3 } },
      "scale-in",
      "-az1-0",
      "The cluster has 5 workers, above its max of 3.",
    ],
    [
      "waits for the one that leaves",
      { policy: { max: 3 }, memory: { drains: [drain("az1-0", 20, "limits")] } },
      "hold",
      "",
      "CPU of the cluster is 60 % over 60 s; a worker comes above 75 % and goes where the others stay below 50 %.",
    ],
    [
      "goes towards a group's max that was lowered",
      { policy: { groups: goodPolicy().groups.map((group) => (group.name === "az3" ? { ...group, max: 1 } : group)) } },
      "scale-in",
      "-az3-0",
      "az3 has 2 workers, above its max of 1.",
    ],
    [
      "gives up what is down first",
      { policy: { max: 4 }, nodes: [...five.slice(0, 4), down("az3-1")], memory: { downSince: { "az3-1": ago(60) } } },
      "scale-in",
      "-az3-1",
      "The cluster has 5 workers, above its max of 4.",
    ],
    [
      "does not go below a group's min for the cluster's max",
      { policy: { ...withMin("az1", 2), max: 4 } },
      "scale-in",
      "-az3-0",
      "The cluster has 5 workers, above its max of 4.",
    ],
  ]);
});

describe("decide, scaling in", () => {
  const low = { cpu: cpu(0.2) };
  const without = (why: string): string =>
    `CPU of the cluster is 20 % over 60 s and would be 25 % without one of 5 workers, below 50 %, but ${why}`;
  table([
    [
      "removes the emptiest worker of the fullest zone",
      { nodes: [busy("az1-0", 2), busy("az1-1", 1), busy("az2-0", 0), busy("az3-0", 2), busy("az3-1", 3)], seen: low },
      "scale-in",
      "-az1-1",
      "CPU of the cluster is 20 % over 60 s and would be 25 % without az1-1, below 50 % for 3600 s; az1-1 is the emptiest of 2 workers in az1, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "removes the oldest of those alike",
      {
        nodes: five.map((node) => (node.name.endsWith("az3-0") ? { ...node, joinedAt: ago(172_800) } : node)),
        seen: low,
      },
      "scale-in",
      "-az3-0",
      "CPU of the cluster is 20 % over 60 s and would be 25 % without az3-0, below 50 % for 3600 s; az3-0 is the emptiest of 2 workers in az3, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "removes several where a step allows it",
      { policy: { maxStepNodes: { out: 1, in: 2 } }, seen: low },
      "scale-in",
      "-az1-0 -az3-0",
      "CPU of the cluster is 20 % over 60 s and would be 33 % without az1-0, az3-0, below 50 % for 3600 s; az1-0 is the emptiest of 2 workers in az1, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "removes the last worker if it runs nothing",
      { nodes: [worker("az1-0")], seen: { cpu: cpu(0.02) } },
      "scale-in",
      "-az1-0",
      "CPU of the cluster is 2 % over 60 s and would be 0 % without az1-0, below 50 % for 3600 s; az1-0 is the emptiest of 1 worker in az1, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "keeps the last worker that runs something",
      { nodes: [busy("az1-0", 1)], seen: { cpu: cpu(0.02) } },
      "hold",
      "",
      "CPU of the cluster is 2 % over 60 s; a worker comes above 75 % and goes where the others stay below 50 %.",
    ],
    [
      "passes over what is protected",
      { nodes: [busy("az1-0", 2, { protected: true }), ...five.slice(1)], seen: low },
      "scale-in",
      "-az3-0",
      "CPU of the cluster is 20 % over 60 s and would be 25 % without az3-0, below 50 % for 3600 s; az3-0 is the emptiest of 2 workers in az3, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "passes over what an entry of a node that was before it protects",
      { nodes: [...five, busy("az1-0", 0, { state: "down", protected: true })], seen: low },
      "scale-in",
      "-az3-0",
      "CPU of the cluster is 20 % over 60 s and would be 25 % without az3-0, below 50 % for 3600 s; az3-0 is the emptiest of 2 workers in az3, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "passes over tasks that may not move",
      {
        nodes: [
          worker("az1-0", { tasks: [{ service: "db", reserved: { cpu: 0, memoryBytes: 0 }, pinned: true }] }),
          ...five.slice(1),
        ],
        seen: low,
      },
      "scale-in",
      "-az3-0",
      "CPU of the cluster is 20 % over 60 s and would be 25 % without az3-0, below 50 % for 3600 s; az3-0 is the emptiest of 2 workers in az3, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "keeps workers whose tasks fit nowhere else",
      { nodes: five.map((node) => busy(`${node.group}-${node.ordinal}`, 4)), seen: low },
      "hold",
      "",
      without("not every task of web on az1-0 fits elsewhere; a worker whose load and tasks the others can take."),
    ],
    [
      "keeps workers whose tasks others may not have",
      {
        nodes: five.map((node) => ({
          ...node,
          tasks: node.tasks.map((task) => ({ ...task, groups: [node.group === "az1" ? "gpu" : node.group] })),
          reserved: { ...size, memoryBytes: 0 },
        })),
        seen: low,
      },
      "hold",
      "",
      without("not every task of web on az1-0 fits elsewhere; a worker whose load and tasks the others can take."),
    ],
    [
      "holds where the others would not stay below the lower threshold",
      { seen: { cpu: cpu(0.4) } },
      "hold",
      "",
      "CPU of the cluster is 40 % over 60 s; a worker comes above 75 % and goes where the others stay below 50 %.",
    ],
    [
      "waits until the load has been low for long",
      { seen: low, memory: { lowSince: ago(599) } },
      "hold",
      "",
      without("the load has been low for 599 s; one goes after 600 s."),
    ],
    [
      "waits after a scale-in",
      { seen: low, memory: { lastInAt: ago(299) } },
      "hold",
      "",
      without("the last scale-in was 299 s ago; 600 s after a scale-out or join, 300 s after a scale-in."),
    ],
    [
      "waits after a scale-out",
      { seen: low, memory: { lastOutAt: ago(599) } },
      "hold",
      "",
      without("the last scale-out or join was 599 s ago; 600 s after a scale-out or join, 300 s after a scale-in."),
    ],
    [
      "waits while one leaves",
      {
        nodes: [...five.slice(0, 4), busy("az3-1", 1, { state: "draining" })],
        seen: low,
        memory: { drains: [drain("az3-1", 20)] },
      },
      "hold",
      "",
      "CPU of the cluster is 20 % over 60 s and would be 33 % without one of 4 workers, below 50 %, but the removal of az3-1 is under way; one at a time.",
    ],
    [
      "waits while one is on the way",
      { seen: low, memory: { inFlight: [inFlight("az2-1", 20)] } },
      "hold",
      "",
      without("on the way: az2-1; none, before one is removed."),
    ],
    [
      "waits while tasks are pending",
      { seen: { ...low, pending: [pending("db", 1, 4, { groups: ["gpu"] })] } },
      "hold",
      "",
      "1 task of db is pending for lack of CPU or memory, but no group's nodes satisfy the constraints of db.",
    ],
    [
      "waits while a manager is missing that the quorum needs",
      {
        seen: {
          ...low,
          managers: goodSeen([]).managers.map((manager) => ({ ...manager, reachable: manager.zone !== "az2" })),
        },
      },
      "hold",
      "",
      without("2 of 3 managers answer; one more than the quorum, or all."),
    ],
    [
      "does not wait with a single manager",
      { seen: { ...low, managers: [{ name: "m", zone: "az1", reachable: true }] } },
      "scale-in",
      "-az1-0",
      "CPU of the cluster is 20 % over 60 s and would be 25 % without az1-0, below 50 % for 3600 s; az1-0 is the emptiest of 2 workers in az1, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "leaves alone what others drain",
      { nodes: [...five.slice(0, 4), busy("az3-1", 0, { state: "draining" })], seen: low },
      "scale-in",
      "-az1-0",
      "CPU of the cluster is 20 % over 60 s and would be 33 % without az1-0, below 50 % for 3600 s; az1-0 is the emptiest of 2 workers in az1, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "is not kept from it by a quota that is used up",
      {
        seen: low,
        memory: {
          quota: { failures: 3, lastAt: ago(5), until: noon + 60_000, why: "Quota exceeded for cores", down: false },
          zones: failed("az2", 60),
        },
      },
      "scale-in",
      "-az1-0",
      "CPU of the cluster is 20 % over 60 s and would be 25 % without az1-0, below 50 % for 3600 s; az1-0 is the emptiest of 2 workers in az1, no zone that can give one has more, and its tasks fit elsewhere.",
    ],
    [
      "asks again for a removal that does not end",
      {
        nodes: [...five.slice(0, 4), busy("az3-1", 1, { state: "draining" })],
        memory: { drains: [drain("az3-1", 901)] },
      },
      "scale-in",
      "-az3-1",
      "The removal of az3-1 has not ended within 900 s.",
    ],
  ]);
});

describe("decide, a removal when the load returns", () => {
  const draining = [...five.slice(0, 4), busy("az3-1", 1, { state: "draining" })];
  table([
    [
      "is cancelled before a worker is added",
      { nodes: draining, seen: { cpu: cpu(0.76) }, memory: { drains: [drain("az3-1", 20)] } },
      "scale-out",
      "+az2-1 =az3-1",
      "CPU of the cluster is 76 % over 60 s, above 75 %; the removal of az3-1 is cancelled; az2-1 is added, az2 has the fewest workers of the zones that can take one.",
    ],
    [
      "is cancelled when the others alone would be above the threshold",
      { nodes: draining, seen: { cpu: cpu(0.7) }, memory: { drains: [drain("az3-1", 20)] } },
      "scale-out",
      "=az3-1",
      "CPU of the cluster is 70 % over 60 s and would be 88 % without az3-1, above 75 %; the removal of az3-1 is cancelled.",
    ],
    [
      "is cancelled for tasks that find no room, in a cooldown too",
      {
        nodes: draining,
        seen: { pending: [pending("web", 1, 3)] },
        memory: { drains: [drain("az3-1", 20)], lastOutAt: ago(1) },
      },
      "scale-out",
      "=az3-1",
      "1 task of web is pending for lack of CPU or memory; the removal of az3-1 is cancelled.",
    ],
    [
      "goes on when it is for a limit",
      { nodes: draining, seen: { cpu: cpu(0.76) }, memory: { drains: [drain("az3-1", 20, "limits")] } },
      "scale-out",
      "+az2-1 +az3-2",
      "CPU of the cluster is 76 % over 60 s, above 75 %; 2 workers are added where the fewest are: az2-1, az3-2.",
    ],
  ]);
});

describe("decide, zones that fail", () => {
  const outage = [...five.slice(0, 3), down("az3-0"), down("az3-1")];
  const noManager = goodSeen([]).managers.map((manager) => ({ ...manager, reachable: manager.zone !== "az3" }));
  table([
    [
      "skips a zone whose machines do not answer at once",
      { nodes: outage, seen: { cpu: cpu(0.9), managers: noManager } },
      "scale-out",
      "+az2-1",
      "CPU of the cluster is 90 % over 60 s, above 75 %; az2-1 is added, az2 has the fewest workers of the zones that can take one (az3 is down (3 of its 3 machines do not answer)).",
    ],
    [
      "does not count what is on the way there",
      { nodes: outage, seen: { cpu: cpu(0.9) }, memory: { inFlight: [inFlight("az3-2", 60), inFlight("az2-1", 60)] } },
      "hold",
      "",
      "CPU of the cluster is 90 % over 60 s and comes to 68 % with az2-1 on the way; no more are asked for.",
    ],
    [
      "gives its share to the others in the middle of a scale-out",
      { nodes: outage, seen: { cpu: cpu(0.9) }, memory: { inFlight: [inFlight("az3-2", 60)] } },
      "scale-out",
      "+az2-1",
      "CPU of the cluster is 90 % over 60 s, above 75 %; az2-1 is added, az2 has the fewest workers of the zones that can take one (az3 is down (2 of its 3 machines do not answer)).",
    ],
    [
      "makes up for lost workers that the min needs",
      { policy: { min: 5 }, nodes: outage },
      "scale-out",
      "+az2-1 +az1-2",
      "The cluster has 3 workers at work or on the way, below the min of 5; 2 workers are added where the fewest are: az2-1, az1-2 (az3 is down (2 of its 3 machines do not answer)).",
    ],
    [
      "removes nobody that works while a zone is down",
      { nodes: outage, seen: { cpu: cpu(0.2) } },
      "hold",
      "",
      "CPU of the cluster is 20 % over 60 s and would be 30 % without one of 3 workers, below 50 %, but az3 is down (2 of its 3 machines do not answer); every zone, before a worker that works is removed.",
    ],
    [
      "skips a zone that the cloud calls unavailable",
      { seen: { cpu: cpu(0.82), unavailableZones: ["az2"] } },
      "scale-out",
      "+az1-2",
      "CPU of the cluster is 82 % over 60 s, above 75 %; az1-2 is added, az1 has the fewest workers of the zones that can take one (az2 is down (the cloud calls it unavailable)).",
    ],
    [
      "skips a zone that found no host",
      {
        seen: {
          cpu: cpu(0.82),
          failures: [
            {
              kind: "no-valid-host",
              zone: "az2",
              nodes: [{ group: "az2", ordinal: 1 }],
              at: ago(1),
              message: "No valid host was found",
            },
          ],
        },
      },
      "scale-out",
      "+az1-2",
      "CPU of the cluster is 82 % over 60 s, above 75 %; az1-2 is added, az1 has the fewest workers of the zones that can take one (az2 is skipped for 60 s (No valid host was found)).",
    ],
    [
      "gives a zone one worker when its backoff is over",
      { seen: { cpu: cpu(0.94) }, memory: { zones: failed("az2", -1) } },
      "scale-out",
      "+az2-1 +az1-2",
      "CPU of the cluster is 94 % over 60 s, above 75 %; 2 workers are added where the fewest are: az2-1, az1-2.",
    ],
    [
      "and no second one before it has joined",
      {
        seen: { pending: [pending("web", 2, 4)] },
        memory: { zones: failed("az2", -1), inFlight: [inFlight("az2-1", 20)] },
        nodes: five.filter(({ group }) => group !== "az2"),
      },
      "scale-out",
      "+az1-2",
      "1 task of web is pending for lack of CPU or memory; az1-2 is added, az1 has the fewest workers of the zones that can take one.",
    ],
    [
      "asks nothing of a cloud whose quota is used up",
      {
        seen: {
          cpu: cpu(0.82),
          failures: [{ kind: "quota", nodes: [], at: ago(1), message: "Quota exceeded for cores" }],
        },
      },
      "hold",
      "",
      "CPU of the cluster is 82 % over 60 s, above 75 %, but nothing is asked of the cloud for 60 s (Quota exceeded for cores).",
    ],
    [
      "removes a node that did not join, and skips its zone",
      { seen: { cpu: cpu(0.6) }, memory: { inFlight: [inFlight("az2-1", 301)] } },
      "scale-in",
      "-az2-1",
      "az2-1 did not join within 300 s.",
    ],
    [
      "replaces it elsewhere in the same action",
      { seen: { cpu: cpu(0.82) }, memory: { inFlight: [inFlight("az2-1", 301)] } },
      "scale-out",
      "+az1-2 -az2-1",
      "CPU of the cluster is 82 % over 60 s, above 75 %; az1-2 is added, az1 has the fewest workers of the zones that can take one (az2 is skipped for 60 s (az2-1 did not join within 300 s)).",
    ],
    [
      "removes a node that has long been down",
      { nodes: [...five.slice(0, 4), down("az3-1")], memory: { downSince: { "az3-1": ago(1200) } } },
      "scale-in",
      "-az3-1",
      "az3-1 has been down for 1200 s.",
    ],
    [
      "replaces it by a new ordinal where the group is at its min and max",
      {
        policy: {
          groups: goodPolicy().groups.map((group) => (group.name === "az3" ? { ...group, min: 2, max: 2 } : group)),
        },
        nodes: [...five.slice(0, 4), down("az3-1")],
        memory: { downSince: { "az3-1": ago(1200) } },
      },
      "scale-out",
      "+az3-2 -az3-1",
      "az3 has 1 worker at work or on the way, below its min of 2; az3-2 is added, az3 has the fewest workers of the zones that can take one.",
    ],
    [
      "keeps it on the books while its zone cannot replace it",
      {
        policy: {
          groups: goodPolicy().groups.map((group) => (group.name === "az3" ? { ...group, min: 2, max: 2 } : group)),
        },
        nodes: [...five.slice(0, 4), down("az3-1")],
        memory: { downSince: { "az3-1": ago(1200) }, zones: failed("az3", 50) },
      },
      "hold",
      "",
      "az3 has 1 worker at work or on the way, below its min of 2, but az3 is skipped for 50 s (No valid host was found).",
    ],
    [
      "keeps it on the books for the cluster's min while another still leaves",
      {
        policy: { min: 3, max: 3 },
        nodes: ["az1-0", "az2-0", "az3-0"].map((name) => busy(name, 1)),
        memory: {
          inFlight: [inFlight("az1-1", 20, { failed: "No valid host was found" })],
          drains: [drain("az3-0", 20, "limits")],
        },
      },
      "hold",
      "",
      "The cluster has 2 workers at work or on the way, below the min of 3, but the cluster is at its max of 3 workers, az3-0 still leaving.",
    ],
    [
      "moves a worker to a zone that is back",
      {
        nodes: [
          ...["az1-0", "az1-1", "az1-2", "az2-0", "az2-1", "az2-2"].map((name) => busy(name, 1)),
          busy("az3-0", 1),
        ],
        seen: { cpu: cpu(0.55) },
      },
      "scale-in",
      "+az3-1 -az1-0",
      "az1 has 3 workers and az3 has 1, so az3-1 takes the place of az1-0.",
    ],
    [
      "moves nobody where the load does not allow it",
      {
        nodes: [
          ...["az1-0", "az1-1", "az1-2", "az2-0", "az2-1", "az2-2"].map((name) => busy(name, 1)),
          busy("az3-0", 1),
        ],
        seen: { cpu: cpu(0.7) },
      },
      "hold",
      "",
      "CPU of the cluster is 70 % over 60 s; a worker comes above 75 % and goes where the others stay below 50 %.",
    ],
  ]);
});

describe("decide, when it may not act", () => {
  const seven = ["az1-0", "az1-1", "az1-2", "az2-0", "az2-1", "az3-0", "az3-1"].map((name) => busy(name, 2));
  table([
    [
      "holds without figures",
      { seen: { cpu: undefined } as unknown as Partial<Seen> },
      "hold",
      "",
      "There is no CPU figure; at most 60 s, or nothing is removed.",
    ],
    [
      "holds on stale figures",
      { seen: { cpu: cpu(0.1, { newestSampleAt: ago(61) }) } },
      "hold",
      "",
      "The newest CPU sample is 61 s old; at most 60 s, or nothing is removed.",
    ],
    [
      "holds on figures from the future",
      { seen: { cpu: cpu(0.1, { newestSampleAt: ago(-61) }) } },
      "hold",
      "",
      "The newest CPU sample is 61 s in the future; at most 60 s, or nothing is removed.",
    ],
    [
      "holds on a figure that is none",
      { seen: { cpu: cpu(NaN) } },
      "hold",
      "",
      "The CPU figure is NaN; at most 60 s, or nothing is removed.",
    ],
    [
      "holds at lowered limits on stale figures",
      { policy: { max: 3 }, seen: { cpu: cpu(0.1, { newestSampleAt: ago(61) }) } },
      "hold",
      "",
      "The newest CPU sample is 61 s old; at most 60 s, or nothing is removed.",
    ],
    [
      "removes nobody where figures are missing of some",
      { seen: { cpu: cpu(0.2, { nodes: 4 }) } },
      "hold",
      "",
      "CPU of the cluster is 20 % over 60 s and would be 25 % without one of 5 workers, below 50 %, but the CPU figure covers 4 of 5 workers; 90 % of them.",
    ],
    [
      "leaves it to the leader's",
      { seen: { cpu: cpu(1), leader: false } },
      "blocked",
      "",
      "This autoscaler is not on the raft leader; only the leader's acts.",
    ],
    [
      "does nothing without a quorum",
      {
        seen: {
          cpu: cpu(1),
          managers: goodSeen([]).managers.map((manager) => ({ ...manager, reachable: manager.zone === "az1" })),
        },
      },
      "blocked",
      "",
      "1 of 3 managers answer; 2 keep the quorum.",
    ],
    [
      "freezes when too many are down",
      {
        nodes: seven.map((node) => (node.ordinal < 2 && node.group !== "az1" ? { ...node, state: "down" } : node)),
        seen: { cpu: cpu(1) },
      },
      "blocked",
      "",
      "4 of 7 workers are down (57 %); with more than 3 and more than 45 % nothing is changed.",
    ],
    [
      "does not freeze for three of a small cluster",
      {
        policy: { min: 5 },
        nodes: five.map((node) => (node.group === "az1" ? node : { ...node, state: "down" })),
        memory: { downSince: { "az2-0": ago(40), "az3-0": ago(40), "az3-1": ago(40) } },
      },
      "scale-out",
      "+az2-1 +az2-2 +az1-2",
      "The cluster has 2 workers at work or on the way, below the min of 5; 3 workers are added where the fewest are: az2-1, az2-2, az1-2 (az3 is down (2 of its 3 machines do not answer)).",
    ],
    [
      "names what stands in the way",
      {
        seen: {
          cpu: cpu(1),
          obstacles: [
            {
              value: "the program differs from the one last deployed",
              needs: "run `pulumi up` from this checkout first",
            },
          ],
        },
      },
      "blocked",
      "",
      "The program differs from the one last deployed; run `pulumi up` from this checkout first.",
    ],
  ]);

  it("evaluates every gate even when it is blocked", () => {
    const names = decided({ seen: { leader: false } }).gates.map(({ name }) => name);
    expect(names).to.deep.equal([
      "leader",
      "obstacle",
      "quorum",
      "unready",
      "minimum",
      "pending",
      "cpu-out",
      "zones",
      "quota",
      "room",
      "cooldown-out",
      "dead",
      "unfinished",
      "maximum",
      "cpu-in",
      "metrics",
      "drain",
      "coverage",
      "margin",
      "zones-up",
      "in-flight",
      "nothing-pending",
      "cooldown-in",
      "patience",
      "victim",
    ]);
  });

  it("remembers its last decision", () => {
    const { memory, verdict } = decided({ seen: { cpu: cpu(0.82) } });
    expect(memory.lastDecision).to.deep.equal({ at: noon, kind: "scale-out", why: verdict.why });
    expect([memory.lastOutAt, memory.inFlight]).to.deep.equal([
      noon,
      [{ group: "az2", ordinal: 1, zone: "az2", since: noon }],
    ]);
  });

  it("asks for the sets complete, groups of others included", () => {
    const { verdict } = decided({ seen: { cpu: cpu(0.82), workerSets: { ...goodSeen(five).workerSets, old: [4] } } });
    expect("wanted" in verdict && verdict.wanted).to.deep.equal({ old: [4], az1: [0, 1], az2: [0, 1], az3: [0, 1] });
  });
});
