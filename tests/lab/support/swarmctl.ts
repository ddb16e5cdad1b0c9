import { spawn } from "node:child_process";
import { once } from "node:events";
import { quote } from "../../../ops/connection/ssh";
import { root, run, type RunResult } from "./run";
import type { LabStack } from "./stack";

const program = [process.execPath, "swarmctl/swarmctl.cjs"];

/** Runs a verb that must succeed. */
export async function swarmctl(cluster: LabStack, ...words: string[]): Promise<RunResult> {
  return run([...program, ...words], { deadlineMinutes: 45, environment: cluster.environment });
}

export interface Session {
  readonly code: number | null;
  /** What a person would have seen, escape sequences among it. */
  readonly screen: string;
}

/**
 * Runs a verb in a terminal of its own, as a person does.
 *
 * @param interruptAfter what the screen shows before Ctrl-C is pressed.
 */
export async function inTerminal(
  cluster: LabStack,
  words: readonly string[],
  interruptAfter?: RegExp,
): Promise<Session> {
  // util-linux' script gives it a terminal, and hands its exit code on
  const child = spawn(
    "script",
    ["--quiet", "--return", "--command", [...program, ...words].map(quote).join(" "), "/dev/null"],
    {
      cwd: root,
      env: { ...process.env, ...cluster.environment, TERM: "xterm-256color" },
      stdio: ["pipe", "pipe", "inherit"],
      timeout: 10 * 60_000,
    },
  );
  let screen = "";
  let pressed = false;
  child.stdout.on("data", (data: Buffer) => {
    screen += data.toString();
    if (pressed || interruptAfter?.test(screen) !== true) return;
    pressed = true;
    child.stdin.write("\u0003");
  });
  const ended = once(child, "close") as Promise<[number | null]>;
  const [code] = await ended;
  return { code, screen };
}
