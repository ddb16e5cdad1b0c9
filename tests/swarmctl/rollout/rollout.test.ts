import { join } from "node:path";
import { expect } from "chai";
import type { ClusterOutputs } from "../../../settings/outputs";
import { FakeManager, outputsOf, swarmNode } from "../../support/swarm";
import { TestProject, type Result } from "../../support/swarmctl";

const cluster = "prod-swarm-alpha";
const sets = { az1: [0], az2: [0], az3: [0] };
const worker = `${cluster}-worker-az1-0`;
const fresh = `${cluster}-worker-az1-1`;
const manager = `${cluster}-manager-az2-0`;
const reads = "stack output --json --show-secrets --stack prod wanted= expected=";
const ups = "up --yes --skip-preview --non-interactive --parallel 64";
const change = (wanted: object, expected: object): string =>
  `${ups} --stack prod wanted=${JSON.stringify(wanted)} expected=${JSON.stringify(expected)}`;
const renewal = (name: string): string => `${ups} --replace urn:${name} --stack prod wanted= expected=`;

/** Outputs with the named nodes stale. */
function outputs(workerSets: Record<string, number[]>, ...stale: readonly string[]): ClusterOutputs {
  const all = outputsOf(cluster, workerSets);
  return {
    ...all,
    nodes: all.nodes.map((node) => ({ ...node, serverUrn: `urn:${node.name}`, stale: stale.includes(node.name) })),
    staleNodes: stale.length,
  };
}

describe("swarmctl", function () {
  this.timeout(120_000);
  const swarm = [...outputsOf(cluster, { ...sets, az1: [0, 1] }).nodes].map(({ name }) => swarmNode(name));
  const fake = new FakeManager(swarm);
  let port = 0;
  before(async () => {
    port = await fake.start();
  });
  beforeEach(() => {
    fake.nodes = swarm;
  });
  after(() => {
    fake.stop();
  });
  const run = async (project: TestProject, ...words: string[]): Promise<Result> =>
    project.swarmctl(words, {
      NODE_OPTIONS: `--require ${join(__dirname, "..", "redirect-ssh.cjs")}`,
      SWARM_TEST_SSH: JSON.stringify({ "192.0.2.1": port }),
    });
  const said = ({ stderr }: Result): string[] =>
    stderr.split("\n").filter((line) => !line.startsWith("Updating") && line !== "");
  const steps = (...exchanges: readonly (readonly [string, string, string, string])[]): object[] =>
    exchanges.map(([kind, zone, old, comes]) => ({ kind, zone, old: [old], fresh: [comes] }));
  const changed = { ...sets, az1: [1] };

  describe("cluster rollout", () => {
    it("begins with an update, replaces what is stale after it, an update a step, and ends when nothing is", async () => {
      const project = new TestProject();
      // the edit that makes nodes stale comes into effect with the first update
      project.setOutputs(outputs(sets), outputs(sets, worker, manager), outputs(changed, manager), outputs(changed));
      const result = await run(project, "cluster", "rollout", cluster, "--json");
      expect(said(result)).to.deep.equal([
        `${cluster}: an update first.`,
        `step 1 of 2: ${fresh} (az1) for ${worker}.`,
        `step 2 of 2: ${manager} (az2) is made anew in its place.`,
        `${cluster}: no node is stale any more, after 2 steps.`,
      ]);
      expect(JSON.parse(result.stdout)).to.deep.equal({
        clusterName: cluster,
        steps: steps(["workers", "az1", worker, fresh], ["manager", "az2", manager, manager]),
        blocked: null,
      });
      expect(result.code).to.equal(0);
      expect(project.calls().filter((call) => call !== reads)).to.deep.equal([
        `${ups} --stack prod wanted= expected=`,
        change(changed, sets),
        renewal(manager),
      ]);
    });

    it("shows the steps and does nothing when it is dry", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets, worker, manager));
      const table = await run(project, "cluster", "rollout", "--stack=prod", "--dry-run");
      expect(table).to.deep.equal({
        code: 0,
        stderr: "",
        stdout: [
          "STEP  ZONE  GOES                            COMES",
          `1     az1   ${worker}   ${fresh}`,
          `2     az2   ${manager}  ${manager}`,
          "",
        ].join("\n"),
      });
      const json = await run(project, "cluster", "rollout", cluster, "--dry-run", "--json");
      expect(JSON.parse(json.stdout)).to.deep.equal({
        clusterName: cluster,
        steps: steps(["workers", "az1", worker, fresh], ["manager", "az2", manager, manager]),
        blocked: null,
      });
      expect(project.calls()).to.deep.equal([reads, reads]);
    });

    it("says so when nothing is stale", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets), outputs(sets));
      expect(await run(project, "cluster", "rollout", cluster, "--dry-run")).to.deep.equal({
        code: 0,
        stdout: "",
        stderr: `${cluster}: nothing is stale; after an edit of the configuration \`pulumi up --stack prod\` counts anew.\n`,
      });
      expect(said(await run(project, "cluster", "rollout", cluster))).to.deep.equal([
        `${cluster}: an update first.`,
        `${cluster}: nothing is stale.`,
      ]);
    });

    it("shows with 3 why not all can be done", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets, worker));
      fake.nodes = swarm.map((node) =>
        node.Description?.Hostname === `${cluster}-worker-az2-0` ? { ...node, Status: { State: "down" } } : node,
      );
      const { code, stdout, stderr } = await run(project, "cluster", "rollout", cluster, "--dry-run", "--json");
      const why = `${cluster}-worker-az2-0: not stale, but not ready; \`swarmctl cluster status\` says why, \`swarmctl node replace NODE\` replaces it.`;
      expect([code, JSON.parse(stdout), stderr]).to.deep.equal([
        3,
        { clusterName: cluster, steps: [], blocked: why },
        `${why}\n`,
      ]);
    });

    it("stops at the first failure and says how to go on; the same command does", async () => {
      const project = new TestProject();
      project.setOutputs(
        outputs(sets, worker, manager),
        outputs(sets, worker, manager),
        outputs(changed, manager),
        outputs(changed),
      );
      project.failUpdates("error: it did not join\n");
      const failed = await run(project, "cluster", "rollout", cluster, "--surge=2");
      expect([failed.code, failed.stdout]).to.deep.equal([1, ""]);
      expect(said(failed).slice(-2)).to.deep.equal([
        `${cluster}: stopped. When the cause is mended: swarmctl cluster rollout ${cluster} --stack=prod --surge=2`,
        "stack prod: the update failed, Pulumi ended with 255; its output says why, docs/runbook.md what to do.",
      ]);
      project.mendUpdates();
      const result = await run(project, "cluster", "rollout", cluster);
      expect(result.code).to.equal(0);
      expect(
        project
          .calls()
          .filter((call) => call.startsWith("up"))
          .slice(1),
      ).to.deep.equal([`${ups} --stack prod wanted= expected=`, renewal(manager)]);
    });

    it("plans anew where another update came in between", async () => {
      const project = new TestProject();
      const grown = { ...sets, az2: [0, 1] };
      project.setOutputs(outputs(sets, worker), outputs(grown, worker), outputs({ ...grown, az1: [1] }));
      project.failUpdates("refused\n", { once: true, report: { kind: "overtaken" } });
      const result = await run(project, "node", "replace", worker);
      const sentence = `${worker}: ${fresh} (az1) for ${worker}. If this fails, \`pulumi up --stack prod\` finishes it.`;
      expect([result.code, said(result).filter((line) => line !== "refused")]).to.deep.equal([
        0,
        [
          sentence,
          `${cluster}: stack prod: another update changed its workers or their limits in between; nothing was touched, try again.`,
          sentence,
          `${worker}: replaced by ${fresh}.`,
        ],
      ]);
      expect(project.calls().filter((call) => call !== reads)).to.deep.equal([
        change(changed, sets),
        change({ ...grown, az1: [1] }, grown),
      ]);
    });

    it("ends with 75 where another update holds the lock for longer than it may wait, and says who", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets, worker), outputs(sets, worker));
      project.failUpdates(
        "error: the stack is currently locked by 1 lock(s).\n  s3://states/x.json: created by ann@there (pid 4711) at 2026-01-01T00:00:00Z\n",
      );
      const result = await run(project, "cluster", "rollout", cluster, "--lock-timeout=0");
      expect(result.code).to.equal(75);
      expect(said(result).slice(-2)).to.deep.equal([
        `${cluster}: stopped. When the cause is mended: swarmctl cluster rollout ${cluster} --stack=prod`,
        `stack prod: locked by ann@there's update of 2026-01-01T00:00:00Z (process 4711); try again when it is done, or see "Two updates at once" in docs/runbook.md.`,
      ]);
    });

    it("waits for another update where a node is not ready, which may be that one's", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets, worker), outputs(sets, worker));
      project.lockAfterUpdate("ann", "there");
      fake.nodes = swarm.filter((node) => node.Description?.Hostname !== `${cluster}-worker-az2-0`);
      const result = await run(project, "cluster", "rollout", cluster, "--lock-timeout=0");
      expect([result.code, project.calls().filter((call) => call.startsWith("up")).length]).to.deep.equal([75, 1]);
      expect(said(result).at(-1)).to.match(/^stack prod: locked by ann@there's update of /);
    });

    it("does not replace for ever what is stale at once", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets, manager), outputs(sets, manager), outputs(sets, manager));
      const { code, stderr } = await run(project, "cluster", "rollout", cluster);
      expect(code).to.equal(1);
      expect(stderr).to.match(/\nprod-swarm-alpha-manager-az2-0: made anew and stale at once; this is a bug\.\n$/);
    });
  });

  describe("node replace", () => {
    it("puts a new worker in the place of one by one update", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets), outputs(changed));
      const result = await run(project, "node", "replace", worker);
      expect([result.code, result.stdout, said(result)]).to.deep.equal([
        0,
        "",
        [
          `${worker}: ${fresh} (az1) for ${worker}. If this fails, \`pulumi up --stack prod\` finishes it.`,
          `${worker}: replaced by ${fresh}.`,
        ],
      ]);
      expect(project.calls().filter((call) => call !== reads)).to.deep.equal([change(changed, sets)]);
    });

    it("makes a manager anew in its place", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets), outputs(sets));
      expect((await run(project, "node", "replace", manager)).code).to.equal(0);
      expect(project.calls().filter((call) => call !== reads)).to.deep.equal([renewal(manager)]);
    });

    it("does nothing when it is dry, nor for a manager that cannot be spared", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets));
      expect(await run(project, "node", "replace", worker, "--dry-run")).to.deep.equal({
        code: 0,
        stdout: "",
        stderr: `${worker}: ${fresh} (az1) for ${worker}. Nothing was done.\n`,
      });
      fake.nodes = swarm.map((node) =>
        node.Description?.Hostname === `${cluster}-manager-az3-0`
          ? { ...node, ManagerStatus: { Reachability: "unreachable" } }
          : node,
      );
      const { code, stderr } = await run(project, "node", "replace", manager);
      expect([code, stderr]).to.deep.equal([
        1,
        `${manager}: it cannot be spared; 2 of 3 managers are reachable and 2 are needed. See "A manager dies" in docs/runbook.md.\n`,
      ]);
      expect(project.calls().filter((call) => call !== reads)).to.deep.equal([]);
    });

    it("fails with the update", async () => {
      const project = new TestProject();
      project.setOutputs(outputs(sets));
      project.failUpdates("error: it did not join\n");
      expect((await run(project, "node", "replace", worker)).code).to.equal(1);
    });
  });
});
