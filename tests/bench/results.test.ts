import { expect } from "chai";
import { median, table } from "../../bench/results";

describe("median", () => {
  it("is the middle one, or the mean of the middle two", () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
  });
});

describe("table", () => {
  it("says where a figure misses its aim", () => {
    expect(table([
      { name: "up", value: 380, unit: "s" }, { name: "up to bound", value: 1.3, unit: "ratio", bound: 1.2 },
      { name: "create", value: 0.99, unit: "ratio", bound: 1 }, { name: "state", value: 34789.5, unit: "bytes" },
    ])).to.equal([
      "up             380.00 s", "up to bound      1.30 ratio  (aim: 1.2 at most, missed)", "create           0.99 ratio  (aim: 1 at most)", "state           34790 bytes",
    ].join("\n"));
  });
});
