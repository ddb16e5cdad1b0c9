import { expect } from "chai";
import { readCompose, renderCompose, traefikValues } from "../../components/compose";
import { firewallTable, planFirewall } from "../../components/firewall-rules";
import { planCluster } from "../../components/plan";
import { goodSettings } from "../support/settings";

describe("planFirewall", () => {
  const planned = planFirewall({ adminCidrs: ["198.51.100.0/24", "203.0.113.7/32"], ingressCidrs: ["0.0.0.0/0"] });

  it("opens SSH on managers to each administrators' network and to nobody else", () => {
    const ssh = planned.filter(({ rule }) => rule.port === 22);
    expect(ssh.map(({ rule, source }) => [rule.to, source])).to.deep.equal([
      ["managers", { cidr: "198.51.100.0/24" }], ["managers", { cidr: "203.0.113.7/32" }], ["workers", { group: "managers" }],
    ]);
  });

  it("opens nothing but port 80 to the ingress' networks", () => {
    expect(planned.filter(({ source }) => "cidr" in source && source.cidr === "0.0.0.0/0").map(({ rule }) => rule.port)).to.deep.equal([80]);
  });

  it("gives each rule a name of its own and a reason", () => {
    expect(new Set(planned.map(({ key }) => key)).size).to.equal(planned.length);
    for (const rule of firewallTable) expect(rule.why).not.to.equal("");
  });
});

describe("planCluster", () => {
  it("places, addresses and labels every node", () => {
    const plan = planCluster(goodSettings({ workerGroups: { gpu: { zone: "az2", flavor: "g1", min: 1, max: 1, labels: { gpu: "yes" } } } }), {});
    expect(plan.managers.map(({ place, address, priority }) => [place.name, address, priority])).to.deep.equal([
      ["test-manager-az1-0", "10.20.0.10", 254], ["test-manager-az2-0", "10.20.0.11", 253], ["test-manager-az3-0", "10.20.0.12", 252],
    ]);
    expect(plan.workers).to.deep.equal({
      gpu: [{
        place: { name: "test-worker-gpu-0", role: "worker", zone: "az2", group: "gpu", ordinal: 0 },
        flavor: "g1", labels: { gpu: "yes", az: "az2", group: "gpu", ordinal: "0" },
      }],
    });
  });
});

describe("renderCompose", () => {
  it("fills in marks and leaves other dollar signs alone", () => {
    expect(renderCompose("image: ${A}\npath: $HOME", { A: "x:1" })).to.equal("image: x:1\npath: $HOME");
  });

  it("refuses a mark without a value and a value without a mark", () => {
    expect(() => renderCompose("${A}", {})).to.throw("compose: no value for ${A}");
    expect(() => renderCompose("", { B: "1" })).to.throw("compose: no mark for B");
  });

  for (const [image, flag] of [["traefik:v2.9", "--providers.docker.swarmMode=true"], ["registry:5000/traefik:v3.1", "--providers.swarm=true"]] as const) {
    it(`gives ${image} the flags of its version`, () => {
      const text = renderCompose(readCompose("traefik"), { TRAEFIK_IMAGE: image, SOCKET_PROXY_IMAGE: "p:1", NETWORK_MTU: "1450", ...traefikValues(image) });
      expect(text).to.include(flag).and.include(`image: ${image}`);
    });
  }
});
