import { expect } from "chai";
import { majority, quorumOf, tolerance, whyNeeded } from "../../settings/quorum";

describe("quorumOf", () => {
  it("needs more than half, and tells how many more may be lost", () => {
    expect([1, 2, 3, 4, 5, 7].map((managers) => [majority(managers), tolerance(managers)])).to.deep.equal([
      [1, 0],
      [2, 0],
      [2, 1],
      [3, 1],
      [3, 2],
      [4, 3],
    ]);
    expect(quorumOf(5, 4)).to.deep.equal({ managers: 5, reachable: 4, needed: 3, margin: 1 });
    expect(quorumOf(3, 1).margin, "without a quorum").to.equal(-1);
  });
});

describe("whyNeeded", () => {
  const rows = [
    [3, 3, true, false],
    [3, 2, true, true],
    [3, 2, false, false],
    [5, 4, true, false],
    [5, 3, true, true],
    [5, 3, false, false],
    [2, 2, true, false],
    [1, 1, true, true],
  ] as const;
  for (const [managers, reachable, itself, needed] of rows) {
    it(`${needed ? "keeps" : "lets go of"} ${itself ? "a reachable" : "an unreachable"} one of ${managers} with ${reachable} reachable`, () => {
      expect(whyNeeded(quorumOf(managers, reachable), itself) !== undefined).to.equal(needed);
    });
  }

  it("says what the others are short of", () => {
    expect(whyNeeded(quorumOf(3, 2), true)).to.equal(
      `the quorum needs it: 1 of the 2 other managers are reachable and 2 are needed; see "A manager cannot be removed" in docs/runbook.md`,
    );
  });
});
