import { expect } from "chai";
import { replay } from "../../autoscaler/simulation/simulate";
import { dayOf } from "../../bench/day";
import { violations } from "../support/invariants";

describe("dayOf", () => {
  const { policy, trace } = dayOf(100);
  const steps = [...replay(policy, trace, { tickSeconds: 120 })];
  const ready = steps.map(({ seen }) => seen.nodes.filter(({ state }) => state === "ready").length);

  it("needs all workers by day and few by night, in ten zones", () => {
    expect(policy.groups.map(({ zone }) => zone)).to.have.length(10);
    expect(Math.max(...ready)).to.equal(100);
    expect(ready[0]).to.be.below(15);
  });

  it("loses a zone for an hour", () => {
    expect(trace.filter(({ zonesDown }) => zonesDown.length > 0).map(({ zonesDown }) => zonesDown)).to.deep.equal(
      Array.from({ length: 12 }, () => ["az4"]),
    );
  });

  it("violates nothing", () => {
    for (const { seen, before, decision, now } of steps)
      expect(violations(policy, seen, before, decision, now)).to.deep.equal([]);
  });
});
