import { expect } from "chai";
import { judgeResources } from "../../../ops/guard/pack";

describe("judgeResources", () => {
  const rule = (name: string, props: Readonly<Record<string, unknown>>) => ({
    urn: `urn:pulumi:prod::swarm::openstack:networking/secGroupRule:SecGroupRule::${name}`,
    type: "openstack:networking/secGroupRule:SecGroupRule",
    props: { direction: "ingress", protocol: "tcp", ...props },
  });

  it("names what lets in everyone, and nothing else", () => {
    const ssh = rule("ssh", { portRangeMin: 22, portRangeMax: 22, remoteIpPrefix: "0.0.0.0/0" });
    const fine = [
      rule("https", { portRangeMin: 443, portRangeMax: 443, remoteIpPrefix: "0.0.0.0/0" }),
      rule("admin", { portRangeMin: 22, portRangeMax: 22, remoteIpPrefix: "198.51.100.0/24" }),
      {
        urn: "urn:pulumi:prod::swarm::openstack:compute/instance:Instance::m",
        type: "openstack:compute/instance:Instance",
        props: { name: "m", metadata: { role: "manager" } },
      },
    ];
    expect(judgeResources([ssh, ...fine])).to.deep.equal([
      {
        urn: ssh.urn,
        message: "ssh: it lets in everyone on another port than the ingress'; name the networks that may reach it.",
      },
    ]);
  });

  it("takes what a preview does not know yet for a value that is there", () => {
    const { props, ...resource } = rule("group", { portRangeMin: 22, portRangeMax: 22 });
    Object.defineProperty(props, "remoteGroupId", {
      enumerable: true,
      get: () => {
        throw new Error("can't be known during preview");
      },
    });
    expect(judgeResources([{ ...resource, props }])).to.deep.equal([]);
  });
});
