import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { policyOf } from "../../autoscaler/model/policy-of";
import { tokens } from "../support/cluster";
import { admissions, lastTypes, previousOutputs, runProgram, written, type Run } from "../support/program";
import { goodConfiguration, goodSettings } from "../support/settings";

describe("the program after an edit that cannot be made in place", () => {
  const groups = (run: Run): unknown[] =>
    run.recorder
      .ofType("openstack:compute/serverGroup:ServerGroup")
      .map(({ name, inputs }) => [name, inputs["policies"]]);
  const first = ["test-managers-group", ["soft-anti-affinity"]];

  it("makes a second server group for another policy, and keeps the one that servers are in", async () => {
    expect(groups(await runProgram(goodConfiguration))).to.deep.equal([first]);
    expect(groups(await runProgram({ ...goodConfiguration, managerAntiAffinity: "hard" }))).to.deep.equal([
      ["test-managers-group", ["anti-affinity"]],
    ]);
    const edited = await runProgram(
      { ...goodConfiguration, managerAntiAffinity: "hard" },
      { ...previousOutputs, managerGroupPolicies: ["soft"] },
    );
    expect(groups(edited)).to.deep.equal([first, ["test-managers-group-hard", ["anti-affinity"]]]);
    expect(edited.cluster.managerGroupPolicies).to.deep.equal(["soft", "hard"]);
    expect(edited.recorder.named("test-managers-az1-0-server").inputs["schedulerHints"]).to.deep.equal([
      { group: "test-managers-group-hard-id" },
    ]);
    const back = await runProgram(goodConfiguration, { ...previousOutputs, managerGroupPolicies: ["soft", "hard"] });
    expect(groups(back)).to.have.length(2);
    expect(back.recorder.named("test-managers-az1-0-server").inputs["schedulerHints"]).to.deep.equal([
      { group: "test-managers-group-id" },
    ]);
  });
});

describe("the program on a stack that has a swarm", () => {
  let run: Run;
  before(async () => {
    run = await runProgram(
      {
        ...goodConfiguration,
        workerGroups: { az1: { min: 1, max: 4 }, az2: { min: 0, max: 1 }, az3: { min: 0, max: 3 } },
      },
      previousOutputs,
    );
  });

  it("refuses an edit that would make the cluster anew, before anything is registered", async () => {
    const refused = await runProgram({ ...goodConfiguration, networkCidr: "10.30.0.0/24" }, previousOutputs).then(
      () => "accepted",
      String,
    );
    expect(refused).to.include(
      `settings.networkCidr: "10.30.0.0/24", but the cluster was made with "10.20.0.0/24"; keep that, or destroy the cluster first.`,
    );
    expect(lastTypes()).to.deep.equal(["pulumi:pulumi:StackReference"]);
  });

  it("exports the policy of autoscaling, complete, so that limits reach the autoscaler with the update that sets them", async () => {
    const { cluster } = await runProgram(
      { ...goodConfiguration, autoscale: { maxNodes: 8, cpuThreshold: 70 } },
      previousOutputs,
    );
    const policy = policyOf(cluster);
    expect(policy).to.deep.equal(policyOf(goodSettings({ autoscale: { maxNodes: 8, cpuThreshold: 70 } })));
    expect(policy).to.deep.include({ min: 3, max: 8, scaleOutCpuRatio: 0.7 });
    expect(policy?.groups[0]).to.deep.equal({ name: "az1", zone: "az1", min: 1, max: 4 });
  });

  it("leaves the subnets of an older program's networks to Docker", () => {
    expect(run.recorder.named("test-overlay-proxy").inputs).not.to.have.property("ipamConfigs");
    expect(run.cluster.madeWith).to.deep.equal(previousOutputs.madeWith);
  });

  it("keeps what an older program's swarm was made with where that program's first update did not complete", async () => {
    const folder = mkdtempSync(join(tmpdir(), "swarm-test-program-"));
    const spec = {
      manager: "test-manager-az1-0",
      address: "10.20.0.10",
      overlayPools: ["10.200.0.0/21"],
      overlayPrefix: 24,
      overlayOptions: {},
      deadlineSeconds: 300,
    };
    const resources = [
      {
        urn: "urn:pulumi:test::swarm::openstack:networking/subnet:Subnet::test-subnet",
        type: "openstack:networking/subnet:Subnet",
        inputs: { cidr: "10.20.0.0/24" },
      },
      {
        urn: "urn:pulumi:test::swarm::command:local:Command::test-managers-init",
        type: "command:local:Command",
        inputs: { environment: { SWARM_SPEC: JSON.stringify(spec) } },
      },
    ];
    writeFileSync(
      join(folder, "pulumi"),
      `#!/bin/sh\ncat <<'END'\n${JSON.stringify({ version: 3, deployment: { resources } })}\nEND\n`,
      { mode: 0o755 },
    );
    const path = process.env["PATH"];
    process.env["PATH"] = `${folder}:${path ?? ""}`;
    try {
      // a new cluster is refused a pool without room for the shared networks of today
      const half = await runProgram({ ...goodConfiguration, overlayPools: ["10.200.0.0/21"] });
      expect(half.cluster.madeWith).to.not.have.property("sharedSubnets");
      expect(half.recorder.named("test-overlay-proxy").inputs).to.not.have.property("ipamConfigs");
      const refused = await runProgram(goodConfiguration).then(() => "accepted", String);
      expect(refused).to.include(
        `settings.overlayPools: ["10.200.0.0/16"], but the cluster was made with ["10.200.0.0/21"]; keep that, or destroy the cluster first.`,
      );
    } finally {
      process.env["PATH"] = path;
    }
  });

  it("keeps recorded subnets whatever the groups may grow to", async () => {
    const sharedSubnets = { ingress: "10.200.1.0/24", proxy: "10.200.2.0/24", monitoring: "10.200.3.0/24" };
    const { recorder, cluster } = await runProgram(
      { ...goodConfiguration, workerGroups: { az1: { min: 1, max: 200 } } },
      { ...previousOutputs, madeWith: { ...previousOutputs.madeWith, sharedSubnets } },
    );
    expect(recorder.named("test-overlay-proxy").inputs["ipamConfigs"]).to.deep.equal([{ subnet: "10.200.2.0/24" }]);
    expect(cluster.madeWith).to.deep.include({ sharedSubnets });
  });

  it("refuses an exception to the plan guard that stands for ever", async () => {
    const allow = [{ what: "lose-workers", until: "2099-12-31", why: "as ever" }];
    const refused = await runProgram({ ...goodConfiguration, allow }, previousOutputs).then(() => "accepted", String);
    expect(refused).to.include(`settings.allow.0.until: "2099-12-31" is more than 31 days ahead; use a day up to "`);
  });

  it("refuses more nodes than the ingress network of the cluster has addresses", async () => {
    const refused = await runProgram(
      {
        ...goodConfiguration,
        networkCidr: "10.20.0.0/24",
        overlayPrefix: 27,
        workerGroups: { az1: { min: 1, max: 40 } },
      },
      { ...previousOutputs, madeWith: { ...previousOutputs.madeWith, overlayPrefix: 27 } },
    ).then(() => "accepted", String);
    expect(refused).to.include(
      "settings.workerGroups: the groups and managers may grow to 43 nodes, but the network ingress of this cluster has 29 addresses",
    );
    expect(lastTypes()).to.deep.equal(["pulumi:pulumi:StackReference"]);
  });

  it("takes clients and DNS servers in an overlay pool, which it must keep, where a new cluster is refused", async () => {
    const edit = { ...goodConfiguration, dnsServers: ["10.200.3.53"], ingressCidrs: ["10.200.9.0/24", "0.0.0.0/0"] };
    const refused = await runProgram(edit).then(() => "accepted", String);
    expect(refused)
      .to.include(
        `settings.dnsServers.0: "10.200.3.53" lies in settings.overlayPools.0 "10.200.0.0/16", so containers cannot reach it; use networks that do not overlap: "10.200.0.0/16" is the default of swarm:overlayPools; a new cluster may set it to a free range, e.g. \`pulumi config set swarm:overlayPools '["172.17.0.0/16"]'\`.`,
      )
      .and.to.include(
        `settings.ingressCidrs.0: "10.200.9.0/24" lies in settings.overlayPools.0 "10.200.0.0/16", so containers cannot reach it; use networks that do not overlap:`,
      );
    expect((await runProgram(edit, previousOutputs)).cluster.clusterId).to.equal("cluster-id");
  });

  it("keeps the worker sets of the last update, within the limits", () => {
    expect(run.cluster.workerSets).to.deep.equal({ az1: [1, 3], az2: [0], az3: [] });
  });

  it("writes the token of its role into a new server's user data, and its admission knows", () => {
    const [manager, worker] = ["test-managers-az1-0-server", "test-workers-az1-3-server"].map(
      (name) => run.recorder.named(name).inputs,
    );
    expect(written(manager ?? {}, "/etc/swarm/join-token")).to.deep.equal({
      path: "/etc/swarm/join-token",
      permissions: "0600",
      content: tokens.managerToken,
    });
    expect(written(worker ?? {}, "/etc/swarm/join-token")).to.deep.equal({
      path: "/etc/swarm/join-token",
      permissions: "0600",
      content: tokens.workerToken,
    });
    expect(admissions(run).map(({ holdsToken }) => holdsToken)).to.deep.equal([true, true, true, true, true, true]);
  });

  it("leaves the demo out when it is not asked for", () => {
    expect(run.recorder.registrations.filter(({ name }) => name.includes("demo"))).to.deep.equal([]);
    expect(run.outputs).not.to.have.property("demoUrl");
  });
});

describe("the program asked for a worker set", () => {
  afterEach(() => {
    delete process.env["SWARM_WANTED_WORKERS"];
    delete process.env["SWARM_EXPECTED_WORKERS"];
  });

  it("makes that one", async () => {
    process.env["SWARM_WANTED_WORKERS"] = `{"az1":[1],"az2":[0,1],"az3":[0]}`;
    process.env["SWARM_EXPECTED_WORKERS"] = JSON.stringify(previousOutputs.workerSets);
    const { recorder, cluster } = await runProgram(goodConfiguration, previousOutputs);
    expect(cluster.workerSets).to.deep.equal({ az1: [1], az2: [0, 1], az3: [0] });
    const workers = recorder
      .ofType("openstack:compute/instance:Instance")
      .map(({ inputs }) => String(inputs["name"]))
      .filter((name) => name.includes("-worker-"));
    expect(workers).to.have.members([
      "test-worker-az1-1",
      "test-worker-az2-0",
      "test-worker-az2-1",
      "test-worker-az3-0",
    ]);
  });

  it("makes nothing when it lies outside the limits, and says which", async () => {
    process.env["SWARM_WANTED_WORKERS"] = `{"az1":[0,1,2,3,4],"az2":[],"az3":[0]}`;
    const error = await runProgram(goodConfiguration, previousOutputs).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(pulumi.RunError.isInstance(error)).to.equal(true);
    expect((error as Error).message).to.equal(
      [
        "The wanted worker set has 2 faults; nothing was touched.",
        "  SWARM_WANTED_WORKERS.az1: 5 workers are above max 4 of the group; want 4 at most, or raise settings.workerGroups.az1.max.",
        "  SWARM_WANTED_WORKERS.az2: 0 workers are below min 1 of the group; want 1 or more, or lower settings.workerGroups.az2.min.",
      ].join("\n"),
    );
    expect(lastTypes()).to.deep.equal(["pulumi:pulumi:StackReference"]);
  });
});
