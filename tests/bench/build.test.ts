import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ownProvider, upstreamProvider } from "../../bench/build";

const root = join(__dirname, "..", "..");

describe("the providers that Terraform is measured with", () => {
  for (const { version, module, package: name } of [upstreamProvider, ownProvider]) {
    it(`have ${version} pinned`, () => {
      expect(readFileSync(join(root, "bench", "provider", module, "go.mod"), "utf8"))
        .to.include(`\t${name} v${version} // indirect\n`)
        .and.include(`tool ${name}\n`);
    });
  }

  it("have the toolchain's among them", () => {
    expect(readFileSync(join(root, "toolchain", "versions.env"), "utf8")).to.include(
      `\nOPENSTACK_PROVIDER_VERSION=${ownProvider.version}\n`,
    );
  });
});
