import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { startMockCloud, type MockCloud } from "../../bench/mock/cloud";
import { toolchain } from "./built";

const root = join(__dirname, "..", "..");

/**
 * Managers and workers of the program's own component, and a command in place of the swarm; what runs before the first
 * resource is the program's.
 */
const program = `
require("tsx/cjs");
const openstack = require("@pulumi/openstack");
const { local } = require("@pulumi/command");
const pulumi = require("@pulumi/pulumi");
const { SwarmNode } = require("${root}/components/node");
const { prepareUpdate, stateBefore } = require("${root}/ops/update/prepare");
module.exports = async () => {
  const config = new pulumi.Config("swarm");
  await prepareUpdate({ ...await stateBefore(pulumi.getStack()), cluster: "c", serial: 0, kept: { nodes: [], networks: [], stacks: [] }, environment: process.env });
  const network = new openstack.networking.Network("network", {});
  const subnet = new openstack.networking.Subnet("subnet", { networkId: network.id, cidr: "10.0.0.0/24", gatewayIp: "10.0.0.1", allocationPools: [{ start: "10.0.0.10", end: "10.0.0.99" }] });
  const node = (role, zone, ordinal) => new SwarmNode(\`c-\${role}-\${zone}-\${ordinal}\`, {
    cluster: "c", mark: "test", place: { name: \`c-\${role}-\${zone}-\${ordinal}\`, role, zone, group: zone, ordinal },
    network: { networkId: network.id, subnetId: subnet.id }, securityGroupIds: [], flavor: "m1.small", image: "node", template: "t", unmade: new Set(), userData: () => "none",
  });
  for (let index = 0; index < config.requireNumber("managers"); index += 1) node("manager", "az1", index);
  for (let index = 0; index < config.requireNumber("workers"); index += 1) node("worker", "az2", index);
  new local.Command("c-managers-init", { create: "true" });
};
`;

/** What \`pulumi up\` does with a plan, with the real engine and plugins and a cloud that is none. */
describe("the plan guard in an update", function () {
  this.timeout(600_000);
  let folder: string;
  let mock: MockCloud;
  let changes: string[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "swarm-test-guard-"));
    for (const name of ["state", "sub"]) mkdirSync(join(folder, name));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const { plugins } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as {
      plugins: { providers: { name: string; path: string }[] };
    };
    const providers = plugins.providers.map(({ name, path }) => ({ name, path: join(root, path) }));
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      stringify({
        name: "swarm",
        runtime: { name: "nodejs", options: { typescript: false } },
        main: "index.js",
        plugins: { providers },
      }),
    );
    writeFileSync(join(folder, "index.js"), program);
    mock = await startMockCloud({
      externalNetwork: "external",
      flavors: ["m1.small"],
      image: "node",
      instead: (service, { method, path }) => {
        if (method !== "GET" && service !== "identity") changes.push([method, service, ...path.slice(1)].join(" "));
        return undefined;
      },
    });
    writeFileSync(join(folder, "clouds.yaml"), mock.cloudsYaml);
    expect((await pulumi("stack", "init", "test")).code).to.equal(0);
    configure({ managers: 3, workers: 4 });
    const { code, output } = await up();
    expect(code, output).to.equal(0);
  });
  after(async () => {
    await mock.close();
    rmSync(folder, { recursive: true });
  });

  function configure(values: Readonly<Record<string, unknown>>, file = join(folder, "Pulumi.test.yaml")): void {
    const { encryptionsalt } = parse(readFileSync(join(folder, "Pulumi.test.yaml"), "utf8")) as {
      encryptionsalt?: string;
    };
    // as a person writes it, whose dates have no quotes
    const config = stringify({
      encryptionsalt,
      config: Object.fromEntries(Object.entries(values).map(([key, value]) => [`swarm:${key}`, value])),
    }).replace(/until: "?([0-9-]+)"?/g, "until: $1");
    writeFileSync(file, config);
  }

  /** Runs Pulumi beside the mock, which is in this process. */
  async function pulumi(...words: readonly string[]): Promise<{ code: number | null; output: string }> {
    const env = {
      ...process.env,
      SWARM_TOOLCHAIN: "build",
      PULUMI_BACKEND_URL: `file://${folder}/state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      OS_CLOUD: "mock",
      OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml"),
      SWARM_REPORT: join(folder, "report.json"),
    };
    const child = spawn(toolchain, ["exec", "pulumi", ...words], {
      cwd: join(folder, "sub"),
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        resolve({ code, output });
      });
    });
  }

  async function up(...words: readonly string[]): Promise<{ code: number | null; output: string }> {
    changes = [];
    return pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "test", ...words);
  }

  const urnOf = (name: string): string =>
    `urn:pulumi:test::swarm::swarm:compute:Node$openstack:compute/instance:Instance::${name}-server`;

  it("refuses what goes beyond the limits, and touches nothing", async () => {
    configure({ managers: 3, workers: 2 });
    const { code, output } = await up();
    expect(code, output).not.to.equal(0);
    expect(output).to.match(
      /lose-workers +zone az2 +2 of 4 workers +1 \(45 %\) +REFUSED +c-worker-az2-2, c-worker-az2-3/,
    );
    expect(JSON.parse(readFileSync(join(folder, "report.json"), "utf8"))).to.have.property("kind", "plan-refused");
    expect(changes).to.deep.equal([]);
  });

  it("refuses to replace the managers that the quorum needs, whatever the verb was told", async () => {
    configure({ managers: 3, workers: 4 });
    const { code, output } = await up("--replace", urnOf("c-manager-az1-0"), `--replace=${urnOf("c-manager-az1-1")}`);
    expect(code, output).not.to.equal(0);
    expect(output).to.match(/lose-quorum +cluster +margin -1: 1 of 3 managers stay/);
    expect(changes).to.deep.equal([]);
  });

  it("reads the file of configuration that the update was given, relative to where it was called", async () => {
    configure({ managers: 3, workers: 1 }, join(folder, "other.yaml"));
    const { output } = await up("--config-file", "../other.yaml");
    expect(output).to.match(/3 of 4 workers/);
    expect(changes).to.deep.equal([]);
  });

  it("replaces one manager that the quorum can spare", async () => {
    const { code, output } = await up("--replace", urnOf("c-manager-az1-0"));
    expect(code, output).to.equal(0);
    expect(changes.filter((what) => /compute servers/.test(what)).map((what) => what.split(" ")[0])).to.deep.equal([
      "DELETE",
      "POST",
    ]);
  });

  it("takes as much as the stack's file allows until a day", async () => {
    const until = new Date(Date.now() + 24 * 3600 * 1000).toISOString().slice(0, 10);
    configure({
      managers: 3,
      workers: 1,
      allow: [
        { what: "lose-workers", zone: "az2", until, why: "az2 is given up" },
        { what: "lose-workers", until, why: "az2 is given up" },
      ],
    });
    const { code, output } = await up();
    expect(code, output).to.equal(0);
    expect(changes.filter((what) => what.startsWith("DELETE compute servers"))).to.have.length(3);
  });

  it("does not judge a destruction", async () => {
    const { code, output } = await pulumi("destroy", "--run-program", "--yes", "--skip-preview", "--stack", "test");
    expect(code, output).to.equal(0);
    expect(mock.unanswered).to.deep.equal([]);
  });
});
