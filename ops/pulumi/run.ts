import { spawn, type ChildProcessByStdio } from "node:child_process";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { OperationError } from "../errors";

/** A stack and the checkout of the project that it is a stack of. */
export interface StackPlace {
  /** Folder of Pulumi.yaml. */
  readonly project: string;
  readonly stack: string;
}

/** The stack of the embedded lab, which has credentials and state of its own. */
export const labStack = "lab";

/** Whether a stack uses the lab's credentials and state. It does not when the environment names a backend. */
export function isOnLab({ stack }: StackPlace, environment: NodeJS.ProcessEnv): boolean {
  return stack === labStack && environment["PULUMI_BACKEND_URL"] === undefined;
}

/**
 * The command that runs Pulumi on a stack. The toolchain uses an installed Pulumi of the pinned version, and builds one
 * when there is none. Pure.
 *
 * @param words Pulumi's own arguments.
 */
export function pulumiArgv(
  place: StackPlace,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): readonly string[] {
  const { project, stack } = place;
  return isOnLab(place, environment)
    ? [join(project, "lab", "pulumi"), ...words]
    : [join(project, "toolchain", "toolchain"), "exec", "pulumi", ...words, "--stack", stack];
}

export interface PulumiRun {
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutSeconds: number;
  /** Gets Pulumi's output while Pulumi runs. */
  readonly talk?: (text: string) => void;
  /** Interrupts Pulumi, as the deadline does. */
  readonly signal?: AbortSignal | undefined;
  /** Gets the process id. It becomes Pulumi's, since the scripts in between replace themselves (exec). */
  readonly begun?: (pid: number) => void;
}

export interface PulumiResult {
  /** The exit code, or undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The end of standard output and standard error, interleaved. */
  readonly end: string;
  readonly timedOut: boolean;
  /** Whether it was interrupted: by its deadline, its signal or a signal to this process. */
  readonly interrupted: boolean;
}

/** Characters of the output that are kept for messages. */
const endLength = 20_000;
/** Seconds for Pulumi to record what it did after it was interrupted. */
const graceSeconds = 120;

/**
 * Runs Pulumi. After the deadline, and when this process is told to end, Pulumi is interrupted: it finishes what is in
 * flight and records it in the state. A Pulumi that is killed leaves servers behind.
 */
export async function runPulumi(
  place: StackPlace,
  words: readonly string[],
  options: PulumiRun,
): Promise<PulumiResult> {
  const [program = "", ...rest] = pulumiArgv(place, words, options.environment);
  // a process group of its own: Ctrl-C in a terminal reaches Pulumi once, through this process; a second interrupt
  // would make Pulumi drop what is in flight
  const child = spawn(program, rest, {
    cwd: place.project,
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  if (child.pid !== undefined) options.begun?.(child.pid);
  const output = collectOutput(child, options.talk);
  const interruption = interruptInTime(child, options);
  try {
    const code = await exitCode(child, `${program}: it cannot be run; is ${place.project} a checkout of this project?`);
    return { code, ...output, timedOut: interruption.timedOut, interrupted: interruption.interrupted };
  } finally {
    interruption.stop();
  }
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Collects what a process prints. The result grows until the process has ended. */
function collectOutput(
  child: Child,
  talk: PulumiRun["talk"],
): { readonly stdout: string; readonly stderr: string; readonly end: string } {
  const output = { stdout: "", stderr: "", end: "" };
  const take = (text: string): void => {
    output.end = (output.end + text).slice(-endLength);
    talk?.(text);
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
    take(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr = (output.stderr + text).slice(-endLength);
    take(text);
  });
  return output;
}

/**
 * Interrupts a process once: at the deadline, by the signal of the options, or when this process is told to end. Kills
 * it when it does not end within the grace after its deadline.
 */
function interruptInTime(
  child: Child,
  { timeoutSeconds, signal }: PulumiRun,
): { readonly timedOut: boolean; readonly interrupted: boolean; readonly stop: () => void } {
  const state = { timedOut: false, interrupted: false, stop };
  const interrupt = (): void => {
    if (!state.interrupted) child.kill("SIGINT");
    state.interrupted = true;
  };
  if (signal?.aborted === true) interrupt();
  signal?.addEventListener("abort", interrupt, { once: true });
  const deadline = setTimeout(() => {
    state.timedOut = true;
    interrupt();
  }, timeoutSeconds * 1000);
  const end = setTimeout(
    () => {
      child.kill("SIGKILL");
    },
    (timeoutSeconds + graceSeconds) * 1000,
  );
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, interrupt);
  function stop(): void {
    clearTimeout(deadline);
    clearTimeout(end);
    signal?.removeEventListener("abort", interrupt);
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, interrupt);
  }
  return state;
}

/** The exit code; undefined when a signal ended the process. @throws OperationError when it cannot be started. */
async function exitCode(child: Child, message: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => {
      reject(new OperationError(message, { cause }));
    });
    child.once("close", (exit) => {
      resolve(exit ?? undefined);
    });
  });
}

/** Why a program failed, in one line: its last error line, or else its last line. */
export function lastWords(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return (lines.findLast((line) => line.startsWith("error:")) ?? lines.at(-1) ?? "it said nothing.").replace(
    /^error: /,
    "",
  );
}
