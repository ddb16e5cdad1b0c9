import { join } from "node:path";
import { expect } from "chai";
import { policyOf } from "../../autoscaler/model/policy-of";
import { policyDefaults } from "../../autoscaler/model/policy";
import { goodSettings } from "../support/settings";
import { inBatches, TestProject, type Result } from "../support/swarmctl";

describe("policyOf", () => {
  it("is nothing where autoscaling is off", () => {
    expect(policyOf(goodSettings())).to.equal(undefined);
  });

  it("takes the groups, limits, thresholds and schedules from the settings, and the rest from the defaults", () => {
    const schedule = { days: ["mon"], from: "07:00", to: "19:00", timeZone: "Europe/Zurich", minNodes: 5 };
    expect(
      policyOf(
        goodSettings({
          autoscale: { cpuThreshold: 80, scaleInCpuThreshold: 40, maxNodes: 9, maxStep: 2, schedules: [schedule] },
        }),
      ),
    ).to.deep.equal({
      ...policyDefaults,
      groups: [
        { name: "az1", zone: "az1", min: 1, max: 4 },
        { name: "az2", zone: "az2", min: 1, max: 3 },
        { name: "az3", zone: "az3", min: 1, max: 3 },
      ],
      min: 3,
      max: 9,
      scaleOutCpuRatio: 0.8,
      scaleInCpuRatio: 0.4,
      windowSeconds: 60,
      schedules: [
        { name: "autoscale.schedules.0", days: ["mon"], from: "07:00", to: "19:00", timeZone: "Europe/Zurich", min: 5 },
      ],
      cooldownOutSeconds: 60,
      cooldownInSeconds: 600,
      cooldownInAfterOutSeconds: 600,
      joinDeadlineSeconds: 420,
      maxStepNodes: { ...policyDefaults.maxStepNodes, out: 2 },
    });
  });
});

describe("policyOf a cluster with times of its own", () => {
  it("waits for as long after the load fell as after the last removal", () => {
    const policy = policyOf(goodSettings({ autoscale: { scaleInCooldownSeconds: 90 } }));
    expect([policy?.scaleInAfterSeconds, policy?.cooldownInSeconds, policy?.cooldownInAfterOutSeconds]).to.deep.equal([
      90, 90, 90,
    ]);
  });

  it("gives a join and a removal the time that an update gives them, and some for the update itself", () => {
    const policy = policyOf(goodSettings({ autoscale: {}, deadlines: { nodeReadyMinutes: 20, drainMinutes: 30 } }));
    expect([policy?.joinDeadlineSeconds, policy?.drainDeadlineSeconds]).to.deep.equal([20 * 60 + 120, 30 * 60 + 600]);
  });
});

describe("swarmctl autoscaler simulate", function () {
  this.timeout(120_000);
  const project = new TestProject();
  const daily = join(__dirname, "..", "autoscaler", "simulation", "traces", "daily.csv");
  let page: Result | undefined, json: Result | undefined, broken: Result | undefined, missing: Result | undefined;
  before(async () => {
    project.write("Pulumi.prod.yaml", `${project.read("Pulumi.prod.yaml")}  swarm:autoscale: {maxNodes: 10}\n`);
    project.write("broken.csv", "time,cpu_cores\n10,many\n");
    const words = (...rest: string[]): string[] => ["autoscaler", "simulate", ...rest, "prod-swarm-alpha"];
    [page, json, broken, missing] = await inBatches(
      [
        words(daily, "--svg=day.svg"),
        words(daily, "--json", "--node-cores=8", "--boot-seconds=120"),
        words("broken.csv"),
        words("none.csv"),
      ],
      async (line) => project.swarmctl(line),
    );
  });

  it("shows in the terminal when workers come and go, and why", () => {
    expect([page?.code, page?.stderr]).to.deep.equal([0, ""]);
    expect(page?.stdout)
      .to.match(/^CPU .*\naz1 .*\naz2 .*\naz3 .*\ndecisions .*▲.*▼/)
      .and.to.include("out above 75 %, in below 45 %, 3 to 10 workers");
    expect(page?.stdout).to.match(
      /Z {2}scale-out {2}CPU of the cluster is 75\.\d % over 60 s, above 75 %; az1-1 is added, az1 has the fewest workers/,
    );
  });

  it("draws it", () => {
    const drawing = project.read("day.svg");
    expect(drawing)
      .to.match(/^<svg /)
      .and.to.include("prod-swarm-alpha, ")
      .and.to.include("prefers-color-scheme: dark");
  });

  it("gives every tick as JSON, for workers of the given size", () => {
    const { frames } = JSON.parse(json?.stdout ?? "") as {
      frames: { ready: Record<string, number>; verdict: { kind: string } }[];
    };
    const most = Math.max(...frames.map(({ ready }) => Object.values(ready).reduce((sum, count) => sum + count, 0)));
    // 8 cores do with 6 workers what takes 10 of 4
    expect(most).to.be.within(4, 7);
    expect(frames.some(({ verdict }) => verdict.kind === "scale-in")).to.equal(true);
  });

  it("names what is wrong with a trace", () => {
    expect([broken?.code, missing?.code]).to.deep.equal([2, 2]);
    expect(broken?.stderr).to.match(/broken\.csv: trace line 2: cpu_cores is "many"; use a number, 0 or more\.\n$/);
    expect(missing?.stderr).to.match(/none\.csv: cannot be read; name a file of CSV or JSON\.\n$/);
  });
});
