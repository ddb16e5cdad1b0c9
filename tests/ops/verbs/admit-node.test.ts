import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { deliveryScript } from "../../../ops/verbs/bring-back";

/** Runs the script on a node of which systemd and Docker say so much; the token that is there afterwards. */
function deliver(unit: "active" | "activating", swarm: string, before?: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "swarm-test-token-"));
  try {
    const file = join(folder, "etc", "join-token");
    writeFileSync(
      join(folder, "systemctl"),
      `#!/bin/sh\n[ "$*" = "is-active -q swarm-join.service" ] && [ ${unit} = active ]\n`,
      { mode: 0o755 },
    );
    writeFileSync(join(folder, "docker"), `#!/bin/sh\n${swarm}\n`, { mode: 0o755 });
    if (before !== undefined) {
      mkdirSync(dirname(file));
      writeFileSync(file, before, { mode: 0o600 });
    }
    // a pipe, as sshd has it; what Node hands over is a socket, which cannot be opened as /dev/stdin
    execFileSync("sh", ["-c", `cat | { ${deliveryScript(file)}; }`], {
      input: "SWMTKN-1-now",
      env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    });
    if (!existsSync(file)) return undefined;
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    return readFileSync(file, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the delivery of a token", () => {
  it("gives it to a node that has not joined, in place of an older one", () => {
    expect(deliver("activating", "echo inactive")).to.equal("SWMTKN-1-now");
    expect(deliver("activating", "echo pending", "SWMTKN-1-before")).to.equal("SWMTKN-1-now");
  });

  it("gives it also where Docker does not answer", () => {
    expect(deliver("activating", "exit 1")).to.equal("SWMTKN-1-now");
  });

  it("leaves none on a node that joined a moment ago, whose unit has taken its own away and is about to end", () => {
    expect(deliver("activating", "echo active")).to.equal(undefined);
  });

  it("leaves none on a node that has joined, not even one that an earlier delivery left", () => {
    expect(deliver("active", "echo active")).to.equal(undefined);
    expect(deliver("active", "echo active", "SWMTKN-1-before")).to.equal(undefined);
  });
});
