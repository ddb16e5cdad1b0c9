import { expect } from "chai";
import { isAsWanted } from "../../ops/init";

describe("the ingress network", () => {
  const wanted = { overlayOptions: { "com.docker.network.driver.mtu": "1450", encrypted: "true" }, ingressSubnet: "10.200.252.0/22" };
  const made = {
    Options: { "com.docker.network.driver.mtu": "1450", encrypted: "true", "com.docker.network.driver.overlay.vxlanid_list": "4096" },
    IPAM: { Config: [{ Subnet: "10.200.252.0/22" }] },
  };
  const rows: readonly (readonly [string, Parameters<typeof isAsWanted>[0], boolean])[] = [
    ["has its options and subnet", made, true],
    ["was made by Docker's init", { Options: { "com.docker.network.driver.overlay.vxlanid_list": "4096" }, IPAM: { Config: [{ Subnet: "10.200.0.0/24" }] } }, false],
    ["is not encrypted", { ...made, Options: { "com.docker.network.driver.mtu": "1450" } }, false],
    ["has another subnet", { ...made, IPAM: { Config: [{ Subnet: "10.200.0.0/24" }] } }, false],
    ["has no addresses yet", { ...made, IPAM: { Config: null } }, false],
  ];
  for (const [what, network, expected] of rows) it(`stays only as it is wanted: one that ${what}`, () => { expect(isAsWanted(network, wanted)).to.equal(expected); });
});
