import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { files } from "../../cloudinit/files";
import { renderUserData } from "../../cloudinit/render";

const key = { privateKey: "PRIVATE", publicKey: "ssh-ed25519 HOST" };

/** The daemon.json of a node's user data. */
function daemonJson(): string {
  const text = renderUserData({
    name: "c-worker-az1-0",
    address: "10.20.0.20",
    managers: ["10.20.0.10"],
    mtu: 1450,
    hostKey: key,
    adminKey: "ssh-ed25519 ADMIN",
    bridges: { base: "172.29.0.0/16", size: 20 },
    registryMirrors: ["http://mirror:5000"],
    insecureRegistries: ["r:5000"],
    registryCertificates: {},
    ntpServers: [],
  });
  const { write_files: written } = parse(text) as { write_files: { path: string; content: string }[] };
  return written.find(({ path }) => path === "/etc/docker/daemon.json")?.content ?? "";
}

/** daemon.json as an engine of a version finds it. */
function fitted(version: string): Record<string, unknown> {
  const folder = mkdtempSync(join(tmpdir(), "swarm-engine-"));
  try {
    writeFileSync(join(folder, "dockerd"), `#!/bin/sh\necho '${version}'\n`);
    chmodSync(join(folder, "dockerd"), 0o755);
    writeFileSync(join(folder, "daemon.json"), daemonJson());
    for (let time = 0; time < 2; time += 1) {
      execFileSync("sh", ["-c", files.engine, "swarm-engine", folder], {
        env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
      });
    }
    return JSON.parse(readFileSync(join(folder, "daemon.json"), "utf8")) as Record<string, unknown>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("swarm-engine", () => {
  const { "default-network-opts": options, ...rest } = JSON.parse(daemonJson()) as Record<string, unknown>;

  it("gives a stack's own overlay networks the MTU of the cloud's network", () => {
    expect(options).to.deep.equal({ overlay: { "com.docker.network.driver.mtu": "1450" } });
  });

  for (const version of [
    "Docker version 26.1.5+dfsg1, build a72d7cd",
    "Docker version 24.0.0, build 98fdcd7",
    "Docker version 29.1.3, build x",
  ]) {
    it(`leaves daemon.json as it is for ${version}`, () => {
      expect(fitted(version)).to.deep.equal({ ...rest, "default-network-opts": options });
    });
  }

  for (const version of ["Docker version 20.10.24+dfsg1, build 297e128", "Docker version 23.0.6, build 9dbdbd4"]) {
    it(`takes out what ${version} does not know`, () => {
      expect(fitted(version)).to.deep.equal(rest);
    });
  }
});
