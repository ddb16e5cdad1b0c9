import { expect } from "chai";
import { drift } from "../../../ops/swarm/drift";
import { absentNodes } from "../../../ops/swarm/node-drift";
import { sentence, type Desired, type Finding, type SeenSwarm } from "../../../ops/swarm/drift-finding";
import { drainedByLabel, type SwarmNodeState } from "../../../ops/swarm/nodes";
import { repairsOf } from "../../../ops/swarm/reconcile";
import { swarmNode } from "../../support/swarm";

const manager = "c-manager-az1-0";
const worker = "c-worker-az1-0";
const desired: Desired = {
  nodes: [
    { name: manager, role: "manager", address: "10.0.0.10", labels: { az: "az1" } },
    { name: worker, role: "worker", address: "10.0.0.20", labels: { az: "az1", disk: "ssd" } },
  ],
  networks: [{ name: "proxy", id: "n1" }],
  stacks: [
    { name: "traefik", services: ["traefik_traefik"], networks: ["proxy"] },
    { name: "other", services: ["other_x", "other_y"], networks: [] },
  ],
  others: ["c-worker-az1-1"],
};

type Changes = Parameters<typeof swarmNode>[1];
function node(
  name: string,
  labels: Record<string, string>,
  changes: Changes & { role?: "manager" | "worker" } = {},
): SwarmNodeState {
  const { availability = "active", role, ...rest } = changes;
  const one = swarmNode(name, rest);
  return { ...one, Spec: { Role: role ?? one.Spec.Role, Availability: availability, Labels: labels } };
}

const whole = {
  nodes: [node(manager, { az: "az1" }), node(worker, { az: "az1", disk: "ssd", own: "kept" })],
  networks: [{ Id: "n1", Name: "proxy" }],
  services: ["traefik_traefik", "other_x", "other_y", "a-person's"],
  claims: new Map(),
} satisfies SeenSwarm;
const withWorker = (...entries: readonly SwarmNodeState[]): SeenSwarm => ({
  ...whole,
  nodes: [node(manager, { az: "az1" }), ...entries],
});
const withManager = (...entries: readonly SwarmNodeState[]): SeenSwarm => ({
  ...whole,
  nodes: [...entries, ...whole.nodes.slice(1)],
});

const labels = { az: "az1", disk: "ssd" };
const down = { Status: { State: "down" } } as const;
const ready = (Addr: string): Changes => ({ Status: { State: "ready", Addr } });
const mark = { ...labels, [drainedByLabel]: "remove-node 2026-01-01T00:00:00.000Z" };
const claim = (name: string, state: string, id = ""): Pick<SeenSwarm, "claims"> => ({
  claims: new Map([[name, { state, id }]]),
});

/** Findings as they read, what is repaired with an R before it. */
function read(seen: SeenSwarm): string[] {
  return drift(desired, seen).map(
    (finding) => `${"repairs" in finding ? "R " : ""}${finding.code} ${sentence(finding, "repaired")}`,
  );
}

describe("drift", () => {
  const rows: readonly (readonly [string, SeenSwarm, readonly string[]])[] = [
    ["nothing, where all is as it was", whole, []],
    ["nothing of what nobody asked for", { nodes: whole.nodes }, []],
    [
      "a node that left and says so",
      { ...withWorker(node(worker, labels, down)), ...claim(worker, "inactive") },
      [`R node-left ${worker}: left the swarm, but its server runs; repaired.`],
    ],
    [
      "a node that was removed and holds on to its old id",
      { ...withWorker(), ...claim(worker, "active", "gone") },
      [`R node-removed ${worker}: removed from the swarm, but its server runs; repaired.`],
    ],
    [
      "a dead node",
      withWorker(node(worker, labels, down)),
      [
        `node-down ${worker}: its state is down and it does not answer; see "The swarm is not as the last update left it" in docs/runbook.md.`,
      ],
    ],
    [
      "a removed node whose server is gone",
      withWorker(),
      [
        `node-missing ${worker}: not in the swarm and it does not answer; see "The swarm is not as the last update left it" in docs/runbook.md.`,
      ],
    ],
    [
      "a node that takes itself for part of it",
      { ...withWorker(node(worker, labels, down)), ...claim(worker, "active", `id-${worker}`) },
      [
        `node-down ${worker}: its state is down, but its own Docker reports active; the node may come back by itself; if not, see "The swarm is not as the last update left it" in docs/runbook.md.`,
      ],
    ],
    [
      "a node that nobody asked",
      { nodes: [node(manager, { az: "az1" })] },
      [
        `node-missing ${worker}: not in the swarm; if its server runs, \`pulumi up\` brings it back; otherwise see "The swarm is not as the last update left it" in docs/runbook.md.`,
      ],
    ],
    [
      "a node whose turn to be asked did not come",
      { ...withWorker(node(worker, labels, down)), unasked: new Set([worker]) },
      [
        `node-down ${worker}: its state is down; if its server runs, \`pulumi up\` brings it back; otherwise see "The swarm is not as the last update left it" in docs/runbook.md.`,
      ],
    ],
    [
      "labels that are gone or other ones",
      withWorker(node(worker, { disk: "hdd" })),
      [`R labels ${worker}: label az=az1 is missing, label disk is "hdd", not "ssd"; repaired.`],
    ],
    [
      "the drain of a program that died",
      withWorker(node(worker, mark, { availability: "drain" })),
      [`R drained ${worker}: remove-node drained it at 2026-01-01T00:00:00.000Z and has not finished; repaired.`],
    ],
    [
      "a manager that a program had demoted when it died",
      withManager({ ...node(manager, { ...mark, az: "az1" }, { availability: "drain", role: "worker" }) }),
      [`R drained ${manager}: remove-node drained it at 2026-01-01T00:00:00.000Z and has not finished; repaired.`],
    ],
    [
      "the drain of a person",
      withWorker(node(worker, labels, { availability: "drain" })),
      [
        `drained-by-hand ${worker}: no tasks are given to it (drain); \`swarmctl node activate ${worker}\` changes that.`,
      ],
    ],
    [
      "a worker that was made anew under its id",
      withWorker(node(worker, labels, { ...down, ID: "old" }), node(worker, {}, ready("10.0.0.20"))),
      [
        `R labels ${worker}: label az=az1 is missing, label disk=ssd is missing; repaired.`,
        `R second-entry ${worker}: the swarm has 2 entries of it; repaired.`,
      ],
    ],
    [
      "a manager that was made anew: a vote too many",
      withManager(
        node(manager, { az: "az1" }, { ...down, ID: "old", ManagerStatus: { Reachability: "reachable" } }),
        node(manager, { az: "az1" }, ready("0.0.0.0")),
      ),
      [`R second-entry ${manager}: the swarm has 2 entries of it, 2 of them with a vote; repaired.`],
    ],
    [
      "another machine under the name of a node",
      withWorker(node(worker, labels, ready("10.0.0.20")), node(worker, {}, { ...ready("10.9.9.9"), ID: "x" })),
      [
        `second-machine ${worker}: another machine with this name is in the swarm, at 10.9.9.9; if it does not belong there, run \`docker node rm --force x\` on a manager.`,
      ],
    ],
    [
      "a node that a person gave another role",
      withManager(node(manager, { az: "az1" }, { role: "worker" })),
      [
        `role ${manager}: its role is worker, not manager; \`docker node promote ${manager}\` on a manager changes the role.`,
      ],
    ],
    [
      "a manager that its peers do not reach",
      withManager(node(manager, { az: "az1" }, { ManagerStatus: { Reachability: "unreachable" } })),
      [
        `unreachable ${manager}: as a manager it is unreachable; see "The swarm is not as the last update left it" in docs/runbook.md.`,
      ],
    ],
    [
      "a stranger, and not what comes or goes with the update",
      { ...whole, nodes: [...whole.nodes, node("c-worker-az1-1", {}), node("x", {}), node("", {})] },
      [
        "stranger x: in the swarm (ready), but not of this stack; if it should not be there, run `docker node rm --force id-x` on a manager.",
      ],
    ],
    [
      "a network that is gone, and the stacks that use it",
      { ...whole, networks: [] },
      ["R network-missing network proxy: it was removed; repaired."],
    ],
    [
      "a network of the stack's own that an update did not note",
      { ...whole, networks: [{ Id: "n2", Name: "proxy", Labels: {} }], isOurs: () => true },
      ["R network-missing network proxy: it was removed; repaired."],
    ],
    [
      "somebody's network in its place",
      { ...whole, networks: [{ Id: "n2", Name: "proxy" }] },
      [
        "network-foreign network proxy: another network of this name (n2) is in its place; remove it with `docker network rm proxy` on a manager, and the next `pulumi up` makes the cluster's own.",
      ],
    ],
    [
      "services that are gone",
      { ...whole, services: ["traefik_traefik"] },
      ["R service-missing stack other: other_x, other_y were removed; repaired."],
    ],
  ];
  for (const [what, seen, expected] of rows)
    it(`finds ${what}`, () => {
      expect(read(seen)).to.deep.equal(expected);
    });

  it("looks by name for a network whose id is not known, and at no labels where none are known", () => {
    const known: Desired = {
      ...desired,
      nodes: desired.nodes.map(({ name, role, address }) => ({ name, role, address })),
      networks: [{ name: "proxy" }],
    };
    expect(drift(known, { ...withWorker(node(worker, {})), networks: [{ Id: "n2", Name: "proxy" }] })).to.deep.equal(
      [],
    );
  });

  it("has the stacks deployed again whose network is made again", () => {
    const { nodes, networks, stacks } = repairsOf(
      drift(desired, { ...withWorker(node(worker, {})), networks: [], services: [] }),
      "now",
    );
    expect([[...nodes], [...networks], [...stacks]]).to.deep.equal([
      [[worker, "labels now"]],
      [["proxy", "network-missing now"]],
      [
        ["traefik", "network-missing service-missing now"],
        ["other", "service-missing now"],
      ],
    ]);
  });

  it("repairs nothing that a person decides", () => {
    const told: Finding = { code: "role", subject: "x", problem: "y", advice: "z" };
    expect(repairsOf([told], "now").nodes.size).to.equal(0);
  });
});

describe("absentNodes", () => {
  it("are those that have no entry that is Ready", () => {
    const seen = [node(manager, {}, down), node(manager, {}, { ID: "new" }), node(worker, {}, down)];
    expect(absentNodes(desired.nodes, seen).map(({ name }) => name)).to.deep.equal([worker]);
  });
});
