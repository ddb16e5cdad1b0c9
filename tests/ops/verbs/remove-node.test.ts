import { expect } from "chai";
import type { SwarmNodeState } from "../../../ops/swarm/nodes";
import { swarmNode } from "../../support/swarm";
import { access, first, second, specOf, useVerbs } from "../../support/verbs";

describe("remove-node", function () {
  this.timeout(180_000);
  const { fake, run, changes } = useVerbs();

  const spec = (role: string, availability: string): string =>
    JSON.stringify({ Role: role, Availability: availability });
  const drained = (role: string): string =>
    JSON.stringify({ Role: role, Availability: "drain", Labels: { "swarm.drained-by": "remove-node TIME" } });

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
    expect(stderr).to.match(/^Docker refused the request \(.*the change is refused/);
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
});
