import { expect } from "chai";
import { readChoices } from "../../bench/choices";

describe("readChoices", () => {
  it("measures everything unless it is told otherwise", () => {
    expect(readChoices({})).to.deep.equal({
      parts: ["phases", "terraform", "scale", "size", "loop", "reaction"],
      rounds: 3,
      sizes: [9, 100, 1000],
    });
  });

  it("takes some parts, rounds and sizes", () => {
    expect(readChoices({ BENCH_PARTS: "size, terraform", BENCH_ROUNDS: "1", BENCH_SIZES: "9" })).to.deep.equal({
      parts: ["size", "terraform"],
      rounds: 1,
      sizes: [9],
    });
  });

  const rows: readonly (readonly [Record<string, string>, string])[] = [
    [
      { BENCH_PARTS: "sizes" },
      `BENCH_PARTS: "sizes" is not known; use some of phases, terraform, scale, size, loop, reaction.`,
    ],
    [{ BENCH_ROUNDS: "0" }, `BENCH_ROUNDS: "0" is not allowed; use whole numbers from 1 to 99.`],
    [{ BENCH_SIZES: "9,1e3" }, `BENCH_SIZES: "1e3" is not allowed; use whole numbers from 6 to 1000.`],
    [{ BENCH_SIZES: "" }, `BENCH_SIZES: "" is not allowed`],
  ];
  for (const [environment, message] of rows) {
    it(`refuses ${JSON.stringify(environment)}`, () => {
      expect(() => readChoices(environment)).to.throw(message);
    });
  }
});
