import { expect } from "chai";
import fc from "fast-check";
import { activeSchedule, isActive, type Schedule } from "../../../autoscaler/model/schedule";

const day: Schedule = {
  name: "office hours",
  days: ["mon", "tue", "wed", "thu", "fri"],
  from: "07:00",
  to: "19:00",
  timeZone: "Europe/Berlin",
  min: 6,
};
const hours = (from: string, to: string): Schedule => ({ ...day, name: `${from} to ${to}`, days: ["sun"], from, to });
const at = (text: string): number => Date.parse(text);

describe("isActive", () => {
  const rows: readonly (readonly [string, Schedule, string, boolean])[] = [
    ["begins at its hour, in winter", day, "2026-11-24T07:00:00+01:00", true],
    ["and not a minute before", day, "2026-11-24T06:59:59+01:00", false],
    ["ends at its hour", day, "2026-11-24T19:00:00+01:00", false],
    ["begins at the same hour in summer", day, "2026-07-21T07:00:00+02:00", true],
    ["and not a minute before in summer", day, "2026-07-21T06:59:59+02:00", false],
    ["does not begin on other days", day, "2026-11-22T12:00:00+01:00", false],
    ["goes over midnight", { ...day, from: "22:00", to: "06:00" }, "2026-11-28T05:59:00+01:00", true],
    [
      "counts the night to the day on which it began",
      { ...day, from: "22:00", to: "06:00" },
      "2026-11-23T05:59:00+01:00",
      false,
    ],
    [
      "lasts a day where it ends when it begins",
      { ...day, from: "00:00", to: "00:00" },
      "2026-11-24T23:59:00+01:00",
      true,
    ],
    // Europe/Berlin: 2026-03-29, 02:00 to 03:00 does not exist; 2026-10-25, 02:00 to 03:00 comes twice
    ["begins at the jump where its hour does not exist", hours("02:30", "12:00"), "2026-03-29T03:00:00+02:00", true],
    ["and not before the jump", hours("02:30", "12:00"), "2026-03-29T01:59:00+01:00", false],
    ["ends at the jump where its end does not exist", hours("01:00", "02:30"), "2026-03-29T03:00:00+02:00", false],
    ["lasts to the jump", hours("01:00", "02:30"), "2026-03-29T01:59:00+01:00", true],
    ["begins the first time its hour comes", hours("02:30", "12:00"), "2026-10-25T02:30:00+02:00", true],
    ["and goes on when the clock is turned back", hours("02:30", "12:00"), "2026-10-25T02:10:00+01:00", true],
    ["ends the first time its end comes", hours("01:00", "02:30"), "2026-10-25T02:30:00+02:00", false],
    [
      "and does not begin again when the clock is turned back",
      hours("01:00", "02:30"),
      "2026-10-25T02:10:00+01:00",
      false,
    ],
  ];
  for (const [what, schedule, time, expected] of rows)
    it(what, () => {
      expect(isActive(schedule, at(time))).to.equal(expected);
    });

  it("begins and ends once a day, whatever the clocks do", () => {
    const time = fc
      .tuple(fc.nat(23), fc.nat(59))
      .map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`);
    const changes = fc.constantFrom("2026-03-29T00:00:00+01:00", "2026-10-25T00:00:00+02:00");
    fc.assert(
      fc.property(time, time, changes, (from, to, midnight) => {
        fc.pre(from < to);
        const states = Array.from({ length: 25 * 4 }, (_, index) =>
          isActive(hours(from, to), at(midnight) + index * 900_000),
        );
        expect(states.filter((state, index) => state !== (states[index - 1] ?? false)).length).to.be.at.most(2);
      }),
      { numRuns: 20 },
    );
  });

  it("refuses a time zone that there is none of", () => {
    expect(() => isActive({ ...day, timeZone: "Europe/Atlantis" }, at("2026-11-24T12:00:00Z"))).to.throw(RangeError);
  });
});

describe("activeSchedule", () => {
  it("is the one with the highest minimum", () => {
    const rush = { ...day, name: "rush", from: "09:00", to: "10:00", min: 9 };
    expect(activeSchedule([day, rush], at("2026-11-24T09:30:00+01:00"))).to.equal(rush);
    expect(activeSchedule([day, rush], at("2026-11-24T11:00:00+01:00"))).to.equal(day);
    expect(activeSchedule([day, rush], at("2026-11-24T20:00:00+01:00"))).to.equal(undefined);
  });
});
