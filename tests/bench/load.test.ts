import { expect } from "chai";
import { busySeconds, dueAt, meanBusy, rise } from "../../bench/load";

const begun = 1_795_000_000_000;
const after = (seconds: number): number => begun + seconds * 1000;

describe("a load", () => {
  const load = [
    { at: begun, busy: 0.3 },
    { at: after(100), busy: 0.9 },
  ];

  it("is counted as an exporter counts it", () => {
    expect(busySeconds(load, begun)).to.equal(0);
    expect(busySeconds(load, after(100))).to.be.closeTo(30, 1e-9);
    expect(busySeconds(load, after(110))).to.be.closeTo(39, 1e-9);
  });

  it("has a mean over the window", () => {
    expect(meanBusy(load, after(100), 60)).to.be.closeTo(0.3, 1e-9);
    expect(meanBusy(load, after(120), 60)).to.be.closeTo(0.5, 1e-9);
    expect(meanBusy(load, after(300), 60)).to.be.closeTo(0.9, 1e-9);
  });

  it("rises by a step, or a second at a time", () => {
    expect(rise(begun, 0.2, 0.8, 0)).to.deep.equal([{ at: begun, busy: 0.8 }]);
    const slow = rise(begun, 0.2, 0.8, 3);
    expect(slow.map(({ at }) => at - begun)).to.deep.equal([0, 1000, 2000]);
    expect(slow.map(({ busy }) => busy.toFixed(2))).to.deep.equal(["0.40", "0.60", "0.80"]);
  });
});

describe("dueAt", () => {
  const asked = { threshold: 0.75, windowSeconds: 60, from: after(90) };

  it("is when the window's mean is the threshold", () => {
    // 0.3 · (60 - t) + 0.9 · t = 0.75 · 60
    expect(
      dueAt(
        [
          { at: begun, busy: 0.3 },
          { at: after(100), busy: 0.9 },
        ],
        asked,
      ),
    ).to.be.closeTo(after(145), 1);
  });

  it("follows a load that rises slowly", () => {
    const load = [{ at: begun, busy: 0.3 }, ...rise(after(100), 0.3, 0.9, 60)];
    const due = dueAt(load, asked) ?? NaN;
    expect(meanBusy(load, due, 60)).to.be.closeTo(0.75, 1e-6);
    expect(meanBusy(load, due - 100, 60)).to.be.below(0.75);
  });

  it("does not count an earlier crossing", () => {
    const load = [
      { at: begun - 200_000, busy: 0.9 },
      { at: begun, busy: 0.3 },
      { at: after(100), busy: 0.9 },
    ];
    expect(dueAt(load, asked)).to.be.closeTo(after(145), 1);
  });

  it("is never where the load stays below", () => {
    expect(
      dueAt(
        [
          { at: begun, busy: 0.3 },
          { at: after(100), busy: 0.7 },
        ],
        asked,
      ),
    ).to.equal(undefined);
  });
});
