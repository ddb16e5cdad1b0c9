import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { policyDefaults, type Policy } from "../../../autoscaler/model/policy";
import { replay, simulate, type Step } from "../../../autoscaler/simulation/simulate";
import { parseCsvTrace, type TracePoint } from "../../../autoscaler/simulation/trace";
import type { WorldOptions } from "../../../autoscaler/simulation/world";
import { zoneNames } from "../../../autoscaler/decision/zone-health";
import { violations } from "../../support/invariants";

const trace = (name: string): TracePoint[] =>
  parseCsvTrace(readFileSync(join(__dirname, "traces", `${name}.csv`), "utf8"));
const zones = ["az1", "az2", "az3"];
const policy: Policy = {
  ...policyDefaults,
  groups: zones.map((name) => ({ name, zone: name, min: 1, max: 6 })),
  min: 3,
  max: 15,
};

/** Replays and asserts at every tick what must always hold. */
function replayed(points: readonly TracePoint[], options: Partial<WorldOptions> = {}, by: Policy = policy): Step[] {
  return [...replay(by, points, options)].map((step) => {
    const found = violations(by, step.seen, step.before, step.decision, step.now);
    expect(found, `${new Date(step.now).toISOString()} ${found.join("\n")}`).to.deep.equal([]);
    return step;
  });
}

const actions = (steps: readonly Step[]): Step[] =>
  steps.filter(
    ({
      decision: {
        verdict: { kind },
      },
    }) => kind === "scale-out" || kind === "scale-in",
  );
const ready = ({ seen }: Step): number => seen.nodes.filter(({ state }) => state === "ready").length;
const minutes = (from: Step | undefined, to: Step | undefined): number =>
  ((to?.now ?? NaN) - (from?.now ?? NaN)) / 60_000;

/** Times at which a worker that the load had removed was missed within ten minutes. */
function flaps(steps: readonly Step[]): string[] {
  const done = actions(steps);
  return done
    .filter(({ decision: { verdict } }, index) => {
      const next = done[index + 1];
      return (
        verdict.kind === "scale-in" &&
        verdict.remove.some(({ because }) => because === "load") &&
        next?.decision.verdict.kind === "scale-out" &&
        minutes(done[index], next) < 10
      );
    })
    .map(({ now, decision }) => `${new Date(now).toISOString()} ${decision.verdict.why}`);
}

/** Workers of the zones that have been well from the start lie within one of each other after every action. */
function imbalances(steps: readonly Step[], among: readonly string[]): string[] {
  return actions(steps)
    .filter(({ decision: { verdict } }) => {
      const counts = among.map((zone) => ("wanted" in verdict ? (verdict.wanted[zone]?.length ?? 0) : 0));
      return Math.max(...counts) - Math.min(...counts) > 1;
    })
    .map(
      ({ now, decision: { verdict } }) =>
        `${new Date(now).toISOString()} ${"wanted" in verdict ? JSON.stringify(verdict.wanted) : ""} ${verdict.why}`,
    );
}

describe("simulate, a working day", () => {
  const steps = replayed(trace("daily"));

  it("follows the load without flapping, the zones within one of each other", () => {
    expect(flaps(steps)).to.deep.equal([]);
    expect(imbalances(steps, zones)).to.deep.equal([]);
  });

  it("has enough by day and few at night", () => {
    const at = (hour: number): Step | undefined => steps.find(({ now }) => new Date(now).getUTCHours() === hour);
    const [night, day, evening] = [at(4), at(11), steps.at(-1)];
    if (night === undefined || day === undefined || evening === undefined) throw new Error("the trace is too short");
    expect(ready(night)).to.equal(3);
    expect(ready(evening)).to.be.at.most(4);
    expect(ready(day)).to.be.within(10, 12);
    expect(day.seen.cpu?.ratio).to.be.at.most(0.8);
  });

  it("changes direction once in the morning and once in the evening", () => {
    const kinds = actions(steps).map(({ decision: { verdict } }) => verdict.kind);
    expect(kinds.filter((kind, index) => index > 0 && kind !== kinds[index - 1]).length).to.be.at.most(3);
  });
});

describe("simulate, a spike", () => {
  const steps = replayed(trace("spike"));

  it("has the nodes within ten minutes, and lets them go one at a time afterwards", () => {
    const begin = steps.find(({ point }) => point.cpuCores > 30);
    const enough = steps.find(
      (step) => ready(step) * 4 * policy.scaleOutCpuRatio >= step.point.cpuCores && step.point.cpuCores > 30,
    );
    expect(minutes(begin, enough)).to.be.at.most(10);
    const removals = actions(steps).filter(({ decision: { verdict } }) => verdict.kind === "scale-in");
    expect(removals.length).to.be.greaterThan(3);
    for (const [index, step] of removals.entries())
      if (index > 0) expect(minutes(removals[index - 1], step)).to.be.at.least(policy.cooldownInSeconds / 60);
    expect(flaps(steps)).to.deep.equal([]);
  });
});

describe("simulate, load around the threshold", () => {
  const six = { workerSets: { az1: [0, 1], az2: [0, 1], az3: [0, 1] } };
  for (const name of ["square", "noise"]) {
    it(`does not flap on ${name}`, () => {
      const done = actions(replayed(trace(name), six));
      expect(done.filter(({ decision: { verdict } }) => verdict.kind === "scale-in").length, "removals").to.equal(0);
      expect(done.length, "additions").to.be.at.most(2);
    });
  }
});

describe("simulate, a zone lost in the middle of a scale-out", () => {
  const steps = replayed(trace("outage"));
  const lost = steps.find(({ point }) => point.zonesDown.length > 0);

  it("gives its share to the others within two ticks", () => {
    const answer = actions(steps).find(
      ({ now, decision: { verdict } }) => now >= (lost?.now ?? Infinity) && verdict.kind === "scale-out",
    );
    expect(((answer?.now ?? Infinity) - (lost?.now ?? 0)) / 1000).to.be.at.most(20);
    const verdict = answer?.decision.verdict;
    expect(verdict !== undefined && "add" in verdict && verdict.add.every(({ group }) => group !== "az3")).to.equal(
      true,
    );
  });

  it("asks nothing of the zone while it is down", () => {
    const asked = actions(steps).filter(
      ({ point, decision: { verdict } }) =>
        point.zonesDown.length > 0 && "add" in verdict && verdict.add.some(({ group }) => group === "az3"),
    );
    expect(asked.map(({ decision }) => decision.verdict.why)).to.deep.equal([]);
    expect(
      imbalances(
        steps.filter(({ point }) => point.zonesDown.length > 0),
        ["az1", "az2"],
      ),
    ).to.deep.equal([]);
  });

  it("brings the zones together again, one node at a time, and does not flap", () => {
    const back = actions(steps).filter(
      ({ now, point, decision: { verdict } }) =>
        now > (lost?.now ?? 0) && point.zonesDown.length === 0 && "add" in verdict && verdict.add.length > 0,
    );
    expect(
      back.every(
        ({ decision: { verdict } }) =>
          "add" in verdict && verdict.add.filter(({ group }) => group === "az3").length <= 1,
      ),
    ).to.equal(true);
    const end = steps.at(-1)?.seen.workerSets ?? {};
    const counts = zones.map((zone) => end[zone]?.length ?? 0);
    expect(Math.max(...counts) - Math.min(...counts), counts.join()).to.be.at.most(1);
    expect(flaps(steps)).to.deep.equal([]);
  });
});

describe("simulate, reservations with CPU idle", () => {
  const steps = replayed(trace("pending"));

  it("places every task, though a zone finds no host", () => {
    const before = steps.filter(({ point }) => point.reservedCores > 20).at(-1);
    expect(before?.seen.pending).to.deep.equal([]);
    expect(
      steps.filter(
        ({ decision: { verdict } }) =>
          "remove" in verdict && verdict.remove.some(({ because }) => because === "did-not-join"),
      ).length,
    ).to.be.greaterThan(0);
  });

  it("leaves nothing of the failed boots, and lets go what is no longer reserved", () => {
    const end = steps.at(-1);
    expect(end?.coming).to.deep.equal({ az1: 0, az2: 0, az3: 0 });
    expect(
      actions(steps).some(
        ({ decision: { verdict } }) => "remove" in verdict && verdict.remove.some(({ because }) => because === "load"),
      ),
    ).to.equal(true);
    expect(flaps(steps)).to.deep.equal([]);
  });
});

describe("simulate, an hour without figures", () => {
  it("removes nobody in it, and goes on after it", () => {
    const steps = replayed(trace("blind"), { workerSets: { az1: [0, 1], az2: [0, 1], az3: [0, 1] } });
    const removed = (from: (point: TracePoint) => boolean): number =>
      actions(steps).filter(({ point, now }) => from(point) && now > (steps[0]?.now ?? 0) + 25 * 60_000).length;
    expect(removed(({ metrics }) => !metrics)).to.equal(0);
    expect(removed(({ metrics }) => metrics)).to.be.greaterThan(0);
  });
});

describe("simulate, a schedule", () => {
  it("has the morning's minimum when the morning begins, and goes down after hours", () => {
    const start = Date.parse("2026-03-29T00:00:00+01:00");
    const flat = Array.from({ length: 25 }, (_, hour): TracePoint => ({
      at: start + hour * 3_600_000,
      cpuCores: 2,
      reservedCores: 0,
      zonesDown: [],
      bootFailures: [],
      metrics: true,
    }));
    const schedules = [
      { name: "mornings", days: ["sun"], from: "07:00", to: "12:00", timeZone: "Europe/Berlin", min: 9 },
    ] as const;
    const steps = replayed(flat, { tickSeconds: 30 }, { ...policy, schedules });
    const at = (time: string): number =>
      ready(steps.find(({ now }) => now >= Date.parse(time)) ?? steps[0] ?? expect.fail());
    // the clocks went forward in the night
    expect([
      at("2026-03-29T06:59:00+02:00"),
      at("2026-03-29T07:02:00+02:00"),
      at("2026-03-29T12:00:00+02:00"),
      at("2026-03-29T20:00:00+02:00"),
    ]).to.deep.equal([3, 9, 9, 3]);
  });
});

describe("simulate, 1,000 nodes in ten zones through a day", () => {
  it("breaks no limit at any tick", function () {
    this.timeout(300_000);
    const names = Array.from({ length: 10 }, (_, index) => `az${index + 1}`);
    const large: Policy = {
      ...policyDefaults,
      groups: names.map((name) => ({ name, zone: name, min: 1, max: 120 })),
      min: 30,
      max: 1000,
      maxStepNodes: { out: 50, in: 10 },
    };
    const start = Date.UTC(2026, 10, 24);
    const day = Array.from({ length: 289 }, (_, index): TracePoint => {
      const cores = 1550 - 1350 * Math.cos((index / 288) * 2 * Math.PI);
      return {
        at: start + index * 300_000,
        cpuCores: cores,
        reservedCores: cores * 1.1,
        zonesDown: index >= 120 && index < 132 ? ["az4"] : [],
        bootFailures: index >= 60 && index < 66 ? ["az7"] : [],
        metrics: index < 200 || index > 203,
      };
    });
    const steps = replayed(day, { tickSeconds: 120 }, large);
    expect(Math.max(...steps.map(ready))).to.be.greaterThan(850);
    expect(
      imbalances(
        steps.filter(({ now }) => now < start + 60 * 300_000),
        zoneNames(large),
      ),
    ).to.deep.equal([]);
    expect(flaps(steps)).to.deep.equal([]);
  });
});

describe("simulate", () => {
  it("gives a frame for each tick", () => {
    const { frames, zones: names } = simulate(policy, trace("spike"));
    expect([frames.length, names]).to.deep.equal([1081, zones]);
    expect(frames[0]).to.deep.equal({
      at: Date.UTC(2026, 10, 24),
      demandCores: 6,
      ratio: 0.5,
      pendingTasks: 0,
      ready: { az1: 1, az2: 1, az3: 1 },
      coming: { az1: 0, az2: 0, az3: 0 },
      verdict: {
        kind: "hold",
        why: "CPU of the cluster is 50 % over 60 s; a worker comes above 75 % and goes where the others stay below 50 %.",
      },
    });
  });

  it("of no trace is empty", () => {
    expect(simulate(policy, []).frames).to.deep.equal([]);
  });
});
