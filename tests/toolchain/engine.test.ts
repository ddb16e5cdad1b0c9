import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { runUpdate, UpdateError } from "../../ops/update/update";
import type { UpdateStep } from "../../ops/pulumi/events";
import { toolchain } from "./built";

/**
 * Servers and memberships as the program has them, by commands that note what they do: SET names the nodes, TEMPLATE is
 * what an edit changes, UNBORN a node whose server cannot be made, and BROKEN one that cannot be admitted.
 */
const program = `
const { local } = require("@pulumi/command");
const { TEMPLATE: template, SET: set, BROKEN: broken, UNBORN: unborn } = process.env;
const note = (what) => \`echo "\${what}" >>"$LOG"\`;
for (const node of set.split(",")) {
  const server = new local.Command(\`server-\${node}\`, {
    create: note(\`create server \${node} of template $(cat)\`) + (node === unborn ? "; exit 1" : ""), delete: note(\`delete server \${node}\`), stdin: template,
  }, { deleteBeforeReplace: true, ignoreChanges: ["stdin"] });
  new local.Command(\`membership-\${node}\`, {
    create: note(\`admit \${node}\`) + (node === broken ? "; exit 1" : ""), delete: note(\`remove \${node}\`), environment: { SERVER: server.id },
  }, { dependsOn: [server], replaceWith: [server] });
}
`;

/** What the rollout of stale nodes relies on (swarmctl/rollout/); Pulumi documents it in part only. */
describe("Pulumi's engine", function () {
  this.timeout(300_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "swarm-test-engine-"));
    mkdirSync(join(folder, "state"));
    symlinkSync(join(__dirname, "../../node_modules"), join(folder, "node_modules"));
    symlinkSync(join(__dirname, "../../toolchain"), join(folder, "toolchain"));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: engine\nruntime: nodejs\nmain: index.js\n");
    writeFileSync(join(folder, "index.js"), program);
    execFileSync(toolchain, ["exec", "pulumi", "stack", "init", "test"], {
      cwd: folder,
      env: environment({}),
      stdio: "ignore",
    });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function environment(variables: Record<string, string>): NodeJS.ProcessEnv {
    return {
      ...process.env,
      SWARM_TOOLCHAIN: "build",
      PULUMI_BACKEND_URL: `file://${folder}/state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      LOG: join(folder, "log"),
      ...variables,
    };
  }

  /** Runs an update; what was noted, in order. */
  function up(variables: Record<string, string>, ...words: readonly string[]): { noted: string[]; ok: boolean } {
    writeFileSync(join(folder, "log"), "");
    const { status } = spawnSync(toolchain, ["exec", "pulumi", "up", "--yes", "--skip-preview", ...words], {
      cwd: folder,
      env: environment(variables),
    });
    return {
      noted: readFileSync(join(folder, "log"), "utf8")
        .split("\n")
        .filter((line) => line !== ""),
      ok: status === 0,
    };
  }

  it("lets an edit of what is ignored pass by", () => {
    expect(up({ SET: "0", TEMPLATE: "old" })).to.deep.equal({
      ok: true,
      noted: ["create server 0 of template old", "admit 0"],
    });
    expect(up({ SET: "0", TEMPLATE: "new" })).to.deep.equal({ ok: true, noted: [] });
  });

  it("makes a server that is to be replaced from what was ignored, and takes its membership away before and anew after", () => {
    expect(
      up({ SET: "0", TEMPLATE: "new" }, "--replace", "urn:pulumi:test::engine::command:local:Command::server-0"),
    ).to.deep.equal({
      ok: true,
      noted: ["remove 0", "delete server 0", "create server 0 of template new", "admit 0"],
    });
  });

  it("goes on with what was ignored where a replacement did not come to its end; the membership is taken away once more", () => {
    expect(
      up(
        { SET: "0", TEMPLATE: "newer", UNBORN: "0" },
        "--replace",
        "urn:pulumi:test::engine::command:local:Command::server-0",
      ).ok,
    ).to.equal(false);
    expect(up({ SET: "0", TEMPLATE: "newer" })).to.deep.equal({
      ok: true,
      noted: ["remove 0", "create server 0 of template newer", "admit 0"],
    });
  });

  it("exchanges a node for another one: the old one goes only when the new one is admitted", () => {
    expect(up({ SET: "1", TEMPLATE: "new", BROKEN: "1" })).to.deep.equal({
      ok: false,
      noted: ["create server 1 of template new", "admit 1"],
    });
    expect(up({ SET: "1", TEMPLATE: "new" })).to.deep.equal({
      ok: true,
      noted: ["admit 1", "remove 0", "delete server 0"],
    });
  });

  it("takes back an exchange that did not come to its end", () => {
    expect(up({ SET: "0", TEMPLATE: "new", BROKEN: "0" }).ok).to.equal(false);
    expect(up({ SET: "1", TEMPLATE: "new" })).to.deep.equal({ ok: true, noted: ["delete server 0"] });
  });

  it("sends its events to an update of ours, to the last one, also where it fails", async () => {
    const update = async (variables: Record<string, string>): Promise<readonly UpdateStep[]> =>
      runUpdate({
        place: { project: folder, stack: "test" },
        environment: environment({ TEMPLATE: "new", ...variables }),
        timeoutSeconds: 240,
        talk: () => undefined,
      });
    const made = await update({ SET: "1,2" });
    expect(
      made
        .filter(({ type }) => type === "command:local:Command")
        .map(({ resource, op, endedAt }) => [resource, op, endedAt !== undefined]),
    ).to.have.deep.members([
      ...["server-1", "membership-1"].map((name) => [name, "same", true]),
      ...["server-2", "membership-2"].map((name) => [name, "create", true]),
    ]);
    const failure = await update({ SET: "1,2,3", BROKEN: "3" }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(UpdateError);
    const failed = (failure as UpdateError).steps.filter(({ endedAt }) => endedAt === undefined);
    expect(failed.map(({ resource, op }) => [resource, op])).to.deep.include(["membership-3", "create"]);
    expect(failed.find(({ resource }) => resource === "membership-3")?.error).to.match(/exit status 1/);
  });
});
