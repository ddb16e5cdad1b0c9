import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openBackend } from "../../ops/stack-state/backend";
import { LockedError } from "../../ops/errors";
import { clearWay } from "../../ops/stack-state/locks";
import { until } from "../support/until";
import { toolchain } from "./built";

const root = join(__dirname, "../..");

/** An update that goes on until it is killed, and begins as the program does. */
const program = `
require("tsx/cjs");
const { noteUpdate } = require(${JSON.stringify(join(root, "ops/stack-state/locks.ts"))});
const pulumi = require("@pulumi/pulumi");
module.exports = async () => {
  await noteUpdate(pulumi.getStack(), process.env);
  await new Promise((resolve) => setTimeout(resolve, 600_000));
};
`;

describe("Pulumi's lock", function () {
  this.timeout(180_000);

  it("of a plain `pulumi up` stays while that lives, and is broken when it was killed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "swarm-test-lock-"));
    const url = `file://${folder}/state`;
    mkdirSync(join(folder, "state"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: swarm\nruntime: nodejs\nmain: program.cjs\n");
    writeFileSync(join(folder, "package.json"), `{"name":"lock"}`);
    writeFileSync(join(folder, "program.cjs"), program);
    const env = { ...process.env, SWARM_TOOLCHAIN: "build", PULUMI_BACKEND_URL: url, PULUMI_CONFIG_PASSPHRASE: "test" };
    execFileSync(toolchain, ["exec", "pulumi", "stack", "init", "s"], { cwd: folder, env, stdio: "ignore" });
    const update = spawn(toolchain, ["exec", "pulumi", "up", "--yes", "--skip-preview", "--non-interactive"], {
      cwd: folder,
      env,
      stdio: "ignore",
    });
    await until(
      "the record of the holder",
      async () => (await openBackend(url)?.list(".swarm/holders/s/"))?.some((key) => key.endsWith(".json")),
      { seconds: 120 },
    );
    expect(
      await clearWay("s", url, () => undefined).then(
        () => undefined,
        (error: unknown) => error,
      ),
      "while it lives",
    ).to.be.instanceOf(LockedError);
    const ended = once(update, "exit");
    update.kill("SIGKILL");
    await ended;
    const said: string[] = [];
    await clearWay("s", url, (line) => said.push(line));
    expect(said.join("\n")).to.match(
      new RegExp(
        `The lock of \\S+'s update of \\S+ is broken: its process ${update.pid ?? 0} on this machine is dead\\.`,
      ),
    );
    rmSync(folder, { recursive: true });
  });
});
