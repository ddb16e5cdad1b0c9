import { expect } from "chai";
import fc from "fast-check";
import { firstWorkerHost, planAddresses, unreservedAddresses } from "../../settings/addresses";
import { placeManagers } from "../../settings/names";
import { planWorkerSets } from "../../settings/ordinals";
import { goodSettings } from "../support/settings";

describe("planAddresses", () => {
  it("lays out a /24", () => {
    expect(planAddresses("10.20.0.0/24", 3)).to.deep.equal({
      cidr: "10.20.0.0/24",
      prefix: 24,
      gateway: "10.20.0.1",
      vip: "10.20.0.5",
      managers: ["10.20.0.10", "10.20.0.11", "10.20.0.12"],
      workers: { start: "10.20.0.20", end: "10.20.0.254" },
    });
  });

  it("keeps every address apart and inside the network, for every size and number of managers", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 16, max: 27 }),
        fc.constantFrom(1, 3, 5, 7),
        fc.integer({ min: 0, max: 200 }),
        (prefix, managers, second) => {
          const plan = planAddresses(`10.${second}.0.0/${prefix}`, managers);
          const value = (address: string): number =>
            address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
          const base = value(`10.${second}.0.0`);
          const fixed = [plan.gateway, plan.vip, ...plan.managers].map((address) => value(address) - base);
          expect(new Set(fixed).size).to.equal(fixed.length);
          expect(Math.max(...fixed)).to.be.lessThan(firstWorkerHost);
          expect(value(plan.workers.start) - base).to.equal(firstWorkerHost);
          // the last address is the broadcast
          expect(value(plan.workers.end) - base).to.equal(2 ** (32 - prefix) - 2);
        },
      ),
    );
  });
});

describe("unreservedAddresses", () => {
  const all = [{ start: "10.20.0.2", end: "10.20.0.254" }];
  const three = ["10.20.0.10", "10.20.0.11", "10.20.0.12"];
  const rows: readonly (readonly [string, 3 | 5, typeof all, readonly string[], readonly string[]])[] = [
    [
      "a pool of all addresses",
      3,
      all,
      [],
      ["10.20.0.5", "10.20.0.10", "10.20.0.11", "10.20.0.12", "10.20.0.13", "10.20.0.14", "10.20.0.15", "10.20.0.16"],
    ],
    [
      "a pool that begins among the managers",
      3,
      [{ start: "10.20.0.13", end: "10.20.0.254" }],
      [],
      ["10.20.0.13", "10.20.0.14", "10.20.0.15", "10.20.0.16"],
    ],
    [
      "pools around them",
      3,
      [
        { start: "10.20.0.2", end: "10.20.0.4" },
        { start: "10.20.0.20", end: "10.20.0.254" },
      ],
      [],
      [],
    ],
    ["a cluster whose ports hold theirs", 3, all, three, []],
    ["a cluster that grows", 5, all, three, ["10.20.0.13", "10.20.0.14"]],
  ];
  for (const [what, managers, pools, held, expected] of rows) {
    it(`of ${what}: ${expected.length}`, () => {
      expect(unreservedAddresses(planAddresses("10.20.0.0/24", managers), pools, held)).to.deep.equal(expected);
    });
  }
});

describe("placeManagers", () => {
  it("goes round the zones", () => {
    expect(placeManagers("c", ["az1", "az2", "az3"], 5).map(({ name }) => name)).to.deep.equal([
      "c-manager-az1-0",
      "c-manager-az2-0",
      "c-manager-az3-0",
      "c-manager-az1-1",
      "c-manager-az2-1",
    ]);
  });

  it("balances the zones within one", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 1, maxLength: 7 }),
        fc.constantFrom(1, 3, 5, 7),
        (zones, count) => {
          const places = placeManagers("c", zones, count);
          const perZone = zones.map((zone) => places.filter((place) => place.zone === zone).length);
          expect(Math.max(...perZone) - Math.min(...perZone)).to.be.at.most(1);
          expect(new Set(places.map(({ name }) => name)).size).to.equal(count);
        },
      ),
    );
  });
});

describe("planWorkerSets", () => {
  const groups = (min: number, max: number) => goodSettings({ workerGroups: { az1: { min, max } } }).workerGroups;
  const rows: readonly (readonly [string, number, number, readonly number[], readonly number[]])[] = [
    ["starts with the lowest ordinals", 3, 5, [], [0, 1, 2]],
    ["keeps what the last update left", 1, 5, [0, 2, 4], [0, 2, 4]],
    ["fills gaps first when it grows", 3, 5, [0, 2], [0, 1, 2]],
    ["gives up the highest ordinals above max", 0, 2, [1, 3, 7], [1, 3]],
    ["empties a group", 0, 0, [0, 1], []],
  ];
  for (const [what, min, max, previous, expected] of rows) {
    it(what, () => {
      expect(planWorkerSets(groups(min, max), { az1: previous })).to.deep.equal({ az1: expected });
    });
  }

  it("takes the wanted set in place of the last update's", () => {
    expect(planWorkerSets(groups(1, 5), { az1: [0, 1, 2] }, { az1: [0, 7] })).to.deep.equal({ az1: [0, 7] });
  });

  it("drops a group that is no longer there", () => {
    expect(planWorkerSets(groups(1, 1), { az1: [0], old: [0, 1] })).to.deep.equal({ az1: [0] });
  });

  it("stays within the limits, loses nobody that it may keep and is stable", () => {
    const held = fc.uniqueArray(fc.nat(50), { maxLength: 20 });
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), held, (low, more, previous) => {
        const limits = groups(low, low + more);
        const planned = planWorkerSets(limits, { az1: previous })["az1"] ?? [];
        expect(planned.length).to.be.within(low, low + more);
        expect(new Set(planned).size).to.equal(planned.length);
        expect(planned.filter((ordinal) => previous.includes(ordinal)).length).to.equal(
          Math.min(previous.length, low + more),
        );
        expect(planWorkerSets(limits, { az1: planned })).to.deep.equal({ az1: planned });
      }),
    );
  });
});
