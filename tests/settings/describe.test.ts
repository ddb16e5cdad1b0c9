import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { configurationPage, pulumiYaml } from "../../settings/describe";
import { parseSettings } from "../../settings/parse";

const root = join(__dirname, "..", "..");

describe("what is made from the schema", () => {
  it("is current; else run `npm run describe`", () => {
    expect(readFileSync(join(root, "Pulumi.yaml"), "utf8")).to.equal(pulumiYaml());
    expect(readFileSync(join(root, "docs", "configuration.md"), "utf8")).to.equal(configurationPage());
  });

  for (const stack of ["prod", "lab"]) {
    it(`Pulumi.${stack}.yaml is a good configuration`, () => {
      const { config } = parse(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as { config: Record<string, unknown> };
      parseSettings(Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^swarm:/, ""), value])));
    });
  }
});
