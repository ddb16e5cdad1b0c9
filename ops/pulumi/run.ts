import { spawn } from "node:child_process";
import { join } from "node:path";
import { OperationError } from "../errors";

/** A stack and the checkout of the project that it is a stack of. */
export interface StackPlace {
  /** Folder of Pulumi.yaml. */
  readonly project: string;
  readonly stack: string;
}

/** The stack of the embedded lab; its credentials and state are the lab's own. */
export const labStack = "lab";

/**
 * Whether a stack is run with the lab's credentials and state: not where the environment names a backend, as it does in
 * the service.
 */
export function isOnLab({ stack }: StackPlace, environment: NodeJS.ProcessEnv): boolean {
  return stack === labStack && environment["PULUMI_BACKEND_URL"] === undefined;
}

/**
 * The command that runs Pulumi on a stack. The toolchain takes an installed Pulumi of the pinned version and builds one
 * where there is none. Pure.
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
  /** Where its talk goes while it runs; kept for the error otherwise. */
  readonly talk?: (text: string) => void;
  /** Interrupts it, as its deadline does. */
  readonly signal?: AbortSignal | undefined;
  /** Told the number of its process, which becomes Pulumi's: the scripts in between replace themselves. */
  readonly begun?: (pid: number) => void;
}

export interface PulumiResult {
  /** The exit code, or undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The end of standard output and error as they came. */
  readonly end: string;
  readonly timedOut: boolean;
  /** Whether it was asked to stop: by its deadline, its signal or a signal to this process. */
  readonly interrupted: boolean;
}

/** Characters of the output that are kept to be looked at and shown. */
const endLength = 20_000;
/** Seconds that Pulumi gets to note what it did after it was asked to stop. */
const graceSeconds = 120;

/**
 * Runs Pulumi. After the deadline, and when this process is asked to end, it is interrupted so that it can finish what
 * is in flight and note it in the state; a Pulumi that is killed leaves servers behind.
 */
export async function runPulumi(
  place: StackPlace,
  words: readonly string[],
  options: PulumiRun,
): Promise<PulumiResult> {
  const [program = "", ...rest] = pulumiArgv(place, words, options.environment);
  // a process group of its own: a terminal's Ctrl-C comes to it once, by us, since a second one makes Pulumi drop
  // everything
  const child = spawn(program, rest, {
    cwd: place.project,
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  if (child.pid !== undefined) options.begun?.(child.pid);
  let [stdout, stderr, end, timedOut] = ["", "", "", false];
  const take = (text: string): void => {
    end = (end + text).slice(-endLength);
    options.talk?.(text);
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    take(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-endLength);
    take(text);
  });
  let interrupted = false;
  const interrupt = (): void => {
    if (!interrupted) child.kill("SIGINT");
    interrupted = true;
  };
  if (options.signal?.aborted === true) interrupt();
  options.signal?.addEventListener("abort", interrupt, { once: true });
  const timers = [
    setTimeout(() => {
      timedOut = true;
      interrupt();
    }, options.timeoutSeconds * 1000),
    setTimeout(
      () => {
        child.kill("SIGKILL");
      },
      (options.timeoutSeconds + graceSeconds) * 1000,
    ),
  ];
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  try {
    const code = await new Promise<number | undefined>((resolve, reject) => {
      child.once("error", (cause) => {
        reject(
          new OperationError(`${program}: it cannot be run; is ${place.project} a checkout of this project?`, {
            cause,
          }),
        );
      });
      child.once("close", (exit) => {
        resolve(exit ?? undefined);
      });
    });
    return { code, stdout, stderr, end, timedOut, interrupted };
  } finally {
    timers.forEach(clearTimeout);
    options.signal?.removeEventListener("abort", interrupt);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}

/** The last words of a program that failed: its line of an error where there is one. */
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
