import { expect } from "chai";
import { clusterHealth } from "../../../ops/swarm/health";
import { statusPage } from "../../../ops/swarm/status-page";
import type { SwarmNodeState } from "../../../ops/swarm/nodes";
import { outputsOf, swarmNode } from "../../support/swarm";

const outputs = outputsOf("c", { az1: [0], az2: [], az3: [2] });
const names = outputs.nodes.map(({ name }) => name);
const all = (changes: Readonly<Record<string, Parameters<typeof swarmNode>[1]>> = {}): SwarmNodeState[] =>
  names.map((name) => swarmNode(name, changes[name]));
const down = { Status: { State: "down" } } as const;
const lost = { ...down, ManagerStatus: { Reachability: "unreachable" } } as const;

describe("clusterHealth", () => {
  it("is healthy when every node is ready and a manager may be lost", () => {
    const health = clusterHealth(outputs, { states: all() });
    expect([health.healthy, health.reasons, health.notes]).to.deep.equal([true, [], []]);
    expect(health.quorum).to.deep.equal({ managers: 3, reachable: 3, needed: 2, margin: 1 });
    expect(health.zones).to.deep.equal([
      { zone: "az1", managers: { ready: 1, all: 1 }, workers: { ready: 1, all: 1 } },
      { zone: "az2", managers: { ready: 1, all: 1 }, workers: { ready: 0, all: 0 } },
      { zone: "az3", managers: { ready: 1, all: 1 }, workers: { ready: 1, all: 1 } },
    ]);
    expect(health.nodes[0]).to.deep.equal({
      name: "c-manager-az1-0",
      zone: "az1",
      role: "manager",
      group: "managers",
      ordinal: 0,
      address: "10.20.0.10",
      host: "192.0.2.1",
      state: "ready",
      availability: "active",
      leader: true,
      reachable: true,
      stale: false,
    });
  });

  const rows: readonly (readonly [string, readonly SwarmNodeState[], readonly string[]])[] = [
    [
      "a worker that is down",
      all({ "c-worker-az1-0": down }),
      [
        'c-worker-az1-0: its state is down; if its server runs, `pulumi up` brings it back; otherwise see "The swarm is not as the last update left it" in docs/runbook.md.',
      ],
    ],
    [
      "a worker that the swarm does not know",
      all().filter(({ ID }) => ID !== "id-c-worker-az3-2"),
      [
        'c-worker-az3-2: not in the swarm; if its server runs, `pulumi up` brings it back; otherwise see "The swarm is not as the last update left it" in docs/runbook.md.',
      ],
    ],
    [
      "a manager that is lost: no margin",
      all({ "c-manager-az2-0": lost }),
      [
        'c-manager-az2-0: its state is down; if its server runs, `pulumi up` brings it back; otherwise see "The swarm is not as the last update left it" in docs/runbook.md.',
        'quorum: 2 of 3 managers are reachable and 2 are needed, so the next loss stops changes to the swarm; see "A manager dies" in docs/runbook.md.',
      ],
    ],
    [
      "the entry of a manager's earlier server: it counts in raft",
      [
        ...all(),
        swarmNode("c-manager-az1-0", { ID: "old", ...lost }),
        swarmNode("c-manager-az2-0", { ID: "older", ...lost }),
      ],
      [
        "c-manager-az1-0: the swarm has 2 entries of it, 2 of them with a vote; `pulumi up` repairs it.",
        "c-manager-az2-0: the swarm has 2 entries of it, 2 of them with a vote; `pulumi up` repairs it.",
        'quorum: 3 of 5 managers are reachable and 3 are needed, so the next loss stops changes to the swarm; see "A manager dies" in docs/runbook.md.',
      ],
    ],
    [
      "a dead entry of a worker's earlier server beside its own",
      [swarmNode("c-worker-az1-0", { ID: "old", ...down }), ...all()],
      ["c-worker-az1-0: the swarm has 2 entries of it; `pulumi up` repairs it."],
    ],
    [
      "no leader",
      all({ "c-manager-az1-0": { ManagerStatus: { Reachability: "reachable" } } }),
      ['quorum: no manager leads; wait for an election, then see "The quorum is lost" in docs/runbook.md.'],
    ],
    ["a drained worker", all({ "c-worker-az1-0": { availability: "drain" } }), []],
  ];
  for (const [what, states, reasons] of rows) {
    it(`with ${what}: ${reasons.length === 0 ? "healthy" : "not healthy"}`, () => {
      const health = clusterHealth(outputs, { states });
      expect([health.healthy, health.reasons]).to.deep.equal([reasons.length === 0, reasons]);
    });
  }

  it("notes what one should know all the same", () => {
    const { notes } = clusterHealth(
      { ...outputs, nodes: outputs.nodes.map((node) => ({ ...node, stale: node.role === "worker" })) },
      {
        states: [
          ...all({ "c-worker-az1-0": { availability: "drain" } }),
          swarmNode("c-worker-az9-0", { ID: "x", ...down }),
          swarmNode("", { ID: "ghost" }),
        ],
      },
    );
    expect(notes).to.deep.equal([
      "c-worker-az1-0: no tasks are given to it; `swarmctl node activate NODE` changes that.",
      "c-worker-az1-0, c-worker-az3-2: stale, a new one would be made differently; `swarmctl cluster rollout` replaces them.",
      "c-worker-az9-0: in the swarm (down), but not of this stack; if it should not be there, run `docker node rm --force x` on a manager.",
    ]);
  });

  it("tells what the engines do not suit: as a fault where something does not work, as a note where it may fail later", () => {
    const states = all({
      "c-manager-az1-0": { Description: { Hostname: "c-manager-az1-0", Engine: { EngineVersion: "29.1.3" } } },
    });
    const health = clusterHealth(outputs, { states, use: { images: ["traefik:v3.1@sha256:00"], encrypted: false } });
    expect([health.healthy, health.reasons, health.notes]).to.deep.equal([
      false,
      [
        "traefik:v3.1: Docker 29 (c-manager-az1-0 with 29.1.3) refuses its API version, so it routes nothing; set images.traefik to 2.11.31, or 3.6.1 or later.",
      ],
      [
        "service names: c-manager-az1-0 with 29.1.3 may lose those of a node that was disconnected for some seconds (moby/moby#53141); use Docker 29.8.0 or later, or force-update the service when that happens.",
      ],
    ]);
  });

  it("says what is not as the last update left it, and notes the drain of a program, which may be at work", () => {
    const [worker = ""] = names.filter((name) => name.includes("-worker-"));
    const known = {
      ...outputs,
      networks: ["proxy"],
      stacks: { demo: ["demo_whoami"] },
      nodes: outputs.nodes.map((node) => (node.name === worker ? { ...node, labels: { az: "az1" } } : node)),
    };
    const bare = clusterHealth(known, { states: all(), networks: [], services: [] });
    expect(bare.reasons).to.deep.equal([
      `${worker}: label az=az1 is missing; \`pulumi up\` repairs it.`,
      "network proxy: it was removed; `pulumi up` repairs it.",
      "stack demo: demo_whoami was removed; `pulumi up` repairs it.",
    ]);
    const Spec = {
      Role: "worker",
      Availability: "drain",
      Labels: { az: "az1", "swarm.drained-by": "remove-node 2026-01-01T00:00:00.000Z" },
    } as const;
    const drained = clusterHealth(known, {
      states: all({ [worker]: { Spec } }),
      networks: [{ Id: "n", Name: "proxy" }],
      services: ["demo_whoami"],
    });
    expect([drained.healthy, drained.notes]).to.deep.equal([
      true,
      [`${worker}: remove-node drained it at 2026-01-01T00:00:00.000Z and has not finished; \`pulumi up\` repairs it.`],
    ]);
  });

  it("knows of one manager that there is no margin by design", () => {
    const single = { ...outputs, nodes: outputs.nodes.slice(0, 1) };
    const { healthy, notes } = clusterHealth(single, { states: [swarmNode("c-manager-az1-0")] });
    expect([healthy, notes]).to.deep.equal([
      true,
      ["quorum: one manager; its loss is the loss of the swarm, see settings.managers in docs/configuration.md."],
    ]);
  });

  it("says what the outputs know when nobody can be asked, and takes nothing for ready", () => {
    const health = clusterHealth(outputs, { unreachable: "no manager answers" });
    expect([health.healthy, health.reasons, health.quorum]).to.deep.equal([false, ["c: no manager answers"], null]);
    expect(new Set(health.nodes.map(({ state }) => state))).to.deep.equal(new Set(["unknown"]));
  });
});

describe("statusPage", () => {
  it("begins with the verdict and ends with what is wrong", () => {
    expect(
      statusPage(clusterHealth(outputs, { states: all({ "c-worker-az1-0": { ...down, availability: "drain" } }) })),
    ).to.equal(
      [
        "c: not healthy",
        "quorum:       3 of 3 managers reachable, 2 needed, margin 1",
        "ingress:      192.0.2.100",
        "stale nodes:  0",
        "",
        "ZONE  MANAGERS READY  WORKERS READY",
        "az1   1 of 1          0 of 1",
        "az2   1 of 1          0 of 0",
        "az3   1 of 1          1 of 1",
        "",
        "NODE             ZONE  ROLE     STATE             ADDRESS     REACHED AT",
        "c-manager-az1-0  az1   manager  ready, leader     10.20.0.10  192.0.2.1",
        "c-manager-az2-0  az2   manager  ready, reachable  10.20.0.11  192.0.2.2",
        "c-manager-az3-0  az3   manager  ready, reachable  10.20.0.12  192.0.2.3",
        "c-worker-az1-0   az1   worker   down, drain       10.20.0.20  -",
        "c-worker-az3-2   az3   worker   ready             10.20.0.42  -",
        "",
        "not healthy because:",
        '  c-worker-az1-0: its state is down; if its server runs, `pulumi up` brings it back; otherwise see "The swarm is not as the last update left it" in docs/runbook.md.',
        "",
        "to know:",
        "  c-worker-az1-0: no tasks are given to it; `swarmctl node activate NODE` changes that.",
        "",
      ].join("\n"),
    );
  });
});
