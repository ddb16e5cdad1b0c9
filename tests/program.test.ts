import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { parse } from "yaml";
import program from "../index";
import { policyOf } from "../autoscaler/model/policy-of";
import { Network } from "../components/network";
import { planCluster } from "../components/plan";
import { leaveSeconds } from "../components/traefik";
import { imageTag, programFingerprint } from "../ops/update/program";
import { madeWith } from "../settings/made-with";
import { clusterOutputs, type ClusterOutputs } from "../settings/outputs";
import { ingressSpec, initSpec, nodeSpec, type InitSpec, type NodeSpec } from "../settings/specs";
import { cloudAnswers, cloudCalls, tokens } from "./support/cluster";
import { outputsOf } from "./support/swarm";
import { mockEngine, settled, valueOf, type Recorder } from "./support/pulumi";
import { goodConfiguration, goodSettings, serviceSecrets } from "./support/settings";

interface Run {
  readonly recorder: Recorder;
  /** The stack's outputs. */
  readonly outputs: Record<string, unknown>;
  /** What programs read of them. */
  readonly cluster: ClusterOutputs;
}

/** What the last run registered, whether it went well or not. */
let last: Recorder | undefined;

/** Runs index.ts once under mocks, as Pulumi does. */
async function runProgram(configuration: Record<string, unknown>, previous?: ClusterOutputs): Promise<Run> {
  const recorder = mockEngine({
    answers: {
      ...cloudAnswers(),
      "pulumi:pulumi:StackReference": () => ({
        outputs: previous === undefined ? {} : { cluster: previous },
        secretOutputNames: ["cluster"],
      }),
    },
    calls: cloudCalls,
  });
  last = recorder;
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(configuration).map(([key, value]) => [
        `swarm:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  );
  const made = await program();
  expect(await pulumi.isSecret(made["cluster"] as pulumi.Output<unknown>), "the contract").to.equal(true);
  const outputs = await valueOf(pulumi.output(made));
  await settled();
  return { recorder, outputs, cluster: clusterOutputs.parse(outputs["cluster"]) };
}

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
    expect(made).to.equal(programFingerprint(join(__dirname, "..")));
    expect(workerGroups["az1"]).to.deep.equal({ zone: "az1", min: 1, max: 4, labels: {} });
    expect(Object.keys(workerGroups)).to.deep.equal(["az1", "az2", "az3"]);
    expect(deadlines).to.deep.equal({ nodeReadyMinutes: 5, drainMinutes: 5, stackReadyMinutes: 5 });
    expect(autoscale).to.equal(undefined);
  });
});

/** What makes a value a secret on its way to the engine. */
const secretMark = "4dabf18193072939515e22adb298388d";
interface Secret {
  readonly value: Readonly<Record<string, string>>;
}

describe("the program with the autoscaler's service", () => {
  const backendUrl = "s3://states?endpoint=objects.example:8080&disableSSL=true&s3ForcePathStyle=true&region=RegionOne";
  const wanted = {
    ...goodConfiguration,
    autoscale: {},
    monitoring: {},
    registryPrefix: "registry.example:5000",
    autoscalerService: { backendUrl },
  };
  let run: Run;
  before(async () => {
    run = await runProgram({ ...wanted, ...serviceSecrets });
  });
  interface Compose {
    services: {
      autoscaler: {
        image: string;
        command: string[];
        environment: Record<string, string>;
        configs: { target: string }[];
        secrets: { source: string; mode: number }[];
      };
    };
    configs: Record<"cluster" | "authorities", { content: string }>;
    secrets: Record<string, { environment: string }>;
  }
  const compose = (): Compose => parse(String(run.recorder.named("test-autoscaler-deploy").inputs["stdin"])) as Compose;

  it("deploys the image that holds this very program, for this very stack and state", () => {
    const {
      services: { autoscaler },
      configs,
    } = compose();
    expect(autoscaler.image).to.equal(`registry.example:5000/swarm/autoscaler:${imageTag(join(__dirname, ".."))}`);
    expect(autoscaler.command).to.include("--stack=test");
    expect(autoscaler.environment).to.deep.include({
      PULUMI_BACKEND_URL: backendUrl,
      OS_CLOUD: "autoscaler",
      SWARM_LEASE: "true",
      SWARM_INSIDE: "true",
    });
    expect(autoscaler.configs.map(({ target }) => target)).to.deep.equal([
      "/app/Pulumi.test.yaml",
      "/etc/ssl/site/authorities.pem",
    ]);
    expect(parse(configs.cluster.content)).to.deep.equal({ config: { "swarm:clusterName": "test" } });
  });

  it("has all that it is made of trust the site's own authority beside the usual ones", async () => {
    const {
      services: { autoscaler },
      configs,
    } = compose();
    expect(autoscaler.environment)
      .to.deep.include({ NODE_EXTRA_CA_CERTS: "/etc/ssl/site/authorities.pem", SSL_CERT_DIR: "/etc/ssl/site" })
      .and.not.have.property("SSL_CERT_FILE");
    expect(configs.authorities.content).to.equal("# none\n");
    const caCertificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    const { recorder } = await runProgram({
      ...wanted,
      autoscalerService: { backendUrl, caCertificates },
      ...serviceSecrets,
    });
    expect(
      (parse(String(recorder.named("test-autoscaler-deploy").inputs["stdin"])) as Compose).configs.authorities.content,
    ).to.equal(caCertificates);
  });

  it("hands it its secrets as secrets, and names none of them in clear anywhere", () => {
    const {
      services: { autoscaler },
      secrets,
    } = compose();
    const { environment, ...plain } = run.recorder.named("test-autoscaler-deploy").inputs;
    expect(environment).to.have.property(secretMark);
    const handed = Object.fromEntries(
      Object.entries(secrets).map(([name, { environment: variable }]) => [
        name,
        (environment as Secret).value[variable],
      ]),
    );
    expect(handed).to.deep.equal({
      cloud: serviceSecrets.autoscalerCloud,
      "state-key": serviceSecrets.autoscalerStateKey,
      passphrase: serviceSecrets.autoscalerPassphrase,
    });
    expect(autoscaler.secrets.map(({ source, mode }) => [source, mode])).to.deep.equal([
      ["cloud", 0o400],
      ["state-key", 0o400],
      ["passphrase", 0o400],
    ]);
    const others = run.recorder.registrations.filter(({ name }) => name !== "test-autoscaler-deploy");
    for (const secret of ["app-secret", "AKID", "correct horse"]) {
      expect(JSON.stringify(others), secret).to.not.include(secret);
      expect(JSON.stringify(run.outputs), secret).to.not.include(secret);
      expect(JSON.stringify(plain), secret).to.not.include(secret);
    }
  });

  it("lets managers reach one another by SSH, at addresses that the outputs name", () => {
    const rules = run.recorder
      .ofType("openstack:networking/secGroupRule:SecGroupRule")
      .filter(({ inputs }) => inputs["portRangeMin"] === 22);
    expect(rules.map(({ name }) => name)).to.include("test-managers-tcp-22-managers");
    expect(run.cluster.access.managers.map(({ address }) => address)).to.deep.equal([
      "10.20.0.10",
      "10.20.0.11",
      "10.20.0.12",
    ]);
  });

  it("is refused without its secrets, each named, before anything is made", async () => {
    const error = await runProgram({ ...wanted, autoscalerPassphrase: "correct horse" }).then(() => "", String);
    for (const key of ["autoscalerCloud", "autoscalerStateKey"])
      expect(error).to.include(
        `settings.${key}: missing, and settings.autoscalerService needs it; run \`pulumi config set --secret swarm:${key}\`, see docs/autoscaler.md.`,
      );
    expect(error).to.not.include("autoscalerPassphrase");
    expect(last?.registrations.map(({ type }) => type)).to.deep.equal(["pulumi:pulumi:StackReference"]);
  });
});

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
      { ...previous, managerGroupPolicies: ["soft"] },
    );
    expect(groups(edited)).to.deep.equal([first, ["test-managers-group-hard", ["anti-affinity"]]]);
    expect(edited.cluster.managerGroupPolicies).to.deep.equal(["soft", "hard"]);
    expect(edited.recorder.named("test-managers-az1-0-server").inputs["schedulerHints"]).to.deep.equal([
      { group: "test-managers-group-hard-id" },
    ]);
    const back = await runProgram(goodConfiguration, { ...previous, managerGroupPolicies: ["soft", "hard"] });
    expect(groups(back)).to.have.length(2);
    expect(back.recorder.named("test-managers-az1-0-server").inputs["schedulerHints"]).to.deep.equal([
      { group: "test-managers-group-id" },
    ]);
  });
});

describe("the program with monitoring", () => {
  const slackWebhook = "https://hooks.slack.com/services/T/B/5ec5e7";
  let run: Run;
  before(async () => {
    run = await runProgram({
      ...goodConfiguration,
      monitoring: { replicas: 2 },
      autoscale: { windowSeconds: 120 },
      slackWebhook,
    });
  });

  it("makes the network that services are asked in", () => {
    expect(run.recorder.named("test-overlay-monitoring").inputs).to.deep.include({
      name: "monitoring",
      driver: "overlay",
    });
  });

  it("deploys the stack with the autoscaler's window, and has Traefik measured", () => {
    expect(String(run.recorder.named("test-monitoring-deploy").inputs["stdin"])).to.include("[120s]");
    expect(String(run.recorder.named("test-traefik-deploy").inputs["stdin"])).to.include("--metrics.prometheus=true");
  });

  it("does not miss an autoscaler that it does not run", async () => {
    expect(String(run.recorder.named("test-monitoring-deploy").inputs["stdin"])).not.to.include("AutoscalerStuck");
    const { recorder } = await runProgram({
      ...goodConfiguration,
      monitoring: {},
      autoscale: {},
      autoscalerService: { backendUrl: "s3://states" },
      autoscalerCloud: JSON.stringify({
        clouds: {
          autoscaler: {
            auth_type: "v3applicationcredential",
            auth: {
              auth_url: "https://cloud.example",
              application_credential_id: "a",
              application_credential_secret: "b",
            },
          },
        },
      }),
      autoscalerStateKey: "[default]\naws_access_key_id = a\naws_secret_access_key = b\n",
      autoscalerPassphrase: "c",
    });
    expect(String(recorder.named("test-monitoring-deploy").inputs["stdin"])).to.include("AutoscalerStuck");
  });

  it("hands the webhook over in the environment alone, as a secret", () => {
    const holders = run.recorder.registrations.filter(({ inputs }) => JSON.stringify(inputs).includes("5ec5e7"));
    expect(holders.map(({ name }) => name)).to.deep.equal(["test-monitoring-deploy"]);
    const { environment, ...others } = holders[0]?.inputs ?? {};
    expect(environment).to.have.property(secretMark);
    expect((environment as Secret).value).to.deep.include({ SWARM_SECRET_SLACK_WEBHOOK: slackWebhook });
    expect(JSON.stringify(others)).not.to.include("5ec5e7");
    expect(JSON.stringify(run.outputs)).not.to.include("5ec5e7");
  });

  it("labels two managers in two zones", () => {
    expect(
      admissions(run)
        .filter(({ labels }) => labels["monitoring"] === "true")
        .map(({ name }) => name),
    ).to.have.members(["test-manager-az2-0", "test-manager-az3-0"]);
  });
});

/** What the last update of a cluster left. */
const previous = outputsOf(
  "test",
  { az1: [1, 3], az2: [0, 1], az3: [] },
  {
    joinTokens: { manager: tokens.managerToken, worker: tokens.workerToken },
    access: { user: "swarm", privateKey: "key", managers: [] },
  },
);

describe("the program on a stack that has a swarm", () => {
  let run: Run;
  before(async () => {
    run = await runProgram(
      {
        ...goodConfiguration,
        workerGroups: { az1: { min: 1, max: 4 }, az2: { min: 0, max: 1 }, az3: { min: 0, max: 3 } },
      },
      previous,
    );
  });

  it("refuses an edit that would make the cluster anew, before anything is registered", async () => {
    const refused = await runProgram({ ...goodConfiguration, networkCidr: "10.30.0.0/24" }, previous).then(
      () => "accepted",
      String,
    );
    expect(refused).to.include(
      `settings.networkCidr: "10.30.0.0/24", but the cluster was made with "10.20.0.0/24"; keep that, or destroy the cluster first.`,
    );
    expect(last?.registrations.map(({ type }) => type)).to.deep.equal(["pulumi:pulumi:StackReference"]);
  });

  it("exports the policy of autoscaling, complete, so that limits reach the autoscaler with the update that sets them", async () => {
    const { cluster } = await runProgram(
      { ...goodConfiguration, autoscale: { maxNodes: 8, cpuThreshold: 70 } },
      previous,
    );
    const policy = policyOf(cluster);
    expect(policy).to.deep.equal(policyOf(goodSettings({ autoscale: { maxNodes: 8, cpuThreshold: 70 } })));
    expect(policy).to.deep.include({ min: 3, max: 8, scaleOutCpuRatio: 0.7 });
    expect(policy?.groups[0]).to.deep.equal({ name: "az1", zone: "az1", min: 1, max: 4 });
  });

  it("leaves the subnets of an older program's networks to Docker", () => {
    expect(run.recorder.named("test-overlay-proxy").inputs).not.to.have.property("ipamConfigs");
    expect(run.cluster.madeWith).to.deep.equal(previous.madeWith);
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
      { ...previous, madeWith: { ...previous.madeWith, sharedSubnets } },
    );
    expect(recorder.named("test-overlay-proxy").inputs["ipamConfigs"]).to.deep.equal([{ subnet: "10.200.2.0/24" }]);
    expect(cluster.madeWith).to.deep.include({ sharedSubnets });
  });

  it("refuses an exception to the plan guard that stands for ever", async () => {
    const allow = [{ what: "lose-workers", until: "2099-12-31", why: "as ever" }];
    const refused = await runProgram({ ...goodConfiguration, allow }, previous).then(() => "accepted", String);
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
      { ...previous, madeWith: { ...previous.madeWith, overlayPrefix: 27 } },
    ).then(() => "accepted", String);
    expect(refused).to.include(
      "settings.workerGroups: the groups and managers may grow to 43 nodes, but the network ingress of this cluster has 29 addresses",
    );
    expect(last?.registrations.map(({ type }) => type)).to.deep.equal(["pulumi:pulumi:StackReference"]);
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
    expect((await runProgram(edit, previous)).cluster.clusterId).to.equal("cluster-id");
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
    process.env["SWARM_EXPECTED_WORKERS"] = JSON.stringify(previous.workerSets);
    const { recorder, cluster } = await runProgram(goodConfiguration, previous);
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
    const error = await runProgram(goodConfiguration, previous).then(
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
    expect(last?.registrations.map(({ type }) => type)).to.deep.equal(["pulumi:pulumi:StackReference"]);
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
    expect(last?.registrations).to.deep.equal([]);
  });
});

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

interface Written {
  path: string;
  permissions: string;
  content: string;
}

function userData(inputs: Record<string, unknown>): { write_files: Written[] } {
  const value = inputs["userData"];
  const secret = typeof value === "object" && value !== null && "value" in value ? value.value : value;
  return parse(String(secret)) as { write_files: Written[] };
}

function paths(inputs: Record<string, unknown>): string[] {
  return userData(inputs).write_files.map(({ path }) => path);
}

/** What the first manager is told about the swarm that it makes. */
function initOf({ recorder }: Pick<Run, "recorder">): InitSpec {
  return initSpec.parse(
    JSON.parse((recorder.named("test-managers-init").inputs["environment"] as Secret).value["SWARM_SPEC"] ?? ""),
  );
}

/** What the nodes' admissions are told. */
function admissions({ recorder }: Run): NodeSpec[] {
  return recorder
    .ofType("command:local:Command")
    .filter(({ name }) => name.includes("-membership-"))
    .map(({ inputs }) => nodeSpec.parse(JSON.parse((inputs["environment"] as Secret).value["SWARM_SPEC"] ?? "")));
}

function written(inputs: Record<string, unknown>, path: string): Written | undefined {
  return userData(inputs).write_files.find((file) => file.path === path);
}
