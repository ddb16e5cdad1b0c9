import { expect } from "chai";
import { OperationError } from "../../../ops/errors";
import { isAsWanted, refuseOther } from "../../../ops/verbs/init-swarm";

describe("the ingress network", () => {
  const wanted = {
    overlayOptions: { "com.docker.network.driver.mtu": "1450", encrypted: "true" },
    ingressSubnet: "10.200.252.0/22",
  };
  const made = {
    Options: {
      "com.docker.network.driver.mtu": "1450",
      encrypted: "true",
      "com.docker.network.driver.overlay.vxlanid_list": "4096",
    },
    IPAM: { Config: [{ Subnet: "10.200.252.0/22" }] },
  };
  const rows: readonly (readonly [string, Parameters<typeof isAsWanted>[0], boolean])[] = [
    ["has its options and subnet", made, true],
    [
      "was made by Docker's init",
      {
        Options: { "com.docker.network.driver.overlay.vxlanid_list": "4096" },
        IPAM: { Config: [{ Subnet: "10.200.0.0/24" }] },
      },
      false,
    ],
    ["is not encrypted", { ...made, Options: { "com.docker.network.driver.mtu": "1450" } }, false],
    ["has another subnet", { ...made, IPAM: { Config: [{ Subnet: "10.200.0.0/24" }] } }, false],
    ["has no addresses yet", { ...made, IPAM: { Config: null } }, false],
  ];
  for (const [what, network, expected] of rows)
    it(`stays only as it is wanted: one that ${what}`, () => {
      expect(isAsWanted(network, wanted)).to.equal(expected);
    });
});

describe("a swarm that an earlier try made", () => {
  const spec = { manager: "test-manager-az1-0", overlayPools: ["10.201.0.0/16"], overlayPrefix: 24 };

  it("is kept where its pools are the settings'", () => {
    refuseOther({ DefaultAddrPool: ["10.201.0.0/16"], SubnetSize: 24 }, spec);
  });

  it("is refused where they are others, which nothing can change", () => {
    expect(() => {
      refuseOther({ DefaultAddrPool: ["10.200.0.0/16"], SubnetSize: 24 }, spec);
    }).to.throw(
      OperationError,
      `settings.overlayPools: ["10.201.0.0/16"] with overlayPrefix 24, but test-manager-az1-0 is part of a swarm with ["10.200.0.0/16"] and 24; keep that, or destroy the cluster first.`,
    );
  });
});
