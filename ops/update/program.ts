import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What an update is made by, from the checkout's root: files, and folders with all that is in them. */
const sources = [
  "index.ts",
  "program.cjs",
  "package-lock.json",
  "settings",
  "cloudinit",
  "components",
  "ops",
  "stacks",
];

/** What the autoscaler's image holds besides. */
const imageSources = [...sources, "autoscaler", "swarmctl", "toolchain/versions.env"];

/**
 * Fingerprint of the program in a checkout: SHA-256 over the names and contents of its sources, hexadecimal. An update
 * leaves it in the outputs, so that whoever runs the next one by itself can tell whether it would change more than it
 * means to.
 */
export function programFingerprint(project: string): string {
  return hashOf(project, sources);
}

/** Tag of the image that holds the program and the loop of a checkout; `autoscaler/image/build` gives it. */
export function imageTag(project: string): string {
  return hashOf(project, imageSources).slice(0, 12);
}

function hashOf(project: string, paths: readonly string[]): string {
  const hash = createHash("sha256");
  const add = (path: string): void => {
    if (statSync(join(project, path)).isDirectory()) {
      for (const name of readdirSync(join(project, path)).sort()) add(`${path}/${name}`);
      return;
    }
    const text = readFileSync(join(project, path));
    hash.update(`${path}\0${text.length}\0`).update(text);
  };
  for (const path of paths) add(path);
  return hash.digest("hex");
}
