import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import type { PackageSchema } from "../../toolchain/surface/schema";

export const toolchain = join(__dirname, "../../toolchain/toolchain");

/** Where the built toolchain is. These tests do not build it, as that takes minutes: `make toolchain` does. */
export function builtToolchain(): string {
  return execFileSync(toolchain, ["where"], { encoding: "utf8" }).trim();
}

/** The schema that a plugin of the built toolchain serves. */
export function schemaOf(plugin: string): PackageSchema {
  const text = execFileSync(toolchain, ["exec", "pulumi", "package", "get-schema", plugin], {
    env: { ...process.env, SWARM_TOOLCHAIN: "build" },
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  return JSON.parse(text) as PackageSchema;
}

/** The folder of an npm package of the project. */
export function packageDir(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}
