import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";
import type { SwarmNodeState } from "../../ops/nodes";
import type { NodeSpec } from "../../settings/specs";
import { FakeManager, outputsOf, swarmNode } from "../support/swarm";

const root = join(__dirname, "..", "..");
const { access, nodes } = outputsOf("test", { az1: [0], az2: [0], az3: [0] });
const [first = "", second = ""] = access.managers.map(({ name }) => name);

describe("a verb that the program runs", function () {
  this.timeout(60_000);
  const fake = new FakeManager([]);
  let port = 0;
  before(async () => { port = await fake.start(); });
  beforeEach(() => { fake.nodes = nodes.map(({ name }) => swarmNode(name)); fake.changes.length = 0; });
  after(() => { fake.stop(); });

  /** Runs it as the program does, with every manager at the fake one. */
  async function run(verb: string, spec: NodeSpec): Promise<{ code: number; stderr: string }> {
    const env = {
      ...process.env, SWARM_ACCESS: JSON.stringify(access), SWARM_SPEC: JSON.stringify(spec),
      NODE_OPTIONS: `--require ${join(root, "tests", "swarmctl", "redirect-ssh.cjs")}`,
      SWARM_TEST_SSH: JSON.stringify(Object.fromEntries(access.managers.map(({ host }) => [host, port]))),
    };
    return new Promise((resolve) => {
      execFile(process.execPath, ["--import", "tsx", "ops/main.ts", verb], { cwd: root, env }, (error, _, stderr) => { resolve({ code: error === null ? 0 : Number(error.code), stderr }); });
    });
  }

  function specOf(name: string): NodeSpec {
    const role = name.includes("-manager-") ? "manager" : "worker";
    const hostKey = access.managers[0]?.hostKey ?? "";
    return { name, role, address: "10.20.0.99", hostKey, serverId: "server", labels: { az: "az1" }, readySeconds: 20, drainSeconds: 5 };
  }

  const spec = (role: string, availability: string): string => JSON.stringify({ Role: role, Availability: availability });
  /** Without the versions, which the client puts into the body as well. */
  const changes = (): string[] => fake.changes.map((change) => change.replace(/"version":\d+,?/, ""));

  it("removes a manager: the ingress address goes first, then the tasks, the vote, the entry", async () => {
    fake.runningTasks = [1, 0];
    const { code, stderr } = await run("remove-node", specOf(first));
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(changes()[0]).to.match(/^command: sudo sh -c .*systemctl stop keepalived/);
    expect(changes().slice(1)).to.deep.equal([
      `POST /nodes/id-${first}/update ${spec("manager", "drain")}`, `POST /nodes/id-${first}/update ${spec("worker", "drain")}`, `DELETE /nodes/id-${first} `,
    ]);
    expect(fake.runningTasks, "it waited for the tasks").to.deep.equal([]);
  });

  it("removes a manager that is down without asking it for anything", async () => {
    const dead: SwarmNodeState = swarmNode(second, { Status: { State: "down" }, ManagerStatus: { Reachability: "unreachable" } });
    fake.nodes = fake.nodes.map((node) => node.ID === dead.ID ? dead : node);
    expect((await run("remove-node", specOf(second))).code).to.equal(0);
    expect(changes()).to.deep.equal([`POST /nodes/id-${second}/update ${spec("worker", "active")}`, `DELETE /nodes/id-${second} `]);
  });

  it("removes a worker, which holds no address", async () => {
    expect((await run("remove-node", specOf("test-worker-az1-0"))).code).to.equal(0);
    expect(changes()).to.deep.equal([`POST /nodes/id-test-worker-az1-0/update ${spec("worker", "drain")}`, "DELETE /nodes/id-test-worker-az1-0 "]);
  });

  it("admits a manager: gives it the token that the swarm has now, and labels it when it is Reachable", async () => {
    fake.nodes = fake.nodes.filter(({ ID }) => ID !== `id-${second}`);
    const joins = setInterval(() => { if (fake.changes.some((change) => change.includes("/etc/swarm/join-token"))) { fake.nodes = [...fake.nodes.filter(({ ID }) => ID !== `id-${second}`), swarmNode(second)]; clearInterval(joins); } }, 100);
    try {
      expect((await run("admit-node", specOf(second))).code).to.equal(0);
    } finally {
      clearInterval(joins);
    }
    expect(changes()[0]).to.match(/^command: .*install -D -m 600 \/dev\/stdin \/etc\/swarm\/join-token.* <SWMTKN-1-now-manager>$/);
    expect(changes().slice(1)).to.deep.equal([`POST /nodes/id-${second}/update ${JSON.stringify({ Role: "manager", Availability: "active", Labels: { az: "az1" } })}`]);
  });
});
