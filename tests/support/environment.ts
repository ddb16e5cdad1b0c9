import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The program keeps the key of its Docker provider below the home folder: a test must not touch a person's own.
process.env["HOME"] = mkdtempSync(join(tmpdir(), "swarm-test-home-"));

// An update asks Pulumi for the stack's state.
process.env["PATH"] = `${join(__dirname, "bin")}:${process.env["PATH"] ?? ""}`;
