import { expect } from "chai";
import { allowFaults } from "../../settings/plan-guard";
import { goodSettings } from "../support/settings";

describe("allowFaults", () => {
  const now = new Date("2026-12-01T23:59:59Z");
  const faults = (...days: string[]): string[] =>
    allowFaults(
      goodSettings({ allow: days.map((until) => ({ what: "lose-workers", until, why: "the zone moves" })) }),
      now,
    ).map(({ path, problem }) => `${path}: ${problem}`);

  it("takes an exception up to 31 days ahead, and one that is over", () => {
    expect(faults("2027-01-01", "2026-12-01", "2026-11-30")).to.deep.equal([]);
  });

  it("refuses a standing one, and says the last day", () => {
    expect(faults("2026-12-05", "2027-01-02", "2099-12-31")).to.deep.equal(
      ["2027-01-02", "2099-12-31"].map(
        (until, index) =>
          `settings.allow.${index + 1}.until: "${until}" is more than 31 days ahead; use a day up to "2027-01-01", or change the limits in swarm:planGuard.`,
      ),
    );
  });
});
