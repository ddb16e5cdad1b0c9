import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { root, run, say } from "./run";
import type { Tally } from "./requests";

/** The program that asks, in the namespace that reaches the lab alone. */
function requests(...words: string[]): string[] {
  return ["lab/lab", "client", process.execPath, "--import", "tsx", "tests/lab/support/requests.ts", ...words];
}

/** A bounded number of requests, eight at a time. */
export async function ask(url: string, count: number): Promise<Tally> {
  const { stdout } = await run(requests(url, "count", String(count), "8"), { deadlineMinutes: 10 });
  return JSON.parse(stdout) as Tally;
}

/**
 * Does something while requests are sent, five in two seconds by default, and prints what became of them.
 *
 * @param what the name under which it is printed.
 * @param interval milliseconds between two requests.
 */
export async function underTraffic(
  url: string,
  what: string,
  action: () => Promise<void>,
  interval = 400,
): Promise<Tally> {
  const [program = "", ...words] = requests(url, "loop", String(interval));
  const child: ChildProcess = spawn(program, words, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  if (child.stdout === null) throw new Error("the request loop has no output");
  const output = text(child.stdout);
  const begun = Date.now();
  try {
    await action();
  } finally {
    child.stdin?.end();
    await ended;
  }
  const printed = await output;
  if (printed === "")
    throw new Error(`the request loop ended with ${String(child.exitCode ?? child.signalCode)} and without its tally`);
  const tally = JSON.parse(printed) as Tally;
  const failed = failures(tally);
  const [firstFailure = 0, lastFailure = 0] = [tally.failedAt[0], tally.failedAt.at(-1)].map(
    (at) => ((at ?? begun) - begun) / 1000,
  );
  say(
    `requests during ${what}: ${tally.answered} answered, ${failed} not ${failed === 0 ? "" : `${JSON.stringify(tally.failures)} from ${firstFailure.toFixed(0)} s to ${lastFailure.toFixed(0)} s`}, longest gap ${tally.longestGap.toFixed(1)} s`,
  );
  return tally;
}

export function failures({ failures: reasons }: Tally): number {
  return Object.values(reasons).reduce((sum, count) => sum + count, 0);
}
