import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { startOf } from "../../../ops/pulumi/processes";
import { preview, swarm } from "../../support/plan";
import { until } from "../../support/until";

const root = join(__dirname, "..", "..", "..");

/**
 * An update as a tree of processes: an engine, which is a shell of that name; its program with the guard; the engine
 * again for the preview, and its program.
 */
class Update {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "swarm-test-nested-")));
  readonly engine: ChildProcess;

  /** @param nested what the preview's program does once it is told whose plan it is. */
  constructor(nested: string) {
    symlinkSync(join(root, "node_modules"), this.at("node_modules"));
    copyFileSync("/bin/sh", this.at("pulumi"));
    writeFileSync(this.at("preview.json"), JSON.stringify(preview([swarm])));
    // the engine runs the file "preview" of its folder when it is called as `pulumi preview`
    writeFileSync(
      this.at("preview"),
      `echo $$ > engine.pid; "${process.execPath}" nested.cjs; echo $? > nested.code\n`,
    );
    writeFileSync(
      this.at("nested.cjs"),
      `require("tsx/cjs"); const { writeFileSync, readFileSync, existsSync, renameSync } = require("node:fs");
      const { endWithUpdate } = require("${root}/ops/guard/nested-preview");\n${nested}`,
    );
    writeFileSync(
      this.at("program.cjs"),
      `require("tsx/cjs"); const { writeFileSync } = require("node:fs"); const { guardUpdate } = require("${root}/ops/guard/guard-update");
      writeFileSync("program.pid", String(process.pid));
      guardUpdate({ stack: "prod", environment: process.env, now: new Date(), say: () => undefined }).then(() => writeFileSync("verdict", "within"), ({ message }) => writeFileSync("verdict", message));`,
    );
    this.engine = spawn(
      this.at("pulumi"),
      ["-c", `"${process.execPath}" program.cjs; until [ -e end ]; do sleep 0.1; done`, "up"],
      { cwd: this.folder, stdio: "ignore" },
    );
  }

  /** Lets its engine end, and ends a preview's program that lives on. */
  end(): void {
    writeFileSync(this.at("end"), "");
    if (existsSync(this.at("nested.pid")) && !existsSync(this.at("nested.code")))
      process.kill(Number(readFileSync(this.at("nested.pid"), "utf8")), "SIGKILL");
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  async read(name: string): Promise<string> {
    return until(name, () => existsSync(this.at(name)) && readFileSync(this.at(name), "utf8").trim());
  }
}

const forever = `endWithUpdate(process.env).then(() => { writeFileSync("nested.pid", String(process.pid)); setInterval(() => undefined, 1000); });`;

describe("the plan guard's preview", function () {
  this.timeout(60_000);
  let update: Update;
  afterEach(() => {
    update.end();
  });

  it("is run by the engine that runs the update, not by the Pulumi on PATH", async () => {
    update = new Update(`process.stdout.write(readFileSync("preview.json"));`);
    expect(await update.read("verdict")).to.equal("within");
  });

  for (const who of ["engine", "program"] as const) {
    it(`ends when the update's ${who} is killed`, async () => {
      update = new Update(forever);
      const nested = Number(await update.read("nested.pid"));
      const preview = Number(await update.read("engine.pid"));
      process.kill(who === "engine" ? (update.engine.pid ?? 0) : Number(await update.read("program.pid")), "SIGKILL");
      expect(await update.read("nested.code")).to.equal("1");
      await until(
        "the preview's processes to be gone",
        async () => (await startOf(nested)) === "none" && (await startOf(preview)) === "none",
      );
    });
  }

  it("ends at its start when the update was killed before", async () => {
    // the program of the preview begins when this test lets it
    update = new Update(
      `writeFileSync("begun", ""); while (!existsSync("go")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);\n${forever}`,
    );
    await update.read("engine.pid");
    await until("the preview's program to begin", () => existsSync(update.at("begun")));
    process.kill(update.engine.pid ?? 0, "SIGKILL");
    process.kill(Number(await update.read("program.pid")), "SIGKILL");
    await until("both to be gone", async () => (await startOf(update.engine.pid ?? 0)) === "none");
    writeFileSync(update.at("go"), "");
    expect(await update.read("nested.code")).to.equal("1");
    expect(existsSync(update.at("nested.pid"))).to.equal(false);
  });
});
