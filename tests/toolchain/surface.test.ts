import { expect } from "chai";
import { readdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { whyAccepted } from "../../toolchain/surface/accepted";
import { differences, format } from "../../toolchain/surface/compare";
import { readSchema } from "../../toolchain/surface/schema";
import { readSdk } from "../../toolchain/surface/sdk";
import { tokenTable } from "../../toolchain/plugins/openstack/token-table";
import type { ProviderInfo } from "../../toolchain/plugins/openstack/terraform";
import { builtToolchain, packageDir, schemaOf } from "./built";

/** The members that the stand-ins serve; the bridged plugin serves all of its SDK's. */
const served: Readonly<Record<string, readonly string[] | undefined>> = {
  openstack: undefined,
  command: ["command", "command:local:Command", "command:remote:Command"],
  docker: ["docker", "docker:index/network:Network", "docker:index/getNetwork:getNetwork"],
};

describe("plugins of the built toolchain", function () {
  this.timeout(60_000);
  let built: string;

  before(function () {
    const found = builtToolchain();
    if (found === undefined) this.skip();
    built = found;
  });

  for (const [plugin, tokens] of Object.entries(served)) {
    it(`${plugin} has the inputs and outputs that its npm package declares`, () => {
      const found = differences(readSdk(packageDir(`@pulumi/${plugin}`)), readSchema(schemaOf(plugin)), tokens);
      expect(found.filter((difference) => whyAccepted(difference) === undefined).map(format)).to.deep.equal([]);
    });

    it(`${plugin} is installed as the version of its npm package`, () => {
      const { version } = JSON.parse(readFileSync(join(packageDir(`@pulumi/${plugin}`), "package.json"), "utf8")) as { version: string };
      expect(readdirSync(join(built, "home/plugins"))).to.include(`resource-${plugin}-v${version.replace(/^v/, "")}`);
    });
  }

  it("openstack bridges every resource and function of the npm package", () => {
    const [sdk, plugin] = [readSdk(packageDir("@pulumi/openstack")), readSchema(schemaOf("openstack"))];
    expect(Object.keys(plugin.resources).sort()).to.deep.equal(Object.keys(sdk.resources).sort());
    expect(Object.keys(plugin.functions).sort()).to.deep.equal(Object.keys(sdk.functions).sort());
    expect(Object.keys(sdk.resources)).to.have.length.above(100);
    expect(Object.keys(sdk.functions)).to.have.length.above(50);
  });

  it("openstack's tokens.json is what the npm package gives", () => {
    const version = /OPENSTACK_VERSION=(.*)/.exec(readFileSync(join(__dirname, "../../toolchain/versions.env"), "utf8"))?.[1] ?? "";
    const program = join(built, "home/plugins", `resource-openstack-v${version}`, "pulumi-resource-openstack");
    const info = JSON.parse(execFileSync(program, ["-get-provider-info"], { encoding: "utf8", maxBuffer: 64 << 20 })) as ProviderInfo;
    const committed = readFileSync(join(__dirname, "../../toolchain/plugins/openstack/tokens.json"), "utf8");
    expect(tokenTable(packageDir("@pulumi/openstack"), info)).to.equal(committed);
  });
});
