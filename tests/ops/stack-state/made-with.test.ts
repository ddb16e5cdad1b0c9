import { expect } from "chai";
import { madeSoFar } from "../../../ops/stack-state/made-with";
import { parseState } from "../../../ops/stack-state/state";
import { madeWith } from "../../../settings/made-with";
import { goodSettings } from "../../support/settings";

const urn = (type: string, name: string): string => `urn:pulumi:prod::swarm::${type}::${name}`;
const resource = (type: string, name: string, inputs: Record<string, unknown>): object => ({
  urn: urn(type, name),
  type,
  inputs,
});

const subnet = resource("openstack:networking/subnet:Subnet", "test-subnet", { cidr: "10.20.0.0/24", name: "test" });
const address = resource("openstack:networking/floatingIp:FloatingIp", "test-managers-ip-az1-0", { pool: "public" });
const init = (triggers?: unknown): object =>
  resource("command:local:Command", "test-managers-init", {
    environment: { "4dabf18193072939515e22adb298388d": "x" },
    ...(triggers === undefined ? {} : { triggers }),
  });

function made(...resources: readonly object[]): object {
  return madeSoFar(parseState(JSON.stringify({ version: 3, deployment: { resources } })));
}

describe("what a cluster is made with so far", () => {
  const record = madeWith(goodSettings(), { ingress: "10.200.255.0/24" });

  it("is nothing before its first update", () => {
    expect(made()).to.deep.equal({});
  });

  it("is what its network and addresses were asked for while there is no swarm", () => {
    expect(made(subnet)).to.deep.equal({ networkName: undefined, networkCidr: "10.20.0.0/24" });
    expect(made(subnet, address)).to.deep.equal({
      networkName: undefined,
      networkCidr: "10.20.0.0/24",
      externalNetwork: "public",
    });
  });

  it("is what the swarm's init recorded, also where the update failed later", () => {
    expect(made(subnet, address, init([JSON.stringify(record)]))).to.deep.equal({ networkName: undefined, ...record });
  });

  describe("where an older program, which left no record, made the swarm", () => {
    const olderInit = (spec: object): object =>
      resource("command:local:Command", "test-managers-init", {
        environment: {
          SWARM_ACCESS: { "4dabf18193072939515e22adb298388d": "x" },
          SWARM_SPEC: JSON.stringify({
            manager: "test-manager-az1-0",
            address: "10.20.0.10",
            deadlineSeconds: 300,
            ...spec,
          }),
        },
      });
    const told = {
      overlayPools: ["10.128.0.0/16"],
      overlayPrefix: 26,
      overlayOptions: { "com.docker.network.driver.mtu": "1450", encrypted: "true" },
    };
    const network = (name: string, inputs: object = {}): object =>
      resource("docker:index/network:Network", `test-overlay-${name}`, { name, ...inputs });

    it("is what the swarm's init was told", () => {
      expect(made(subnet, address, olderInit(told), network("proxy"))).to.deep.equal({
        networkName: undefined,
        networkCidr: "10.20.0.0/24",
        externalNetwork: "public",
        clusterName: "test",
        overlayPools: ["10.128.0.0/16"],
        overlayPrefix: 26,
        overlayEncryption: true,
      });
    });

    it("has the subnets that the program chose, of the networks that exist", () => {
      expect(
        made(
          olderInit({ ...told, overlayOptions: {}, ingressSubnet: "10.128.255.0/24" }),
          network("proxy", { ipamConfigs: [{ subnet: "10.128.254.0/24" }] }),
          network("other"),
        ),
      ).to.deep.equal({
        clusterName: "test",
        overlayPools: ["10.128.0.0/16"],
        overlayPrefix: 26,
        overlayEncryption: false,
        sharedSubnets: { ingress: "10.128.255.0/24", proxy: "10.128.254.0/24" },
      });
    });

    it("is nothing where the init was told nothing that can be read", () => {
      expect(made(init())).to.deep.equal({});
    });
  });
});
