import { expect } from "chai";
import { updateGate, type UpdatesSeen } from "../../../autoscaler/loop/update-gate";

const own = { instance: "here/1", host: "here", pid: 1 };
const holder = { instance: "there/2", host: "there", pid: 2, at: 95_000 };
const update = { instance: "there/2", wanted: {}, failures: 0, at: 40_000 };
const nothing: UpdatesSeen = {
  job: undefined,
  busyUntil: 0,
  lockHolder: undefined,
  update: undefined,
  holder: undefined,
  own,
  now: 100_000,
};

describe("updateGate", () => {
  const rows: readonly (readonly [string, Partial<UpdatesSeen>, boolean, string])[] = [
    ["nothing", {}, true, "no update runs"],
    ["one of its own", { job: { begunAt: 70_000, isInterrupted: false }, update }, false, "an update has run for 30 s"],
    [
      "one that is being interrupted",
      { job: { begunAt: 70_000, isInterrupted: true } },
      false,
      "an update has run for 30 s and is being interrupted",
    ],
    [
      "a lock that another holds",
      { busyUntil: 110_000 },
      false,
      "another update holds the stack's lock, it is tried again in 10 s",
    ],
    ["a person's lock", { lockHolder: "ann@laptop's update" }, false, "ann@laptop's update holds the stack's lock"],
    [
      "a person's lock that an update has met",
      { lockHolder: "ann@laptop's update", busyUntil: 110_000, update: { ...update, failures: 1 } },
      false,
      "ann@laptop's update holds the stack's lock, it is tried again in 10 s",
    ],
    [
      "its own lock",
      { job: { begunAt: 70_000, isInterrupted: false }, lockHolder: "root@here's update" },
      false,
      "an update has run for 30 s",
    ],
    [
      "the lock of the autoscaler that is looked at",
      { update, holder, lockHolder: "root@there's update" },
      false,
      "an update of the autoscaler on there has run for 60 s",
    ],
    [
      "one of the autoscaler that is looked at",
      { update, holder },
      false,
      "an update of the autoscaler on there has run for 60 s",
    ],
    [
      "one whose autoscaler has gone",
      { update, holder: { ...holder, at: 30_000 } },
      true,
      "the last update did not come to its end, the next one finishes it",
    ],
    [
      "one that failed twice",
      { update: { ...update, failures: 2 }, holder },
      true,
      "the last update failed, 2 times in a row; it is tried again",
    ],
  ];
  for (const [what, changes, passed, value] of rows) {
    it(`of ${what}`, () => {
      expect(updateGate({ ...nothing, ...changes })).to.deep.include({
        name: "update",
        side: "both",
        role: "guard",
        passed,
        value,
      });
    });
  }
});
