import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import {
  functionDrift,
  narrowedProperties,
  removedProperties,
  resourceDrift,
  without,
} from "../../toolchain/plugins/openstack/drift";
import type { ProviderInfo } from "../../toolchain/plugins/openstack/terraform";
import { tokenTable } from "../../toolchain/plugins/openstack/token-table";
import { whyAccepted } from "../../toolchain/surface/accepted";
import { differences, format, type Difference } from "../../toolchain/surface/compare";
import { readSchema } from "../../toolchain/surface/schema";
import { readSdk } from "../../toolchain/surface/sdk";
import { usedOf } from "../../toolchain/surface/used";
import { builtToolchain, packageDir, schemaOf } from "./built";

/** The members that the stand-ins serve; the bridged plugin serves all of its SDK's. */
const served: Readonly<Record<string, readonly string[] | undefined>> = {
  openstack: undefined,
  command: ["command", "command:local:Command", "command:remote:Command"],
  docker: ["docker", "docker:index/network:Network", "docker:index/getNetwork:getNetwork"],
};

const root = join(__dirname, "..", "..");

/** An output that the SDK declares as always present and the plugin does not. */
function isNotAlwaysThere({ where, sdk, plugin }: Difference): boolean {
  return where.includes(" output ") && plugin === `${sdk}, optional`;
}

function versionOf(plugin: string): string {
  const { version } = JSON.parse(readFileSync(join(packageDir(`@pulumi/${plugin}`), "package.json"), "utf8")) as {
    version: string;
  };
  return version.replace(/^v/, "");
}

describe("plugins of the built toolchain", function () {
  this.timeout(60_000);
  let plugins: string;

  before(() => {
    plugins = join(builtToolchain(), "home/plugins");
  });

  for (const [plugin, tokens] of Object.entries(served)) {
    it(`${plugin} has the inputs and outputs that its npm package declares, but for what is listed as removed`, () => {
      const [sdk, built] = [readSdk(packageDir(`@pulumi/${plugin}`)), readSchema(schemaOf(plugin))];
      for (const token of tokens ?? []) expect({ ...sdk.resources, ...sdk.functions }).to.have.property(token);
      const wrong = differences(sdk, built, tokens).filter((one) => whyAccepted(one) === undefined);
      const removed = [
        ...resourceDrift.removed,
        ...functionDrift.removed,
        ...removedProperties,
        ...Object.keys(narrowedProperties),
      ].filter((where) => where.startsWith(plugin));
      expect(wrong.filter(({ where }) => !removed.includes(where)).map(format)).to.deep.equal([]);
      expect(
        removed.filter((where) => !wrong.some((one) => one.where === where)),
        "listed as removed, but there",
      ).to.deep.equal([]);
    });

    it(`${plugin} is installed as the version of its npm package`, () => {
      expect(readdirSync(plugins)).to.include(`resource-${plugin}-v${versionOf(plugin)}`);
    });
  }

  it("openstack serves nothing under a name that the npm package does not have", () => {
    const [sdk, built] = [readSdk(packageDir("@pulumi/openstack")), readSchema(schemaOf("openstack"))];
    expect(Object.keys(built.resources).sort()).to.deep.equal(
      Object.keys(without(sdk.resources, resourceDrift.removed)).sort(),
    );
    expect(Object.keys(built.functions).sort()).to.deep.equal(
      Object.keys(without(sdk.functions, functionDrift.removed)).sort(),
    );
    expect(Object.keys(built.resources)).to.have.length.above(90);
    expect(Object.keys(built.functions)).to.have.length.above(49);
  });

  it("openstack has what the program uses as the npm package declares it", function () {
    this.timeout(300_000);
    const folder = realpathSync(packageDir("@pulumi/openstack"));
    const [sdk, built] = [readSdk(folder), readSchema(schemaOf("openstack"))];
    const used = usedOf(root, folder, ["index.ts", "components", "ops", "stacks", "settings"]);
    expect(used).to.include.members([
      "openstack:compute/instance:Instance input flavorName",
      "openstack:compute/instance:Instance input keyPair",
      "compute.InstanceNetwork port",
      "openstack:networking/port:Port input fixedIps",
      "openstack:networking/port:Port output allFixedIps",
      "networking.PortFixedIp ipAddress",
      "openstack:loadbalancer/listener:Listener input protocolPort",
      "openstack:networking/getNetwork:getNetwork output mtu",
    ]);
    const wrong = differences(sdk, built)
      .filter((one) => whyAccepted(one) === undefined || isNotAlwaysThere(one))
      .map(({ where }) => where);
    expect(used.filter((where) => wrong.includes(where) && narrowedProperties[where] === undefined)).to.deep.equal([]);
    // the narrowed ones: by the fields of their blocks
    expect(used).not.to.include("compute.InstanceNetwork floatingIp");
    expect(used.filter((where) => resourceDrift.removed.some((token) => where.startsWith(`${token} `)))).to.deep.equal(
      [],
    );
  });

  it("openstack's tokens.json is what the npm package gives", () => {
    const program = join(plugins, `resource-openstack-v${versionOf("openstack")}`, "pulumi-resource-openstack");
    const info = JSON.parse(
      execFileSync(program, ["-get-provider-info"], { encoding: "utf8", maxBuffer: 64 << 20 }),
    ) as ProviderInfo;
    const committed = readFileSync(join(__dirname, "../../toolchain/plugins/openstack/tokens.json"), "utf8");
    expect(tokenTable(packageDir("@pulumi/openstack"), info)).to.equal(committed);
  });
});
