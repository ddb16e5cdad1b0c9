import { expect } from "chai";
import {
  emptyRecord,
  isDue,
  isHeldByOther,
  leaseSeconds,
  parseRecord,
  renewSeconds,
  withDecision,
} from "../../../autoscaler/loop/record";

describe("the record", () => {
  const own = { instance: "one", host: "here", pid: 1, at: 0 };
  it("comes back from its text as it was, and a text that is none is none", () => {
    expect(parseRecord(JSON.stringify({ ...emptyRecord, holder: own }))).to.deep.equal({ ...emptyRecord, holder: own });
    expect(["", "{", "{}", JSON.stringify({ ...emptyRecord, version: 2 })].map(parseRecord)).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("repeats no decision that differs by its figures alone, and keeps a bounded number", () => {
    const hold = (at: number, why: string) => ({ at, kind: "hold" as const, why });
    const once = withDecision([hold(1, "CPU is 82 %.")], hold(2, "CPU is 83.5 %."));
    expect(once).to.have.length(1);
    const twice = withDecision(once, hold(3, "There is no figure."));
    expect(twice).to.have.length(2);
    expect(withDecision(twice, hold(4, "CPU is 81 %."))).to.have.length(2);
    expect(withDecision([{ at: 4, kind: "scale-in", why: "x" }, ...twice], hold(5, "CPU is 81 %."))).to.have.length(4);
    expect(
      withDecision([{ at: 1, kind: "scale-out", why: "x" }], { at: 2, kind: "scale-out", why: "x" }),
    ).to.have.length(2);
    let many: ReturnType<typeof withDecision> = [];
    for (let at = 0; at < 120; at += 1) many = withDecision(many, { at, kind: "scale-in", why: "x" });
    expect([many.length, many[0]?.at]).to.deep.equal([50, 119]);
  });

  it("is written when something has changed, and from time to time", () => {
    const before = { ...emptyRecord, holder: own };
    const after = (seconds: number, changes = {}) =>
      isDue(before, { ...before, holder: { ...own, at: seconds * 1000 }, ...changes }, seconds * 1000);
    expect([
      after(10),
      after(renewSeconds),
      after(1, { memory: { ...emptyRecord.memory, lowSince: 1 } }),
    ]).to.deep.equal([false, true, true]);
    expect(after(1, { memory: { ...emptyRecord.memory, lastDecision: { at: 1, kind: "hold", why: "" } } })).to.equal(
      false,
    );
    expect(isDue(undefined, before, 0)).to.equal(true);
  });

  it("is held by another until that is dead, has ended, or has said nothing for long", () => {
    const two = { ...own, instance: "two" };
    const held = (seconds: number, isDead = false) => isHeldByOther(two, own, isDead, seconds * 1000);
    expect([
      held(0),
      held(leaseSeconds - 1),
      held(leaseSeconds),
      held(0, true),
      isHeldByOther(undefined, own, false, 0),
      isHeldByOther(own, own, false, 0),
    ]).to.deep.equal([true, true, false, false, false, false]);
  });
});
