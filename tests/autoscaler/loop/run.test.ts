import { expect } from "chai";
import { periodSeconds } from "../../../autoscaler/loop/run";
import { LoopWorld } from "../../support/loop-world";

describe("the period of a loop", () => {
  it("is the interval where the instance may act, and three where another's manager leads", async () => {
    const world = new LoopWorld();
    const periods: number[] = [];
    for (const options of [{}, { self: "test-manager-az1-0" }, { self: "test-manager-az2-0" }]) {
      const tick = await world.start("one", options).loop.tick();
      periods.push(periodSeconds(tick, 5));
    }
    expect(periods).to.deep.equal([5, 5, 15]);
  });

  it("is the interval where a look failed, so that nothing is known of who leads", () => {
    expect(periodSeconds({}, 5)).to.equal(5);
  });
});
