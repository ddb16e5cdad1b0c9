import { expect } from "chai";
import { median, medianRatio, percentile, table } from "../../bench/results";

describe("medianRatio", () => {
  it("compares within a round", () => {
    // the second round was on a machine half as fast
    expect(medianRatio([12, 24, 14], [10, 20, 10])).to.equal(1.2);
    expect(medianRatio([12], [10])).to.equal(1.2);
  });
});

describe("median", () => {
  it("is the middle one, or the mean of the middle two", () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
  });
});

describe("percentile", () => {
  it("is the smallest value that so many do not exceed", () => {
    const values = Array.from({ length: 120 }, (_, index) => 120 - index);
    expect(percentile(values, 0.99)).to.equal(119);
    expect(percentile(values, 0.5)).to.equal(60);
    expect(percentile([7], 0.99)).to.equal(7);
  });
});

describe("table", () => {
  it("says where a figure misses its aim", () => {
    expect(
      table([
        { name: "up", value: 380, unit: "s" },
        { name: "up to bound", value: 1.3, unit: "ratio", bound: 1.2 },
        { name: "create", value: 0.99, unit: "ratio", bound: 1 },
        { name: "state", value: 34789.5, unit: "bytes" },
        { name: "violated", value: 2, unit: "count", bound: 0 },
      ]),
    ).to.equal(
      [
        "up             380.00 s",
        "up to bound      1.30 ratio  (aim: 1.2 at most, missed)",
        "create           0.99 ratio  (aim: 1 at most)",
        "state           34790 bytes",
        "violated            2 count  (aim: 0 at most, missed)",
      ].join("\n"),
    );
  });
});
