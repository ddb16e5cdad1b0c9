import { expect } from "chai";
import { benchSettings, userDataFor } from "../../bench/settings";
import { planFirewall } from "../../components/firewall-rules";
import { planCluster } from "../../components/plan";

describe("benchSettings", () => {
  for (const [nodes, workers] of [
    [6, [1, 1, 1]],
    [7, [2, 1, 1]],
    [9, [2, 2, 2]],
    [100, [33, 32, 32]],
    [1000, [333, 332, 332]],
  ] as const) {
    it(`makes ${nodes} nodes of three managers and workers in all groups`, () => {
      const { workers: groups, managers } = planCluster(benchSettings(nodes), {});
      expect(managers).to.have.length(3);
      expect(Object.values(groups).map((group) => group.length)).to.deep.equal(workers);
    });
  }
});

describe("an edit of the rules", () => {
  it("changes the firewall's rules and nothing else of the cluster", () => {
    const [before, after] = [benchSettings(6), benchSettings(6, true)];
    const cidrs = (settings: typeof before): string[] =>
      planFirewall(settings).flatMap(({ source }) => ("cidr" in source ? [source.cidr] : []));
    expect(cidrs(before)).to.have.length(3);
    expect(cidrs(after)).to.have.length(3).and.not.include.members(cidrs(before));
    expect({ ...after, adminCidrs: before.adminCidrs, ingressCidrs: before.ingressCidrs }).to.deep.equal(before);
    expect(planCluster(after, {})).to.deep.equal(planCluster(before, {}));
  });
});

describe("userDataFor", () => {
  it("gives a manager the virtual address and a worker none", () => {
    const settings = benchSettings(6);
    const source = { settings, plan: planCluster(settings, {}), seed: "00".repeat(32), mtu: 1450 };
    const [manager] = source.plan.managers;
    const worker = Object.values(source.plan.workers)[0]?.[0];
    if (manager === undefined || worker === undefined) throw new Error("none planned");
    expect(userDataFor(source, manager.place, manager.address, manager))
      .to.include("vrrp_instance")
      .and.include("MTU=1450");
    expect(userDataFor(source, worker.place, "10.21.0.20"))
      .to.include("ADDRESS=10.21.0.20")
      .and.not.include("vrrp_instance");
  });
});
