import { expect } from "chai";
import { observe, type Readings } from "../../../autoscaler/loop/observe";
import type { SwarmTask, TaskSpec } from "../../../ops/swarm/services";
import { outputsOf, swarmNode } from "../../support/swarm";

const outputs = outputsOf(
  "test",
  { az1: [0, 1], az2: [0], az3: [] },
  {
    workerGroups: {
      az1: { zone: "az1", min: 0, max: 4, labels: {} },
      az2: { zone: "az2", min: 0, max: 4, labels: {} },
      az3: { zone: "az3", min: 0, max: 4, labels: { disk: "ssd" } },
    },
  },
);
const resources = { NanoCPUs: 4e9, MemoryBytes: 8 * 2 ** 30 };
const machine = (name: string, changes: Parameters<typeof swarmNode>[1] = {}) =>
  swarmNode(name, {
    Description: { Hostname: name, Resources: resources },
    CreatedAt: "2026-11-24T10:00:00Z",
    ...changes,
  });

function readings(changes: Partial<Readings["view"]> = {}, more: Partial<Readings> = {}): Readings {
  const nodes = outputs.nodes.map(({ name }) => machine(name));
  return {
    outputs,
    view: { nodes, tasks: [], services: [], ...changes },
    figures: { zoneCpu: {}, serviceCores: {} },
    failures: [],
    obstacles: [],
    unavailableZones: [],
    ...more,
  };
}

function task(name: string, node: string | undefined, spec: TaskSpec = {}, err?: string): SwarmTask {
  return {
    ID: name,
    ServiceID: "id-web",
    ...(node === undefined ? {} : { NodeID: `id-test-worker-${node}` }),
    DesiredState: "running",
    Spec: spec,
    Status: err === undefined ? { State: "running" } : { State: "pending", Err: err },
  };
}

const web = {
  ID: "id-web",
  Version: { Index: 1 },
  Spec: { Name: "web", Mode: { Replicated: { Replicas: 3 } }, TaskTemplate: {} },
};
const oneCore: TaskSpec = { Resources: { Reservations: { NanoCPUs: 1e9, MemoryBytes: 2 ** 30 } } };

describe("observe", () => {
  it("takes the workers by their names, with what they offer and what runs on them", () => {
    const global = {
      ID: "id-agent",
      Version: { Index: 1 },
      Spec: { Name: "agent", Mode: { Global: {} }, TaskTemplate: {} },
    };
    const agent = { ...task("agent-0", "az1-0", oneCore), ServiceID: "id-agent" };
    const { nodes } = observe(readings({ tasks: [task("web-0", "az1-0", oneCore), agent], services: [web, global] }));
    expect(nodes.map(({ group, ordinal }) => `${group}-${ordinal}`)).to.deep.equal(["az1-0", "az1-1", "az2-0"]);
    expect(nodes[0]).to.deep.equal({
      group: "az1",
      ordinal: 0,
      name: "test-worker-az1-0",
      zone: "az1",
      state: "ready",
      total: { cpu: 4, memoryBytes: 8 * 2 ** 30 },
      reserved: { cpu: 2, memoryBytes: 2 ** 31 },
      tasks: [{ service: "web", reserved: { cpu: 1, memoryBytes: 2 ** 30 } }],
      joinedAt: Date.UTC(2026, 10, 24, 10),
    });
  });

  const states: readonly (readonly [string, Parameters<typeof swarmNode>[1], string])[] = [
    ["ready", {}, "ready"],
    ["down", { Status: { State: "down" } }, "down"],
    ["disconnected", { Status: { State: "disconnected" } }, "down"],
    ["unknown", { Status: { State: "unknown" } }, "unknown"],
    ["drained", { availability: "drain" }, "draining"],
    ["paused", { availability: "pause" }, "draining"],
    ["down and drained", { availability: "drain", Status: { State: "down" } }, "down"],
  ];
  for (const [what, changes, state] of states) {
    it(`takes a node that is ${what} for ${state}`, () => {
      expect(observe(readings({ nodes: [machine("test-worker-az1-0", changes)] })).nodes[0]?.state).to.equal(state);
    });
  }

  it("leaves out managers, other clusters' nodes and groups that are no more, and keeps what an operator protects", () => {
    const nodes = ["test-manager-az1-0", "other-worker-az1-0", "test-worker-gone-0"].map((name) => machine(name));
    const kept = machine("test-worker-az1-0");
    const seen = observe(
      readings({ nodes: [...nodes, { ...kept, Spec: { ...kept.Spec, Labels: { "autoscaler.protected": "true" } } }] }),
    );
    expect(seen.nodes.map(({ name, protected: held }) => [name, held])).to.deep.equal([["test-worker-az1-0", true]]);
    expect(seen.managers).to.deep.equal([{ name: "test-manager-az1-0", zone: "az1", reachable: true }]);
  });

  it("counts workers that an update which failed left in the swarm among those that are held, if they are ready", () => {
    const nodes = [
      ...outputs.nodes.map(({ name }) => machine(name)),
      machine("test-worker-az3-4"),
      machine("test-worker-az3-5", { Status: { State: "down" } }),
    ];
    expect(observe(readings({ nodes })).workerSets).to.deep.equal({ az1: [0, 1], az2: [0], az3: [4] });
  });

  it("knows the leader by the name of the machine, and takes itself for one where none was named", () => {
    expect(
      ["test-manager-az1-0", "test-manager-az2-0", undefined].map((self) => observe(readings({}, { self })).leader),
    ).to.deep.equal([true, false, true]);
  });

  const waits: readonly (readonly [string, string, string | undefined])[] = [
    ["CPU or memory", "no suitable node (insufficient resources on 3 nodes)", "insufficient-resources"],
    [
      "both",
      "no suitable node (scheduling constraints not satisfied on 3 nodes; insufficient resources on 3 nodes)",
      "insufficient-resources",
    ],
    ["a node for its constraints", "no suitable node (scheduling constraints not satisfied on 6 nodes)", "constraints"],
    ["a port", "no suitable node (host-mode port already in use on 3 nodes)", undefined],
  ];
  for (const [what, said, cause] of waits) {
    it(`sees that tasks lack ${what}`, () => {
      const { pending } = observe(
        readings({
          tasks: [task("a", undefined, oneCore, said), task("b", undefined, oneCore, said)],
          services: [web],
        }),
      );
      expect(pending).to.deep.equal(
        cause === undefined ? [] : [{ service: "web", count: 2, reserved: { cpu: 1, memoryBytes: 2 ** 30 }, cause }],
      );
    });
  }

  const placements: readonly (readonly [readonly string[], readonly string[] | undefined])[] = [
    [["node.role==worker"], undefined],
    [["node.role == manager"], []],
    [["node.labels.az==az2"], ["az2"]],
    [["node.labels.az != az2"], ["az1", "az3"]],
    [["node.labels.disk==SSD"], ["az3"]],
    [["node.labels.group==az1", "node.labels.az==az2"], []],
    [["node.hostname==elsewhere"], []],
    [["node.platform.os==linux"], undefined],
  ];
  for (const [constraints, groups] of placements) {
    it(`finds the groups that ${constraints.join(" and ")} admits`, () => {
      const { pending } = observe(
        readings({
          tasks: [
            task("a", undefined, { Placement: { Constraints: constraints } }, "insufficient resources on 1 node"),
          ],
          services: [web],
        }),
      );
      expect(pending[0]?.groups).to.deep.equal(groups);
    });
  }

  it("takes a task for bound to its node by a local volume with a name, and by a constraint that names the node", () => {
    const mount = (Source: string, Name?: string): TaskSpec => ({
      ContainerSpec: {
        Mounts: [
          { Type: "volume", Source, ...(Name === undefined ? {} : { VolumeOptions: { DriverConfig: { Name } } }) },
        ],
      },
    });
    const pinned = (spec: TaskSpec): boolean =>
      observe(readings({ tasks: [task("a", "az1-0", spec)], services: [web] })).nodes[0]?.tasks[0]?.pinned ?? false;
    expect(
      [
        mount("data"),
        mount("data", "local"),
        mount("data", "nfs"),
        mount(""),
        { Placement: { Constraints: ["node.hostname==test-worker-az1-0"] } },
        {},
      ].map(pinned),
    ).to.deep.equal([true, true, false, false, true, false]);
  });
});
