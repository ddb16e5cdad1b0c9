import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { clusterOutput, type ClusterOutputs } from "../../settings/outputs";
import type { Report } from "../../settings/report";

const root = join(__dirname, "..", "..");
const bin = join(root, "tests", "swarmctl", "bin");

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A checkout of the project in a folder of its own, with the stacks prod and lab, and a Pulumi that only notes what it
 * is asked.
 */
export class TestProject {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "swarm-test-project-")));
  private readonly pulumi = join(this.folder, ".fake");
  private backend: Readonly<Record<string, string>> = {};

  /** @param program true for one that has the program's sources, too, of which the autoscaler takes the fingerprint. */
  constructor({ program = false } = {}) {
    for (const path of program
      ? ["index.ts", "program.cjs", "package-lock.json", "settings", "cloudinit", "components", "ops", "stacks"]
      : [])
      symlinkSync(join(root, path), join(this.folder, path));
    for (const file of ["Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.lab.yaml"])
      cpSync(join(root, file), join(this.folder, file));
    mkdirSync(this.pulumi);
    this.program("lab/pulumi", `exec pulumi "$@"`);
    // The real one would build a plugin. Its choice of a Pulumi has tests of its own.
    this.program("toolchain/toolchain", `[ "$1" = exec ] || exit 2; shift; exec "$@"`);
    symlinkSync(join(root, "toolchain", "versions.env"), join(this.folder, "toolchain", "versions.env"));
  }

  private program(path: string, script: string): void {
    mkdirSync(dirname(join(this.folder, path)));
    writeFileSync(join(this.folder, path), `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.folder, path), 0o755);
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** What the stack's outputs are before the first update, after it, and so on. */
  setOutputs(...outputs: readonly (ClusterOutputs | Record<string, never>)[]): void {
    outputs.forEach((each, index) => {
      writeFileSync(
        join(this.pulumi, `outputs-${index}.json`),
        JSON.stringify("version" in each ? { [clusterOutput]: each } : each),
      );
    });
  }

  /** What each later update says before it fails, or the next one alone; the next one leaves the report as well. */
  failUpdates(
    text: string,
    { once = false, report }: { readonly once?: boolean; readonly report?: Report } = {},
  ): void {
    writeFileSync(join(this.pulumi, "failure"), text);
    if (report !== undefined) writeFileSync(join(this.pulumi, "report"), JSON.stringify(report));
    if (once) writeFileSync(join(this.pulumi, "mend"), "");
  }

  /** Updates do not fail any more. */
  mendUpdates(): void {
    rmSync(join(this.pulumi, "failure"));
  }

  /** What Pulumi was asked, in order. */
  calls(): string[] {
    const path = join(this.pulumi, "calls");
    return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
  }

  /** Once an update has been, somebody else's on another machine holds the lock of the stack prod. */
  lockAfterUpdate(username: string, hostname: string): void {
    const folder = join(this.pulumi, "next", "locks", "organization", "swarm", "prod");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "lock.json"),
      JSON.stringify({ pid: 4711, username, hostname, timestamp: "2026-01-01T00:00:00Z" }),
    );
    this.backend = { PULUMI_BACKEND_URL: `file://${this.pulumi}` };
  }

  /** What makes swarmctl find the Pulumi of the tests. */
  environment(): Readonly<Record<string, string>> {
    return {
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
      FAKE_PULUMI: this.pulumi,
      COLUMNS: "100",
      ...this.backend,
    };
  }

  /** Runs the real command. */
  async swarmctl(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Result> {
    const env = { ...process.env, ...this.environment(), ...environment };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(root, "swarmctl", "swarmctl.cjs"), ...words],
        { cwd: this.folder, env, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
        },
      );
    });
  }
}

/** Runs all at once, but no more than the cores bear: each is a program that starts. */
export async function inBatches<T, R>(all: readonly T[], run: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = all.map((one, index) => ({ one, index }));
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next.index] = await run(next.one);
  };
  await Promise.all([work(), work(), work()]);
  return results;
}
