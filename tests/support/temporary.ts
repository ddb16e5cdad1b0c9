import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// What a run leaves in the folder for temporary files, and the programs that it starts, is in one folder, which goes
// with the run. Mocha's workers inherit it.
const variable = "SWARM_TEST_TEMPORARY";
const folder = process.env[variable] ?? mkdtempSync(join(tmpdir(), "swarm-test-"));
process.env[variable] = folder;
process.env["TMPDIR"] = folder;

/** Called by Mocha once, at the end of the run. */
export function mochaGlobalTeardown(): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
