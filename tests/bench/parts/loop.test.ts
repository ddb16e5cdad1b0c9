import { expect } from "chai";
import { measureTicks, sights } from "../../../bench/parts/loop";
import type { Result } from "../../../bench/results";

describe("the loop that is measured", () => {
  for (const sight of sights) {
    it(`comes to ${sight.verdict} at each look, and keeps its record at each`, async () => {
      const results: Result[] = [];
      await measureTicks(20, sight, 5, (result) => {
        results.push(result);
      });
      expect(results.map(({ name, bound }) => [name, bound])).to.deep.equal([
        [`loop, 20 workers, ${sight.verdict}, median of 20`, undefined],
        [`loop, 20 workers, ${sight.verdict}, longest of 20`, 5],
      ]);
    });
  }

  it("is refused where it comes to something else", async () => {
    const failed = await measureTicks(20, { verdict: "hold", ratio: 0.9, pending: 0 }, 5, () => undefined).catch(
      (error: unknown) => error,
    );
    expect(failed)
      .to.be.an("error")
      .with.property("message")
      .that.matches(/^loop, 20 workers, hold: scale-out: /);
  });
});
