import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";
import { FakeManager, outputsOf, swarmNode } from "../support/swarm";
import { inBatches, TestProject, type Result } from "../support/swarmctl";

const cluster = "prod-swarm-alpha";
const redirect = `--require ${join(__dirname, "redirect-ssh.cjs")}`;
const sets = { az1: [0], az2: [0], az3: [0] };
const worker = `${cluster}-worker-az1-0`;

describe("swarmctl on a cluster", function () {
  this.timeout(120_000);
  const project = new TestProject();
  const outputs = outputsOf(cluster, sets, { demoUrl: "http://192.0.2.100/whoami" });
  const healthy = outputs.nodes.map(({ name }) => swarmNode(name));
  const manager = new FakeManager(healthy);
  let port = 0;
  const run = async (...words: string[]): Promise<Result> =>
    project.swarmctl(words, { NODE_OPTIONS: redirect, SWARM_TEST_SSH: JSON.stringify({ "192.0.2.2": port }) });
  before(async () => {
    project.setOutputs(outputs);
    port = await manager.start();
  });
  beforeEach(() => {
    manager.nodes = healthy;
  });
  after(() => {
    manager.stop();
  });

  it("finds it healthy through the manager that answers, as a page, as JSON, and as nodes", async () => {
    const [page, json, nodes, names] = await inBatches(
      [
        ["cluster", "status", cluster],
        ["cluster", "status", cluster, "--json"],
        ["node", "ls", "--stack=prod"],
        ["node", "ls", cluster, "--json"],
      ],
      async (words) => run(...words),
    );
    expect(page?.stderr).to.equal("");
    expect(page?.code).to.equal(0);
    expect(page?.stdout).to.match(
      /^prod-swarm-alpha: healthy\nquorum: +3 of 3 managers reachable, 2 needed, margin 1\ningress: +192\.0\.2\.100\ndemo: +http:\/\/192\.0\.2\.100\/whoami\n/,
    );
    expect((JSON.parse(json?.stdout ?? "") as { quorum: unknown }).quorum).to.deep.equal({
      managers: 3,
      reachable: 3,
      needed: 2,
      margin: 1,
    });
    expect(nodes?.stdout.split("\n")[1]).to.match(
      /^prod-swarm-alpha-manager-az1-0 +az1 +manager +ready, leader +10\.20\.0\.10 +192\.0\.2\.1$/,
    );
    expect([nodes?.code, nodes?.stderr]).to.deep.equal([0, "demo: http://192.0.2.100/whoami\n"]);
    expect((JSON.parse(names?.stdout ?? "") as { name: string }[]).map(({ name }) => name)).to.deep.equal(
      outputs.nodes.map(({ name }) => name),
    );
    for (const { stdout, stderr } of [page, json, nodes, names].filter((result) => result !== undefined))
      expect(stdout + stderr).not.to.match(/PRIVATE|SWMTKN/);
  });

  it("ends with 3 when a worker is down", async () => {
    manager.nodes = healthy.map((node) => (node.ID === `id-${worker}` ? { ...node, Status: { State: "down" } } : node));
    const { code, stdout } = await run("cluster", "status", cluster);
    expect(code).to.equal(3);
    expect(stdout)
      .to.match(/^prod-swarm-alpha: not healthy\n/)
      .and.to.include(
        `\nnot healthy because:\n  ${worker}: its state is down; if its server runs, \`pulumi up\` brings it back; otherwise see "The swarm is not as the last update left it" in docs/runbook.md.\n`,
      );
  });

  it("ends with 3 when no manager answers, and shows what the outputs know", async () => {
    const [status, nodes] = await inBatches(["cluster status", "node ls"], async (words) =>
      project.swarmctl([...words.split(" "), cluster], { NODE_OPTIONS: redirect }),
    );
    expect([status?.code, nodes?.code]).to.deep.equal([3, 3]);
    expect(status?.stdout)
      .to.match(/^prod-swarm-alpha: not healthy\nquorum: +not known\ningress: +192\.0\.2\.100\n/)
      .and.to.match(/\nprod-swarm-alpha-worker-az1-0 +az1 +worker +unknown +10\.20\.0\.20 +-\n/);
    expect(status?.stdout).to.match(
      /\nnot healthy because:\n {2}prod-swarm-alpha: no manager answers: prod-swarm-alpha-manager-az1-0: .*; prod-swarm-alpha-manager-az3-0: .*see docs\/runbook\.md\.\n$/,
    );
    expect(nodes?.stderr).to.match(/^demo: .*\nprod-swarm-alpha: no manager answers: /);
  });

  it("looks again and again until it is interrupted, and ends with what it saw last", async () => {
    let [looks, code] = [0, -1];
    await new Promise<void>((resolve) => {
      const child = execFile(
        process.execPath,
        [join(__dirname, "..", "..", "swarmctl", "swarmctl.cjs"), "cluster", "status", cluster, "--watch", "--json"],
        {
          cwd: project.folder,
          env: {
            ...process.env,
            ...project.environment(),
            NODE_OPTIONS: redirect,
            SWARM_TEST_SSH: JSON.stringify({ "192.0.2.1": port }),
          },
        },
        (error) => {
          code = error === null ? 0 : Number(error.code);
          resolve();
        },
      );
      child.stdout?.on("data", (line: string) => {
        looks += line.split("\n").length - 1;
        if (looks === 1) manager.nodes = healthy.slice(1);
        if (looks === 2) child.kill("SIGINT");
      });
    });
    expect([looks, code]).to.deep.equal([2, 3]);
  });

  it("drains a node, waits for its tasks, and gives it some again", async () => {
    manager.runningTasks = [2, 0];
    expect(await run("node", "drain", worker)).to.deep.equal({
      code: 0,
      stdout: "",
      stderr: `${worker}: drained; \`swarmctl node activate ${worker}\` gives it tasks again.\n`,
    });
    expect(manager.nodes.find(({ ID }) => ID === `id-${worker}`)?.Spec.Availability).to.equal("drain");
    expect(manager.runningTasks).to.deep.equal([]);
    expect((await run("node", "drain", worker)).stderr).to.equal(
      `${worker}: was drained already; \`swarmctl node activate ${worker}\` gives it tasks again.\n`,
    );
    expect((await run("node", "activate", worker)).stderr).to.equal(`${worker}: active; it takes tasks again.\n`);
    expect(await run("node", "activate", worker)).to.deep.equal({
      code: 0,
      stdout: "",
      stderr: `${worker}: was active already.\n`,
    });
  });

  it("names the nodes that there are when one is not known, to the stack or to the swarm", async () => {
    manager.nodes = healthy.filter(({ ID }) => ID !== `id-${worker}`);
    const [stack, swarm] = await inBatches([`${cluster}-worker-az1-7`, worker], async (node) =>
      run("node", "drain", node),
    );
    expect([stack?.code, stack?.stderr]).to.deep.equal([
      2,
      `node "${cluster}-worker-az1-7": not of the cluster ${cluster}; its nodes are ${outputs.nodes.map(({ name }) => name).join(", ")}.\n`,
    ]);
    expect([swarm?.code, swarm?.stderr]).to.deep.equal([
      1,
      `${worker}: not in the swarm; \`swarmctl cluster status\` shows what is.\n`,
    ]);
  });

  it("has no answer for a stack without a cluster", async () => {
    const empty = new TestProject();
    empty.setOutputs({});
    expect(await empty.swarmctl(["cluster", "status", cluster])).to.deep.equal({
      code: 1,
      stdout: "",
      stderr: "stack prod: the stack has no cluster yet, or an older one; run `pulumi up`.\n",
    });
  });
});

describe("swarmctl cluster update --apply", function () {
  this.timeout(120_000);
  const words = ["cluster", "update", cluster, "--autoscale-max-nodes=9", "--apply"];

  it("runs the update after the edit, and again when there is nothing to edit", async () => {
    const project = new TestProject();
    const first = await project.swarmctl(words);
    expect(first.code).to.equal(0);
    expect(first.stdout).to.include("\n+    maxNodes: 9\n");
    expect(first.stderr).to.match(
      /^prod-swarm-alpha: Pulumi\.prod\.yaml is changed\.\n[^]*Updating \([^]*prod-swarm-alpha: the update is done\.\n$/,
    );
    const second = await project.swarmctl(words);
    expect([second.code, second.stdout]).to.deep.equal([0, ""]);
    const up = "up --yes --skip-preview --non-interactive --parallel 64 --stack prod wanted= expected=";
    expect(project.calls()).to.deep.equal([up, up]);
  });

  it("goes through the lab's own Pulumi for the stack lab", async () => {
    const project = new TestProject();
    const { code } = await project.swarmctl(["cluster", "update", "lab", "--autoscale-window-seconds=30", "--apply"]);
    expect([code, project.calls()]).to.deep.equal([0, ["up --yes --skip-preview --non-interactive wanted= expected="]]);
  });

  it("ends with 75 when another update runs for longer than it may wait, with 1 when it fails; the edit stays", async () => {
    const [busy, broken] = [new TestProject(), new TestProject()];
    busy.failUpdates("error: the stack is currently locked by 1 lock(s)\n");
    broken.failUpdates("error: no valid host\n");
    const [first, second] = await inBatches([busy, broken], async (project) =>
      project.swarmctl([...words, "--lock-timeout=0"]),
    );
    expect(first?.code).to.equal(75);
    expect(first?.stderr).to.match(
      /\nstack prod: locked by another update; try again when it is done, or see "Two updates at once" in docs\/runbook\.md\.\n$/,
    );
    expect(second?.code).to.equal(1);
    expect(second?.stderr).to.match(
      /error: no valid host\nstack prod: the update failed, Pulumi ended with 255; its output says why, docs\/runbook\.md what to do\.\n$/,
    );
    expect(broken.read("Pulumi.prod.yaml")).to.include("maxNodes: 9");
  });
});
