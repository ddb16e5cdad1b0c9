import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The program keeps the key of its Docker provider below the home folder: a test must not touch a person's own.
process.env["HOME"] = mkdtempSync(join(tmpdir(), "swarm-test-home-"));

// A person's own backend is nothing to a test; it would also make the stack `lab` another's than the lab's. Nor is
// where the lab's tests have theirs.
for (const name of ["PULUMI_BACKEND_URL", "SWARM_LAB_CONFIG", "SWARM_LAB_STACK"])
  Reflect.deleteProperty(process.env, name);

// An update asks Pulumi for the stack's state.
process.env["PATH"] = `${join(__dirname, "bin")}:${process.env["PATH"] ?? ""}`;
