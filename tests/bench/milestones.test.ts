import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { milestonesOf } from "../../bench/milestones";
import { phaseSeconds } from "../../bench/phases";
import { parseEvent, type UpdateEvent } from "../../ops/pulumi/events";

/**
 * The events of an `up` of the whole program, its machines played; of each event what is read, and some of the others.
 */
const recorded = readFileSync(join(__dirname, "up.events.jsonl"), "utf8").trimEnd().split("\n");
const eventsOf = (lines: readonly string[]): UpdateEvent[] =>
  lines.map(parseEvent).filter((event) => event !== undefined);
const begun = 1_795_558_857;

describe("milestonesOf", () => {
  it("finds the end of each phase in what Pulumi logged", () => {
    expect(milestonesOf(eventsOf(recorded))).to.deep.equal({
      api: begun + 34,
      boot: begun + 36,
      init: begun + 39,
      join: begun + 41,
      stacks: begun + 47,
    });
  });

  const rows: readonly (readonly [string, RegExp, string])[] = [
    ["a server", /Instance/, "event log: a server's creation is not in it."],
    ["the boot", /SSH and Docker answer/, "event log: the first manager's boot is not in it."],
    ["the init", /managers-init/, "event log: the first manager's boot is not in it."],
    ["a membership", /-membership-/, "event log: a node's membership is not in it."],
    ["a stack", /-deploy"/, "event log: a stack's deployment is not in it."],
  ];
  for (const [what, pattern, message] of rows) {
    it(`refuses a log without ${what}`, () => {
      const without = recorded.filter((line) => !pattern.test(line));
      expect(() => milestonesOf(eventsOf(without))).to.throw(message);
    });
  }
});

describe("phaseSeconds", () => {
  it("counts each phase from the end of the one before", () => {
    expect(phaseSeconds(begun, milestonesOf(eventsOf(recorded)))).to.deep.equal({
      api: 34,
      boot: 2,
      init: 3,
      join: 2,
      stacks: 6,
    });
  });

  it("counts nothing for a phase that ended before the one before it did, and the rest of it later", () => {
    expect(phaseSeconds(100, { api: 130, boot: 120, init: 140, join: 140, stacks: 150 })).to.deep.equal({
      api: 30,
      boot: 0,
      init: 10,
      join: 0,
      stacks: 10,
    });
  });
});
