import { expect } from "chai";
import fc from "fast-check";
import { firstMisfit, lotsOf, place, type Bin, type Lot } from "../../../autoscaler/decision/packing";
import { gib, size } from "../../support/autoscaler";

const lot = (service: string, count: number, cpu: number, memory = 0, groups?: readonly string[]): Lot => ({
  service,
  count,
  need: { cpu, memoryBytes: memory * gib },
  ...(groups === undefined ? {} : { groups }),
});
const bin = (cpu: number, memory = 8, group = "az1"): Bin => ({ group, free: { cpu, memoryBytes: memory * gib } });

describe("place", () => {
  const rows: readonly (readonly [string, Lot, readonly Bin[], number])[] = [
    ["fills one bin after the other", lot("web", 5, 1), [bin(2), bin(4)], 0],
    ["returns what finds no room", lot("web", 5, 3), [bin(4), bin(2), bin(7)], 2],
    ["is bound by memory too", lot("web", 3, 0.1, 4), [bin(4), bin(4, 3)], 1],
    ["places what reserves nothing anywhere", lot("web", 50, 0), [bin(0)], 0],
    ["but not on a node that is promised to more than it has", lot("web", 1, 0), [bin(-1)], 1],
    ["heeds the groups that are admitted", lot("web", 2, 1, 0, ["az2"]), [bin(4), bin(1, 8, "az2")], 1],
    ["is not misled by fractions", lot("web", 10, 0.1), [bin(1)], 0],
  ];
  for (const [what, tasks, bins, left] of rows)
    it(what, () => {
      expect(place(tasks, [...bins])).to.equal(left);
    });
});

describe("firstMisfit", () => {
  it("places the largest first", () => {
    expect(firstMisfit([lot("small", 4, 1), lot("large", 1, 4)], [bin(4), bin(4)], size)).to.equal(undefined);
  });

  it("names what does not fit", () => {
    expect(firstMisfit([lot("small", 4, 1), lot("large", 2, 3)], [bin(4), bin(4)], size)?.service).to.equal("small");
  });

  it("never promises more than there is", () => {
    const lots = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 40 })), { maxLength: 8 });
    const bins = fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 8 });
    fc.assert(
      fc.property(lots, bins, (tasks, rooms) => {
        const wanted = tasks.map(([count, tenths], index) => lot(`s${index}`, count, tenths / 10));
        fc.pre(
          firstMisfit(
            wanted,
            rooms.map((tenths) => bin(tenths / 10)),
            size,
          ) === undefined,
        );
        const need = tasks.reduce((sum, [count, tenths]) => sum + count * tenths, 0);
        expect(need).to.be.at.most(rooms.reduce((sum, room) => sum + room, 0));
      }),
    );
  });
});

describe("lotsOf", () => {
  it("puts tasks of a service that reserve alike together", () => {
    const web = { service: "web", reserved: { cpu: 1, memoryBytes: gib } };
    expect(lotsOf([web, web, { ...web, reserved: size }, { ...web, service: "api", groups: ["az1"] }])).to.deep.equal([
      { service: "web", need: web.reserved, count: 2 },
      { service: "web", need: size, count: 1 },
      { service: "api", need: web.reserved, count: 1, groups: ["az1"] },
    ]);
  });
});
