import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { madeFiles } from "../../docs/write";
import { parseSettings } from "../../settings/parse";

const root = join(__dirname, "..", "..");

describe("what is made from the program", () => {
  for (const [path, text] of Object.entries(madeFiles)) {
    it(`${path} is current; else run \`npm run describe\``, () => {
      expect(readFileSync(join(root, path), "utf8")).to.equal(text());
    });
  }

  for (const stack of ["prod", "lab"]) {
    it(`Pulumi.${stack}.yaml is a good configuration`, () => {
      const { config } = parse(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as {
        config: Record<string, unknown>;
      };
      parseSettings(
        Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^swarm:/, ""), value])),
      );
    });
  }
});
