import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { emptyRecord, recordName, type AutoscalerRecord } from "../../autoscaler/loop/record";
import { programFingerprint } from "../../ops/update/program";
import { goodSettings } from "../support/settings";
import { FakeManager, outputsOf, swarmNode } from "../support/swarm";
import { TestProject, type Result } from "../support/swarmctl";
import { until } from "../support/until";
import { figuresAnswer, WebServer } from "../support/web";

const cluster = "prod-swarm-alpha";
const redirect = `--require ${join(__dirname, "redirect-ssh.cjs")}`;
const sets = { az1: [0], az2: [0], az3: [0] };
const grown = { az1: [0, 1], az2: [0], az3: [0] };

/**
 * The whole command, against a real Prometheus API, a real SSH server with Docker's API behind it, and a Pulumi that
 * notes what it is asked.
 */
describe("swarmctl autoscaler", function () {
  this.timeout(180_000);
  let cpu = 0.6;
  let port = 0;
  const prometheus = new WebServer(() => ({
    body: figuresAnswer(cpu, 3, Date.now() - 2000, "60s", ["az1", "az2", "az3"]),
  }));
  const alertmanager = new WebServer(() => ({ body: "" }));
  let project: TestProject;
  const { autoscale } = goodSettings({ autoscale: { maxNodes: 9 } });
  const outputs = (workerSets: Record<string, number[]>, changes = {}) =>
    outputsOf(cluster, workerSets, {
      program: programFingerprint(project.folder),
      ...(autoscale === undefined ? {} : { autoscale }),
      ...changes,
    });
  const resources = { NanoCPUs: 4e9, MemoryBytes: 8 * 2 ** 30 };
  const nodes = () =>
    outputs(sets).nodes.map(({ name }) =>
      swarmNode(name, { Description: { Hostname: name, Resources: resources }, CreatedAt: "2026-01-01T00:00:00Z" }),
    );
  let manager: FakeManager;
  const environment = () => ({ NODE_OPTIONS: redirect, SWARM_TEST_SSH: JSON.stringify({ "192.0.2.2": port }) });
  const run = async (...words: string[]): Promise<Result> => project.swarmctl(["autoscaler", ...words], environment());
  const record = () =>
    JSON.parse(manager.configs.get(recordName)?.labels["record"] ?? "null") as AutoscalerRecord | null;
  const ups = () => project.calls().filter((call) => call.startsWith("up"));

  before(async () => {
    await prometheus.start();
    await alertmanager.start();
  });
  beforeEach(async () => {
    project = new TestProject({ program: true });
    project.setOutputs(outputs(sets), outputs(grown));
    manager = new FakeManager(nodes());
    port = await manager.start();
    cpu = 0.6;
  });
  afterEach(() => {
    manager.stop();
  });
  after(() => {
    prometheus.stop();
    alertmanager.stop();
  });

  it("explains every gate with its value, as a page and as JSON, and changes nothing", async () => {
    cpu = 0.9;
    const { code, stdout, stderr } = await run("explain", cluster, `--prometheus=${prometheus.address}`);
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.match(
      /^prod-swarm-alpha: scale-out\nCPU of the cluster is 90 % over 60 s, above 75 %; az1-1 is added/,
    );
    expect(stdout)
      .to.match(/\ncpu-out +out, signal +yes +CPU of the cluster is 90 % over 60 s; above 75 %\n/)
      .and.to.match(/\nquorum +both +yes +3 of 3 managers answer; 2 keep the quorum\n/);
    cpu = 0.6;
    const json = JSON.parse((await run("explain", cluster, `--prometheus=${prometheus.address}`, "--json")).stdout) as {
      verdict: { kind: string };
      gates: { name: string }[];
    };
    expect(json.verdict.kind).to.equal("hold");
    const described = [
      ...readFileSync(join(__dirname, "..", "..", "docs", "autoscaler.md"), "utf8").matchAll(
        /^\| `([a-z-]+)` \| (?:both|in|out)/gm,
      ),
    ].map(([, name]) => name);
    expect(json.gates.map(({ name }) => name))
      .to.have.members(described)
      .and.to.have.length(26);
    expect([manager.configs.size, ups()]).to.deep.equal([0, []]);
  });

  it("explains that a person's update holds the lock of the stack", async () => {
    const state = join(project.folder, "state");
    const folder = join(state, ".pulumi", "locks", "organization", "swarm", "prod");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "one.json"),
      JSON.stringify({ pid: 4711, username: "ann", hostname: "there", timestamp: "2026-01-01T00:00:00Z" }),
    );
    const { stdout } = await project.swarmctl(
      ["autoscaler", "explain", cluster, `--prometheus=${prometheus.address}`],
      { ...environment(), PULUMI_BACKEND_URL: `file://${state}` },
    );
    expect(stdout).to.match(
      /\nupdate +both +no +ann@there's update of 2026-01-01T00:00:00Z \(process 4711\) holds the stack's lock; one at a time; what is decided meanwhile waits\n/,
    );
  });

  it("explains that there are no figures where Prometheus does not listen on a manager", async () => {
    const { code, stdout } = await run("explain", cluster);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^prod-swarm-alpha: hold\nThere is no CPU figure, /);
  });

  it("looks once, adds a worker by one update, and tells", async () => {
    cpu = 0.9;
    const { code, stdout, stderr } = await run(
      "run",
      cluster,
      "--once",
      `--prometheus=${prometheus.address}`,
      `--alertmanager=${alertmanager.address}`,
    );
    expect([code, ups()], stderr).to.deep.equal([
      0,
      [
        `up --yes --skip-preview --non-interactive --parallel 64 --stack prod wanted=${JSON.stringify(grown)} expected=${JSON.stringify(sets)}`,
      ],
    ]);
    expect(project.calls().filter((call) => call.startsWith("config refresh"))).to.have.length(1);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { verdict: string; add?: unknown });
    expect(lines.map(({ verdict, add }) => [verdict, add])).to.deep.equal([
      ["scale-out", [{ group: "az1", ordinal: 1 }]],
    ]);
    expect(record()?.memory.inFlight.map(({ group, ordinal }) => [group, ordinal])).to.deep.equal([["az1", 1]]);
    expect([record()?.update, record()?.holder]).to.deep.equal([undefined, undefined]);
    expect(
      alertmanager.asked.map(({ body }) => (JSON.parse(body) as { labels: { phase: string } }[])[0]?.labels.phase),
    ).to.deep.equal(["started"]);
    expect(stdout + stderr).not.to.match(/PRIVATE|SWMTKN/);
  });

  it("does nothing in a dry run, and says what it would do", async () => {
    cpu = 0.9;
    const { code, stderr } = await run(
      "run",
      "--cluster",
      cluster,
      "--once",
      "--dry-run",
      `--prometheus=${prometheus.address}`,
    );
    expect([code, ups(), manager.configs.size]).to.deep.equal([0, [], 0]);
    expect(stderr).to.include(`dry run: an update would leave the workers ${JSON.stringify(grown)}.\n`);
  });

  it("ends with 3 where another program was deployed, and with 75 where another update holds the lock", async () => {
    cpu = 0.9;
    project.failUpdates("error: the stack is currently locked by 1 lock(s)");
    const busy = await run("run", cluster, "--once", `--prometheus=${prometheus.address}`);
    expect(busy.code, busy.stderr).to.equal(75);
    project.setOutputs(outputs(sets, { program: "f".repeat(64) }), outputs(sets, { program: "f".repeat(64) }));
    const blocked = await run("run", cluster, "--once", `--prometheus=${prometheus.address}`);
    expect(blocked.code).to.equal(3);
    expect(blocked.stdout).to.match(
      /"verdict":"blocked","why":"The program here \([0-9a-f]{12}\) is not the one last deployed \(ffffffffffff\); run `pulumi up`/,
    );
  });

  it("runs until it is ended, serves what it sees, stands by on another manager than the leader, and gives the record up", async () => {
    let [stderr, stdout, code] = ["", "", -1];
    const child = execFile(
      process.execPath,
      [
        join(__dirname, "..", "..", "swarmctl", "swarmctl.cjs"),
        "autoscaler",
        "run",
        cluster,
        "--interval=1",
        "--listen=127.0.0.1:0",
        `--node=${cluster}-manager-az1-0`,
        `--prometheus=${prometheus.address}`,
      ],
      { cwd: project.folder, env: { ...process.env, ...project.environment(), ...environment() } },
    );
    const ended = new Promise<void>((resolve) => {
      child.once("exit", (status) => {
        code = status ?? -1;
        resolve();
      });
    });
    child.stdout?.on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.on("data", (text: string) => {
      stderr += text;
    });
    const told = { seconds: 60, told: () => `: ${stderr}${stdout}` };
    await until("address", () => /http:\/\/\S+\//.test(stderr), told);
    const base = /http:\/\/[^/]+/.exec(stderr)?.[0] ?? "";
    const metric = async (name: string): Promise<string | undefined> =>
      new RegExp(`^${name} (\\S+)$`, "m").exec(await (await fetch(`${base}/metrics`)).text())?.[1];
    await until("a tick", async () => (await metric("swarm_autoscaler_active")) === "1", told);
    expect((await fetch(`${base}/healthz`)).status).to.equal(200);
    expect(await (await fetch(base)).text()).to.include("prod-swarm-alpha: autoscaler");
    expect(record()?.holder?.pid).to.equal(child.pid);
    const status = await project.swarmctl(["cluster", "status", cluster], environment());
    expect(status.stdout).to.match(/\nautoscaler: +hold \(\S+\): CPU of the cluster is 60 % over 60 s;.*\.\n/);
    manager.nodes = manager.nodes.map((node) =>
      node.ManagerStatus === undefined
        ? node
        : {
            ...node,
            ManagerStatus: {
              Reachability: "reachable",
              Leader: node.Description?.Hostname === `${cluster}-manager-az2-0`,
            },
          },
    );
    await until("another leader", async () => (await metric("swarm_autoscaler_active")) === "0", told);
    await until("the record", () => record()?.holder === undefined, told);
    child.kill("SIGTERM");
    await ended;
    expect(code, stderr).to.equal(0);
  });

  it("takes over at once from one that was killed on the same machine, and not from one elsewhere that lives", async () => {
    const child = execFile(
      process.execPath,
      [
        join(__dirname, "..", "..", "swarmctl", "swarmctl.cjs"),
        "autoscaler",
        "run",
        cluster,
        "--interval=1",
        `--prometheus=${prometheus.address}`,
      ],
      { cwd: project.folder, env: { ...process.env, ...project.environment(), ...environment() } },
    );
    const dead = new Promise<void>((resolve) => {
      child.once("exit", () => {
        resolve();
      });
    });
    await until("its record", () => record()?.holder?.pid === child.pid, { seconds: 60 });
    const beside = await run("run", cluster, "--once", `--prometheus=${prometheus.address}`);
    expect([beside.code, beside.stdout]).to.satisfy(
      ([code, stdout]: [number, string]) => code === 3 && stdout.includes("Another autoscaler is at it on "),
    );
    expect(
      (await run("run", cluster, "--once", "--dry-run", `--prometheus=${prometheus.address}`)).code,
      "what a dry run ends with beside it",
    ).to.equal(0);
    child.kill("SIGKILL");
    await dead;
    expect(record()?.holder?.pid).to.equal(child.pid);
    expect((await run("run", cluster, "--once", `--prometheus=${prometheus.address}`)).code).to.equal(0);
    manager.configs.set(recordName, {
      version: 90,
      labels: {
        record: JSON.stringify({
          ...(record() ?? emptyRecord),
          holder: { instance: "elsewhere/x/1/1", host: "elsewhere", pid: 1, at: Date.now() },
        }),
      },
    });
    expect((await run("run", cluster, "--once", `--prometheus=${prometheus.address}`)).code).to.equal(3);
  });

  it("begins a record anew that cannot be read, and shows the last decision of one that has ended", async () => {
    manager.configs.set(recordName, { version: 7, labels: { record: "{" } });
    const { stderr } = await run("run", cluster, "--once", `--prometheus=${prometheus.address}`);
    expect(stderr).to.include("the swarm's record of the autoscaler cannot be read");
    expect(record()?.version).to.equal(emptyRecord.version);
    const { stdout } = await project.swarmctl(["cluster", "status", cluster, "--json"], environment());
    expect((JSON.parse(stdout) as { autoscaler: object }).autoscaler).to.include({
      kind: "hold",
      host: null,
      seenAt: null,
    });
  });

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["run", cluster, "--cluster=lab"], /--cluster: "lab" is not "prod-swarm-alpha", the argument; name one cluster\./],
    [
      ["run", cluster, "--prometheus=prometheus:9090"],
      /--prometheus <url>.*use an address such as "http:\/\/prometheus:9090"/,
    ],
    [["run", cluster, "--listen=9095"], /--listen <address:port>.*use address:port, e\.g\. 127\.0\.0\.1:9095/],
    [["run", cluster, "--interval=0"], /--interval: 0 would leave the managers no rest; use 1 or more\./],
    [["explain", "nowhere"], /cluster "nowhere": not known; known are /],
  ];
  for (const [words, said] of wrong) {
    it(`refuses ${words.join(" ")}`, async () => {
      const { code, stderr } = await run(...words);
      expect(code).to.equal(2);
      expect(stderr).to.match(said);
    });
  }
});
