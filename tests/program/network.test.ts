import { expect } from "chai";
import { parse } from "yaml";
import { Network } from "../../components/network";
import { planCluster } from "../../components/plan";
import { cloudAnswers, cloudCalls } from "../support/cluster";
import { initOf, runProgram } from "../support/program";
import { mockEngine, valueOf } from "../support/pulumi";
import { goodConfiguration, goodSettings } from "../support/settings";

describe("the program in a network of somebody else", () => {
  it("makes no network, subnet or router", async () => {
    const { recorder } = await runProgram({ ...goodConfiguration, networkName: "shared" });
    const made = recorder.registrations.filter(({ type }) =>
      /networking\/(network|subnet|router|routerInterface):/.test(type),
    );
    expect(made).to.deep.equal([]);
    expect(recorder.named("test-managers-az1-0-port").inputs).to.deep.include({
      networkId: "network-shared",
      fixedIps: [{ subnetId: "subnet-10.20.0.0/24", ipAddress: "10.20.0.10" }],
    });
    expect(recorder.named("test-overlay-proxy").inputs["options"]).to.deep.equal({
      "com.docker.network.driver.mtu": "8950",
    });
  });
});

describe("the program in a network that hands out the managers' addresses", () => {
  it("is refused with the pool that leaves them alone, before any port is made", async () => {
    const recorder = mockEngine({
      answers: cloudAnswers(),
      calls: {
        ...cloudCalls,
        "openstack:networking/getSubnet:getSubnet": () => ({
          id: "subnet",
          allocationPools: [{ start: "10.20.0.2", end: "10.20.0.254" }],
        }),
      },
    });
    const { addresses } = planCluster(goodSettings(), {});
    const network = new Network("test", {
      addresses,
      held: [],
      settings: goodSettings({ networkName: "shared" }),
      mark: "mark",
    });
    const error = await valueOf(network.subnetId).then(() => "", String);
    expect(error)
      .to.include(`the subnet 10.20.0.0/24 of "shared" may assign 10.20.0.5, 10.20.0.10, 10.20.0.11,`)
      .and.include(
        "openstack subnet set --no-allocation-pool --allocation-pool start=10.20.0.20,end=10.20.0.254 subnet",
      );
    expect(recorder.registrations.map(({ type }) => type)).to.deep.equal(["swarm:network:Network"]);
  });
});

describe("the program with encrypted overlays", () => {
  it("encrypts ingress, the shared network and the monitoring's own", async () => {
    const { recorder } = await runProgram({ ...goodConfiguration, overlayEncryption: true, monitoring: {} });
    const options = { "com.docker.network.driver.mtu": "1450", encrypted: "true" };
    expect(recorder.named("test-overlay-proxy").inputs["options"]).to.deep.equal(options);
    expect(initOf({ recorder }).overlayOptions, "ingress").to.deep.equal(options);
    const { networks } = parse(String(recorder.named("test-monitoring-deploy").inputs["stdin"])) as {
      networks: { control: unknown };
    };
    expect(networks.control).to.deep.include({ driver_opts: options });
  });
});
