import { expect } from "chai";
import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { until } from "../support/until";
import { toolchain } from "./built";

const versions = readFileSync(join(__dirname, "../../toolchain/versions.env"), "utf8");
const pulumiVersion = /PULUMI_VERSION=(.*)/.exec(versions)?.[1] ?? "";
const parts = ["cli", "language-nodejs", "openstack", "command", "docker"];

/** Stands for the Go tool: makes small scripts of the packages it is to build, and writes down which. */
const fakeGo = `#!/bin/bash
case "$1" in
  env) echo go1.26; exit ;;
  list) exit ;;
esac
[ "$PART_THAT_HANGS" != "" ] && case "$*" in *"$PART_THAT_HANGS"*) echo $$ >"$RECORD.pid"; sleep 300 ;; esac
[ "$PART_THAT_FAILS" != "" ] && case "$*" in *"$PART_THAT_FAILS"*) echo "undefined: something"; exit 1 ;; esac
[ "$SLOWLY" != "" ] && sleep 0.5
while [ $# -gt 0 ]; do
  case "$1" in
    -o) into=$2; shift ;;
    github.com/*|./cmd/*) printf '#!/bin/sh\\necho v${pulumiVersion}\\n' >"$into/\${1##*/}"; chmod +x "$into/\${1##*/}"; echo "\${1##*/}" >>"$RECORD" ;;
  esac
  shift
done
`;

describe("versions.env", () => {
  const file = (path: string): string => readFileSync(join(__dirname, "../..", path), "utf8");
  const pinned = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(versions)?.[1] ?? "absent";

  it("names the versions that the Go modules pin", () => {
    expect(file("toolchain/cli/go.mod")).to.contain(
      `require github.com/pulumi/pulumi/pkg/v3 v${pinned("PULUMI_VERSION")}\n`,
    );
    expect(file("toolchain/language-nodejs/go.mod")).to.contain(
      `require github.com/pulumi/pulumi/sdk/v3 v${pinned("LANGUAGE_HOST_VERSION")}\n`,
    );
    expect(file("toolchain/plugins/go.mod")).to.contain(
      `terraform-provider-openstack/v3 v${pinned("OPENSTACK_PROVIDER_VERSION")}\n`,
    );
    expect(JSON.parse(file("toolchain/plugins/openstack/tokens.json"))).to.have.property(
      "version",
      pinned("OPENSTACK_VERSION"),
    );
  });

  it("names the versions of the npm packages", () => {
    const { dependencies } = JSON.parse(file("package.json")) as { dependencies: Readonly<Record<string, string>> };
    expect([
      dependencies["@pulumi/pulumi"],
      dependencies["@pulumi/openstack"],
      dependencies["@pulumi/command"],
      dependencies["@pulumi/docker"],
    ]).to.deep.equal(["PULUMI_VERSION", "OPENSTACK_VERSION", "COMMAND_VERSION", "DOCKER_VERSION"].map(pinned));
  });
});

describe("toolchain", function () {
  this.timeout(60_000);
  let dir: string;
  let bin: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "toolchain-test-"));
    bin = join(dir, "bin");
    mkdirSync(bin);
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const program = (name: string, text: string): void => {
    writeFileSync(join(bin, name), text, { mode: 0o755 });
  };
  const environment = (extra: Readonly<Record<string, string>>) => ({
    HOME: dir,
    PATH: `${bin}:/usr/bin:/bin`,
    SWARM_CACHE_DIR: join(dir, "cache"),
    RECORD: join(dir, "record"),
    ...extra,
  });
  const run = (args: readonly string[], extra: Readonly<Record<string, string>> = {}): SpawnSyncReturns<string> =>
    spawnSync(toolchain, args, { env: environment(extra), encoding: "utf8" });
  const record = (): string[] =>
    existsSync(join(dir, "record")) ? readFileSync(join(dir, "record"), "utf8").trim().split("\n") : [];
  const inCache = (...path: string[]): string => join(dir, "cache/toolchain", ...path);

  const installed = (version: string, plugins: "can be installed" | "cannot be installed"): void => {
    const install =
      plugins === "can be installed"
        ? `echo "$4 $5" >>"${dir}/installed-plugins"; exit 0`
        : "echo 'no route to host' >&2; exit 1";
    program("pulumi", `#!/bin/sh\ncase "$1" in version) echo v${version} ;; plugin) ${install} ;; esac\n`);
    program("pulumi-language-nodejs", "#!/bin/sh\n");
  };

  it("uses an installed Pulumi of the pinned version as it is, and builds the openstack plugin alone", () => {
    installed(pulumiVersion, "can be installed");
    program("go", fakeGo);
    const built = run(["build"]);
    expect(built.stderr).to.contain(`using the installed ${bin}/pulumi`);
    expect(record()).to.deep.equal(["pulumi-resource-openstack", "openstack-schema"]);
    expect(readFileSync(join(dir, "installed-plugins"), "utf8")).to.match(/^command \S+\ndocker \S+\n$/);
    const used = run(["exec", "sh", "-c", 'command -v pulumi; echo "[$PULUMI_HOME]"']);
    expect(used.stdout).to.equal(`${bin}/pulumi\n[]\n`);
    expect(run(["env"]).stdout).to.equal("");
  });

  const unusable: readonly (readonly [string, () => void, string])[] = [
    [
      "of another version",
      () => {
        installed("3.1.0", "can be installed");
      },
      `is v3.1.0, not v${pulumiVersion}`,
    ],
    [
      "that can install no plugins",
      () => {
        installed(pulumiVersion, "cannot be installed");
      },
      "can install no plugins",
    ],
    ["that is not there", () => undefined, "no pulumi on PATH"],
  ];
  for (const [what, prepare, why] of unusable) {
    it(`refuses a Pulumi ${what} where only an installed one will do, and says why`, () => {
      prepare();
      const refused = run(["build"], { SWARM_TOOLCHAIN: "installed" });
      expect(refused.status).to.equal(1);
      expect(refused.stderr).to.contain(why);
    });
  }

  it("builds where the installed Pulumi is of another version, and then uses its own only", () => {
    installed("3.1.0", "can be installed");
    program("go", fakeGo);
    expect(run(["build"]).stderr)
      .to.contain("building")
      .and.to.contain("ready in");
    const used = run([
      "exec",
      "sh",
      "-c",
      'pulumi version; printf "%s\\n" "$PULUMI_HOME" "$PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"',
    ]);
    const [version, home, acquisition] = used.stdout.split("\n");
    expect([version, acquisition]).to.deep.equal([`v${pulumiVersion}`, "true"]);
    expect(readdirSync(join(home ?? "", "plugins"))).to.have.length(3);
  });

  it("prints an environment that a shell can take over", () => {
    program("go", fakeGo);
    run(["build"]);
    const shell = spawnSync("bash", ["-c", `eval "$(${toolchain} env)" && pulumi version`], {
      env: environment({}),
      encoding: "utf8",
    });
    expect(shell.stdout).to.equal(`v${pulumiVersion}\n`);
  });

  it("builds nothing twice", () => {
    program("go", fakeGo);
    expect(run(["build"]).status).to.equal(0);
    const built = record();
    const started = Date.now();
    expect(run(["build"]).status).to.equal(0);
    expect(Date.now() - started).to.be.below(2000);
    expect(record()).to.deep.equal(built);
  });

  it("shows what the compiler said, and goes on with the part that failed", () => {
    program("go", fakeGo);
    const failed = run(["build"], { PART_THAT_FAILS: "pulumi-resource-command" });
    expect(failed.status).to.equal(1);
    expect(failed.stderr).to.contain("command: failed").and.to.contain("undefined: something");
    expect(readdirSync(inCache()).filter((name) => name.startsWith("new."))).to.deep.equal([]);
    rmSync(join(dir, "record"));
    expect(run(["build"]).status).to.equal(0);
    expect(record()).to.deep.equal(["pulumi-resource-command", "pulumi-resource-docker", "docker-schema"]);
  });

  it("ends the compiler when it is interrupted, keeps what is done and leaves nothing half done", async () => {
    program("go", fakeGo);
    const child = spawn(toolchain, ["build"], {
      env: environment({ PART_THAT_HANGS: "pulumi-resource-openstack" }),
      stdio: "ignore",
    });
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    await until("a compiler", () => existsSync(join(dir, "record.pid")));
    const compiler = Number(readFileSync(join(dir, "record.pid"), "utf8"));
    child.kill("SIGTERM");
    expect(await ended).to.equal(143);
    await until("the compiler's end", () => !existsSync(`/proc/${compiler}`));
    expect(readdirSync(inCache("parts")).map((name) => name.replace(/-[0-9a-f]{16}$/, ""))).to.have.members([
      "cli",
      "language-nodejs",
    ]);
    expect(readdirSync(inCache()).filter((name) => name.startsWith("new."))).to.deep.equal([]);
    expect(run(["build"]).status).to.equal(0);
  });

  it("waits for a build that is under way, and says so", async () => {
    program("go", fakeGo);
    const build = (): Promise<string> =>
      new Promise((resolve) => {
        const child = spawn(toolchain, ["build"], {
          env: environment({ SLOWLY: "yes" }),
          stdio: ["ignore", "ignore", "pipe"],
        });
        let said = "";
        child.stderr.on("data", (data: Buffer) => (said += data.toString()));
        child.on("exit", (code) => {
          resolve(`${said} exit ${code ?? "by signal"}`);
        });
      });
    const said = await Promise.all([build(), build()]);
    for (const one of said) expect(one).to.contain("exit 0");
    expect(said.filter((one) => one.includes("another build is under way"))).to.have.length(1);
    expect(record()).to.have.length(parts.length + 2);
  });

  it("serves the built openstack plugin to a Pulumi that it did not start, and says how to build one that is not there", () => {
    program("go", fakeGo);
    const plugin = join(dirname(toolchain), "openstack/pulumi-resource-openstack");
    const start = (): SpawnSyncReturns<string> =>
      spawnSync(plugin, ["127.0.0.1:1"], { env: environment({}), encoding: "utf8" });
    const early = start();
    expect([early.status, early.stderr]).to.deep.equal([1, "toolchain: openstack: not built; run make toolchain.\n"]);
    run(["build"]);
    expect(start().stdout).to.equal(`v${pulumiVersion}\n`);
    expect(run(["where", "nothing"]).stderr).to.contain(
      "nothing: no part of the toolchain; the parts are cli language-nodejs openstack command docker.",
    );
  });

  it("prunes what is not current", () => {
    program("go", fakeGo);
    run(["build"]);
    mkdirSync(inCache("parts", "cli-0123456789abcdef"));
    mkdirSync(inCache("0123456789abcdef"));
    expect(run(["prune"]).status).to.equal(0);
    expect(readdirSync(inCache("parts"))).to.have.length(parts.length);
    expect(existsSync(inCache("0123456789abcdef"))).to.equal(false);
    expect(run(["where"]).status).to.equal(0);
  });

  it("needs Go to build", () => {
    const refused = run(["build"], { PATH: bin + ":/usr/bin:/bin" });
    expect(refused.status).to.equal(1);
    expect(refused.stderr).to.contain("go: not found");
  });

  it("knows no other mode", () => {
    expect(run(["build"], { SWARM_TOOLCHAIN: "maybe" }).stderr).to.contain('"maybe" is not known');
  });
});
