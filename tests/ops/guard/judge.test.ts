import { expect } from "chai";
import fc from "fast-check";
import { judge, type Verdict } from "../../../ops/guard/judge";
import { readPlan } from "../../../ops/guard/plan";
import { manager, membership, preview, step, swarm, worker, workers, zones, type ShownStep } from "../../support/plan";

const now = new Date("2026-12-01T10:00:00Z");

function verdict(steps: readonly ShownStep[], config: Readonly<Record<string, unknown>> = {}): Verdict {
  return judge(readPlan(preview(steps, config)), now);
}

/** Codes that refuse, with the zone where there is one. */
function refused(steps: readonly ShownStep[], config: Readonly<Record<string, unknown>> = {}): string[] {
  return verdict(steps, config).refused.map(({ code, zone }) => (zone === undefined ? code : `${code} ${zone}`));
}

const managers = (...ops: readonly string[]): ShownStep[] => ops.map((op, index) => manager(op, `az${index + 1}`));
const three = managers("same", "same", "same");
const rule = (op: string, inputs: Readonly<Record<string, unknown>>): ShownStep =>
  step(op, "openstack:networking/secGroupRule:SecGroupRule", "c-rule", {
    direction: "ingress",
    protocol: "tcp",
    ...inputs,
  });
const port = (number: number): Readonly<Record<string, unknown>> => ({ portRangeMin: number, portRangeMax: number });
const volume = (op: string, more: Readonly<Record<string, unknown>> = {}): ShownStep =>
  step(op, "openstack:blockstorage/volume:Volume", "data", {}, more);
const group = (op: string): ShownStep => step(op, "openstack:compute/serverGroup:ServerGroup", "c-group", {});

describe("judge", () => {
  const rows: readonly (readonly [string, readonly ShownStep[], readonly string[]])[] = [
    ["a plan without changes", [swarm, ...three, ...workers("same", "az1", 3)], []],
    ["a first create", [...managers("create", "create", "create"), ...workers("create", "az1", 3)], []],
    ["more workers", [swarm, ...three, ...workers("same", "az1", 1), ...workers("create", "az1", 9, 1)], []],

    ["one of three managers replaced", [swarm, ...managers("replace", "same", "same")], []],
    [
      "two of three managers replaced",
      [swarm, ...managers("replace", "replace", "same")],
      ["replace-managers", "lose-quorum"],
    ],
    [
      "two of five managers replaced",
      [swarm, ...managers("replace", "replace", "same", "same", "same")],
      ["replace-managers"],
    ],
    ["the only manager replaced", [swarm, ...managers("replace")], ["lose-quorum"]],
    ["one of two managers replaced", [swarm, ...managers("replace", "same")], ["lose-quorum"]],
    ["one of three replaced while one is removed", [swarm, ...managers("replace", "delete", "same")], ["lose-quorum"]],
    ["two of five managers removed", [swarm, ...managers("same", "same", "same", "delete", "delete")], []],
    ["two of three managers removed", [swarm, ...managers("same", "delete", "delete")], ["lose-quorum"]],
    [
      "managers that Nova could not start, made anew",
      [
        swarm,
        manager("same", "az1"),
        ...["az2", "az3"].map((zone) => manager("replace", zone, { initErrors: ["No valid host"] })),
      ],
      [],
    ],
    ["managers of a first update that failed before there was a swarm", managers("replace", "replace", "delete"), []],
    [
      "two managers replaced, each half of it shown",
      [
        swarm,
        manager("same", "az1"),
        ...["az2", "az3"].flatMap((zone) =>
          ["delete-replaced", "replace", "create-replacement"].map((op) => manager(op, zone)),
        ),
      ],
      ["replace-managers", "lose-quorum"],
    ],
    [
      "two managers that a killed update deleted and did not make anew",
      [
        swarm,
        manager("same", "az1"),
        ...["az2", "az3"].flatMap((zone) => ["replace", "create-replacement"].map((op) => manager(op, zone))),
      ],
      [],
    ],
    [
      "a manager that a refresh found gone",
      [swarm, ...managers("same", "same"), manager("delete", "az3"), manager("create", "az3")],
      [],
    ],

    [
      "two managers taken out of the swarm whose servers stay",
      [swarm, ...three, ...["az1", "az2"].map((zone) => membership("replace", `c-manager-${zone}-0`))],
      ["replace-managers", "lose-quorum"],
    ],
    [
      "a manager replaced with its part in the swarm",
      [swarm, ...managers("replace", "same", "same"), membership("replace", "c-manager-az1-0")],
      [],
    ],
    [
      "workers taken out of the swarm whose servers stay",
      [
        swarm,
        ...three,
        ...workers("same", "az1", 3),
        ...["0", "1"].map((ordinal) => membership("delete", `c-worker-az1-${ordinal}`)),
      ],
      ["lose-workers az1", "lose-workers"],
    ],
    [
      "memberships that stay",
      [swarm, ...three, ...zones.map((zone) => membership("update", `c-manager-${zone}-0`))],
      [],
    ],

    ["one worker of three removed", [swarm, ...three, ...workers("same", "az1", 2), worker("delete", "az1", 2)], []],
    [
      "the only worker of a zone removed",
      [swarm, ...three, worker("delete", "az1", 0), worker("same", "az2", 0), worker("same", "az3", 0)],
      [],
    ],
    ["the only worker replaced in place", [swarm, ...three, worker("replace", "az1", 0)], []],
    [
      "half of a zone's workers removed",
      [swarm, ...three, ...workers("same", "az1", 2), ...workers("delete", "az1", 2, 2), ...workers("same", "az2", 9)],
      ["lose-workers az1"],
    ],
    [
      "a zone edited by an older program: all its workers replaced",
      [swarm, ...three, ...workers("replace", "az1", 4), ...workers("same", "az2", 4), ...workers("same", "az3", 4)],
      ["lose-workers az1"],
    ],
    [
      "a third of the cluster, one worker in each zone",
      [swarm, ...three, ...zones.flatMap((zone) => [...workers("same", zone, 2), worker("delete", zone, 2)])],
      [],
    ],
    [
      "half of the cluster, one worker in each zone",
      [swarm, ...three, ...zones.flatMap((zone) => [worker("same", zone, 0), worker("delete", zone, 1)])],
      ["lose-workers"],
    ],
    [
      "half removed and a part replaced",
      [
        swarm,
        ...three,
        ...workers("same", "az1", 6),
        ...workers("delete", "az1", 2, 6),
        ...workers("replace", "az1", 2, 8),
        ...workers("same", "az2", 9),
      ],
      [],
    ],
    [
      "removed and replaced together beyond a share",
      [
        swarm,
        ...three,
        ...workers("same", "az1", 4),
        ...workers("delete", "az1", 3, 4),
        ...workers("replace", "az1", 3, 7),
        ...workers("same", "az2", 20),
      ],
      ["lose-workers az1"],
    ],
    [
      "workers exchanged for new ones, as the rollout does",
      [swarm, ...three, ...workers("delete", "az1", 4), ...workers("create", "az1", 4, 4)],
      [],
    ],
    [
      "a group that moves to another zone by exchange",
      [swarm, ...three, ...workers("delete", "az1", 1), worker("create", "az4", 1), ...workers("same", "az2", 3)],
      [],
    ],

    ["a server group replaced while servers stay", [swarm, group("replace"), ...three], ["replace-server-group"]],
    [
      "a server group that nobody is in any more",
      [group("replace"), step("same", "openstack:compute/instance:Instance", "other", { name: "other" })],
      [],
    ],

    ["a volume destroyed", [volume("delete")], ["destroy-volumes"]],
    ["a volume replaced", [volume("replace")], ["destroy-volumes"]],
    ["a volume that the cloud keeps", [volume("delete", { retainOnDelete: true })], []],
    ["a volume made", [volume("create")], []],
    [
      "a volume that an earlier update replaced already",
      [volume("same"), volume("delete-replaced", { delete: true })],
      [],
    ],

    ["SSH opened to everyone", [rule("create", { ...port(22), remoteIpPrefix: "0.0.0.0/0" })], ["open-to-world"]],
    ["SSH opened to everyone by IPv6", [rule("create", { ...port(22), remoteIpPrefix: "::/0" })], ["open-to-world"]],
    [
      "SSH opened to half of everyone",
      [rule("create", { ...port(22), remoteIpPrefix: "128.0.0.0/1" })],
      ["open-to-world"],
    ],
    ["a rule without a source", [rule("create", { ...port(22) })], ["open-to-world"]],
    ["every port by a rule without ports", [rule("create", { remoteIpPrefix: "0.0.0.0/0" })], ["open-to-world"]],
    ["the ingress opened to everyone", [rule("create", { ...port(443), remoteIpPrefix: "0.0.0.0/0" })], []],
    [
      "a range that begins with the ingress",
      [rule("create", { portRangeMin: 80, portRangeMax: 90, remoteIpPrefix: "0.0.0.0/0" })],
      ["open-to-world"],
    ],
    [
      "UDP on the ingress' port",
      [rule("create", { ...port(443), protocol: "udp", remoteIpPrefix: "0.0.0.0/0" })],
      ["open-to-world"],
    ],
    ["an opening that was there", [rule("same", { ...port(22), remoteIpPrefix: "0.0.0.0/0" })], []],
    ["a rule that goes", [rule("delete", { ...port(22), remoteIpPrefix: "0.0.0.0/0" })], []],
    [
      "a rule for a group",
      [rule("create", { ...port(22), remoteGroupId: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" })],
      [],
    ],
    ["what nodes send", [rule("create", { direction: "egress", remoteIpPrefix: "0.0.0.0/0" })], []],
    [
      "a load balancer that listens to everyone on another port",
      [step("create", "openstack:loadbalancer/listener:Listener", "l", { protocolPort: 22 })],
      ["open-to-world"],
    ],
    [
      "a port without port security",
      [step("create", "openstack:networking/port:Port", "p", { portSecurityEnabled: false })],
      ["open-to-world"],
    ],
  ];
  for (const [what, steps, codes] of rows)
    it(`${codes.length === 0 ? "lets through" : "refuses"} ${what}`, () => {
      expect(refused(steps)).to.deep.equal(codes);
    });

  it("gives figure, limit and names", () => {
    const {
      refused: [finding],
    } = verdict([swarm, ...managers("replace", "replace", "same"), ...workers("same", "az1", 1)]);
    expect(finding).to.deep.equal({
      code: "replace-managers",
      figure: "2 replaced",
      limit: "1 in one update",
      beyond: true,
      resources: ["c-manager-az1-0", "c-manager-az2-0"],
    });
  });

  it("goes by the limits of the configuration that was previewed", () => {
    const half = [swarm, ...three, ...workers("same", "az1", 2), ...workers("delete", "az1", 2, 2)];
    expect(refused(half)).to.deep.equal(["lose-workers az1", "lose-workers"]);
    expect(refused(half, { planGuard: { zonePercent: 50, clusterPercent: 50 } })).to.deep.equal([]);
    expect(refused([swarm, ...three, worker("delete", "az1", 0)], { planGuard: { zonePercent: 0 } })).to.deep.equal([
      "lose-workers az1",
    ]);
  });

  const allowance = { what: "lose-workers", until: "2026-12-01", why: "the zone is given up" };
  const emptied = [swarm, ...three, ...workers("delete", "az1", 4), ...workers("same", "az2", 20)];
  it("lets an allowance pass up to the end of its day, in its zone or everywhere", () => {
    expect(refused(emptied)).to.deep.equal(["lose-workers az1"]);
    for (const allow of [[allowance], [{ ...allowance, zone: "az1" }]])
      expect(refused(emptied, { allow })).to.deep.equal([]);
    for (const allow of [[{ ...allowance, zone: "az2" }], [{ ...allowance, what: "destroy-volumes" }]])
      expect(refused(emptied, { allow })).to.deep.equal(["lose-workers az1"]);
  });

  it("ignores an allowance whose day is over, and names it", () => {
    const { refused: still, expired } = verdict(emptied, { allow: [{ ...allowance, until: "2026-11-30" }] });
    expect(still.map(({ code }) => code)).to.deep.equal(["lose-workers"]);
    expect(expired.map(({ until }) => until)).to.deep.equal(["2026-11-30"]);
  });

  it("sums the prices of the servers, names flavors without one, and refuses a rise beyond the limit", () => {
    const steps = [swarm, ...three, worker("same", "az1", 0), ...workers("create", "az1", 2, 1)];
    expect(verdict(steps).price).to.equal(undefined);
    expect(verdict(steps, { flavorPrices: { large: 0.25 } }).price).to.deep.equal({
      before: 0.25,
      after: 0.75,
      unknown: ["small"],
    });
    const prices = { flavorPrices: { large: 0.25, small: 0.1 } };
    expect(refused(steps, prices)).to.deep.equal([]);
    expect(refused(steps, { ...prices, planGuard: { hourlyIncrease: 0.5 } })).to.deep.equal([]);
    expect(refused(steps, { ...prices, planGuard: { hourlyIncrease: 0.4 } })).to.deep.equal(["raise-price"]);
    expect(
      refused([swarm, ...three, worker("delete", "az1", 0)], { ...prices, planGuard: { hourlyIncrease: 0 } }),
    ).to.deep.equal([]);
  });
});

describe("judge, of any plan", () => {
  const op = fc.constantFrom("same", "create", "delete", "replace", "update");
  const nodes = fc
    .array(
      fc.record({ op, role: fc.constantFrom("manager" as const, "worker" as const), zone: fc.constantFrom(...zones) }),
      { maxLength: 30 },
    )
    .map((all) =>
      all.map(({ op: what, role, zone }, ordinal) =>
        role === "manager"
          ? { ...manager(what, zone), urn: `urn:pulumi:prod::swarm::t::m-${ordinal}` }
          : worker(what, zone, ordinal),
      ),
    );
  const count = (steps: readonly ShownStep[], role: string, ...ops: string[]): number =>
    steps.filter(
      (one) =>
        ops.includes(one.op) && ((one.oldState ?? one.newState)?.inputs["metadata"] as { role: string }).role === role,
    ).length;

  it("never lets go of the majority of the managers", () => {
    fc.assert(
      fc.property(nodes, (steps) => {
        const [all, gone] = [
          count(steps, "manager", "same", "update", "replace", "delete"),
          count(steps, "manager", "replace", "delete"),
        ];
        const isLost = gone > 0 && all - gone < Math.floor(all / 2) + 1;
        expect(refused([swarm, ...steps]).includes("lose-quorum")).to.equal(isLost);
      }),
    );
  });

  it("never lets more than its share of the workers go, and always one", () => {
    fc.assert(
      fc.property(nodes, (steps) => {
        const all = count(steps, "worker", "same", "update", "replace", "delete");
        const lost =
          count(steps, "worker", "replace") +
          Math.max(0, count(steps, "worker", "delete") - count(steps, "worker", "create"));
        expect(refused([swarm, ...steps]).includes("lose-workers")).to.equal(
          lost > Math.max(1, Math.floor(all * 0.34)),
        );
      }),
    );
  });

  it("does not hang on the order of the steps", () => {
    fc.assert(
      fc.property(
        nodes.chain((steps) => fc.tuple(fc.constant(steps), fc.shuffledSubarray(steps, { minLength: steps.length }))),
        ([steps, shuffled]) => {
          expect(verdict([swarm, ...shuffled])).to.deep.equal(verdict([swarm, ...steps]));
        },
      ),
    );
  });

  it("has nothing against a plan that changes nothing or only adds", () => {
    fc.assert(
      fc.property(nodes, (steps) => {
        expect(
          refused([swarm, ...steps.filter((one) => one.op === "same" || one.op === "create" || one.op === "update")]),
        ).to.deep.equal([]);
      }),
    );
  });
});
