import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { stringify } from "yaml";
import { startMockCloud, type MockCloud } from "../../bench/mock/cloud";
import { toolchain } from "./built";

const root = join(__dirname, "..", "..");

/**
 * fixtures/standing holds a program of every kind of OpenStack resource that a cluster has, and the state that an `up`
 * of it left with provider 1.54.1 behind the plugin, against bench/mock and an Octavia that answers at once.
 */
describe("a state that provider 1.54.1 left", function () {
  this.timeout(300_000);
  let folder: string;
  let mock: MockCloud;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "swarm-test-standing-"));
    mkdirSync(join(folder, "state"));
    cpSync(join(__dirname, "fixtures/standing"), folder, { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    mock = await startMockCloud({ externalNetwork: "external", flavors: ["m1.small"], image: "node" });
    writeFileSync(join(folder, "clouds.yaml"), mock.cloudsYaml);
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      stringify({
        name: "standing",
        runtime: { name: "nodejs", options: { typescript: false } },
        main: "index.js",
        config: { "openstack:maxRetries": 10 },
        plugins: { providers: [{ name: "openstack", path: join(root, "toolchain/openstack") }] },
      }),
    );
    await pulumi("stack", "init", "test");
  });
  after(async () => {
    await mock.close();
    rmSync(folder, { recursive: true });
  });

  /** What Pulumi printed; the mock is in this process. */
  async function pulumi(...words: readonly string[]): Promise<string> {
    const env = {
      ...process.env,
      SWARM_TOOLCHAIN: "build",
      PULUMI_BACKEND_URL: `file://${folder}/state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      OS_CLOUD: "mock",
      OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml"),
    };
    const child = spawn(toolchain, ["exec", "pulumi", ...words], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    expect(code, said).to.equal(0);
    return said;
  }

  it("is a cluster's that stands: a preview proposes no change", async () => {
    await pulumi("stack", "import", "--file", join(folder, "state.json"));
    expect(await pulumi("preview", "--diff", "--expect-no-changes")).to.match(/23 unchanged/);
    expect(mock.unanswered).to.deep.equal([]);
  });
});
