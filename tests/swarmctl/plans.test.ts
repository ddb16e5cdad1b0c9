import { expect } from "chai";
import type { ClusterOutputs } from "../../settings/outputs";
import { planAddition, planRemoval, requireWorker } from "../../swarmctl/replace-plan";
import { readSchedule } from "../../swarmctl/schedule";
import { clusterOfNode, selectCluster, type Cluster } from "../../swarmctl/project";
import { goodSettings } from "../support/settings";

describe("readSchedule", () => {
  const rows = [
    ["mon-fri 07:00-19:00 Europe/Zurich 6", ["mon", "tue", "wed", "thu", "fri"]],
    ["sat-mon 00:00-24:00 UTC 0", ["sat", "sun", "mon"]],
    ["mon,wed-thu 22:00-06:00 UTC 2", ["mon", "wed", "thu"]],
    ["sun 22:00-06:00 UTC 2", ["sun"]],
  ] as const;
  for (const [text, days] of rows) it(`reads "${text}"`, () => { expect(readSchedule(text).days).to.deep.equal(days); });

  it("takes times, zone and minimum over", () => {
    expect(readSchedule(" sun  22:00-06:00 Europe/Zurich 12 ")).to.deep.equal({ days: ["sun"], from: "22:00", to: "06:00", timeZone: "Europe/Zurich", minNodes: 12 });
  });

  for (const text of ["", "mon-fri 07:00-19:00 6", "mon 7:00-19:00 UTC 6", "mon 07:00-19:00 UTC six", "mon 07:00-19:00 UTC 6 7"]) {
    it(`refuses "${text}"`, () => {
      expect(() => readSchedule(text)).to.throw(`--schedule: "${text}" is no schedule; use "<days> <from>-<to> <time zone> <min nodes>", e.g. "mon-fri 07:00-19:00 Europe/Zurich 6".`);
    });
  }

  for (const days of ["monday", "mon-", "mon-tue-wed", "mon,"]) {
    it(`refuses the days "${days}"`, () => { expect(() => readSchedule(`${days} 07:00-19:00 UTC 6`)).to.throw(/^--schedule: ".*" in ".*" is no day or range of days; use mon, tue, /); });
  }
});

function cluster(name: string, stack: string): Cluster {
  return { name, stack, project: "/p", namespace: "swarm", path: `/p/Pulumi.${stack}.yaml`, file: `Pulumi.${stack}.yaml`, text: "" };
}

describe("the cluster that is meant", () => {
  const clusters = [cluster("blue", "a"), cluster("blue", "b"), cluster("green", "c")];
  const stackOf = (name?: string, stack?: string): string => selectCluster(clusters, { name, stack }).stack;

  it("is found by name, by stack, by both, and when it is the only one", () => {
    expect([stackOf("green"), stackOf(undefined, "b"), stackOf("blue", "a"), selectCluster([cluster("x", "y")], {}).stack]).to.deep.equal(["c", "b", "a", "y"]);
  });

  it("is asked for when it is not known or not the only one", () => {
    const known = "known are blue (stack a), blue (stack b), green (stack c).";
    expect(() => stackOf("red")).to.throw(`cluster "red": not known; ${known}`);
    expect(() => stackOf("green", "a")).to.throw(`cluster "green" of stack "a": not known; ${known}`);
    expect(() => stackOf("blue")).to.throw(`cluster "blue": it is in several stacks; add --stack=a or --stack=b.`);
    expect(() => stackOf()).to.throw("cluster: none was named; name one of blue (stack a), blue (stack b), green (stack c).");
    expect(() => selectCluster([], { name: "x" })).to.throw(`cluster "x": not known; no Pulumi.<stack>.yaml here names a cluster.`);
  });

  it("is found by the name of a node, where one cluster's name begins with another's, too", () => {
    const both = [cluster("prod", "a"), cluster("prod-worker-x", "b")];
    expect(clusterOfNode(both, "prod-worker-az1-0", undefined).stack).to.equal("a");
    expect(clusterOfNode(both, "prod-worker-x-worker-az1-0", undefined).stack).to.equal("b");
    expect(() => clusterOfNode(both, "test-worker-az1-0", undefined)).to.throw(`node "test-worker-az1-0": of no known cluster; names are <cluster>-worker-<group>-<ordinal>, clusters prod, prod-worker-x.`);
  });
});

describe("the plan of a replacement", () => {
  const settings = goodSettings();
  const sets = { az1: [0, 2], az2: [0], az3: [0] };
  const node = (changes: Partial<ClusterOutputs["nodes"][number]> = {}): ClusterOutputs["nodes"][number] =>
    ({ name: "test-worker-az1-0", role: "worker", zone: "az1", group: "az1", ordinal: 0, address: "10.20.0.20", stale: true, ...changes });

  it("adds the lowest free ordinal first, and takes the old one away then", () => {
    expect(planAddition(settings, sets, node())).to.deep.equal({ added: "test-worker-az1-1", wanted: { ...sets, az1: [0, 1, 2] }, expected: sets });
    const after = { ...sets, az1: [0, 1, 2] };
    expect(planRemoval(settings, after, node())).to.deep.equal({ wanted: { ...sets, az1: [1, 2] }, expected: after });
  });

  it("has nothing to take away when the old one is gone", () => {
    expect(planRemoval(settings, { ...sets, az1: [1] }, node())).to.equal(undefined);
  });

  it("names the limit that leaves no room", () => {
    expect(() => planAddition(settings, { ...sets, az1: [0, 1, 2, 3] }, node())).to.throw(
      "The worker set that a replacement needs has 1 fault; nothing was touched.\n  workers.az1: 5 workers are above max 4 of the group; want 4 at most, or raise settings.workerGroups.az1.max.");
    const full = goodSettings({ autoscale: { maxNodes: 4 } });
    expect(() => planAddition(full, sets, node())).to.throw("  workers: 5 workers are above maxNodes 4 of the cluster; want 4 at most, or raise settings.autoscale.maxNodes.");
    expect(() => planRemoval(settings, { ...sets, az1: [0] }, node())).to.throw("  workers.az1: 0 workers are below min 1 of the group;");
  });

  it("is for workers alone", () => {
    requireWorker(node(), "prod");
    expect(() => { requireWorker(node({ name: "test-manager-az1-0", role: "manager" }), "prod"); }).to.throw(
      "test-manager-az1-0: a manager, and only workers are replaced by this; while the quorum's margin is 1 or more, use `pulumi up --stack prod --replace <urn of its server>` (docs/runbook.md, \"A manager dies\"; ");
  });
});
