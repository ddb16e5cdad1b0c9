import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

export const root = join(__dirname, "..", "..", "..");
/** Where each command of a lab run leaves its whole output. */
export const logFolder = join(root, "tests", "lab", "out");

rmSync(logFolder, { recursive: true, force: true });
mkdirSync(logFolder, { recursive: true });
let commands = 0;

export interface RunOptions {
  /** Minutes after which the command hangs for sure; three times what it took when measured, or more. */
  readonly deadlineMinutes: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunResult {
  readonly stdout: string;
  /** Standard output and error in the order in which they came. */
  readonly output: string;
  readonly seconds: number;
}

/** A command that ended with another exit code than 0. */
export class CommandFailed extends Error {
  constructor(
    message: string,
    readonly output: string,
  ) {
    super(message);
  }
}

/** All that a command printed which must fail, e.g. an update that must be refused. */
export async function refusal(running: Promise<RunResult>): Promise<string> {
  const result = await running.catch((error: unknown) => error);
  if (result instanceof CommandFailed) return result.output;
  throw result instanceof Error ? result : new Error("it was not refused");
}

/**
 * Runs a command in the project's root; its output goes to a log of its own.
 *
 * @throws CommandFailed when it fails or hangs, with the end of its output.
 */
export async function run(argv: readonly string[], options: RunOptions): Promise<RunResult> {
  const [program = "", ...rest] = argv;
  commands += 1;
  const log = join(
    logFolder,
    `${String(commands).padStart(2, "0")}-${argv
      .slice(0, 3)
      .join("-")
      .replaceAll(/[^A-Za-z0-9-]+/g, "-")}.log`,
  );
  const begun = Date.now();
  let stdout = "";
  const child = spawn(program, rest, {
    cwd: root,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.deadlineMinutes * 60_000,
  });
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
    appendFileSync(log, data);
  });
  child.stderr.on("data", (data: Buffer) => {
    appendFileSync(log, data);
  });
  const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit, signal) => {
      resolve(exit ?? signal);
    });
  });
  appendFileSync(log, "");
  const seconds = (Date.now() - begun) / 1000;
  const output = readFileSync(log, "utf8");
  if (code !== 0) {
    const end = output.split("\n").slice(-80).join("\n");
    // what a node says of itself may be longer
    const diagnostics = output.slice(Math.max(0, output.lastIndexOf("\nDiagnostics:")));
    const said = diagnostics.length > end.length && diagnostics.length < output.length ? diagnostics : end;
    throw new CommandFailed(
      `${argv.join(" ")}: ended with ${code ?? "nothing"} after ${Math.round(seconds)} s; the end of ${log}:\n${said}`,
      output,
    );
  }
  return { stdout, output, seconds };
}

/** Paths of all files below a folder, none where there is no such folder. */
export function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Prints a line under the running test. */
export function say(line: string): void {
  process.stdout.write(`      ${line}\n`);
}
