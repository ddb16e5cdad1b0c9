import { appendFileSync, cpSync, mkdtempSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { imageTag, programFingerprint } from "../../../ops/update/program";

const root = join(__dirname, "..", "..", "..");

describe("programFingerprint", () => {
  const copy = mkdtempSync(join(tmpdir(), "swarm-test-program-"));
  before(() => {
    for (const path of [
      "index.ts",
      "program.cjs",
      "package-lock.json",
      "settings",
      "cloudinit",
      "components",
      "ops",
      "stacks",
    ])
      cpSync(join(root, path), join(copy, path), { recursive: true });
  });

  it("is the same for the same program in another folder", () => {
    expect(programFingerprint(copy))
      .to.equal(programFingerprint(root))
      .and.to.match(/^[0-9a-f]{64}$/);
  });

  it("changes with the content and with the name of any source", () => {
    const prints = [programFingerprint(copy)];
    appendFileSync(join(copy, "stacks", "traefik", "compose.yml"), "# another\n");
    prints.push(programFingerprint(copy));
    renameSync(join(copy, "ops", "wait.ts"), join(copy, "ops", "await.ts"));
    prints.push(programFingerprint(copy));
    expect(new Set(prints).size).to.equal(3);
  });

  it("is one thing, the image's tag another: that changes with the loop and the versions of the tools, too", () => {
    for (const path of ["autoscaler", "swarmctl", "toolchain"])
      cpSync(join(root, path), join(copy, path), { recursive: true });
    const before = [programFingerprint(copy), imageTag(copy)];
    appendFileSync(join(copy, "autoscaler", "decide.ts"), "// another\n");
    const after = [programFingerprint(copy), imageTag(copy)];
    expect(after[0]).to.equal(before[0]);
    expect(after[1])
      .to.match(/^[0-9a-f]{12}$/)
      .and.to.not.equal(before[1]);
  });
});
