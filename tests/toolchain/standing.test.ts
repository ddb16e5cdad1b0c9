import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { startMockCloud, type MockCloud, type MockOptions } from "../../bench/mock/cloud";
import { toolchain } from "./built";

/** Steps of a preview that change nothing. */
const unchanging: readonly string[] = ["same", "read"];

const root = join(__dirname, "..", "..");
const fixtures = join(__dirname, "fixtures/standing");

/** A folder with a program and a state of its own, and a mock cloud in this process. */
class Standing {
  readonly folder = mkdtempSync(join(tmpdir(), "swarm-test-standing-"));
  private mocked: MockCloud | undefined;

  get mock(): MockCloud {
    if (this.mocked === undefined) throw new Error("the mock cloud was not started");
    return this.mocked;
  }

  /** @param project text of Pulumi.yaml. */
  async start(project: unknown, options: MockOptions): Promise<void> {
    mkdirSync(join(this.folder, "state"));
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    this.mocked = await startMockCloud(options);
    writeFileSync(join(this.folder, "clouds.yaml"), this.mocked.cloudsYaml);
    writeFileSync(join(this.folder, "Pulumi.yaml"), stringify(project));
    await this.pulumi("stack", "init", "test");
  }

  async stop(): Promise<void> {
    await this.mock.close();
    rmSync(this.folder, { recursive: true });
  }

  /** What Pulumi prints on standard output. */
  async pulumi(...words: readonly string[]): Promise<string> {
    const env = {
      ...process.env,
      SWARM_TOOLCHAIN: "build",
      PULUMI_BACKEND_URL: `file://${this.folder}/state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      OS_CLOUD: "mock",
      OS_CLIENT_CONFIG_FILE: join(this.folder, "clouds.yaml"),
    };
    const child = spawn(toolchain, ["exec", "pulumi", ...words], {
      cwd: this.folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    expect(code, `${output}${errors}`).to.equal(0);
    return output;
  }
}

/**
 * state.json is what an `up` of index.js, a program with every kind of OpenStack resource that a cluster has, left with
 * provider 1.54.1 behind the plugin, against bench/mock and an Octavia that answers at once.
 */
describe("a state that provider 1.54.1 left", function () {
  this.timeout(300_000);
  const standing = new Standing();

  before(async () => {
    cpSync(join(fixtures, "index.js"), join(standing.folder, "index.js"));
    await standing.start(
      {
        name: "standing",
        runtime: { name: "nodejs", options: { typescript: false } },
        main: "index.js",
        config: { "openstack:maxRetries": 10 },
        plugins: { providers: [{ name: "openstack", path: join(root, "toolchain/openstack") }] },
      },
      { externalNetwork: "external", flavors: ["m1.small"], image: "node" },
    );
  });
  after(async () => standing.stop());

  it("previews without a change", async () => {
    await standing.pulumi("stack", "import", "--file", join(fixtures, "state.json"));
    expect(await standing.pulumi("preview", "--diff", "--expect-no-changes")).to.match(/23 unchanged/);
    expect(standing.mock.unanswered).to.deep.equal([]);
  });
});

const externalNetworkId = "900939d2-fceb-4c71-92ce-cfcd559de23c";

/** The configuration of the cluster in flat.json. */
const configuration = {
  "swarm:clusterName": "test",
  "swarm:zones": ["az1"],
  "swarm:managers": 1,
  "swarm:managerFlavor": "m1.small",
  "swarm:workerFlavor": "m1.medium",
  "swarm:workerGroups": { az1: { min: 1, max: 4 } },
  "swarm:image": "swarm-node",
  "swarm:externalNetwork": "public",
  "swarm:adminCidrs": ["198.51.100.0/24"],
  "swarm:demo": true,
};

/**
 * flat.json is what an `up` of this project's own program left before `SwarmCluster` existed: its components had no
 * parent, and each field of the contract was an output. The verbs of ops/main.ts and the Docker daemon were fakes.
 */
describe("a cluster that a program without SwarmCluster made", function () {
  this.timeout(300_000);
  const standing = new Standing();
  let steps: { readonly op: string; readonly urn: string }[];

  before(async () => {
    for (const source of ["index.ts", "program.cjs", "package-lock.json", "settings", "cloudinit", "components", "ops"])
      cpSync(join(root, source), join(standing.folder, source), { recursive: true });
    cpSync(join(root, "stacks"), join(standing.folder, "stacks"), { recursive: true });
    const project = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as Record<string, unknown>;
    await standing.start(
      { ...project, plugins: { providers: [{ name: "openstack", path: join(root, "toolchain/openstack") }] } },
      {
        externalNetwork: "public",
        flavors: ["m1.small", "m1.medium"],
        image: "swarm-node",
        // the router in the state goes there
        instead: (service, { path, query }) =>
          service === "network" && path[1] === "networks" && query.get("name") === "public"
            ? { status: 200, body: { networks: [{ id: externalNetworkId, name: "public", "router:external": true }] } }
            : undefined,
      },
    );
    appendFileSync(join(standing.folder, "Pulumi.test.yaml"), stringify({ config: configuration }));
    await standing.pulumi("stack", "import", "--file", join(fixtures, "flat.json"));
    const preview = await standing.pulumi("preview", "--json", "--show-sames");
    ({ steps } = JSON.parse(preview) as { steps: typeof steps });
  });
  after(async () => standing.stop());

  it("keeps every resource; only commands may run again", () => {
    const changed = steps.filter(
      ({ op, urn }) => !unchanging.includes(op) && !(op === "update" && urn.includes("command:local:Command::")),
    );
    expect(changed.map(({ op, urn }) => `${op} ${urn}`)).to.deep.equal([
      "create urn:pulumi:test::swarm::swarm:platform:SwarmCluster::test",
    ]);
    expect(standing.mock.unanswered).to.deep.equal([]);
  });

  it("moves all of them below the cluster, servers included", () => {
    const { deployment } = JSON.parse(readFileSync(join(fixtures, "flat.json"), "utf8")) as {
      deployment: { resources: { urn: string; type: string }[] };
    };
    const moved = deployment.resources
      .filter(({ type }) => /^(swarm|openstack|command|docker):|^pulumi:providers:docker/.test(type))
      .map(({ urn }) => urn.replace("::swarm::", "::swarm::swarm:platform:SwarmCluster$"));
    expect(steps.map(({ urn }) => urn)).to.include.members(moved);
  });
});
