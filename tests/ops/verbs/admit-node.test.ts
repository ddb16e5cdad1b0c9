import { expect } from "chai";
import type { NodeSpec } from "../../../settings/specs";
import { swarmNode } from "../../support/swarm";
import { first, nodeWithEngine, second, specOf, useVerbs, type VerbResult } from "../../support/verbs";

describe("admit-node", function () {
  this.timeout(180_000);
  const { fake, run, changes, hasGivenToken } = useVerbs();

  /** Admits a node, by default the second manager, which joins when it is given its token. */
  async function admit(
    changes: Partial<NodeSpec> = {},
    { before = "", name = second, joined = swarmNode(name), joins: isTime = hasGivenToken } = {},
  ): Promise<VerbResult> {
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

  const traefik = (image: string): object => ({
    ID: "t",
    Version: { Index: 1 },
    Spec: { Name: "traefik_traefik", Mode: { Global: {} }, TaskTemplate: { ContainerSpec: { Image: image } } },
  });

  it("admits no manager whose engine does not answer the Traefik that runs, and does not label it", async () => {
    fake.services = [traefik("traefik:v2.9@sha256:00")];
    const { code, stderr } = await admit({}, { joined: nodeWithEngine(second, "29.8.0") });
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
      node.ID === `id-${second}`
        ? nodeWithEngine(second, "29.1.3")
        : nodeWithEngine(node.Description?.Hostname ?? "", "28.5.2"),
    );
    const [good, faulty] = [
      await admit({}, { name: worker, joined: nodeWithEngine(worker, "28.5.2") }),
      await admit({}, { joined: nodeWithEngine(second, "29.1.3") }),
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
});
