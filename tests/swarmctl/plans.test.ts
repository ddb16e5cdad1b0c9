import { expect } from "chai";
import { readSchedule } from "../../swarmctl/schedule";
import { clusterOfNode, selectCluster, type Cluster } from "../../swarmctl/project";

describe("readSchedule", () => {
  const rows = [
    ["mon-fri 07:00-19:00 Europe/Zurich 6", ["mon", "tue", "wed", "thu", "fri"]],
    ["sat-mon 00:00-24:00 UTC 0", ["sat", "sun", "mon"]],
    ["mon,wed-thu 22:00-06:00 UTC 2", ["mon", "wed", "thu"]],
    ["sun 22:00-06:00 UTC 2", ["sun"]],
  ] as const;
  for (const [text, days] of rows)
    it(`reads "${text}"`, () => {
      expect(readSchedule(text).days).to.deep.equal(days);
    });

  it("takes times, zone and minimum over", () => {
    expect(readSchedule(" sun  22:00-06:00 Europe/Zurich 12 ")).to.deep.equal({
      days: ["sun"],
      from: "22:00",
      to: "06:00",
      timeZone: "Europe/Zurich",
      minNodes: 12,
    });
  });

  for (const text of [
    "",
    "mon-fri 07:00-19:00 6",
    "mon 7:00-19:00 UTC 6",
    "mon 07:00-19:00 UTC six",
    "mon 07:00-19:00 UTC 6 7",
  ]) {
    it(`refuses "${text}"`, () => {
      expect(() => readSchedule(text)).to.throw(
        `--schedule: "${text}" is no schedule; use "<days> <from>-<to> <time zone> <min nodes>", e.g. "mon-fri 07:00-19:00 Europe/Zurich 6".`,
      );
    });
  }

  for (const days of ["monday", "mon-", "mon-tue-wed", "mon,"]) {
    it(`refuses the days "${days}"`, () => {
      expect(() => readSchedule(`${days} 07:00-19:00 UTC 6`)).to.throw(
        /^--schedule: ".*" in ".*" is no day or range of days; use mon, tue, /,
      );
    });
  }
});

function cluster(name: string, stack: string): Cluster {
  return { name, stack, project: "/p", path: `/p/Pulumi.${stack}.yaml`, file: `Pulumi.${stack}.yaml`, text: "" };
}

describe("the cluster that is meant", () => {
  const clusters = [cluster("blue", "a"), cluster("blue", "b"), cluster("green", "c")];
  const stackOf = (name?: string, stack?: string): string => selectCluster(clusters, { name, stack }).stack;

  it("is found by name, by stack, by both, and when it is the only one", () => {
    expect([
      stackOf("green"),
      stackOf(undefined, "b"),
      stackOf("blue", "a"),
      selectCluster([cluster("x", "y")], {}).stack,
    ]).to.deep.equal(["c", "b", "a", "y"]);
  });

  it("is asked for when it is not known or not the only one", () => {
    const known = "known are blue (stack a), blue (stack b), green (stack c).";
    expect(() => stackOf("red")).to.throw(`cluster "red": not known; ${known}`);
    expect(() => stackOf("green", "a")).to.throw(`cluster "green" of stack "a": not known; ${known}`);
    expect(() => stackOf("blue")).to.throw(`cluster "blue": it is in several stacks; add --stack=a or --stack=b.`);
    expect(() => stackOf()).to.throw(
      "cluster: none was named; name one of blue (stack a), blue (stack b), green (stack c).",
    );
    expect(() => selectCluster([], { name: "x" })).to.throw(
      `cluster "x": not known; no Pulumi.<stack>.yaml here names a cluster.`,
    );
  });

  it("is found by the name of a node, where one cluster's name begins with another's, too", () => {
    const both = [cluster("prod", "a"), cluster("prod-worker-x", "b")];
    expect(clusterOfNode(both, "prod-worker-az1-0", undefined).stack).to.equal("a");
    expect(clusterOfNode(both, "prod-worker-x-worker-az1-0", undefined).stack).to.equal("b");
    expect(() => clusterOfNode(both, "test-worker-az1-0", undefined)).to.throw(
      `node "test-worker-az1-0": of no known cluster; names are <cluster>-worker-<group>-<ordinal>, clusters prod, prod-worker-x.`,
    );
  });
});
