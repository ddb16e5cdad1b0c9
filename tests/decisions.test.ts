import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = join(__dirname, "..");

describe("the decision on dependencies", () => {
  const text = readFileSync(join(root, "docs", "decisions", "0001-dependencies.md"), "utf8");
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;

  it("has a reason for each of package.json, types apart", () => {
    const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) => !name.startsWith("@types/") && !text.includes(`\`${name}\``) && !text.includes(`\`${name} `),
    );
    expect(missing).to.deep.equal([]);
  });

  it("has each pinned to a version", () => {
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).to.match(/^\d+\.\d+\.\d+$/);
  });
});
