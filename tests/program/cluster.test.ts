import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { programFingerprint } from "../../ops/update/program";
import { madeWith } from "../../settings/made-with";
import { ingressSpec } from "../../settings/specs";
import { admissions, initOf, lastTypes, paths, runProgram, written, type Run, type Secret } from "../support/program";
import { goodConfiguration, goodSettings } from "../support/settings";

describe("the program", () => {
  let run: Run;
  before(async () => {
    run = await runProgram({ ...goodConfiguration, demo: true });
  });

  it("names every resource after the cluster", () => {
    const strangers = run.recorder.registrations.filter(
      ({ type, name }) => !name.startsWith("test") && type !== "pulumi:pulumi:StackReference",
    );
    expect(strangers).to.deep.equal([]);
  });

  it("makes three managers and a worker in each zone", () => {
    const servers = run.recorder
      .ofType("openstack:compute/instance:Instance")
      .map(({ inputs }) => [inputs["name"], inputs["availabilityZone"], inputs["flavorName"]]);
    expect(servers).to.have.deep.members([
      ["test-manager-az1-0", "az1", "m1.small"],
      ["test-manager-az2-0", "az2", "m1.small"],
      ["test-manager-az3-0", "az3", "m1.small"],
      ["test-worker-az1-0", "az1", "m1.medium"],
      ["test-worker-az2-0", "az2", "m1.medium"],
      ["test-worker-az3-0", "az3", "m1.medium"],
    ]);
  });

  it("makes few resources for a node: a component, a port, a server, a membership", () => {
    const own = run.recorder.registrations
      .filter(({ name }) => name.startsWith("test-workers-az1-"))
      .map(({ name }) => name);
    expect(own).to.have.members([
      "test-workers-az1-0",
      "test-workers-az1-0-port",
      "test-workers-az1-0-server",
      "test-workers-az1-membership-0",
    ]);
  });

  it("marks every server with its place", () => {
    expect(run.recorder.named("test-workers-az2-0-server").inputs["metadata"]).to.deep.include({
      cluster: "test",
      role: "worker",
      group: "az2",
      ordinal: "0",
    });
  });

  it("gives managers fixed addresses that let the virtual one through, and workers none", () => {
    expect(run.recorder.named("test-managers-az2-0-port").inputs).to.deep.include({
      fixedIps: [{ subnetId: "test-subnet-id", ipAddress: "10.20.0.11" }],
      allowedAddressPairs: [{ ipAddress: "10.20.0.5" }],
    });
    expect(run.recorder.named("test-workers-az2-0-port").inputs).to.deep.include({
      fixedIps: [{ subnetId: "test-subnet-id" }],
      allowedAddressPairs: [],
    });
  });

  it("writes no token into the user data of a server that is made before the swarm", () => {
    for (const { inputs } of run.recorder.ofType("openstack:compute/instance:Instance"))
      expect(paths(inputs)).not.to.include("/etc/swarm/join-token");
    expect(admissions(run).map(({ holdsToken }) => holdsToken)).to.deep.equal([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it("makes the swarm once and proves each node", () => {
    const commands = run.recorder.ofType("command:local:Command");
    expect(commands.filter(({ inputs }) => inputs["create"] === "node --import tsx ops/main.ts init")).to.have.length(
      1,
    );
    expect(
      commands.filter(({ inputs }) => inputs["create"] === "node --import tsx ops/main.ts admit-node"),
    ).to.have.length(6);
    const configured = commands.filter(({ inputs }) => inputs["create"] === "node --import tsx ops/main.ts configure");
    expect(configured.map(({ inputs }) => (inputs["environment"] as Secret).value["SWARM_SPEC"])).to.deep.equal([
      `{"dispatcherHeartbeatSeconds":5}`,
    ]);
  });

  it("puts no secret on a command line", () => {
    for (const { inputs } of run.recorder.ofType("command:local:Command")) {
      expect(`${String(inputs["create"])} ${String(inputs["delete"])}`).not.to.match(/SWMTKN|PRIVATE|5e5e/);
    }
  });

  it("lets the swarm grow in an order: networks, the ingress, managers one after the other, workers", () => {
    const order = run.recorder.registrations
      .map(({ name }) => name)
      .filter((name) => /-overlay-proxy$|-managers-init$|-traefik-deploy$|-membership-/.test(name));
    expect(order.slice(0, 6)).to.deep.equal([
      "test-managers-init",
      "test-overlay-proxy",
      "test-traefik-deploy",
      ...["az1", "az2", "az3"].map((zone) => `test-managers-membership-${zone}-0`),
    ]);
    expect(
      order.slice(6).every((name) => name.startsWith("test-workers-")),
      order.join(),
    ).to.equal(true);
  });

  it("gives the overlay network the MTU of the network below", () => {
    expect(run.recorder.named("test-overlay-proxy").inputs).to.deep.include({
      name: "proxy",
      driver: "overlay",
      options: { "com.docker.network.driver.mtu": "1450" },
    });
  });

  it("cuts the shared networks from the pools by the size of the cluster, and records it", () => {
    const sharedSubnets = { ingress: "10.200.255.0/24", proxy: "10.200.254.0/24", monitoring: "10.200.253.0/24" };
    expect(run.recorder.named("test-overlay-proxy").inputs["ipamConfigs"]).to.deep.equal([
      { subnet: sharedSubnets.proxy },
    ]);
    expect(initOf(run)).to.deep.include({
      overlayOptions: { "com.docker.network.driver.mtu": "1450" },
      ingressSubnet: sharedSubnets.ingress,
    });
    expect(run.recorder.named("test-managers-init").inputs["triggers"], "its record").to.deep.equal([
      JSON.stringify(madeWith(goodSettings({ demo: true }), sharedSubnets)),
    ]);
    expect(run.cluster.madeWith).to.deep.include({ sharedSubnets });
  });

  it("marks the overlay network as its own", () => {
    const mark = run.recorder.named("test-network").inputs["description"];
    expect(run.recorder.named("test-overlay-proxy").inputs["labels"]).to.deep.equal([
      { label: "swarm.mark", value: mark },
    ]);
  });

  it("needs no daemon for a preview", () => {
    expect(run.recorder.named("test-overlay-docker").inputs).to.deep.include({ disableDockerDaemonCheck: "true" });
  });

  it("names the login's key where it was written to, in words that are the same on every machine", () => {
    expect(JSON.stringify(run.recorder.named("test-overlay-docker").inputs["sshOpts"])).to.include(
      "IdentityFile=${HOME}/.ssh/swarm/test",
    );
  });

  it("points the floating IP at the virtual address once a manager holds it, with the files of user data", () => {
    const order = run.recorder.registrations.map(({ name }) => name);
    expect(order.indexOf("test-ingress-ip")).to.be.greaterThan(order.indexOf("test-ingress-holder"));
    const { vip, managers } = ingressSpec.parse(
      JSON.parse((run.recorder.named("test-ingress-holder").inputs["environment"] as Secret).value["SWARM_SPEC"] ?? ""),
    );
    expect(vip).to.equal("10.20.0.5");
    const server = run.recorder.named("test-managers-az2-0-server").inputs;
    for (const file of managers[1]?.files ?? []) expect(written(server, file.path)).to.deep.equal(file);
    expect(managers[1]?.files.map(({ path }) => path)).to.deep.equal([
      "/usr/local/sbin/swarm-ingress",
      "/etc/swarm/keepalived.conf",
    ]);
  });

  it("deploys Traefik and the demo", () => {
    const stacks = run.recorder
      .ofType("command:local:Command")
      .filter(({ inputs }) => inputs["create"] === "node --import tsx ops/main.ts deploy-stack");
    expect(stacks.map(({ name }) => name)).to.have.members(["test-traefik-deploy", "test-demo-deploy"]);
  });

  it("exports the contract", () => {
    expect(Object.keys(run.outputs), "a few lines for people, and the contract").to.have.members([
      "ingressAddress",
      "demoUrl",
      "staleNodes",
      "cluster",
    ]);
    const outputs = run.cluster;
    expect(outputs).to.deep.include({
      clusterName: "test",
      clusterId: "cluster-id",
      workerSets: { az1: [0], az2: [0], az3: [0] },
    });
    expect(outputs.nodes.map(({ stale }) => stale)).to.deep.equal([false, false, false, false, false, false]);
    expect(outputs.staleNodes).to.equal(0);
    expect(outputs.serial, "the first update").to.equal(1);
    expect(outputs.demoUrl).to.equal(`http://${outputs.ingressAddress}/whoami`);
    expect(outputs.access.managers.map(({ name }) => name)).to.deep.equal([
      "test-manager-az1-0",
      "test-manager-az2-0",
      "test-manager-az3-0",
    ]);
  });

  it("exports what the autoscaler goes by: the program, the groups' limits, the deadlines, and no policy where autoscaling is off", () => {
    const { program: made, workerGroups, deadlines, autoscale } = run.cluster;
    expect(made).to.equal(programFingerprint(join(__dirname, "..", "..")));
    expect(workerGroups["az1"]).to.deep.equal({ zone: "az1", min: 1, max: 4, labels: {} });
    expect(Object.keys(workerGroups)).to.deep.equal(["az1", "az2", "az3"]);
    expect(deadlines).to.deep.equal({ nodeReadyMinutes: 5, drainMinutes: 5, stackReadyMinutes: 5 });
    expect(autoscale).to.equal(undefined);
  });
});

describe("the program with a bad configuration", () => {
  it("registers nothing and names every fault, without a stack trace", async () => {
    const error = await runProgram({ ...goodConfiguration, managers: 4, adminCidrs: ["0.0.0.0/0"] }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(pulumi.RunError.isInstance(error)).to.equal(true);
    expect((error as Error).message)
      .to.include("2 faults; nothing was touched.")
      .and.include("settings.managers: 4")
      .and.include("settings.adminCidrs: ");
    expect(lastTypes()).to.deep.equal([]);
  });
});
