import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { holderFault, writeScript } from "../../../ops/verbs/hold-ingress";

describe("holderFault", () => {
  const answers = (...outputs: string[]) => outputs.map((output, index) => ({ name: `m${index}`, output }));
  const rows: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ["one holder whose Traefik answers", ["", "200", ""], undefined],
    ["no keepalived anywhere", ["", "", ""], "m0: does not hold it, m1: does not hold it, m2: does not hold it"],
    ["a holder without Traefik", ["000", "", ""], "m0: 000, m1: does not hold it, m2: does not hold it"],
    ["two holders", ["200", "200", ""], "m0: 200, m1: 200, m2: does not hold it"],
    ["a manager that is away", ["200", "", "not reached"], undefined],
  ];
  for (const [what, outputs, expected] of rows)
    it(`of ${what}`, () => {
      expect(holderFault(answers(...outputs))).to.equal(expected);
    });
});

describe("writeScript", () => {
  it("writes a file that differs, with its permissions, and says so once", () => {
    const path = join(mkdtempSync(join(tmpdir(), "hold-ingress-")), "folder", "keepalived.conf");
    const write = (input: string): string =>
      execFileSync("sh", ["-c", writeScript(path, "0640")], { input })
        .toString()
        .trim();
    expect([write("one\n"), write("one\n"), write("two\n")]).to.deep.equal(["changed", "", "changed"]);
    expect(readFileSync(path, "utf8")).to.equal("two\n");
    expect(statSync(path).mode & 0o777).to.equal(0o640);
  });
});
