import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(__dirname, "..");
export const out = join(__dirname, "out");
export const log = join(out, "bench.log");

/** The script that runs a command with the project's Pulumi and plugins. */
export const toolchain = join(root, "toolchain", "toolchain");

/** Minutes that a command may take unless it says otherwise. */
const usualMinutes = 20;
/** Seconds that a command gets to end by itself after it was told to. */
const graceSeconds = 60;
/** Lines of a failed command's output that its error repeats. */
const endLines = 8;

export interface CommandOptions {
  readonly cwd: string;
  /** On top of this process' own environment. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly deadlineMinutes?: number;
}

export interface Ran {
  /** From start to end, as a person waits. */
  readonly seconds: number;
  readonly stdout: string;
}

/**
 * Runs a command that must succeed; all that it says goes to the log.
 *
 * @throws Error with the command and the end of its output.
 */
export async function run(
  argv: readonly string[],
  { cwd, environment = {}, deadlineMinutes = usualMinutes }: CommandOptions,
): Promise<Ran> {
  const [program = "", ...words] = argv;
  const begun = Date.now();
  appendFileSync(log, `\n$ ${argv.join(" ")}\n`);
  const child = spawn(program, words, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timers = [
    setTimeout(() => {
      child.kill("SIGTERM");
    }, deadlineMinutes * 60_000),
    setTimeout(
      () => {
        child.kill("SIGKILL");
      },
      deadlineMinutes * 60_000 + graceSeconds * 1000,
    ),
  ];
  let [stdout, end] = ["", ""];
  const keep = (data: Buffer): void => {
    appendFileSync(log, data);
    end = (end + data.toString())
      .split("\n")
      .slice(-endLines - 1)
      .join("\n");
  };
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
    keep(data);
  });
  child.stderr.on("data", keep);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once("close", (...ended) => {
      resolve(ended);
    });
    child.once("error", reject);
  }).finally(() => {
    timers.forEach(clearTimeout);
  });
  if (code !== 0)
    throw new Error(`${argv.join(" ")}: ended with ${code ?? signal ?? "nothing"}; more is in ${log}:\n${end.trim()}`);
  return { seconds: (Date.now() - begun) / 1000, stdout };
}

/** Says how far the run is; standard output is the table. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
