import { appendFileSync, cpSync, mkdtempSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { programFingerprint } from "../../ops/program";

const root = join(__dirname, "..", "..");

describe("programFingerprint", () => {
  const copy = mkdtempSync(join(tmpdir(), "swarm-test-program-"));
  before(() => {
    for (const path of ["index.ts", "program.cjs", "package-lock.json", "settings", "cloudinit", "components", "ops", "stacks"]) cpSync(join(root, path), join(copy, path), { recursive: true });
  });

  it("is the same for the same program in another folder", () => {
    expect(programFingerprint(copy)).to.equal(programFingerprint(root)).and.to.match(/^[0-9a-f]{64}$/);
  });

  it("changes with the content and with the name of any source", () => {
    const prints = [programFingerprint(copy)];
    appendFileSync(join(copy, "stacks", "traefik", "compose.yml"), "# another\n");
    prints.push(programFingerprint(copy));
    renameSync(join(copy, "ops", "wait.ts"), join(copy, "ops", "await.ts"));
    prints.push(programFingerprint(copy));
    expect(new Set(prints).size).to.equal(3);
  });
});
