import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { files } from "../../cloudinit/files";

interface Image {
  /** Version of the engine's package; absent where the image has none. */
  readonly engine?: string;
  /** Version that the package mirror has. */
  readonly mirror?: string;
  /** Engine's packages that dpkg knows. */
  readonly packages?: readonly string[];
}

/** Runs swarm-install where there is nothing but what it needs and what the image has; tells what it did. */
function install({
  engine,
  mirror = "26.1.5+dfsg1-9",
  packages = ["docker.io", "docker-cli", "containerd", "runc"],
}: Image) {
  const folder = mkdtempSync(join(tmpdir(), "swarm-install-"));
  const program = (name: string, text: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  try {
    for (const name of ["sh", "sed", "tr", "cat", "chmod"]) symlinkSync(`/bin/${name}`, join(folder, name));
    for (const name of ["docker", "curl", "iptables"]) program(name, "");
    if (engine !== undefined) program("dockerd", "");
    program("apt-cache", `[ "$1" != policy ] || printf 'docker.io:\\n  Installed: (none)\\n  Candidate: ${mirror}\\n'`);
    program(
      "apt-get",
      `echo "apt-get $*" | sed -e 's/ -o [^ ]*//g' -e 's/ -[^ ]*//g' >>${folder}/did\ncase "$*" in *install*) echo '#!/bin/sh' >${folder}/dockerd; chmod 755 ${folder}/dockerd ;; esac`,
    );
    program("systemctl", `echo "systemctl $*" >>${folder}/did`);
    program(
      "dpkg-query",
      packages
        .map((name) => `echo 'installed ${name} ${engine ?? mirror}'`)
        .concat("echo 'not-installed docker-buildx '", "exit 1")
        .join("\n"),
    );
    program("dpkg", `echo "dpkg $*" >>${folder}/did; cat >>${folder}/did`);
    const { status, stderr } = spawnSync("sh", ["-c", files.install], {
      env: { PATH: folder },
      encoding: "utf8",
      timeout: 20_000,
    });
    const did = existsSync(join(folder, "did")) ? readFileSync(join(folder, "did"), "utf8").trim().split("\n") : [];
    return { status, stderr, did };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const held = ["dpkg --set-selections", "docker.io hold", "docker-cli hold", "containerd hold", "runc hold"];

describe("swarm-install", () => {
  it("installs an engine that the image lacks, and holds it", () => {
    expect(install({})).to.deep.equal({
      status: 0,
      stderr: "",
      did: ["apt-get update", "apt-get install docker.io", ...held],
    });
  });

  it("installs Docker 29 too, whatever the package adds to its version", () => {
    expect(install({ mirror: "29.1.3-0ubuntu3~22.04.1" }).did).to.include("docker.io hold");
  });

  it("holds an engine that the image has, of Docker's own packages as well", () => {
    expect(install({ engine: "29.8.0", packages: ["docker-ce", "docker-ce-cli", "containerd.io"] })).to.deep.equal({
      status: 0,
      stderr: "",
      did: ["dpkg --set-selections", "docker-ce hold", "docker-ce-cli hold", "containerd.io hold"],
    });
  });

  it("does not install an engine that the program does not know", () => {
    const { status, stderr, did } = install({ mirror: "5:30.0.1-1~debian.13" });
    expect([status, stderr]).to.deep.equal([
      1,
      "swarm-install: Docker 30.0.1-1~debian.13 of the package mirror is not supported; allowed are 20.10 to 29: use another image, or a newer release of the program\n",
    ]);
    expect(did).to.deep.equal(["apt-get update", "systemctl mask --now docker.socket docker.service"]);
  });

  for (const [version, status] of [
    ["19.3.15", 1],
    ["20.9.0", 1],
    ["20.10.24+dfsg1", 0],
    ["26.1.5+dfsg1", 0],
    ["29.8.0", 0],
    ["30.0.0", 1],
  ] as const) {
    it(`${status === 0 ? "takes" : "refuses"} an image with Docker ${version}`, () => {
      const result = install({ engine: version });
      expect(result.status).to.equal(status);
      expect(result.did).to.deep.equal(status === 0 ? held : ["systemctl mask --now docker.socket docker.service"]);
    });
  }
});
