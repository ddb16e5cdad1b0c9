import { expect } from "chai";
import { unreadiness } from "../../ops/nodes";
import { editConfig, holdings, lab, printEvidence, pulumi, readOutputs, servers, swarmNodes } from "./support/lab";
import { lookAtMachine, type Machine } from "./support/machine";
import { run, say } from "./support/run";

/** The cluster of Pulumi.lab.yaml: name → zone. */
const nodes: Readonly<Record<string, string>> = {
  "lab-manager-az1-0": "az1", "lab-manager-az2-0": "az2", "lab-manager-az3-0": "az3",
  "lab-worker-az1-0": "az1", "lab-worker-az2-0": "az2", "lab-worker-az3-0": "az3",
};

interface Tally {
  readonly answered: number;
  readonly hosts: Record<string, number>;
  readonly failures: Record<string, number>;
  readonly seconds: number;
}

/** A bounded number of requests to the demo, from a namespace that reaches the lab alone. */
async function requests(count: number): Promise<Tally> {
  const { demoUrl = "" } = await readOutputs();
  const { stdout } = await run(["lab/lab", "client", process.execPath, "--import", "tsx", "tests/lab/support/requests.ts", demoUrl, String(count), "8"],
    { deadlineMinutes: 10 });
  return JSON.parse(stdout) as Tally;
}

describe("a cluster on the lab", () => {
  let before: Machine;
  after(async function evidence() {
    if (this.test?.parent?.tests.some((test) => test.state === "failed") === true) await printEvidence();
  });

  it("starts from zero: nothing of an earlier lab runs", async () => {
    await lab("down", "--wipe");
    before = await lookAtMachine();
    expect(before["processes"]).to.deep.equal([]);
  });

  it("brings a cloud up", async () => {
    const { seconds, output } = await lab("up");
    say(output.trim().split("\n").slice(-4).join("\n      "));
    say(`lab up: ${Math.round(seconds)} s`);
    expect((await lab("status")).output).to.include("az3");
  });

  it("plans the cluster before it is there", async () => {
    const { output, seconds } = await pulumi("preview");
    say(`preview: ${Math.round(seconds)} s`);
    expect(output).to.match(/\+ \d+ to create/).and.not.to.include("errored");
    expect(await servers()).to.deep.equal([]);
  });

  it("builds it: three managers in three zones, a ready and labelled worker in each", async () => {
    const { seconds } = await pulumi("up", "--yes", "--skip-preview");
    say(`up: ${Math.round(seconds)} s`);
    expect(Object.fromEntries((await servers()).map(({ name, zone }) => [name, zone]))).to.deep.equal(nodes);
    const states = await swarmNodes();
    const reachability = states.filter(({ Spec }) => Spec.Role === "manager")
      .map(({ ManagerStatus }) => ManagerStatus?.Leader === true ? "leader" : ManagerStatus?.Reachability);
    expect(reachability.sort()).to.deep.equal(["leader", "reachable", "reachable"]);
    for (const [name, zone] of Object.entries(nodes)) {
      const named = states.filter(({ Description }) => Description?.Hostname === name);
      const role = name.includes("manager") ? "manager" : "worker";
      expect(unreadiness(role, named), name).to.equal(undefined);
      expect(named[0]?.Spec.Labels, name).to.deep.equal({ az: zone, group: role === "manager" ? "managers" : zone, ordinal: "0" });
    }
  });

  it("answers 500 requests, from at least two nodes", async () => {
    const tally = await requests(500);
    say(`500 requests: ${tally.seconds.toFixed(1)} s, ${JSON.stringify(tally.hosts)}`);
    expect(tally.failures).to.deep.equal({});
    expect(tally.answered).to.equal(500);
    expect(Object.keys(tally.hosts)).to.have.length.of.at.least(2);
  });

  it("has nothing to change after an update", async () => {
    const { seconds } = await pulumi("preview", "--expect-no-changes");
    say(`preview without changes: ${Math.round(seconds)} s`);
  });

  it("adds a worker by an edit of the configuration", async () => {
    editConfig((config) => { Object.assign(config["swarm:workerGroups"] as object, { az1: { min: 2, max: 2 } }); });
    const { seconds } = await pulumi("up", "--yes", "--skip-preview");
    say(`one more worker: ${Math.round(seconds)} s`);
    const added = (await swarmNodes()).filter(({ Description }) => Description?.Hostname === "lab-worker-az1-1");
    expect(unreadiness("worker", added)).to.equal(undefined);
    expect(added[0]?.Spec.Labels).to.deep.equal({ az: "az1", group: "az1", ordinal: "1" });
    expect((await servers()).find(({ name }) => name === "lab-worker-az1-1")?.zone).to.equal("az1");
  });

  it("takes it away by the next edit: no server, port or swarm node is left", async () => {
    editConfig((config) => { Object.assign(config["swarm:workerGroups"] as object, { az1: { min: 1, max: 1 } }); });
    const { seconds } = await pulumi("up", "--yes", "--skip-preview");
    say(`one worker less: ${Math.round(seconds)} s`);
    const held = await holdings();
    expect(held["servers"]).to.have.members(Object.keys(nodes));
    expect(held["ports"]).not.to.include("lab-worker-az1-1");
    expect((await swarmNodes()).map(({ Description }) => Description?.Hostname)).to.have.members(Object.keys(nodes));
  });

  it("destroys it: the cloud holds nothing of it", async () => {
    const { seconds } = await pulumi("destroy", "--yes", "--skip-preview");
    say(`destroy: ${Math.round(seconds)} s`);
    for (const [kind, names] of Object.entries(await holdings())) expect(names, kind).to.deep.equal([]);
  });

  it("takes the cloud down: the machine is as before", async () => {
    const { seconds } = await lab("down");
    say(`lab down: ${Math.round(seconds)} s`);
    expect(await lookAtMachine()).to.deep.equal(before);
  });
});
