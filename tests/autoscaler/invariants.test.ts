import { expect } from "chai";
import fc from "fast-check";
import { decide } from "../../autoscaler/decision/decide";
import { removalReasons, type Memory } from "../../autoscaler/model/memory";
import { nodeKey, type Failure, type NodeSeen, type PendingTasks, type Seen } from "../../autoscaler/model/observation";
import { policyDefaults, type GroupPolicy, type Policy } from "../../autoscaler/model/policy";
import { gib, noon, size } from "../support/autoscaler";
import { violations } from "../support/invariants";

const zones = ["az1", "az2", "az3"];
const groupNames = ["a", "b", "c", "d"];
/** Milliseconds before now, and a few after it. */
const instant = fc.integer({ min: -2_000_000, max: 5000 }).map((offset) => noon + offset);
const ordinal = fc.nat(7);
const zone = fc.constantFrom(...zones);
const ref = fc.record({ group: fc.constantFrom(...groupNames, "stranger"), ordinal });
const groups = fc.option(fc.subarray([...groupNames, "stranger"]), { nil: undefined });

const policies: fc.Arbitrary<Policy> = fc
  .record({
    groups: fc.subarray(groupNames).chain((names) =>
      fc.tuple(
        ...names.map((name): fc.Arbitrary<GroupPolicy> =>
          fc
            .record({
              name: fc.constant(name),
              zone,
              min: fc.nat(3),
              more: fc.nat(5),
              size: fc.boolean(),
            })
            .map(({ more, size: told, ...group }) => ({ ...group, max: group.min + more, ...(told ? { size } : {}) })),
        ),
      ),
    ),
    min: fc.nat(6),
    more: fc.nat(10),
    out: fc.integer({ min: 1, max: 4 }),
    in: fc.integer({ min: 1, max: 3 }),
    night: fc.nat(20),
  })
  .map(({ more, out, in: inward, night, ...policy }) => ({
    ...policyDefaults,
    ...policy,
    max: Math.max(
      policy.min + more,
      policy.groups.reduce((sum, group) => sum + group.min, 0),
    ),
    maxStepNodes: { out, in: inward },
    schedules:
      night > 10
        ? [{ name: "s", days: ["tue"], from: "00:00", to: "00:00", timeZone: "Europe/Berlin", min: night - 10 }]
        : [],
  }));

const reserved = fc.record({
  cpu: fc.integer({ min: 0, max: 50 }).map((tenths) => tenths / 10),
  memoryBytes: fc.nat(9).map((number) => number * gib),
});
const nodes: fc.Arbitrary<NodeSeen[]> = fc.array(
  fc
    .record({
      ref,
      zone,
      state: fc.constantFrom("ready", "ready", "ready", "down", "unknown", "draining"),
      total: fc.constantFrom(size, size, { cpu: 0, memoryBytes: 0 }),
      reserved,
      tasks: fc.array(
        fc
          .record({ service: fc.constantFrom("web", "api"), reserved, groups, pinned: fc.boolean() })
          .map(({ groups: may, ...task }) => ({ ...task, ...(may === undefined ? {} : { groups: may }) })),
        { maxLength: 3 },
      ),
      joinedAt: instant,
      protected: fc.boolean(),
    })
    .map(({ ref: place, ...node }): NodeSeen => ({ ...node, ...place, name: nodeKey(place) })),
  { maxLength: 14 },
);

const ratio = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.75, 0.5, 1, NaN, -1, Infinity));
const figure = fc.record({
  ratio,
  newestSampleAt: fc.oneof(fc.constant(noon - 5000), instant),
  nodes: fc.oneof(fc.constant(100), fc.nat(14)),
});
const sometimes = <T>(value: fc.Arbitrary<T>, none: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(none) }, { weight: 1, arbitrary: value });
const pendingTasks: fc.Arbitrary<PendingTasks> = fc
  .record({
    service: fc.constantFrom("web", "db"),
    count: fc.nat(20),
    reserved,
    cause: fc.constantFrom("insufficient-resources", "constraints"),
    groups,
  })
  .map(({ groups: may, ...task }) => ({ ...task, ...(may === undefined ? {} : { groups: may }) }));
const failure: fc.Arbitrary<Failure> = fc.record({
  kind: fc.constantFrom("boot", "no-valid-host", "quota", "refused"),
  zone,
  nodes: fc.array(ref, { maxLength: 2 }),
  at: instant,
  message: fc.constant("No valid host was found"),
});

const observations: fc.Arbitrary<Seen> = fc
  .record({
    nodes,
    strays: fc.array(ref, { maxLength: 4 }),
    inFlight: sometimes(
      fc.array(
        fc.tuple(ref, zone, instant).map(([place, az, since]) => ({ ...place, zone: az, since })),
        { maxLength: 3 },
      ),
      [],
    ),
    pending: sometimes(fc.array(pendingTasks, { maxLength: 3 }), []),
    cpu: fc.option(figure, { nil: undefined, freq: 8 }),
    zoneCpu: sometimes(fc.dictionary(zone, figure), {}),
    reachable: sometimes(fc.nat(3), 3),
    leader: sometimes(fc.boolean(), true),
    unavailableZones: sometimes(fc.subarray(zones), []),
    failures: sometimes(fc.array(failure, { maxLength: 3 }), []),
    blockedBy: sometimes(fc.constant(1), 0),
  })
  .map(({ reachable, strays, cpu, blockedBy, ...seen }): Seen => {
    const workerSets: Record<string, number[]> = {};
    for (const { group, ordinal: number } of [...seen.nodes, ...strays])
      workerSets[group] = [...new Set([...(workerSets[group] ?? []), number])];
    return {
      ...seen,
      workerSets,
      ...(cpu === undefined ? {} : { cpu }),
      obstacles: blockedBy === 0 ? [] : [{ value: "the program differs", needs: "run `pulumi up`" }],
      managers: zones.map((az, index) => ({ name: `m-${az}`, zone: az, reachable: index < reachable })),
    };
  });

const maybe = fc.option(instant, { nil: undefined });
const backoff = fc.record({
  failures: fc.integer({ min: 1, max: 9 }),
  lastAt: instant,
  until: instant.map((at) => at + 500_000),
  why: fc.constant("x"),
  down: fc.boolean(),
});
const memories: fc.Arbitrary<Memory> = fc
  .record({
    lastOutAt: maybe,
    lastInAt: maybe,
    lastJoinAt: maybe,
    lowSince: maybe,
    failuresCountedAt: maybe,
    inFlight: sometimes(
      fc.array(
        fc
          .tuple(ref, zone, instant, fc.boolean())
          .map(([place, az, since, failed]) => ({ ...place, zone: az, since, ...(failed ? { failed: "x" } : {}) })),
        { maxLength: 4 },
      ),
      [],
    ),
    drains: sometimes(
      fc.array(
        fc
          .tuple(ref, instant, fc.constantFrom(...removalReasons))
          .map(([place, since, because]) => ({ ...place, since, because })),
        { maxLength: 3 },
      ),
      [],
    ),
    removed: sometimes(
      fc.array(
        fc.tuple(ref, instant).map(([place, at]) => ({ ...place, at })),
        { maxLength: 3 },
      ),
      [],
    ),
    downSince: sometimes(fc.dictionary(ref.map(nodeKey), instant), {}),
    zones: sometimes(fc.dictionary(zone, backoff), {}),
    quota: sometimes(fc.option(backoff, { nil: undefined }), undefined),
  })
  .filter(({ inFlight, drains }) => {
    // a node is asked for or removed, not both, and once
    const keys = [...inFlight, ...drains].map(nodeKey);
    return new Set(keys).size === keys.length;
  });

describe("decide, for any state", () => {
  it("never throws and breaks no limit", function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(policies, observations, memories, (policy, seen, memory) => {
        expect(violations(policy, seen, memory, decide(policy, seen, memory, noon), noon).join("\n")).to.equal("");
      }),
      { numRuns: 3000 },
    );
  });

  it("does the same for the same state, and changes none of it", () => {
    fc.assert(
      fc.property(policies, observations, memories, (policy, seen, memory) => {
        const before = JSON.stringify([policy, seen, memory]);
        expect(decide(policy, seen, memory, noon)).to.deep.equal(decide(policy, seen, memory, noon));
        expect(JSON.stringify([policy, seen, memory])).to.equal(before);
      }),
      { numRuns: 100 },
    );
  });

  it("does nothing twice: what was asked for is not asked for again", () => {
    fc.assert(
      fc.property(policies, observations, memories, (policy, seen, memory) => {
        const first = decide(policy, seen, memory, noon);
        const second = decide(policy, { ...seen, failures: [] }, first.memory, noon + 10_000);
        if (!("add" in first.verdict) || !("add" in second.verdict)) return;
        const asked = new Set(first.verdict.add.map(nodeKey));
        expect(second.verdict.add.filter((node) => asked.has(nodeKey(node)))).to.deep.equal([]);
        const gone = new Set(first.verdict.remove.map(nodeKey));
        expect(second.verdict.remove.filter((node) => gone.has(nodeKey(node)))).to.deep.equal([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("decide, for zones that are well", () => {
  const counts = fc.tuple(...zones.map(() => fc.nat(6)));
  const states = fc.record({
    counts,
    ratio: fc.double({ min: 0, max: 1, noNaN: true }),
    in: fc.integer({ min: 1, max: 4 }),
  });
  it("adds where the fewest are and takes where the most are, so that they stay within one of each other", () => {
    fc.assert(
      fc.property(states, ({ counts: [...sizes], ratio: load, in: inward }) => {
        const policy: Policy = {
          ...policyDefaults,
          groups: zones.map((name) => ({ name, zone: name, min: 0, max: 8, size })),
          min: 0,
          max: 24,
          maxStepNodes: { out: 9, in: inward },
        };
        const all = zones.flatMap((group, index) =>
          Array.from({ length: sizes[index] ?? 0 }, (_, number): NodeSeen => ({
            group,
            ordinal: number,
            name: nodeKey({ group, ordinal: number }),
            zone: group,
            state: "ready",
            total: size,
            reserved: { cpu: 0, memoryBytes: 0 },
            tasks: [],
            joinedAt: noon - number,
          })),
        );
        const workerSets = Object.fromEntries(
          zones.map((group, index) => [group, Array.from({ length: sizes[index] ?? 0 }, (_, number) => number)]),
        );
        const seen: Seen = {
          workerSets,
          nodes: all,
          inFlight: [],
          pending: [],
          cpu: { ratio: load, newestSampleAt: noon, nodes: all.length },
          zoneCpu: {},
          managers: [{ name: "m", zone: "az1", reachable: true }],
          leader: true,
          unavailableZones: [],
          failures: [],
          obstacles: [],
        };
        const { verdict } = decide(
          policy,
          seen,
          { inFlight: [], drains: [], removed: [], downSince: {}, zones: {}, lowSince: noon - 3_600_000 },
          noon,
        );
        if (!("wanted" in verdict)) return;
        const after = zones.map((name) => verdict.wanted[name]?.length ?? 0);
        const spread = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);
        expect(spread(after), `${verdict.why} ${sizes.join()} to ${after.join()}`).to.be.at.most(
          Math.max(1, spread(sizes)),
        );
      }),
      { numRuns: 500 },
    );
  });
});
