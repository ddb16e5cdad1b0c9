import { expect } from "chai";
import { OpenStack } from "../../../ops/openstack/client";
import { lookForLeftovers, noteEnd } from "../../../ops/openstack/clear-leftovers";
import { isExplained, judge, unknownTo } from "../../../ops/openstack/leftovers";
import { knownBy, type CloudThing } from "../../../ops/openstack/cloud-thing";
import type { SwarmNodeState } from "../../../ops/swarm/nodes";
import { parsePending, parseState, type PendingCreate, type StateResource } from "../../../ops/stack-state/state";
import { removeAll, useOf } from "../../../ops/openstack/sweep";
import { ownerMark } from "../../../settings/names";
import { FakeCloud } from "../../support/fake-cloud";

const owner: StateResource = {
  urn: "urn:pulumi:s::swarm::swarm:platform:Identity$command:local:Command::c-identity-owner",
  type: "command:local:Command",
  outputs: { stdout: "0a1b2c" },
};

describe("knownBy", () => {
  it("reads the owner and the ids from the state", () => {
    const known = knownBy("c", [
      owner,
      { urn: "u", type: "openstack:compute/instance:Instance", id: "i-1" },
      { urn: "v", type: "component" },
    ]);
    expect(known).to.deep.equal({
      cluster: "c",
      mark: "swarm c, owner 0a1b2c",
      owner: "0a1b2c",
      ids: new Set(["i-1"]),
    });
  });

  it("knows no mark in an empty state, and not another cluster's", () => {
    expect(knownBy("c", parseState(`{"version": 3, "deployment": {"resources": null}}`))).to.deep.equal({
      cluster: "c",
      ids: new Set(),
    });
    expect(knownBy("b", [owner])).not.to.have.property("mark");
  });
});

const thing = (kind: CloudThing["kind"], id: string, made: CloudThing["made"] = {}): CloudThing => ({
  kind,
  id,
  name: "a",
  made,
});
const server: PendingCreate = { type: "openstack:compute/instance:Instance", inputs: { name: "a", metadata: {} } };

describe("unknownTo", () => {
  it("are what the state does not know", () => {
    const things = [thing("server", "i-1"), thing("server", "i-2")];
    expect(unknownTo(knownBy("c", [owner, { urn: "u", type: "t", id: "i-1" }]), things)).to.deep.equal([things[1]]);
  });
});

describe("isExplained", () => {
  const rule: PendingCreate = {
    type: "openstack:networking/secGroupRule:SecGroupRule",
    inputs: {
      securityGroupId: "g",
      direction: "ingress",
      protocol: "tcp",
      portRangeMin: 22,
      portRangeMax: 22,
      remoteIpPrefix: "192.0.2.0/24",
      description: "ssh",
    },
  };
  const made = {
    securityGroupId: "g",
    direction: "ingress",
    protocol: "tcp",
    portRangeMin: 22,
    portRangeMax: 22,
    remoteIpPrefix: "192.0.2.0/24",
    remoteGroupId: null,
  };
  const floating: PendingCreate = {
    type: "openstack:networking/floatingIp:FloatingIp",
    inputs: { pool: "external", portId: "p" },
  };

  for (const [what, one, pending, expected] of [
    ["a server of the name that was being created", thing("server", "i", { name: "a" }), [server], true],
    ["a server of another name", thing("server", "i", { name: "b" }), [server], false],
    ["a port of a server's name", thing("port", "p", { name: "a" }), [server], false],
    ["anything where nothing was being created", thing("server", "i", { name: "a" }), [], false],
    ["the very rule", thing("security rule", "r", made), [rule], true],
    [
      "a rule for another source",
      thing("security rule", "r", { ...made, remoteIpPrefix: "198.51.100.0/24" }),
      [rule],
      false,
    ],
    [
      "a rule for another group",
      thing("security rule", "r", { ...made, remoteIpPrefix: null, remoteGroupId: "g" }),
      [rule],
      false,
    ],
    ["the address of the port", thing("floating IP", "f", { portId: "p" }), [floating], true],
    ["an address that is bound to nothing", thing("floating IP", "f"), [floating], true],
    ["the address of another port", thing("floating IP", "f", { portId: "q" }), [floating], false],
  ] as const)
    it(`holds ${expected ? "of" : "not of"} ${what}`, () => {
      expect(isExplained(one, pending)).to.equal(expected);
    });
});

describe("judge", () => {
  const nobody = (): undefined => undefined;
  it("takes nothing for a leftover that no killed update was creating, and stops at it", () => {
    const lost = thing("server", "i", { name: "a" });
    expect(judge([lost], [], new Set(), nobody)).to.deep.equal({
      leftovers: [],
      unexplained: [{ thing: lost, why: "no killed update was creating it" }],
    });
    expect(judge([lost], [server], new Set(), nobody)).to.deep.equal({ leftovers: [lost], unexplained: [] });
    expect(judge([lost], [], new Set(["i"]), nobody), "by consent").to.deep.equal({
      leftovers: [lost],
      unexplained: [],
    });
  });

  it("lets rules and interfaces that a person added stay, and goes on", () => {
    expect(
      judge([thing("security rule", "r"), thing("router interface", "i")], [server], new Set(), nobody),
    ).to.deep.equal({ leftovers: [], unexplained: [] });
  });

  it("never takes what is used, whatever the proof and the consent", () => {
    const lost = thing("server", "i", { name: "a" });
    expect(judge([lost], [server], new Set(["i"]), () => "the swarm uses it")).to.deep.equal({
      leftovers: [],
      unexplained: [{ thing: lost, why: "the swarm uses it" }],
    });
  });
});

describe("useOf", () => {
  const known = knownBy("c", [owner, { urn: "u", type: "t", id: "s-known" }]);
  const lost: CloudThing = { ...thing("server", "i", { name: "a" }), addresses: ["10.20.0.31"], status: "ACTIVE" };
  const node = (Addr: string, Labels?: Record<string, string>): SwarmNodeState => ({
    ID: "n",
    Version: { Index: 1 },
    Spec: { Role: "worker", Availability: "active", ...(Labels === undefined ? {} : { Labels }) },
    Description: { Hostname: "a" },
    Status: { State: "ready", Addr },
  });
  for (const [what, one, nodes, expected] of [
    [
      "a server that was admitted",
      lost,
      [node("10.20.0.31", { az: "az1", group: "az1", ordinal: "0" })],
      "the swarm uses it: its node n is ready",
    ],
    ["a server that joined and was never admitted", lost, [node("10.20.0.31")], undefined],
    [
      "a server beside another one of its name that was admitted",
      lost,
      [node("10.20.0.30", { ordinal: "0" })],
      undefined,
    ],
    [
      "a server that runs while no manager answers",
      lost,
      "no manager answers: m: refused",
      "the swarm may use it: no manager answers: m: refused",
    ],
    [
      "a server that is being built while no manager answers",
      { ...lost, status: "BUILD" },
      "no manager answers: m: refused",
      undefined,
    ],
    [
      "a port that a known server uses",
      { ...thing("port", "p"), deviceId: "s-known" },
      [],
      "s-known, which the state knows, uses it",
    ],
    ["a port of a server that goes with it", { ...thing("port", "p"), deviceId: "i" }, [], undefined],
  ] as const)
    it(`says of ${what}: ${expected ?? "nobody"}`, () => {
      expect(useOf(one, known, nodes)).to.equal(expected);
    });
});

describe("parsePending", () => {
  it("reads what was being created, and nothing else", () => {
    const operation = (type: string): object => ({ type, resource: { urn: "u", type: "t", inputs: { name: "a" } } });
    expect(
      parsePending(
        JSON.stringify({
          version: 3,
          deployment: { pending_operations: [operation("creating"), operation("deleting"), operation("updating")] },
        }),
      ),
    ).to.deep.equal([{ type: "t", inputs: { name: "a" } }]);
    expect(parsePending(`{"version": 3, "deployment": {}}`)).to.deep.equal([]);
  });
});

describe("an update that begins", () => {
  const mark = ownerMark("c", "0a1b2c");
  const foreign = ownerMark("c", "ffffff");
  const group = { id: "g-known", name: "c-nodes", description: mark, tags: ["c"] };
  let cloud: FakeCloud;
  let lines: string[];
  afterEach(() => {
    cloud.close();
  });

  const creating = (type: string, inputs: PendingCreate["inputs"]): PendingCreate => ({
    type: `openstack:${type}`,
    inputs,
  });
  const port = { id: "p-lost", name: "c-worker-az1-1", description: mark };
  const lost = { id: "s-lost", name: "c-worker-az1-1", metadata: { mark } };
  const proof = [
    creating("compute/instance:Instance", { name: "c-worker-az1-1" }),
    creating("networking/port:Port", { name: "c-worker-az1-1" }),
  ];

  /** Begins an update on a state that knows these ids; its number, or why it was refused. */
  async function begin(
    lists: Record<string, Record<string, unknown>[]>,
    ids: readonly string[],
    pending: readonly PendingCreate[] = [],
    more: { serial?: number; consent?: string } = {},
  ): Promise<number | string> {
    cloud = new FakeCloud(lists);
    const environment = {
      ...(await cloud.start()),
      ...(more.consent === undefined ? {} : { SWARM_CONSENT: more.consent }),
    };
    lines = [];
    const state = [owner, ...ids.map((id) => ({ urn: "u", type: "t", id }))];
    return lookForLeftovers({ cluster: "c", state, pending, serial: more.serial ?? 12, environment }, (line) =>
      lines.push(line),
    )
      .then((clear) => clear())
      .catch((error: unknown) => (error as Error).message);
  }

  it("removes what a killed update was creating, users before what they use, and nothing else", async () => {
    const number = await begin(
      {
        servers: [
          { id: "s-known", name: "c-worker-az1-0", metadata: { mark } },
          { id: "s-lost", name: "c-worker-az1-0", metadata: { mark } },
          { id: "s-foreign", name: "c-worker-az1-0", metadata: { mark: foreign } },
          { id: "s-bare", name: "c-worker-az1-1", metadata: {} },
        ],
        floatingips: [
          { id: "f-lost", floating_ip_address: "192.0.2.1", description: mark, port_id: "p-known" },
          { id: "f-foreign", floating_ip_address: "192.0.2.2", description: foreign },
        ],
        ports: [
          { id: "p-known", name: "c-worker-az1-0", description: mark },
          { id: "p-lost", name: "c-worker-az1-0", description: mark, device_id: "s-lost" },
          {
            id: "i-lost",
            name: "",
            description: "",
            device_id: "r-known",
            device_owner: "network:router_interface",
            fixed_ips: [{ subnet_id: "n" }],
          },
          {
            id: "i-hand",
            name: "",
            description: "",
            device_id: "r-known",
            device_owner: "network:router_interface",
            fixed_ips: [{ subnet_id: "other" }],
          },
          { id: "i-gateway", name: "", description: "", device_id: "r-known", device_owner: "network:router_gateway" },
        ],
        routers: [{ id: "r-known", name: "c", description: mark }],
        subnets: [{ id: "n-lost", name: "c", description: mark }],
        networks: [{ id: "n-known", name: "c", description: mark }],
        "security-groups": [group, { id: "g-lost", name: "c-managers", description: mark }],
        "security-group-rules": [
          { id: "u-known", security_group_id: "g-known" },
          {
            id: "u-lost",
            security_group_id: "g-known",
            direction: "ingress",
            protocol: "tcp",
            port_range_min: 22,
            port_range_max: 22,
          },
          {
            id: "u-hand",
            security_group_id: "g-known",
            direction: "ingress",
            protocol: "tcp",
            port_range_min: 8080,
            port_range_max: 8080,
          },
          {
            id: "u-foreign",
            security_group_id: "default",
            direction: "ingress",
            protocol: "tcp",
            port_range_min: 22,
            port_range_max: 22,
          },
        ],
        "os-server-groups": [
          { id: "sg-lost", name: "c-managers-0a1b2c" },
          { id: "sg-foreign", name: "c-managers-ffffff" },
        ],
      },
      ["s-known", "p-known", "r-known", "n-known", "g-known", "u-known"],
      [
        creating("compute/instance:Instance", { name: "c-worker-az1-0" }),
        creating("networking/floatingIp:FloatingIp", { portId: "p-known" }),
        creating("networking/routerInterface:RouterInterface", { routerId: "r-known", subnetId: "n" }),
        creating("networking/port:Port", { name: "c-worker-az1-0" }),
        creating("networking/subnet:Subnet", { name: "c" }),
        creating("networking/secGroup:SecGroup", { name: "c-managers" }),
        creating("compute/serverGroup:ServerGroup", { name: "c-managers-0a1b2c" }),
        creating("networking/secGroupRule:SecGroupRule", {
          securityGroupId: "g-known",
          direction: "ingress",
          protocol: "tcp",
          portRangeMin: 22,
          portRangeMax: 22,
        }),
      ],
    );
    expect(number).to.equal(13);
    expect(cloud.requests).to.deep.equal([
      "DELETE /compute/servers/s-lost",
      "DELETE /network/v2.0/floatingips/f-lost",
      "PUT /network/v2.0/routers/r-known/remove_router_interface",
      "DELETE /network/v2.0/ports/p-lost",
      "DELETE /network/v2.0/subnets/n-lost",
      "DELETE /network/v2.0/security-group-rules/u-lost",
      "DELETE /network/v2.0/security-groups/g-lost",
      "DELETE /compute/os-server-groups/sg-lost",
      "PUT /network/v2.0/security-groups/g-known/tags",
    ]);
    expect(lines[0]).to.equal("server c-worker-az1-0 (s-lost) was left behind by a killed update; removing it.");
  });

  it("is refused where the state lacks what the cloud has and nothing was being created, and touches nothing", async () => {
    const refusal = await begin({ servers: [lost], ports: [port], "security-groups": [group] }, ["g-known"]);
    expect(refusal).to.equal(
      [
        "the cloud has 2 of the cluster's resources that the state does not know and that are not proven leftovers:",
        "  server c-worker-az1-1 (s-lost): no killed update was creating it",
        "  port c-worker-az1-1 (p-lost): no killed update was creating it",
        'Nothing was touched. Import the newest state (docs/runbook.md, "The state is older than the cloud"). If there is none, consent to the removal:',
        `  make up CONSENT="remove=s-lost remove=p-lost" (SWARM_CONSENT for pulumi and swarmctl)`,
      ].join("\n"),
    );
    expect(cloud.requests).to.deep.equal([]);
  });

  it("is refused for one thing without proof before it removes another one with proof", async () => {
    expect(await begin({ servers: [lost], ports: [port] }, [], proof.slice(0, 1)))
      .to.include("port c-worker-az1-1 (p-lost)")
      .and.not.include("server c-worker");
    expect(cloud.requests).to.deep.equal([]);
  });

  it("removes just what a person consents to by its id", async () => {
    expect(await begin({ servers: [lost], ports: [port] }, [], [], { consent: "remove=s-lost" })).to.include(
      `CONSENT="remove=p-lost"`,
    );
    expect(cloud.requests).to.deep.equal([]);
    cloud.close();
    expect(
      await begin({ servers: [lost], ports: [port] }, [], [], { consent: "remove=s-lost remove=p-lost" }),
    ).to.equal(13);
    expect(cloud.requests).to.deep.equal(["DELETE /compute/servers/s-lost", "DELETE /network/v2.0/ports/p-lost"]);
    expect(lines[0]).to.equal("server c-worker-az1-1 (s-lost) will be removed, as you consented to.");
  });

  it("does not understand a consent in other words", async () => {
    expect(await begin({}, [], [], { consent: "yes" })).to.equal(
      `SWARM_CONSENT: "yes" is not understood; use remove=<id> and behind=<number>, as the refused update prints them.`,
    );
  });

  it("asks for no rules and interfaces where none was being created, so that one who may not remove them needs not", async () => {
    expect(
      await begin(
        { "security-groups": [group], "security-group-rules": [{ id: "u-hand", security_group_id: "g-known" }] },
        ["g-known"],
        proof,
      ),
    ).to.equal(13);
    expect(cloud.requests).to.deep.equal(["PUT /network/v2.0/security-groups/g-known/tags"]);
  });

  it("notes on the cloud that it begins and that it ended, beside the tags that are there", async () => {
    expect(await begin({ "security-groups": [group] }, ["g-known"])).to.equal(13);
    expect(cloud.lists["security-groups"]?.[0]?.["tags"]).to.deep.equal(["c", "update-13-begun"]);
    await noteEnd("c", mark, 13, cloud.environment);
    expect(cloud.lists["security-groups"]?.[0]?.["tags"]).to.deep.equal(["c", "update-13-ended"]);
  });

  for (const [what, tag, unknown, expected] of [
    ["the state is the newest", "update-12-ended", true, 13],
    ["the last update did not end", "update-13-begun", true, 13],
    ["the last update was killed between its two notes", "update-13-ended", false, 13],
    ["the cloud was never noted on", "other", true, 13],
    [
      "a later update ended and made something",
      "update-13-ended",
      true,
      "the stack's state is of update 12, the cloud has seen update 13: the state is older than the cloud.",
    ],
    [
      "several later updates began",
      "update-14-begun",
      false,
      "the stack's state is of update 12, the cloud has seen update 14: the state is older than the cloud.",
    ],
  ] as const) {
    it(`${typeof expected === "number" ? "goes on" : "is refused"} where ${what}`, async () => {
      const result = await begin(
        { servers: unknown ? [lost] : [], "security-groups": [{ ...group, tags: ["c", tag] }] },
        ["g-known"],
        proof,
      );
      expect(typeof result === "string" ? result.split("\n")[0] : result).to.equal(expected);
      if (typeof expected === "string") expect(cloud.requests).to.deep.equal([]);
    });
  }

  it("trusts what an old state was creating no more: by now it may be what works", async () => {
    const lists = { servers: [lost], "security-groups": [{ ...group, tags: ["update-14-ended"] }] };
    expect(await begin({ ...lists }, ["g-known"], proof)).to.include(`make up CONSENT="behind=14 remove=s-lost"`);
    cloud.close();
    expect(await begin({ ...lists }, ["g-known"], proof, { consent: "behind=14" })).to.include(
      `make up CONSENT="remove=s-lost"`,
    );
    cloud.close();
    expect(
      await begin({ ...lists }, ["g-known"], proof, { consent: "behind=13 remove=s-lost" }),
      "another number",
    ).to.include("older than the cloud");
    cloud.close();
    expect(
      await begin({ ...lists }, ["g-known"], proof, { consent: "behind=14 remove=s-lost" }),
      "the next number after the cloud's",
    ).to.equal(15);
    expect(cloud.requests).to.deep.equal([
      "DELETE /compute/servers/s-lost",
      "PUT /network/v2.0/security-groups/g-known/tags",
    ]);
  });

  it("asks the cloud nothing before the stack has a mark", async () => {
    cloud = new FakeCloud({});
    const clear = await lookForLeftovers(
      { cluster: "c", state: [], pending: [], serial: 0, environment: {} },
      () => undefined,
    );
    expect(await clear()).to.equal(1);
  });
});

describe("removeAll", () => {
  it("removes all that bears the mark", async () => {
    const mark = ownerMark("c", "0a1b2c");
    const cloud = new FakeCloud({
      ports: [{ id: "p", name: "c-worker-az1-0", description: mark }],
      "os-server-groups": [{ id: "sg", name: "c-managers-0a1b2c" }],
    });
    const session = await OpenStack.open(await cloud.start());
    const known = { cluster: "c", mark, owner: "0a1b2c", ids: new Set<string>() };
    expect((await removeAll(session, known)).map(({ id }) => id)).to.deep.equal(["p", "sg"]);
    expect(await removeAll(session, known)).to.deep.equal([]);
    cloud.close();
  });
});
