import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { files } from "../../cloudinit/files";

/**
 * What swarm-images asks of Docker where the file systems of its folders are so full; a folder without a percentage is
 * not there.
 */
function asked(docker: number, containerd?: number): string {
  const folder = mkdtempSync(join(tmpdir(), "swarm-images-"));
  try {
    mkdirSync(join(folder, "docker"));
    if (containerd !== undefined) mkdirSync(join(folder, "containerd"));
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "docker"), '#!/bin/sh\necho "$*"\n');
    writeFileSync(
      join(folder, "bin", "df"),
      `#!/bin/sh\necho Use%\ncase $2 in */docker) echo ' ${docker}%' ;; *) echo ' ${containerd ?? 0}%' ;; esac\n`,
    );
    for (const name of ["docker", "df"]) chmodSync(join(folder, "bin", name), 0o755);
    const { stdout, stderr, status } = spawnSync(
      "sh",
      ["-c", files.images, "swarm-images", "75", join(folder, "docker"), join(folder, "containerd")],
      { env: { PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}` }, encoding: "utf8", timeout: 10_000 },
    );
    expect([status, stderr]).to.deep.equal([0, ""]);
    return stdout
      .split("\n")
      .filter((line) => !line.startsWith("swarm-images:"))
      .join("\n")
      .trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("swarm-images", () => {
  const prune = "image prune --all --force --filter until=168h";
  it("leaves all images while there is room", () => {
    expect([asked(75), asked(10, 75)]).to.deep.equal(["", ""]);
  });
  it("removes what no container uses where the file system is fuller than that", () => {
    expect(asked(76)).to.equal(prune);
  });
  it("looks at containerd's as well, once", () => {
    expect([asked(10, 90), asked(90, 90)]).to.deep.equal([prune, prune]);
  });
});
