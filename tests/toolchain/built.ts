import { execFileSync, spawnSync } from "node:child_process";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import type { PackageSchema } from "../../toolchain/surface/schema";

export const toolchain = join(__dirname, "../../toolchain/toolchain");

// The tests' home folder is not the person's, in whose cache the toolchain is.
const env = { ...process.env, HOME: userInfo().homedir };

/** Where the built toolchain is, or undefined: the tests that need it are skipped then, as building it takes minutes. */
export function builtToolchain(): string | undefined {
  const asked = spawnSync(toolchain, ["where"], { env, encoding: "utf8" });
  return asked.status === 0 ? asked.stdout.trim() : undefined;
}

/** The schema that a plugin of the built toolchain serves. */
export function schemaOf(plugin: string): PackageSchema {
  const text = execFileSync(toolchain, ["exec", "pulumi", "package", "get-schema", plugin], {
    env: { ...env, SWARM_TOOLCHAIN: "build" },
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  return JSON.parse(text) as PackageSchema;
}

/** The folder of an npm package of the project. */
export function packageDir(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}
