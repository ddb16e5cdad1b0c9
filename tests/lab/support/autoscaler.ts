import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { secondsUntil } from "./faults";
import { descendants } from "./processes";
import { logFolder, root } from "./run";
import type { LabStack } from "./stack";

const node = z.object({ group: z.string(), ordinal: z.int() });

/** A line of what `swarmctl autoscaler run` prints. */
const line = z.object({
  at: z.iso.datetime().transform((text) => Date.parse(text)),
  verdict: z.enum(["scale-out", "scale-in", "hold", "blocked"]),
  why: z.string(),
  active: z.boolean(),
  add: z.array(node).default([]),
  remove: z.array(node).default([]),
  keep: z.array(node).default([]),
  failures: z.array(z.object({ kind: z.string(), message: z.string() })).default([]),
  errors: z.array(z.string()).default([]),
  seconds: z.number(),
});
export type DecisionLine = z.output<typeof line>;

let started = 0;

/** `swarmctl autoscaler run` on this machine, with all that it said. */
export class Autoscaler {
  readonly decisions: DecisionLine[] = [];
  private readonly child: ChildProcess;
  private readonly log: string;

  constructor(cluster: LabStack, words: readonly string[] = []) {
    started += 1;
    this.log = join(logFolder, `autoscaler-${started}.log`);
    const log = createWriteStream(this.log);
    this.child = spawn(
      process.execPath,
      ["swarmctl/swarmctl.cjs", "autoscaler", "run", `--stack=${cluster.name}`, ...words],
      { cwd: root, env: { ...process.env, ...cluster.environment }, stdio: ["ignore", "pipe", "pipe"] },
    );
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error("the autoscaler has no output");
    createInterface(stdout).on("line", (text) => {
      log.write(`${text}\n`);
      this.decisions.push(line.parse(JSON.parse(text)));
    });
    stderr.on("data", (data: Buffer) => {
      log.write(data);
    });
  }

  /**
   * Waits for a decision.
   *
   * @param from number of the decision that is looked at first.
   */
  async decided(
    what: string,
    minutes: number,
    isIt: (decision: DecisionLine) => boolean,
    from = 0,
  ): Promise<DecisionLine> {
    const find = (): DecisionLine | undefined => this.decisions.slice(from).find(isIt);
    await this.whileItRuns(secondsUntil(what, minutes, () => Promise.resolve(find() !== undefined)));
    return find() ?? this.decided(what, minutes, isIt, from);
  }

  /** Waits for something that only comes while this runs; fails with the end of its log. */
  async whileItRuns<T>(waiting: Promise<T>): Promise<T> {
    const ended = new Promise<never>((_, reject) => {
      this.child.once("exit", (code, signal) => {
        reject(new Error(`the autoscaler has ended with ${String(code ?? signal)}`));
      });
    });
    return Promise.race([ended, waiting]).catch((error: unknown) => {
      throw new Error(
        `${error instanceof Error ? error.message : String(error)}; the end of ${this.log}:\n${this.end()}`,
        { cause: error },
      );
    });
  }

  private end(): string {
    return readFileSync(this.log, "utf8").split("\n").slice(-60).join("\n");
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** All that it said. */
  get said(): string {
    return readFileSync(this.log, "utf8");
  }

  /** Ends it as a service manager does. */
  async stop(): Promise<void> {
    await this.terminate("SIGTERM");
  }

  /** Kills it, and the update that it runs: as when its machine dies. */
  async kill(): Promise<void> {
    const family = descendants(this.child.pid ?? 0);
    const ended = this.terminate("SIGKILL");
    for (const pid of family) tryKill(pid);
    await ended;
  }

  private async terminate(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.child, "exit");
    this.child.kill(signal);
    await ended;
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended since
  }
}
