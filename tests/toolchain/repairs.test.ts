import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { desiredSwarm } from "../../ops/swarm/desired-swarm";
import { parseState } from "../../ops/stack-state/state";
import { toolchain } from "./built";

const root = join(__dirname, "..", "..");

/**
 * A shared network, a stack and what stands for a membership, by the program's own components; REPAIR names what is
 * made again, and why.
 */
const program = `
require("tsx/cjs");
const pulumi = require("@pulumi/pulumi");
const { local } = require("@pulumi/command");
const { Overlay } = require("${root}/components/overlay");
const { Stack } = require("${root}/components/stack");
const { swarmCommand } = require("${root}/components/swarm-command");
const { DAEMON: host, REPAIR: repair } = process.env;
const some = (name) => new Map(repair === undefined ? [] : [[name, repair]]);
const repairs = { nodes: some("node"), networks: some("proxy"), stacks: some("demo") };
const instead = { "pulumi:providers:docker": { host, sshOpts: [] }, "command:local:Command": { dir: undefined } };
pulumi.runtime.registerStackTransformation(({ type, props, opts }) => type in instead ? { props: { ...props, ...instead[type] }, opts } : undefined);
const cluster = new local.Command("anchor", { create: "true" });
const access = pulumi.secret(JSON.stringify({ user: "swarm", privateKey: "key", managers: [] }));
new Overlay("o", { clusterName: "test", networks: ["proxy"], subnets: {}, access, mark: "m", options: pulumi.output({ mtu: "1450" }), cluster, repairs });
new Stack("s", { stack: "demo", compose: "services: {web: {image: x}}\\n", readyMinutes: 1, access, cluster, repairs });
const spec = { name: "node", role: "worker", address: "10.0.0.20", hostKey: "k", serverId: pulumi.output("s"), labels: { disk: process.env.DISK ?? "ssd" }, holdsToken: true, stacks: [], readySeconds: 5, drainSeconds: 5 };
swarmCommand("m", { create: "admit-node", delete: "remove-node", access, spec, repair: repairs.nodes.get("node") }, { deletedWith: cluster });
`;

/** Notes the verb and whether it is told of a repair, in place of doing it; the program runs it from its own folder. */
const verb = `
import { appendFileSync } from "node:fs";
appendFileSync(process.env["LOG"] ?? "", \`\${process.argv[2] ?? ""} \${process.env["SWARM_REPAIR"] ?? "-"}\\n\`);
process.stdin.resume();
`;

interface FakeNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Labels: Record<string, string>;
}

/** What the repair of a swarm relies on; Pulumi documents it in part only. */
describe("a repair by Pulumi's engine", function () {
  this.timeout(300_000);
  let folder: string;
  let networks: FakeNetwork[] = [];
  let made = 0;
  const daemon = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => {
      body += data.toString();
    });
    request.on("end", () => {
      response.setHeader("Api-Version", "1.41");
      response.setHeader("Content-Type", "application/json");
      const [, id] = /\/networks\/([^/]+)$/.exec(request.url ?? "") ?? [];
      const known = networks.find(({ Id }) => Id === id);
      if (request.url === "/_ping") response.end("OK");
      else if (id === "create") {
        const { Name, Labels } = JSON.parse(body) as FakeNetwork;
        made += 1;
        networks = [...networks, { Id: `n${made}`, Name, Labels }];
        response.statusCode = 201;
        response.end(JSON.stringify({ Id: `n${made}` }));
      } else if (known === undefined) {
        response.statusCode = 404;
        response.end(JSON.stringify({ message: `network ${id ?? ""} not found` }));
      } else if (request.method === "DELETE") {
        networks = networks.filter((network) => network !== known);
        response.statusCode = 204;
        response.end();
      } else
        response.end(
          JSON.stringify({
            ...known,
            Driver: "overlay",
            Scope: "swarm",
            IPAM: { Driver: "default", Config: [] },
            Options: { mtu: "1450", "com.docker.network.driver.overlay.vxlanid_list": "4097" },
          }),
        );
    });
  });

  before(async () => {
    await new Promise<void>((resolve) => {
      daemon.listen(0, "127.0.0.1", resolve);
    });
    folder = mkdtempSync(join(tmpdir(), "swarm-test-repairs-"));
    for (const name of ["state", "ops"]) mkdirSync(join(folder, name));
    for (const name of ["node_modules", "toolchain"]) symlinkSync(join(root, name), join(folder, name));
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      "name: repairs\nruntime: {name: nodejs, options: {typescript: false}}\nmain: index.js\n",
    );
    writeFileSync(join(folder, "index.js"), program);
    writeFileSync(join(folder, "ops", "main.ts"), verb);
    await pulumi({}, "stack", "init", "test");
  });
  after(() => {
    daemon.close();
    daemon.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  /** Runs Pulumi beside the daemon, which is in this process. @returns its output, and what the verbs noted. */
  async function pulumi(
    variables: Record<string, string>,
    ...words: readonly string[]
  ): Promise<{ code: number | null; output: string; noted: string[] }> {
    const log = join(folder, "log");
    writeFileSync(log, "");
    const env = {
      ...process.env,
      SWARM_TOOLCHAIN: "build",
      PULUMI_BACKEND_URL: `file://${folder}/state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      LOG: log,
      DAEMON: `tcp://127.0.0.1:${(daemon.address() as AddressInfo).port}`,
      ...variables,
    };
    const child = spawn(toolchain, ["exec", "pulumi", ...words], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => {
        output += data.toString();
      });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return {
      code,
      output,
      noted: readFileSync(log, "utf8")
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .sort(),
    };
  }

  async function up(variables: Record<string, string> = {}): Promise<string[]> {
    const { code, output, noted } = await pulumi(variables, "up", "--yes", "--skip-preview");
    expect(code, output).to.equal(0);
    return noted;
  }

  async function expectNoChanges(): Promise<void> {
    const { code, output } = await pulumi({}, "preview", "--expect-no-changes");
    expect(code, output).to.equal(0);
  }

  it("finds in an export what the swarm holds", async () => {
    expect(await up()).to.deep.equal(["admit-node -", "deploy-stack -"]);
    const { output } = await pulumi({}, "stack", "export");
    const {
      nodes,
      networks: shared,
      stacks,
    } = desiredSwarm(parseState(output), { nodes: ["node"], networks: ["proxy"], stacks: ["demo"] });
    expect(nodes.map(({ name, labels }) => [name, labels])).to.deep.equal([["node", { disk: "ssd" }]]);
    expect(shared).to.deep.equal([{ id: "n1", name: "proxy" }]);
    expect(stacks).to.deep.equal([{ name: "demo", services: ["demo_web"], networks: [] }]);
    await expectNoChanges();
  });

  it("runs verbs again and makes a network again that is gone, once; no preview shows it afterwards", async () => {
    networks = [];
    expect(await up({ REPAIR: "why 1" })).to.deep.equal(["admit-node why 1", "deploy-stack why 1"]);
    expect(networks).to.deep.equal([
      { Id: "n2", Name: "proxy", Labels: { "swarm.mark": "m", "swarm.repair": "why 1" } },
    ]);
    await expectNoChanges();
    expect(await up()).to.deep.equal([]);
  });

  it("repairs a second time, and keeps the text of the last repair through an edit", async () => {
    networks = [];
    expect(await up({ REPAIR: "why 2" })).to.deep.equal(["admit-node why 2", "deploy-stack why 2"]);
    expect(networks.map(({ Id }) => Id)).to.deep.equal(["n3"]);
    expect(await up({ DISK: "hdd" })).to.deep.equal(["admit-node why 2"]);
  });
});
