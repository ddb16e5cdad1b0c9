import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { startMockCloud, type MockCloud } from "../../bench/mock/cloud";
import type { Answer, Call } from "../../bench/mock/store";
import { builtToolchain, toolchain } from "./built";

const root = join(__dirname, "..", "..");

/** One node of the program's own, as index.ts makes it. */
const program = `
require("tsx/cjs");
const openstack = require("@pulumi/openstack");
const { SwarmNode } = require("${root}/components/node");
const { readState, unmadeServers } = require("${root}/ops/stack-state/state");
module.exports = async () => {
  const unmade = unmadeServers((await readState("test")).state);
  const network = new openstack.networking.Network("network", {});
  const subnet = new openstack.networking.Subnet("subnet", { networkId: network.id, cidr: "10.0.0.0/24", gatewayIp: "10.0.0.1", allocationPools: [{ start: "10.0.0.10", end: "10.0.0.99" }] });
  const { server } = new SwarmNode("node", {
    cluster: "test", mark: "test", place: { name: "test-worker-az1-0", role: "worker", zone: "az1", group: "az1", ordinal: 0 },
    network: { networkId: network.id, subnetId: subnet.id }, securityGroupIds: [], flavor: "m1.small", image: "node", template: "t", unmade, userData: () => "none",
  });
  return { id: server.id };
};
`;

/** What the program relies on where a cloud is not well; with the project's own settings of the provider. */
describe("the openstack plugin", function () {
  this.timeout(600_000);
  let folder: string;
  let mock: MockCloud;
  /** Requests for servers, in order, and what is answered in place of the mock. */
  let asked: string[] = [];
  let instead: (call: Call) => Answer | undefined = () => undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "swarm-test-cloud-"));
    mkdirSync(join(folder, "state"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const { config, plugins } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as {
      config: Record<string, unknown>;
      plugins: { providers: { name: string; path: string }[] };
    };
    const providers = plugins.providers.map(({ name, path }) => ({ name, path: join(root, path) }));
    const provider = Object.fromEntries(Object.entries(config).filter(([key]) => key.startsWith("openstack:")));
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      stringify({
        name: "cloud",
        runtime: { name: "nodejs", options: { typescript: false } },
        main: "index.js",
        config: provider,
        plugins: { providers },
      }),
    );
    writeFileSync(join(folder, "index.js"), program);
    mock = await startMockCloud({
      externalNetwork: "external",
      flavors: ["m1.small"],
      image: "node",
      instead: (service, call) => {
        if (service !== "compute" || call.path[1] !== "servers") return undefined;
        asked.push([call.method, ...call.path.slice(2)].join(" "));
        return instead(call);
      },
    });
    writeFileSync(join(folder, "clouds.yaml"), mock.cloudsYaml);
    expect(await pulumi("stack", "init", "test")).to.equal(0);
  });
  after(async () => {
    await mock.close();
    rmSync(folder, { recursive: true });
  });

  /** Runs Pulumi beside the mock, which is in this process. */
  async function pulumi(...words: readonly string[]): Promise<number | null> {
    return start([toolchain, "exec", "pulumi", ...words]);
  }

  async function start(
    [program = "", ...words]: readonly string[],
    more: NodeJS.ProcessEnv = {},
  ): Promise<number | null> {
    const env = {
      ...process.env,
      SWARM_TOOLCHAIN: "build",
      PULUMI_BACKEND_URL: `file://${folder}/state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      OS_CLOUD: "mock",
      OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml"),
      ...more,
    };
    const child = spawn(program, words, { cwd: folder, env, stdio: "ignore" });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
  }

  async function up(): Promise<{ code: number | null; changes: string[] }> {
    asked = [];
    const code = await pulumi("up", "--yes", "--skip-preview");
    return { code, changes: asked.filter((what) => !what.startsWith("GET")) };
  }

  let broken: string | undefined;

  it("leaves a server that Nova could not start as it is, in the state", async () => {
    instead = ({ method, path: [, , id = ""] }) => {
      if (method !== "GET" || id === "detail") return undefined;
      broken ??= id;
      return { status: 200, body: { server: { id, status: "ERROR", fault: { message: "No valid host was found." } } } };
    };
    expect(await up()).to.deep.equal({ code: 1, changes: ["POST"] });
  });

  it("makes such a server anew at the next update, and waits as long as a cloud that is asked too often wants", async () => {
    let refusals = 2;
    instead = ({ method }) => {
      if (method !== "POST" || refusals === 0) return undefined;
      refusals -= 1;
      return { status: 429, headers: { "Retry-After": "1" }, body: {} };
    };
    expect(await up()).to.deep.equal({ code: 0, changes: [`DELETE ${broken ?? ""}`, "POST", "POST", "POST"] });
    expect(mock.unanswered).to.deep.equal([]);
  });

  it("leaves one that runs alone", async () => {
    expect(await up()).to.deep.equal({ code: 0, changes: [] });
  });

  it("serves a Pulumi that was started by hand and has another plugin of that name", async () => {
    const other = join(folder, "home/plugins/resource-openstack-v3.15.2");
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, "pulumi-resource-openstack"), `#!/bin/sh\ntouch "${folder}/other-started"\n`, {
      mode: 0o755,
    });
    const byHand = { PATH: `${builtToolchain()}/bin:${process.env["PATH"] ?? ""}`, PULUMI_HOME: join(folder, "home") };
    asked = [];
    expect(await start(["pulumi", "preview", "--stack", "test", "--refresh", "--expect-no-changes"], byHand)).to.equal(
      0,
    );
    expect(asked).to.have.length.above(0);
    expect(existsSync(join(folder, "other-started"))).to.equal(false);
  });
});
