import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { endOrphans } from "../../../ops/pulumi/orphans";

describe("endOrphans", () => {
  it("ends a plugin that has lost its engine", async () => {
    const orphan = spawn("/bin/sh", ["-c", "read line", "127.0.0.1:1"], {
      argv0: "/tmp/pulumi-resource-test",
      stdio: ["pipe", "ignore", "ignore"],
    });
    await once(orphan, "spawn");
    const ended = once(orphan, "exit");
    const lines: string[] = [];
    await endOrphans((line) => lines.push(line));
    expect((await ended)[1]).to.equal("SIGKILL");
    expect(lines).to.include(
      `pulumi-resource-test (process ${orphan.pid ?? 0}) has lost its engine at 127.0.0.1:1; ending it.`,
    );
  });
});
