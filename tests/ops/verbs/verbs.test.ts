import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import type { SwarmNodeState } from "../../../ops/swarm/nodes";
import type { SwarmService, SwarmTask } from "../../../ops/swarm/services";
import { givenUp, lateness, unreported } from "../../../ops/swarm/deploy-stack";
import type { IngressSpec, NodeSpec, StackSpec, SwarmSpec } from "../../../settings/specs";
import { FakeManager, outputsOf, swarmNode } from "../../support/swarm";

const root = join(__dirname, "..", "..", "..");
const { access, nodes } = outputsOf("test", { az1: [0], az2: [0], az3: [0] });
const [first = "", second = ""] = access.managers.map(({ name }) => name);

describe("a verb that the program runs", function () {
  this.timeout(180_000);
  const fake = new FakeManager([]);
  let port = 0;
  before(async () => {
    port = await fake.start();
  });
  beforeEach(() => {
    fake.nodes = nodes.map(({ name }) => swarmNode(name));
    fake.changes.length = 0;
    fake.services = [];
    fake.tasks = [];
    fake.digests.clear();
    fake.digestsAsked.length = 0;
    fake.connections = 0;
    fake.nodesAsked = 0;
    fake.commandOutput = () => "";
    fake.refuse = () => undefined;
  });
  after(() => {
    fake.stop();
  });

  /** Runs it as the program does, with every manager at the fake one. */
  async function run(
    verb: string,
    spec: NodeSpec | StackSpec | SwarmSpec | IngressSpec,
    { stdin = "", before = "", repair = "", known = access } = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = {
      ...process.env,
      SWARM_ACCESS: JSON.stringify(known),
      SWARM_SPEC: JSON.stringify(spec),
      NODE_OPTIONS: `--require ${join(root, "tests", "swarmctl", "redirect-ssh.cjs")}`,
      SWARM_TEST_SSH: JSON.stringify(Object.fromEntries(access.managers.map(({ host }) => [host, port]))),
      PULUMI_COMMAND_STDOUT: before,
      ...(repair === "" ? {} : { SWARM_REPAIR: repair }),
    };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        ["--import", "tsx", "ops/main.ts", verb],
        { cwd: root, env },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        },
      ).stdin?.end(stdin);
    });
  }

  function specOf(name: string): NodeSpec {
    const role = name.includes("-manager-") ? "manager" : "worker";
    const hostKey = access.managers[0]?.hostKey ?? "";
    return {
      name,
      role,
      address: "10.20.0.99",
      hostKey,
      serverId: "server",
      labels: { az: "az1" },
      holdsToken: false,
      stacks: [],
      readySeconds: 20,
      drainSeconds: 5,
    };
  }

  const spec = (role: string, availability: string): string =>
    JSON.stringify({ Role: role, Availability: availability });
  const drained = (role: string): string =>
    JSON.stringify({ Role: role, Availability: "drain", Labels: { "swarm.drained-by": "remove-node TIME" } });
  /** Without the versions, which the client puts into the body as well, and the time. */
  const changes = (): string[] =>
    fake.changes.map((change) => change.replace(/"version":\d+,?/, "").replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "TIME"));

  const vip = "10.20.0.5";
  const ingress: IngressSpec = {
    vip,
    deadlineSeconds: 20,
    managers: access.managers.map(({ name }) => ({
      name,
      files: [{ path: "/etc/swarm/keepalived.conf", permissions: "0644", content: `of ${name}` }],
    })),
  };

  it("gives managers that run what holds the ingress address, and waits until one holds it", async () => {
    const one = { ...ingress, managers: ingress.managers.slice(0, 1) };
    fake.commandOutput = (command) =>
      command.includes("keepalived.conf") ? "changed\n" : command.includes("address show") ? "200" : "";
    expect(
      (await run("hold-ingress", one, { known: { ...access, managers: access.managers.slice(0, 1) } })).code,
    ).to.equal(0);
    expect(fake.changes[0]).to.match(/^command: sudo sh -c .*keepalived\.conf.* <of test-manager-az1-0>$/);
    expect(fake.changes[1]).to.include("/usr/local/sbin/swarm-install && /usr/local/sbin/swarm-node");
  });

  it("looks at a manager's ingress address where its Docker does not run", async () => {
    fake.dockerRuns = false;
    fake.commandOutput = (command) => (command.includes("address show") ? "200" : "");
    const one = { ...ingress, managers: ingress.managers.slice(0, 1) };
    const { code, stderr } = await run("hold-ingress", one, {
      known: { ...access, managers: access.managers.slice(0, 1) },
    }).finally(() => {
      fake.dockerRuns = true;
    });
    expect(code, stderr).to.equal(0);
  });

  it("holds the ingress address without a manager that does not answer", async () => {
    const [first, second] = access.managers;
    if (first === undefined || second === undefined) throw new Error("two managers are needed");
    fake.commandOutput = (command) => (command.includes("address show") ? "200" : "");
    const two = { ...ingress, managers: ingress.managers.slice(0, 2) };
    const { code, stderr } = await run("hold-ingress", two, {
      known: { ...access, managers: [first, { ...second, host: "127.0.0.9" }] },
    });
    expect(code).to.equal(0);
    expect(stderr).to.include(
      `${second.name}: does not answer, so its configuration of the ingress address stays as it is`,
    );
  });

  it("restarts nothing where a manager has it already, and fails where nobody holds the address", async () => {
    const one = { ...ingress, deadlineSeconds: 6, managers: ingress.managers.slice(0, 1) };
    const { code, stderr } = await run("hold-ingress", one, {
      known: { ...access, managers: access.managers.slice(0, 1) },
    });
    expect(code).to.equal(1);
    expect(stderr).to.include("a manager to answer at the ingress address 10.20.0.5").and.include("does not hold it");
    expect(fake.changes.filter((change) => change.includes("swarm-install"))).to.deep.equal([]);
  });

  it("removes a manager: the ingress address goes first, then the tasks, the vote, the entry", async () => {
    fake.runningTasks = [1, 0];
    const { code, stderr } = await run("remove-node", specOf(first));
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(changes()[0]).to.match(/^command: sudo sh -c .*systemctl stop keepalived/);
    expect(changes().slice(1)).to.deep.equal([
      `POST /nodes/id-${first}/update ${drained("manager")}`,
      `POST /nodes/id-${first}/update ${drained("worker")}`,
      `DELETE /nodes/id-${first} `,
    ]);
    expect(fake.runningTasks, "it waited for the tasks").to.deep.equal([]);
  });

  it("removes a manager that is down without asking it for anything", async () => {
    const dead: SwarmNodeState = swarmNode(second, {
      Status: { State: "down" },
      ManagerStatus: { Reachability: "unreachable" },
    });
    fake.nodes = fake.nodes.map((node) => (node.ID === dead.ID ? dead : node));
    expect((await run("remove-node", specOf(second))).code).to.equal(0);
    expect(changes()).to.deep.equal([
      `POST /nodes/id-${second}/update ${spec("worker", "active")}`,
      `DELETE /nodes/id-${second} `,
    ]);
  });

  it("refuses to remove the only manager, whether the stack knows no other or the swarm", async () => {
    const words = (name: string): string =>
      `${name}: it is the only manager, and removing it destroys the swarm; raise settings.managers to 3 first. Nothing was touched.\n`;
    const alone = { ...access, managers: access.managers.filter(({ name }) => name === first) };
    expect(await run("remove-node", specOf(first), { known: alone })).to.deep.equal({
      code: 1,
      stdout: "",
      stderr: words(first),
    });
    fake.nodes = fake.nodes.filter(({ ManagerStatus, ID }) => ManagerStatus === undefined || ID === `id-${first}`);
    expect(await run("remove-node", specOf(first))).to.deep.equal({ code: 1, stdout: "", stderr: words(first) });
    expect(changes()).to.deep.equal([]);
  });

  it("refuses to remove a manager that the quorum needs, and touches nothing", async () => {
    fake.nodes = fake.nodes.map((node) =>
      node.ID === `id-${second}`
        ? swarmNode(second, { Status: { State: "down" }, ManagerStatus: { Reachability: "unreachable" } })
        : node,
    );
    const { code, stderr } = await run("remove-node", specOf(first));
    expect([code, stderr]).to.deep.equal([
      1,
      `${first}: the quorum needs it: 1 of the 2 other managers are reachable and 2 are needed; see "A manager cannot be removed" in docs/runbook.md. Nothing was touched.\n`,
    ]);
    expect(changes()).to.deep.equal([]);
  });

  it("says that there is no manager to ask where it knows of none", async () => {
    const { code, stderr } = await run("remove-node", specOf("test-worker-az1-0"), {
      known: { ...access, managers: [] },
    });
    expect([code, stderr]).to.deep.equal([
      1,
      "managers: the list is empty; it comes from the stack's output `access`, which `pulumi up` writes.\n",
    ]);
  });

  it("undoes a removal that the swarm refuses: the manager has its tasks and keepalived again", async () => {
    const before = { Role: "manager", Availability: "active", Labels: { az: "az1" } } as const;
    fake.nodes = fake.nodes.map((node) => (node.ID === `id-${first}` ? { ...node, Spec: before } : node));
    fake.commandOutput = (command) => (command.includes("stop keepalived") ? "stopped\n" : "");
    fake.refuse = (_, path, body) =>
      path.endsWith("/update") && body.includes(`"worker"`)
        ? { status: 400, message: "the change is refused" }
        : undefined;
    const { code, stderr } = await run("remove-node", specOf(first));
    expect(code).to.equal(1);
    expect(stderr).to.match(/^Docker has not done it \(.*the change is refused/);
    expect(fake.nodes.find(({ ID }) => ID === `id-${first}`)?.Spec).to.deep.equal(before);
    expect(changes().at(-1)).to.equal("command: sudo systemctl start keepalived");
  });

  it("leaves a manager that was drained and whose keepalived was stopped before as it was", async () => {
    fake.nodes = fake.nodes.map((node) =>
      node.ID === `id-${first}` ? swarmNode(first, { availability: "drain" }) : node,
    );
    fake.refuse = (method) => (method === "DELETE" ? { status: 400, message: "the change is refused" } : undefined);
    expect((await run("remove-node", specOf(first))).code).to.equal(1);
    expect(fake.nodes.find(({ ID }) => ID === `id-${first}`)?.Spec).to.deep.equal({
      Role: "manager",
      Availability: "drain",
    });
    expect(changes().filter((change) => change.includes("start keepalived"))).to.deep.equal([]);
  });

  it("removes a worker, which holds no address", async () => {
    expect((await run("remove-node", specOf("test-worker-az1-0"))).code).to.equal(0);
    expect(changes()).to.deep.equal([
      `POST /nodes/id-test-worker-az1-0/update ${drained("worker")}`,
      "DELETE /nodes/id-test-worker-az1-0 ",
    ]);
  });

  const isGiven = (): boolean => fake.changes.some((change) => change.includes("/etc/swarm/join-token"));

  /** Admits a node, by default the second manager, which joins when it is given its token. */
  async function admit(
    changes: Partial<NodeSpec> = {},
    { before = "", name = second, joined = swarmNode(name), joins: isTime = isGiven } = {},
  ): ReturnType<typeof run> {
    const others = fake.nodes.filter(({ ID }) => ID !== `id-${name}`);
    fake.nodes = others;
    fake.changes.length = 0;
    const joins = setInterval(() => {
      if (isTime()) {
        fake.nodes = [...others, joined];
        clearInterval(joins);
      }
    }, 100);
    try {
      return await run("admit-node", { ...specOf(name), ...changes }, { before });
    } finally {
      clearInterval(joins);
    }
  }

  it("admits a manager: gives it the token that the swarm has now, and labels it when it is Reachable", async () => {
    expect(await admit()).to.deep.equal({ code: 0, stdout: `{"labels":["az"]}\n`, stderr: "" });
    expect(changes()[0]).to.match(
      /^command: .*install -D -m 600 \/dev\/stdin \/etc\/swarm\/join-token.* <SWMTKN-1-now-manager>$/,
    );
    expect(changes().slice(1)).to.deep.equal([
      `POST /nodes/id-${second}/update ${JSON.stringify({ Role: "manager", Availability: "active", Labels: { az: "az1" } })}`,
    ]);
  });

  it("admits a worker that boots by one connection to a manager, however often it looks whether the worker answers", async () => {
    fake.refusals = 1;
    expect((await admit({}, { name: "test-worker-az1-0" })).code).to.equal(0);
    expect(changes()[0]).to.match(/^command: .*\/etc\/swarm\/join-token.* <SWMTKN-1-now-worker>$/);
    expect(
      { refusals: fake.refusals, connections: fake.connections },
      "one to the manager, one to the worker",
    ).to.deep.equal({ refusals: 0, connections: 2 });
  });

  it("leaves a worker alone that boots with a token, and gives it the swarm's when half of its time is over", async () => {
    const worker = { name: "test-worker-az1-0" };
    expect((await admit({ holdsToken: true }, { ...worker, joins: () => fake.nodesAsked > 0 })).code).to.equal(0);
    expect(changes(), "its labels alone").to.deep.equal([
      `POST /nodes/id-${worker.name}/update ${JSON.stringify({ Role: "worker", Availability: "active", Labels: { az: "az1" } })}`,
    ]);
    expect((await admit({ holdsToken: true, readySeconds: 24 }, worker)).code).to.equal(0);
    expect(changes()[0]).to.match(/ <SWMTKN-1-now-worker>$/);
  });

  const engine = (name: string, version: string): SwarmNodeState =>
    swarmNode(name, { Description: { Hostname: name, Engine: { EngineVersion: version } } });
  const traefik = (image: string): object => ({
    ID: "t",
    Version: { Index: 1 },
    Spec: { Name: "traefik_traefik", Mode: { Global: {} }, TaskTemplate: { ContainerSpec: { Image: image } } },
  });

  it("admits no manager whose engine does not answer the Traefik that runs, and does not label it", async () => {
    fake.services = [traefik("traefik:v2.9@sha256:00")];
    const { code, stderr } = await admit({}, { joined: engine(second, "29.8.0") });
    expect([code, stderr]).to.deep.equal([
      1,
      `${second}: its engine does not fit. traefik:v2.9: Docker 29 (${second} with 29.8.0) refuses its API version, so it routes nothing; set images.traefik to 2.11.31, or 3.6.1 or later.\n`,
    ]);
    expect(changes().slice(1)).to.deep.equal([]);
  });

  it("admits a node beside one whose encrypted packets it drops, and says so: it is the way out; the other one it does not", async () => {
    const worker = "test-worker-az1-0";
    fake.networks = [{ Name: "proxy", Driver: "overlay", Options: { encrypted: "" } }];
    fake.nodes = fake.nodes.map((node) =>
      node.ID === `id-${second}` ? engine(second, "29.1.3") : engine(node.Description?.Hostname ?? "", "28.5.2"),
    );
    const [good, faulty] = [
      await admit({}, { name: worker, joined: engine(worker, "28.5.2") }),
      await admit({}, { joined: engine(second, "29.1.3") }),
    ];
    fake.networks = [];
    expect([good.code, good.stderr.split("\n")[0]]).to.deep.equal([
      0,
      `encrypted overlay networks: ${second} with 29.1.3 and the other nodes drop each other's packets (moby/moby#51798); use Docker 29.2.1 or later on them.`,
    ]);
    expect([
      faulty.code,
      faulty.stderr.startsWith(`${second}: its engine does not fit. encrypted overlay networks: `),
    ]).to.deep.equal([1, true]);
  });

  it("takes away the labels that it gave a node and that it shall no longer have, and nobody else's", async () => {
    const joined = swarmNode(second, {
      Spec: { Role: "manager", Availability: "active", Labels: { az: "az0", disk: "ssd", own: "kept" } },
    });
    expect((await admit({}, { before: `{"labels":["az","disk"]}`, joined })).code).to.equal(0);
    expect(fake.nodes.find(({ ID }) => ID === joined.ID)?.Spec.Labels).to.deep.equal({ own: "kept", az: "az1" });
  });

  describe("where a node is not as it was", () => {
    const worker = "test-worker-az1-0";
    const dead = (name: string, ID: string): SwarmNodeState => swarmNode(name, { ID, Status: { State: "down" } });
    const labelled = (role: string, Labels: object = { az: "az1" }): string =>
      JSON.stringify({ Role: role, Availability: "active", Labels });
    const instead = (name: string, ...entries: readonly SwarmNodeState[]): SwarmNodeState[] => [
      ...fake.nodes.filter(({ ID }) => ID !== `id-${name}`),
      ...entries,
    ];

    /** Repairs a node whose own Docker says this; once it is given its token it joins, or before. */
    async function repair(
      name: string,
      says: string,
      entries: readonly SwarmNodeState[],
      changes: Partial<NodeSpec> = {},
    ): ReturnType<typeof run> {
      fake.nodes = instead(name, ...entries);
      fake.commandOutput = (command) => (command.startsWith("docker info") ? says : "");
      const joins = setInterval(() => {
        if (!isGiven()) return;
        clearInterval(joins);
        fake.nodes = [...fake.nodes, swarmNode(name, { ID: "new" })];
        fake.commandOutput = () => "active new\n";
      }, 50);
      try {
        return await run(
          "admit-node",
          { ...specOf(name), ...changes },
          { before: `{"labels":["az"]}`, repair: "why when" },
        );
      } finally {
        clearInterval(joins);
        fake.commandOutput = () => "";
      }
    }

    it("gives a worker that left its token at once, though it booted with one, and forgets its earlier entry", async () => {
      const { code, stdout } = await repair(worker, "inactive \n", [dead(worker, "old")], { holdsToken: true });
      expect([code, stdout]).to.deep.equal([0, `{"labels":["az"],"repair":"why when"}\n`]);
      const [forgotten, given, ...rest] = changes().filter((change) => !change.startsWith("command: docker info"));
      expect(forgotten).to.equal("DELETE /nodes/old ");
      expect(given).to.match(
        /systemctl stop swarm-join.*docker swarm leave --force.*systemctl start --no-block swarm-join.* <SWMTKN-1-now-worker>/,
      );
      expect(rest).to.deep.equal([`POST /nodes/new/update ${labelled("worker")}`]);
    });

    it("takes a manager's earlier vote away before it joins again", async () => {
      const { code } = await repair(second, "inactive \n", [dead(second, "old")]);
      expect(code).to.equal(0);
      const order = ["POST /nodes/old/update", "DELETE /nodes/old", "command: sudo sh", `POST /nodes/new/update`].map(
        (start) => changes().findIndex((change) => change.startsWith(start)),
      );
      expect(order, changes().join("\n"))
        .to.deep.equal([...order].sort((a, b) => a - b))
        .and.to.not.include(-1);
    });

    it("refuses to take a vote away that the quorum needs", async () => {
      const lost = swarmNode(first, { Status: { State: "down" }, ManagerStatus: { Reachability: "unreachable" } });
      fake.nodes = instead(
        first,
        lost,
        swarmNode("test-manager-az4-0", {
          ID: "four",
          Status: { State: "down" },
          ManagerStatus: { Reachability: "unreachable" },
        }),
      );
      const { code, stderr } = await repair(second, "inactive \n", [dead(second, "old")]);
      expect(code).to.equal(1);
      expect(stderr).to.include(
        `${second}: its entry old has to leave the swarm, but the quorum needs it: 1 of the 3 other managers are reachable and 2 are needed`,
      );
      expect(changes().filter((change) => !change.startsWith("command: docker info"))).to.deep.equal([]);
    });

    it("restores what a rebuilt node lacks, and forgets the entry of before", async () => {
      expect(
        (await repair(worker, "active new\n", [dead(worker, "old"), swarmNode(worker, { ID: "new" })])).code,
      ).to.equal(0);
      expect(changes().filter((change) => !change.startsWith("command: docker info"))).to.deep.equal([
        "DELETE /nodes/old ",
        `POST /nodes/new/update ${labelled("worker")}`,
      ]);
    });

    it("gives a manager that a program began to remove its role, its address and its tasks back", async () => {
      const Labels = { own: "kept", "swarm.drained-by": "remove-node 2026-01-01T00:00:00.000Z" };
      const drained = {
        ...swarmNode(second, { ManagerStatus: { Reachability: "reachable" } }),
        Spec: { Role: "worker", Availability: "drain", Labels },
      } as const;
      expect((await repair(second, `active id-${second}\n`, [drained])).code).to.equal(0);
      const [role, address, ...rest] = changes().filter((change) => !change.startsWith("command: docker info"));
      expect(role).to.equal(
        `POST /nodes/id-${second}/update ${JSON.stringify({ Role: "manager", Availability: "drain", Labels: { ...Labels, "swarm.drained-by": "remove-node TIME" } })}`,
      );
      expect(address).to.match(/^command: sudo sh -c .*systemctl start keepalived/);
      expect(rest).to.deep.equal([
        `POST /nodes/id-${second}/update ${labelled("manager", { own: "kept", az: "az1" })}`,
      ]);
    });

    it("takes a repair that was told of before for none", async () => {
      fake.commandOutput = (command) => (command.startsWith("docker info") ? `active id-${worker}\n` : "");
      const { code, stdout } = await run(
        "admit-node",
        { ...specOf(worker), holdsToken: true },
        { before: `{"labels":["az"],"repair":"why when"}`, repair: "why when" },
      );
      fake.commandOutput = () => "";
      expect([code, stdout]).to.deep.equal([0, `{"labels":["az"],"repair":"why when"}\n`]);
      expect(
        fake.changes.filter((change) => change.startsWith("command: docker info")),
        "asked once, whose its entry is",
      ).to.have.length(1);
    });
  });

  it("changes the heartbeat of a swarm that stands, once, and leaves the rest as it is", async () => {
    fake.swarm = { Name: "default", Dispatcher: { HeartbeatPeriod: 5e9 }, Raft: { ElectionTick: 10 } };
    for (const [seconds, expected] of [
      [5, []],
      [
        9,
        [
          `POST /swarm/update {"Name":"default","Dispatcher":{"HeartbeatPeriod":9000000000},"Raft":{"ElectionTick":10}}`,
        ],
      ],
    ] as const) {
      expect(await run("configure", { dispatcherHeartbeatSeconds: seconds })).to.deep.equal({
        code: 0,
        stdout: "",
        stderr: "",
      });
      expect(changes()).to.deep.equal(expected);
    }
  });

  it("admits a manager only when the global services of its stacks run on it", async () => {
    const service = (name: string, mode: object): object => ({
      ID: name,
      Version: { Index: 1 },
      Spec: { Name: name, Mode: mode, TaskTemplate: {} },
    });
    const task = (node: string, state: string): object => ({
      ID: state,
      ServiceID: "everywhere",
      NodeID: `id-${node}`,
      DesiredState: "running",
      Status: { State: state },
      Spec: {},
    });
    fake.services = [service("everywhere", { Global: {} }), service("somewhere", { Replicated: { Replicas: 1 } })];
    for (const tasks of [[task(first, "running")], [task(second, "starting")]]) {
      fake.tasks = tasks;
      const { code, stderr } = await admit({ stacks: ["x"], readySeconds: 6 });
      expect(code).to.equal(1);
      expect(stderr.split("\n")[0]).to.match(
        new RegExp(`^stack x: it does not run on ${second}\\. .*last seen: everywhere: (no task|starting)\\.`),
      );
    }
    fake.tasks = [task(second, "running")];
    expect(await admit({ stacks: ["x"] })).to.deep.equal({ code: 0, stdout: `{"labels":["az"]}\n`, stderr: "" });
  });

  it("deploys a stack, and asks another manager for it where the first goes meanwhile", async () => {
    const service = (running: number): object => ({
      ID: "x",
      Version: { Index: 1 },
      Spec: { Name: "x_x" },
      ServiceStatus: { RunningTasks: running, DesiredTasks: 1 },
    });
    fake.services = [service(0)];
    fake.servicesAsked = () => {
      fake.services = [service(1)];
      fake.servicesAsked = undefined;
      fake.disconnect();
    };
    const { code, stderr } = await run("deploy-stack", { name: "x", deadlineSeconds: 30 }, { stdin: "services: {}\n" });
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(changes()).to.deep.equal([
      "command: docker stack deploy --detach=true --prune --resolve-image=never --compose-file - x <services: {}\n>",
    ]);
  });

  describe("that deploys a stack", () => {
    const compose = (one: string, two = "two:2"): string =>
      `services:\n  one:\n    image: ${one}\n  two:\n    image: ${two}\n`;
    /** What `docker stack deploy` was given. */
    const given = (): string =>
      changes()
        .flatMap((change) => /--resolve-image=never --compose-file - x <([^]*)>$/.exec(change)?.slice(1) ?? [])
        .join("\n");
    /** The services of the stack as the last deploy made them, from what it was given. */
    const settle = (): void => {
      const { services } = parse(given()) as {
        services: Record<string, { image: string; deploy: { labels: Record<string, string> } }>;
      };
      fake.services = Object.entries(services).map(([name, { image, deploy }]) => ({
        ID: name,
        Version: { Index: 1 },
        Spec: { Name: `x_${name}`, Labels: deploy.labels, Mode: {}, TaskTemplate: { ContainerSpec: { Image: image } } },
        ServiceStatus: { RunningTasks: 1, DesiredTasks: 1 },
      }));
      fake.changes.length = 0;
      fake.digestsAsked.length = 0;
    };
    const deploy = async (stdin: string, deadlineSeconds = 90): ReturnType<typeof run> =>
      run("deploy-stack", { name: "x", deadlineSeconds }, { stdin });
    beforeEach(async () => {
      for (const [reference, digest] of [
        ["one:1", "sha256:11"],
        ["two:2", "sha256:22"],
      ] as const)
        fake.digests.set(reference, digest);
      fake.services = [
        {
          ID: "z",
          Version: { Index: 1 },
          Spec: { Name: "x_zero", Mode: {}, TaskTemplate: {} },
          ServiceStatus: { RunningTasks: 1, DesiredTasks: 1 },
        },
      ];
      expect(await deploy(compose("one:1"))).to.deep.equal({ code: 0, stdout: "", stderr: "" });
      expect(fake.digestsAsked.sort()).to.deep.equal(["one:1", "two:2"]);
      expect(given()).to.include("image: one:1@sha256:11\n").and.to.include("image: two:2@sha256:22\n");
      settle();
      // from now on no registry answers, unless a test lets one
      fake.digests.clear();
    });

    it("changes nothing where the text is the same, whatever the deadline", async () => {
      for (const deadlineSeconds of [90, 100])
        expect((await deploy(compose("one:1"), deadlineSeconds)).code).to.equal(0);
      expect([fake.changes, fake.digestsAsked]).to.deep.equal([[], []]);
    });

    it("deploys it again where a service is missing, with the digests of those that are there", async () => {
      fake.services = fake.services.slice(0, 1);
      fake.digests.set("two:2", "sha256:new").set("one:1", "sha256:moved");
      expect((await deploy(compose("one:1"))).code).to.equal(0);
      expect(given()).to.include("image: one:1@sha256:11\n").and.to.include("image: two:2@sha256:new\n");
    });

    it("asks the registry for a new reference alone", async () => {
      fake.digests.set("two:3", "sha256:33");
      expect((await deploy(compose("one:1", "two:3"))).code).to.equal(0);
      expect(fake.digestsAsked).to.deep.equal(["two:3"]);
      expect(given()).to.include("image: one:1@sha256:11\n").and.to.include("image: two:3@sha256:33\n");
    });

    it("deploys nothing where the registry does not know a new reference", async () => {
      const { code, stderr } = await deploy(compose("one:1", "two:3"));
      expect([code, fake.changes]).to.deep.equal([1, []]);
      expect(stderr).to.match(
        /^stack x: image "two:3" cannot be resolved: .*manifest unknown: two:3.* Nothing is deployed; correct the reference, or try again when the managers reach its registry\.\n$/,
      );
    });

    it("deploys no Traefik that the managers' engines do not answer", async () => {
      fake.nodes = [engine(second, "29.8.0")];
      const { code, stderr } = await deploy(compose("one:1", "traefik:v2.9"));
      expect([code, stderr, fake.changes, fake.digestsAsked]).to.deep.equal([
        1,
        `stack x: nothing is deployed. traefik:v2.9: Docker 29 (${second} with 29.8.0) refuses its API version, so it routes nothing; set images.traefik to 2.11.31, or 3.6.1 or later.\n`,
        [],
        [],
      ]);
    });

    it("tries a rollout again that the swarm gave up", async () => {
      fake.services = fake.services.map((service) => ({
        ...(service as object),
        UpdateStatus: { State: "paused", Message: "why" },
      }));
      expect((await deploy(compose("one:1"))).code, "since the fake one stays paused").to.equal(1);
      expect(given()).to.include("image: one:1@sha256:11\n");
    });
  });

  it("takes a task for unreported that has been starting for minutes", () => {
    const task = (ID: string, State: string, seconds: number, DesiredState = "running"): SwarmTask => ({
      ID,
      ServiceID: "x",
      DesiredState,
      Status: { State, Timestamp: new Date(Date.UTC(2026) - seconds * 1000).toISOString() },
      Spec: {},
    });
    const tasks = [
      task("late", "starting", 200),
      task("young", "starting", 100),
      task("pulls", "preparing", 900),
      task("goes", "starting", 900, "shutdown"),
      task("runs", "running", 900),
      { ...task("checked", "starting", 400), Spec: { ContainerSpec: { Healthcheck: { StartPeriod: 300e9 } } } },
    ];
    expect(unreported(tasks, Date.UTC(2026), 180).map(({ ID }) => ID)).to.deep.equal(["late"]);
  });

  it("waits for a rollout to begin and to end, and not for one that the swarm gave up", () => {
    const service = (State: string | undefined, running: number, more: Partial<SwarmService> = {}): SwarmService => ({
      ID: "x",
      Version: { Index: 1 },
      Spec: { Name: "x_x", Mode: {}, TaskTemplate: {} },
      ServiceStatus: { RunningTasks: running, DesiredTasks: 2 },
      ...(State === undefined ? {} : { UpdateStatus: { State, Message: "why" } }),
      ...more,
    });
    const judge = (one: SwarmService, seconds = 60): string => givenUp(one) ?? lateness(one, seconds) ?? "runs";
    expect(judge(service(undefined, 1))).to.equal("x_x: 1 of 2 tasks run");
    expect(judge(service(undefined, 2), 0), "a new service").to.equal("runs");
    expect(judge(service(undefined, 2, { PreviousSpec: {} }), 4), "just deployed").to.equal(
      "x_x: its rollout may not have begun yet",
    );
    expect(judge(service(undefined, 2, { PreviousSpec: {} }), 5), "with nothing to roll out").to.equal("runs");
    expect(judge(service("updating", 2))).to.equal("x_x: rollout updating why");
    expect(judge(service("completed", 2, { PreviousSpec: {} }), 4)).to.equal("runs");
    expect(judge(service("completed", 1))).to.equal("x_x: 1 of 2 tasks run");
    expect(judge(service("rollback_started", 2))).to.equal("x_x: rollout rollback_started why");
    expect(judge(service("rollback_completed", 2))).to.equal(
      "x_x: its new version does not run, and the one before is back",
    );
    for (const State of ["paused", "rollback_paused"])
      expect(judge(service(State, 2))).to.equal("x_x: its rollout has stopped: why");
  });

  it("says at once that a stack's new version does not run, and why", async () => {
    fake.services = [
      {
        ID: "x",
        Version: { Index: 1 },
        Spec: { Name: "x_x" },
        ServiceStatus: { RunningTasks: 1, DesiredTasks: 1 },
        UpdateStatus: { State: "rollback_completed" },
      },
    ];
    fake.tasks = [
      {
        ID: "t",
        ServiceID: "x",
        NodeID: "n",
        DesiredState: "shutdown",
        Status: { State: "rejected", Err: "No such image: x:2" },
        Spec: { ContainerSpec: { Image: "x:2" } },
      },
    ];
    const { code, stderr } = await run(
      "deploy-stack",
      { name: "x", deadlineSeconds: 600 },
      { stdin: "services: {}\n" },
    );
    expect(code).to.equal(1);
    expect(stderr).to.equal(
      "stack x: it does not run. (x_x: its new version does not run, and the one before is back)\n  x:2 on n: rejected No such image: x:2\n",
    );
  });

  it("says why a stack does not run, and what of it", async () => {
    fake.services = [
      { ID: "x", Version: { Index: 1 }, Spec: { Name: "x_x" }, ServiceStatus: { RunningTasks: 0, DesiredTasks: 1 } },
    ];
    const { code, stderr } = await run("deploy-stack", { name: "x", deadlineSeconds: 1 }, { stdin: "services: {}\n" });
    expect(code).to.equal(1);
    expect(stderr.split("\n")[0]).to.equal(
      "stack x: it does not run. (stack x to run: not within 1 seconds; last seen: x_x: 0 of 1 tasks run.)",
    );
  });

  it("says what each manager answered where a route of a stack that runs does not, and what its ingress tells", async () => {
    fake.services = [];
    const { code, stderr } = await run(
      "deploy-stack",
      { name: "x", deadlineSeconds: 1, route: "/y" },
      { stdin: "services: {}\n" },
    );
    expect(code).to.equal(1);
    const answers = access.managers.map(({ name }) => `${name}: `).join(", ");
    expect(stderr.split("\n").slice(0, 2)).to.deep.equal([
      `stack x: /y does not answer. (/y to answer on every manager: not within 1 seconds; last seen: ${answers}.)`,
      `Traefik and its proxy on ${first}:`,
    ]);
  });
});
