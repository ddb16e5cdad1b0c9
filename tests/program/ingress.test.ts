import { expect } from "chai";
import { leaveSeconds } from "../../components/traefik";
import { paths, runProgram, type Run } from "../support/program";
import { goodConfiguration } from "../support/settings";

describe("the program behind a load balancer", () => {
  let run: Run;
  before(async () => {
    run = await runProgram({
      ...goodConfiguration,
      demo: true,
      ingressMode: "octavia",
      ingressCidrs: ["192.0.2.0/24"],
    });
  });

  it("passes both ports on to every manager, with the client's address before the connection", () => {
    const pools = run.recorder.ofType("openstack:loadbalancer/pool:Pool").map(({ inputs }) => inputs["protocol"]);
    expect(pools).to.deep.equal(["PROXYV2", "PROXYV2"]);
    const members = run.recorder
      .ofType("openstack:loadbalancer/member:Member")
      .map(({ inputs }) => `${String(inputs["address"])}:${String(inputs["protocolPort"])}`);
    expect(members).to.have.members(
      [80, 443].flatMap((port) => ["10.20.0.10", "10.20.0.11", "10.20.0.12"].map((address) => `${address}:${port}`)),
    );
  });

  it("asks every manager's Traefik at its path, of both pools on port 80, and takes it out before it has stopped", () => {
    for (const { inputs } of run.recorder.ofType("openstack:loadbalancer/monitor:Monitor")) {
      expect(inputs).to.deep.include({
        type: "HTTP",
        httpMethod: "GET",
        urlPath: "/.well-known/swarm-ingress",
        expectedCodes: "200",
      });
      const [delay, timeout, times] = ["delay", "timeout", "maxRetriesDown"].map((key) => Number(inputs[key]));
      expect((delay ?? 0) * (times ?? 0) + (timeout ?? 0)).to.be.below(leaveSeconds);
    }
    for (const { inputs } of run.recorder.ofType("openstack:loadbalancer/member:Member"))
      expect(inputs["monitorPort"]).to.equal(80);
  });

  it("admits the ingress' networks at the load balancer", () => {
    for (const { inputs } of run.recorder.ofType("openstack:loadbalancer/listener:Listener"))
      expect(inputs["allowedCidrs"]).to.deep.equal(["192.0.2.0/24"]);
  });

  it("gives the managers no virtual address", () => {
    for (const name of ["test-managers-az1-0", "test-managers-az3-0"]) {
      expect(run.recorder.named(`${name}-port`).inputs["allowedAddressPairs"]).to.deep.equal([]);
      expect(paths(run.recorder.named(`${name}-server`).inputs)).not.to.include("/etc/swarm/keepalived.conf");
    }
    expect(run.recorder.registrations.map(({ name }) => name)).not.to.include.oneOf([
      "test-ingress-port",
      "test-ingress-holder",
    ]);
  });

  it("points the floating IP at the load balancer", () => {
    expect(run.recorder.named("test-ingress-ip").inputs["portId"]).to.equal("balancer-port");
    expect(run.outputs["ingressAddress"]).to.be.a("string");
  });
});

describe("the program without an ingress address", () => {
  it("makes none and exports none", async () => {
    const { recorder, outputs } = await runProgram({ ...goodConfiguration, demo: true, ingressMode: "none" });
    expect(recorder.registrations.filter(({ name }) => name.startsWith("test-ingress-"))).to.deep.equal([]);
    expect(outputs).not.to.have.any.keys("ingressAddress", "demoUrl");
  });
});
