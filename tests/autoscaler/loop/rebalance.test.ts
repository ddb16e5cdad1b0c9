import { expect } from "chai";
import type { SwarmView } from "../../../autoscaler/loop/ports";
import { nextRebalanceStep, planRebalance } from "../../../autoscaler/loop/rebalance";
import type { SwarmService, SwarmTask } from "../../../ops/swarm/services";
import { noon } from "../../support/autoscaler";
import { LoopWorld } from "../../support/loop-world";
import { swarmNode } from "../../support/swarm";

type Spec = Partial<SwarmService["Spec"]>;

function service(name: string, replicas: number, spec: Spec = {}, more: Partial<SwarmService> = {}): SwarmService {
  return {
    ID: `id-${name}`,
    Version: { Index: 1 },
    ServiceStatus: { RunningTasks: replicas, DesiredTasks: replicas },
    ...more,
    Spec: {
      Name: name,
      Mode: { Replicated: { Replicas: replicas } },
      TaskTemplate: {},
      UpdateConfig: { Order: "start-first" },
      ...spec,
    },
  };
}

/** Tasks of each service by node: `{ web: [2, 2, 0] }` for the nodes az1-0, az1-1, az1-2. */
function view(services: readonly SwarmService[], counts: Record<string, readonly number[]>): SwarmView {
  const nodes = [0, 1, 2].map((ordinal) => swarmNode(`test-worker-az1-${ordinal}`));
  const tasks = Object.entries(counts).flatMap(([name, all]) =>
    all.flatMap((count, node) =>
      Array.from({ length: count }, (_, index): SwarmTask => ({
        ID: `${name}-${node}-${index}`,
        ServiceID: `id-${name}`,
        NodeID: `id-test-worker-az1-${node}`,
        DesiredState: "running",
        Status: { State: "running" },
        Spec: {},
      })),
    ),
  );
  return { nodes, tasks, services };
}

const plan = (
  services: readonly SwarmService[],
  counts: Record<string, readonly number[]>,
  serviceCores: Record<string, number> = {},
) => planRebalance(view(services, counts), { serviceCores }, { done: [] });

describe("planRebalance", () => {
  const spreads: readonly (readonly [readonly number[], number])[] = [
    [[2, 2, 2], 0],
    [[2, 2, 0], 1],
    [[3, 3, 0], 2],
    [[1, 1, 0], 0],
    [[2, 1, 0], 1],
    [[4, 0, 0], 2],
    [[5, 5, 2], 2],
  ];
  for (const [counts, moves] of spreads) {
    it(`sees ${moves} tasks to move where nodes have ${counts.join(", ")}`, () => {
      const { candidates } = plan(
        [
          service(
            "web",
            counts.reduce((sum, count) => sum + count, 0),
          ),
        ],
        { web: counts },
      );
      expect(candidates.map((candidate) => candidate.moves)).to.deep.equal(moves === 0 ? [] : [moves]);
    });
  }

  it("begins with what moves the most cores: those that are used, or else those that are reserved", () => {
    const reserving = (cores: number): Spec => ({
      TaskTemplate: { Resources: { Reservations: { NanoCPUs: cores * 1e9 } } },
    });
    const services = [
      service("idle", 6),
      service("reserved", 6, reserving(1)),
      service("busy", 6, reserving(0.1)),
      service("many", 12),
    ];
    const { candidates } = plan(
      services,
      { idle: [3, 3, 0], reserved: [3, 3, 0], busy: [3, 3, 0], many: [6, 6, 0] },
      { busy: 12, idle: 0 },
    );
    expect(candidates.map(({ name, moves, cores }) => [name, moves, cores])).to.deep.equal([
      ["busy", 2, 4],
      ["reserved", 2, 2],
      ["many", 4, 0],
      ["idle", 2, 0],
    ]);
  });

  const refusals: readonly (readonly [string, Spec, Partial<SwarmService>, RegExp])[] = [
    ["opted out", { Labels: { "autoscaler.rebalance": "false" } }, {}, /label autoscaler.rebalance is false/],
    ["stops before it starts", { UpdateConfig: { Order: "stop-first" } }, {}, /not start-first/],
    ["says nothing of the order", { UpdateConfig: null }, {}, /not start-first/],
    ["publishes a host's port", { EndpointSpec: { Ports: [{ PublishMode: "host" }] } }, {}, /port of the host/],
    [
      "has volumes",
      { TaskTemplate: { ContainerSpec: { Mounts: [{ Type: "volume", Source: "data" }] } } },
      {},
      /volumes/,
    ],
    ["is not whole", {}, { ServiceStatus: { RunningTasks: 5, DesiredTasks: 6 } }, /5 of its 6 tasks run/],
    ["is being updated", {}, { UpdateStatus: { State: "updating" } }, /last update is updating/],
    ["has an update that is paused", {}, { UpdateStatus: { State: "paused" } }, /last update is paused/],
  ];
  for (const [what, spec, more, why] of refusals) {
    it(`leaves a service alone that ${what}, and says so`, () => {
      const { candidates, skipped } = plan([service("web", 6, spec, more)], { web: [3, 3, 0] });
      expect(candidates).to.deep.equal([]);
      expect(skipped[0]?.why).to.match(why);
    });
  }

  it("counts only nodes that may have the service's tasks, and leaves out services of another kind", () => {
    const bound = service("web", 6, {
      TaskTemplate: { Placement: { Constraints: ["node.hostname!=test-worker-az1-2"] } },
    });
    const global = service("agent", 0, { Mode: { Global: {} } });
    expect(
      plan([bound, global, service("one", 1)], { web: [3, 3, 0], agent: [1, 1, 0], one: [1, 0, 0] }),
    ).to.deep.equal({ candidates: [], skipped: [] });
  });
});

describe("nextRebalanceStep", () => {
  const begun = { since: noon, ended: false, done: ["id-web"], current: { id: "id-web", name: "web", since: noon } };
  const step = (more: Partial<SwarmService>, after = 60) =>
    nextRebalanceStep(
      begun,
      view([service("web", 6, {}, more), service("api", 6)], { web: [3, 3, 0], api: [3, 3, 0] }),
      { serviceCores: {} },
      noon + after * 1000,
    );
  const status = (State: string, seconds: number) => ({
    UpdateStatus: { State, StartedAt: new Date(noon + seconds * 1000).toISOString() },
  });

  it("takes one service at a time: it waits for the update that it asked for", () => {
    expect(step(status("updating", 1)).kind).to.equal("wait");
    expect(step(status("completed", -3600)).kind).to.equal("wait");
    const next = step(status("completed", 1));
    expect(next.kind === "force" ? [next.candidate.name, next.next.done] : next).to.deep.equal([
      "api",
      ["id-web", "id-api"],
    ]);
  });

  it("goes on to the next after a deadline, and ends where a service does not take it", () => {
    expect(step(status("updating", 1), 601).kind).to.equal("force");
    expect(step(status("rollback_started", 1))).to.deep.equal({
      kind: "end",
      why: "the update of web is rollback_started",
    });
    expect(step(status("paused", 1)).kind).to.equal("end");
  });

  it("ends when enough were placed anew, and when nothing would be spread better", () => {
    const rebalance = { since: noon, ended: false, done: Array.from({ length: 10 }, (_, index) => String(index)) };
    expect(
      nextRebalanceStep(rebalance, view([service("web", 6)], { web: [3, 3, 0] }), { serviceCores: {} }, noon),
    ).to.deep.equal({ kind: "end", why: "10 services were placed anew" });
    expect(
      nextRebalanceStep(
        { ...rebalance, done: [] },
        view([service("web", 6)], { web: [2, 2, 2] }),
        { serviceCores: {} },
        noon,
      ),
    ).to.deep.equal({ kind: "end", why: "no service would be spread better" });
  });
});

describe("a rebalance in the loop", () => {
  it("comes once after nodes joined, a service at a time, and only then", async () => {
    const world = new LoopWorld();
    const loop = world.start("one");
    world.services = [service("web", 6), service("api", 6)];
    world.run(["az1-0", "az2-0", "az3-0"], 2);
    world.run(["az1-0", "az2-0", "az3-0"], 2, "api");
    await loop.ticks(5);
    expect(world.forced).to.deep.equal([]);
    world.cpu = 0.9;
    await loop.ticks(1);
    world.cpu = 0.6;
    await loop.ticks(2);
    expect(world.forced).to.deep.equal([]);
    // six on four nodes are even at 2, 2, 1, 1
    await loop.ticks(6);
    expect(world.forced).to.deep.equal(["id-api"]);
    const spread = ["az1-0", "az2-0", "az1-1", "az3-0", "az1-0", "az2-0"];
    world.tasks = world.tasks.map((task) =>
      task.ServiceID === "id-api" ? { ...task, NodeID: `id-test-worker-${spread.pop() ?? ""}` } : task,
    );
    world.services = world.services.map((one) =>
      one.ID === "id-api"
        ? { ...one, UpdateStatus: { State: "completed", StartedAt: new Date(world.now).toISOString() } }
        : one,
    );
    await loop.ticks(2);
    expect(world.forced).to.deep.equal(["id-api", "id-web"]);
    world.services = world.services.map((one) => ({
      ...one,
      UpdateStatus: { State: "completed", StartedAt: new Date(world.now).toISOString() },
    }));
    await loop.ticks(30);
    expect(world.forced).to.deep.equal(["id-api", "id-web"]);
    expect(world.record?.rebalance?.ended).to.equal(true);
  });
});
