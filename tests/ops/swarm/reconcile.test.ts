import net from "node:net";
import { expect } from "chai";
import { desiredSwarm } from "../../../ops/swarm/desired-swarm";
import { oneLook, withManager } from "../../../ops/connection/managers";
import { askThemselves, reconcile } from "../../../ops/swarm/reconcile";
import type { StateResource } from "../../../ops/stack-state/state";
import { noRepairs, type NodeSpec } from "../../../settings/specs";
import { stackParts } from "../../../settings/stack-parts";
import { FakeManager, outputsOf, swarmNode } from "../../support/swarm";

const { access, nodes } = outputsOf("test", { az1: [0, 1] });
const hostKey = access.managers[0]?.hostKey ?? "";

function verb(name: string, create: string, spec: object, stdin?: string): StateResource {
  return {
    urn: `urn:pulumi:s::swarm::command:local:Command::${name}`,
    type: "command:local:Command",
    id: name,
    // a secret, as an export has it
    inputs: {
      create: `node --import tsx ops/main.ts ${create}`,
      environment: {
        SWARM_ACCESS: { "4dabf18193072939515e22adb298388d": "1b47", ciphertext: "v1:" },
        SWARM_SPEC: JSON.stringify(spec),
      },
      ...(stdin === undefined ? {} : { stdin }),
    },
  };
}

function specOf({ name, role, address }: { name: string; role: "manager" | "worker"; address: string }): NodeSpec {
  return {
    name,
    role,
    address,
    hostKey,
    serverId: "s",
    labels: { az: "az1" },
    holdsToken: true,
    stacks: [],
    readySeconds: 20,
    drainSeconds: 5,
  };
}

const compose = `
services: {traefik: {networks: [proxy, own]}, socket-proxy: {networks: [bridge]}}
networks:
  proxy: {name: proxy, external: true}
  own: {driver: overlay}
  none:
`;
const state: readonly StateResource[] = [
  ...nodes.map((node) => verb(`membership-${node.name}`, "admit-node", specOf(node))),
  verb("init", "init", {}),
  verb("traefik", "deploy-stack", { name: "traefik", deadlineSeconds: 5 }, compose),
  verb("demo", "deploy-stack", { name: "demo", deadlineSeconds: 5 }, "services: {}"),
  { urn: "n", type: "docker:index/network:Network", id: "n1", inputs: { name: "proxy" } },
  { urn: "s", type: "openstack:compute/instance:Instance", id: "i", inputs: { name: "x" } },
];
const kept = { nodes: nodes.map(({ name }) => name), networks: ["proxy"], stacks: ["traefik"] };

describe("desiredSwarm", () => {
  it("is what the state says of nodes, networks and stacks that the update keeps", () => {
    const { nodes: known, ...rest } = desiredSwarm(state, kept);
    expect(known[0]).to.deep.equal({
      name: "test-manager-az1-0",
      role: "manager",
      address: "10.20.0.10",
      labels: { az: "az1" },
      hostKey,
    });
    expect(known).to.have.length(5);
    expect(rest).to.deep.equal({
      networks: [{ id: "n1", name: "proxy" }],
      stacks: [{ name: "traefik", services: ["traefik_traefik", "traefik_socket-proxy"], networks: ["proxy"] }],
      others: [],
    });
  });

  it("repairs nothing that goes, and takes neither what comes nor what goes for a stranger", () => {
    const { nodes: known, others } = desiredSwarm(state, {
      ...kept,
      nodes: [...kept.nodes.slice(1), "test-worker-az1-9"],
    });
    expect(known.map(({ name }) => name)).to.not.include("test-manager-az1-0");
    expect(others).to.deep.equal(["test-manager-az1-0", "test-worker-az1-9"]);
  });

  it("judges nothing that another version of the program wrote in another shape", () => {
    const strange = [
      verb("membership-a", "admit-node", { name: "a" }),
      verb("traefik", "deploy-stack", {}, compose),
      verb("b", "admit-node", {}),
    ];
    expect(desiredSwarm(strange, { nodes: ["a"], networks: [], stacks: ["traefik"] })).to.deep.equal({
      nodes: [],
      networks: [],
      stacks: [],
      others: ["a"],
    });
  });

  it("is empty before there is a swarm", () => {
    expect(desiredSwarm([], { nodes: ["a"], networks: ["proxy"], stacks: ["traefik"] })).to.deep.equal({
      nodes: [],
      networks: [],
      stacks: [],
      others: ["a"],
    });
  });

  it("takes a network that another name of the file stands for, and none of the stack's own", () => {
    expect(
      stackParts(
        "x",
        "services: {a: {}}\nnetworks: {in: {name: proxy, external: true}, out: {external: true}, own: {}}",
      ).networks,
    ).to.deep.equal(["proxy", "out"]);
  });
});

describe("reconcile", () => {
  const fake = new FakeManager([]);
  const { connect } = net;
  let ports: Record<string, number> = {};
  const said: string[] = [];
  const worker = "test-worker-az1-0";

  before(async () => {
    const port = await fake.start();
    ports = Object.fromEntries(access.managers.map(({ host }) => [host, port]));
    const redirect = (port: number, host: string): net.Socket =>
      port === 22 ? connect(ports[host] ?? 1, "127.0.0.1") : connect(port, host);
    net.connect = redirect as typeof net.connect;
  });
  beforeEach(() => {
    Object.assign(fake, {
      nodes: nodes.map(({ name }) => {
        const node = swarmNode(name);
        return { ...node, Spec: { ...node.Spec, Labels: { az: "az1" } } };
      }),
      networks: [{ Id: "n1", Name: "proxy" }],
      services: ["traefik_traefik", "traefik_socket-proxy"].map((Name) => ({
        Spec: { Name, TaskTemplate: { Networks: [{ Target: "n1" }] } },
      })),
      servicesAsked: undefined,
      commandOutput: () => "",
      refusals: 0,
      connections: 0,
      forwardsHang: false,
      forwards: { now: 0, most: 0 },
    });
    said.length = 0;
  });
  after(() => {
    net.connect = connect;
    fake.stop();
  });

  const look = (): ReturnType<typeof reconcile> =>
    reconcile({
      access,
      desired: desiredSwarm(state, kept),
      mark: "m",
      say: (line) => {
        said.push(line);
      },
      now: Date.UTC(2026),
    });
  const when = "2026-01-01T00:00:00.000Z";

  it("says nothing of a swarm that is as it was, by one connection", async () => {
    expect(await look()).to.deep.equal(noRepairs);
    expect([said, fake.connections, fake.changes]).to.deep.equal([[], 1, []]);
  });

  it("asks a node that is down what it takes itself for, and has it join again where it left", async () => {
    fake.nodes = fake.nodes.map((node) => (node.ID === `id-${worker}` ? { ...node, Status: { State: "down" } } : node));
    fake.commandOutput = (command) => (command.startsWith("docker info") ? "inactive \n" : "");
    expect([...(await look()).nodes]).to.deep.equal([[worker, `node-left ${when}`]]);
    expect(said).to.deep.equal([`${worker}: left the swarm, but its server runs; this update repairs it.`]);
  });

  it("leaves a node alone that is down and does not answer", async () => {
    fake.nodes = fake.nodes.map((node) => (node.ID === `id-${worker}` ? { ...node, Status: { State: "down" } } : node));
    fake.refusals = 1;
    expect(await look()).to.deep.equal(noRepairs);
    expect(said).to.deep.equal([
      `${worker}: its state is down and it does not answer; see "The swarm is not as the last update left it" in docs/runbook.md.`,
    ]);
  });

  const many = outputsOf("test", { az1: Array.from({ length: 40 }, (_, ordinal) => ordinal) })
    .nodes.filter(({ role }) => role === "worker")
    .map((node) => ({ ...node, hostKey }));
  const names = many.map(({ name }) => name);

  it("asks many nodes that are down all, ten at a time", async () => {
    fake.nodes = fake.nodes.filter(({ Spec }) => Spec.Role === "manager");
    fake.commandOutput = (command) => (command.startsWith("docker info") ? "inactive \n" : "");
    const desired = desiredSwarm(
      many.map((node) => verb(`membership-${node.name}`, "admit-node", specOf(node))),
      { nodes: names, networks: [], stacks: [] },
    );
    const { nodes: repaired } = await reconcile({
      access,
      desired,
      mark: "m",
      say: (line) => {
        said.push(line);
      },
      now: Date.UTC(2026),
    });
    expect([...repaired.keys()]).to.have.members(names);
    expect(fake.forwards.most).to.equal(10);
    expect(said[0]).to.equal(
      "40 nodes are not Ready; asking each what state it is in, 10 at a time, for 120 s at most.",
    );
  });

  it("asks no more than ten of many nodes that hang, and knows whose turn did not come", async () => {
    fake.forwardsHang = true;
    const limits = { atOnce: 10, nodeSeconds: 0.2, allSeconds: 0.6 };
    const { claims, unasked } = await withManager(
      access,
      (manager) => askThemselves(manager, access, many, limits),
      oneLook,
    );
    expect([claims.size, [...unasked], fake.forwards.most]).to.deep.equal([0, names.slice(10), 10]);
  });

  it("has a removed network made again and what uses it deployed again", async () => {
    fake.networks = [];
    const { networks, stacks } = await look();
    expect([[...networks], [...stacks]]).to.deep.equal([
      [["proxy", `network-missing ${when}`]],
      [["traefik", `network-missing ${when}`]],
    ]);
  });

  it("waits for a network that its manager still lists since a container of a removed service uses it", async () => {
    const lingering = { ...(fake.networks[0] as object), Containers: { "lb-proxy": {}, c0ffee: {} } };
    fake.services = [];
    fake.networks = [lingering];
    let asked = 0;
    fake.servicesAsked = () => {
      asked += 1;
      // the first look asks twice; the container ends after it, and the engine removes the network after the next
      if (asked === 3) fake.networks = [{ ...lingering, Containers: { "lb-proxy": {} } }];
      if (asked === 4) fake.networks = [];
    };
    const { networks } = await look();
    expect([...networks]).to.deep.equal([["proxy", `network-missing ${when}`]]);
  });

  it("takes a network for one that is there when no service and no container uses it", async () => {
    fake.services = [];
    expect([...(await look()).networks]).to.deep.equal([]);
  });

  it("goes on where no manager answers, and says so", async () => {
    ports = {};
    expect(await look()).to.deep.equal(noRepairs);
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/^Could not check whether the swarm is as the last update left it: no manager answers: /);
  });
});
