import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { startMockCloud, type MockCloud } from "../../bench/mock/cloud";
import type { Answer, Call } from "../../bench/mock/store";
import { OpenStack } from "../../ops/openstack/client";
import { parsePending } from "../../ops/stack-state/state";
import { until } from "../support/until";
import { toolchain } from "./built";

const root = join(__dirname, "..", "..");

/**
 * An owner, a security group and the workers of the ordinals in SET, as index.ts makes them and as it begins and ends
 * an update.
 */
const program = `
require("tsx/cjs");
const pulumi = require("@pulumi/pulumi");
const openstack = require("@pulumi/openstack");
const { Identity } = require("${root}/components/identity");
const { SwarmNode } = require("${root}/components/node");
const { prepareUpdate, serialOnceDone, stateBefore } = require("${root}/ops/update/prepare");
module.exports = async () => {
  const self = new pulumi.StackReference("organization/sweep/test");
  const serial = (await self.getOutputDetails("serial")).value ?? 0;
  const prepared = await prepareUpdate({ ...await stateBefore("test"), cluster: "c", serial, kept: { nodes: [], networks: [], stacks: [] }, environment: process.env });
  const { mark } = new Identity("c-identity", "c");
  const group = new openstack.networking.SecGroup("c-nodes", { name: "c-nodes", description: mark, deleteDefaultRules: true, tags: ["c"] });
  const network = new openstack.networking.Network("network", { description: mark, name: "c" });
  const subnet = new openstack.networking.Subnet("subnet", { description: mark, name: "c", networkId: network.id, cidr: "10.0.0.0/24", gatewayIp: "10.0.0.1", allocationPools: [{ start: "10.0.0.10", end: "10.0.0.99" }] });
  const nodes = process.env.SET.split(",").map((ordinal) => new SwarmNode("c-workers-az1-" + ordinal, {
    cluster: "c", mark, place: { name: "c-worker-az1-" + ordinal, role: "worker", zone: "az1", group: "az1", ordinal: Number(ordinal) }, securityGroupIds: [group.id],
    network: { networkId: network.id, subnetId: subnet.id }, flavor: "m1.small", image: "node", template: "t", unmade: prepared.unmade, userData: () => "none",
  }));
  return { serial: serialOnceDone(prepared, "c", mark, [group, ...nodes.map(({ server }) => server)]) };
};
`;

const server = z.object({ id: z.string(), name: z.string() });

/** What the sweep relies on, with the real engine and plugins: when Pulumi notes a create, and how long. */
describe("an update after a killed one", function () {
  this.timeout(600_000);
  let folder: string;
  let mock: MockCloud;
  let cloud: OpenStack;
  let environment: NodeJS.ProcessEnv;
  /** True while servers stay in BUILD, so that their create does not end. */
  let isBuilding = false;
  let asked: string[] = [];

  function instead({ method, path: [, , id] }: Call): Answer | undefined {
    asked.push(method);
    return isBuilding && method === "GET" && id !== undefined && id !== "detail"
      ? { status: 200, body: { server: { id, name: "", status: "BUILD" } } }
      : undefined;
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "swarm-test-sweep-"));
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
        name: "sweep",
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
      instead: (service, call) => (service === "compute" && call.path[1] === "servers" ? instead(call) : undefined),
    });
    writeFileSync(join(folder, "clouds.yaml"), mock.cloudsYaml);
    environment = {
      ...process.env,
      SWARM_TOOLCHAIN: "build",
      PULUMI_BACKEND_URL: `file://${folder}/state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      OS_CLOUD: "mock",
      OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml"),
    };
    cloud = await OpenStack.open(environment);
    expect((await pulumi(["stack", "init", "test"])).code).to.equal(0);
  });
  after(async () => {
    await mock.close();
    rmSync(folder, { recursive: true });
  });

  function start(words: readonly string[], more: NodeJS.ProcessEnv): ChildProcess {
    return spawn(toolchain, ["exec", "pulumi", ...words], {
      cwd: folder,
      env: { ...environment, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async function pulumi(
    words: readonly string[],
    more: NodeJS.ProcessEnv = {},
  ): Promise<{ code: number | null; text: string }> {
    const child = start(words, more);
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (data: Buffer) => {
        text += data.toString();
      });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        resolve({ code, text });
      });
    });
  }

  const up = async (set: string, more: NodeJS.ProcessEnv = {}): Promise<{ code: number | null; text: string }> =>
    pulumi(["up", "--yes", "--skip-preview"], { SET: set, ...more });
  const stateFile = (name: string): string => join(folder, `${name}.json`);
  const exported = async (name: string): Promise<void> => {
    expect((await pulumi(["stack", "export", "--file", stateFile(name)])).code).to.equal(0);
  };
  const imported = async (name: string): Promise<void> => {
    expect((await pulumi(["stack", "import", "--file", stateFile(name)])).code).to.equal(0);
  };

  /** What the cloud has: servers by name with their ids, the ports' names, and the group's tags. */
  async function onCloud(): Promise<{ servers: Record<string, string>; ports: string[]; tags: string[] }> {
    const servers = await cloud.list("compute", "/servers/detail", "servers", server);
    const ports = await cloud.list("network", "/v2.0/ports", "ports", server);
    const groups = await cloud.list(
      "network",
      "/v2.0/security-groups?name=c-nodes",
      "security_groups",
      z.object({ tags: z.array(z.string()) }),
    );
    return {
      servers: Object.fromEntries(servers.map(({ name, id }) => [name, id])),
      ports: ports.map(({ name }) => name).sort(),
      tags: groups.flatMap(({ tags }) => tags),
    };
  }

  it("numbers updates on the cloud and in the state, without a change in a preview", async () => {
    const { code, text } = await up("0");
    expect(code, text).to.equal(0);
    expect((await onCloud()).tags).to.deep.equal(["c", "update-1-ended"]);
    await exported("one");
    expect((await pulumi(["preview", "--expect-no-changes"], { SET: "0" })).code).to.equal(0);
    const again = await up("0");
    expect(again.text)
      .to.match(/\d+ unchanged/)
      .and.not.match(/\d+ (updated|created|replaced)/);
    expect((await onCloud()).tags).to.deep.equal(["c", "update-2-ended"]);
    await exported("two");
  });

  it("lets a rule stay that was added by hand", async () => {
    const group = (await cloud.list("network", "/v2.0/security-groups?name=c-nodes", "security_groups", server))[0]?.id;
    await cloud.request("network", "/v2.0/security-group-rules", z.unknown(), {
      security_group_rule: {
        security_group_id: group,
        direction: "ingress",
        protocol: "tcp",
        port_range_min: 8080,
        port_range_max: 8080,
      },
    });
    const rules = async (): Promise<unknown[]> =>
      cloud.list(
        "network",
        `/v2.0/security-group-rules?security_group_id=${group ?? ""}`,
        "security_group_rules",
        z.unknown(),
      );
    const before = await rules();
    expect(JSON.stringify(before)).to.include("8080");
    expect((await up("0")).code).to.equal(0);
    expect(await rules()).to.deep.equal(before);
  });

  it("finds what was being created in the state, removes it and makes it once", async () => {
    isBuilding = true;
    asked = [];
    const child = start(["up", "--yes", "--skip-preview"], { SET: "0,1" });
    await until("a server is asked for", () => asked.includes("POST"), { seconds: 240 });
    await until("its state is asked for", () => asked.at(-1) === "GET");
    kill(child);
    isBuilding = false;
    await pulumi(["cancel", "--yes", "test"]);
    const {
      servers: { "c-worker-az1-1": lost },
    } = await onCloud();
    expect(lost, "the killed update made a server").to.be.a("string");
    await exported("killed");
    const pending = parsePending(readFileSync(stateFile("killed"), "utf8"));
    expect(pending.map(({ type, inputs }) => [type, inputs["name"]])).to.deep.include([
      "openstack:compute/instance:Instance",
      "c-worker-az1-1",
    ]);

    const foretold = await pulumi(["preview"], { SET: "0,1" });
    expect(foretold.text).to.include(
      `server c-worker-az1-1 (${lost ?? ""}) was left behind by a killed update; the update will remove it unless the swarm uses it.`,
    );
    const { code, text } = await up("0,1");
    expect(code, text).to.equal(0);
    const { servers, ports } = await onCloud();
    expect(servers["c-worker-az1-1"]).to.be.a("string").and.not.equal(lost);
    expect(ports).to.deep.equal(["c-worker-az1-0", "c-worker-az1-1"]);
  });

  it("keeps the proof when that update is complete", async () => {
    await exported("complete");
    expect(parsePending(readFileSync(stateFile("complete"), "utf8")).map(({ inputs }) => inputs["name"])).to.include(
      "c-worker-az1-1",
    );
  });

  for (const [state, what] of [
    ["two", "before the last server was made"],
    ["killed", "of the moment of the kill, though it explains the server that works now"],
  ] as const) {
    it(`is refused on a state ${what}, and touches nothing`, async () => {
      const before = await onCloud();
      await imported(state);
      const foretold = await pulumi(["preview"], { SET: "0" });
      expect(foretold.text).to.include("The update will be refused").and.include(before.servers["c-worker-az1-1"]);
      const { code, text } = await up("0");
      expect(code).not.to.equal(0);
      expect(text)
        .to.include(`server c-worker-az1-1 (${before.servers["c-worker-az1-1"] ?? ""})`)
        .and.include("the state is older than the cloud");
      expect(await onCloud()).to.deep.equal(before);
    });
  }

  it("goes on with the newest state, and with an older one by consent", async () => {
    await imported("complete");
    expect((await up("0,1")).code).to.equal(0);
    const {
      servers: { "c-worker-az1-1": lost },
    } = await onCloud();
    await imported("two");
    const refused = await up("0");
    const consent = /CONSENT="([^"]+)"/.exec(refused.text)?.[1];
    expect(consent).to.include(`remove=${lost ?? ""}`);
    const { code, text } = await up("0", { SWARM_CONSENT: consent });
    expect(code, text).to.equal(0);
    expect((await onCloud()).ports).to.deep.equal(["c-worker-az1-0"]);
    expect(mock.unanswered).to.deep.equal([]);
  });
});

/** Ends Pulumi and all that it started, as the death of its machine does. */
function kill({ pid }: ChildProcess): void {
  if (pid === undefined) throw new Error("Pulumi does not run");
  const childrenOf = (parent: number): number[] =>
    readdirSync(`/proc/${parent}/task`).flatMap((thread) =>
      readFileSync(`/proc/${parent}/task/${thread}/children`, "utf8")
        .split(" ")
        .filter((child) => child !== "")
        .map(Number),
    );
  const tree = (parent: number): number[] => [parent, ...childrenOf(parent).flatMap(tree)];
  for (const member of tree(pid)) process.kill(member, "SIGKILL");
}
