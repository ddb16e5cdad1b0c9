import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { parseAs } from "../../settings/json";
import { z } from "zod";
import { OperationError } from "../errors";
import { findPulumi, pulumiOnPath } from "../pulumi/ancestor";
import { lastWords } from "../pulumi/run";
import { isJudged, readInvocation, type Invocation } from "./invocation";
import { judge, type Verdict } from "./judge";
import { nestedIn } from "./nested-preview";
import { previewOptions, readPlan } from "./plan";
import { verdictText } from "./verdict-text";

/**
 * The plan is beyond its limits, and nothing allows it. Its message is the verdict, with the line that would allow it.
 */
export class PlanRefusedError extends OperationError {
  override readonly name = "PlanRefusedError";
}

/**
 * Seconds for the preview. One of 1,000 nodes takes two minutes; with `--refresh` each resource is asked for besides.
 */
const previewSeconds = 1800;
/** Bytes of a preview that are taken: 1,000 nodes are some 40 MB. */
const previewLimit = 512 * 1024 * 1024;

export interface GuardedUpdate {
  readonly stack: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly now: Date;
  readonly say: (line: string) => void;
  /** Process that belongs to the update; this one. */
  readonly pid?: number;
}

/**
 * Judges the update that this program belongs to before its first resource: runs the same update's preview, with the
 * options that the update was called with, by the same engine. A preview takes no lock of the stack
 * (pkg/backend/diy/backend.go), so it runs while the update holds it. A destruction is not judged: whoever asks for one
 * has named everything.
 *
 * @throws PlanRefusedError when the plan goes beyond its limits.
 * @throws OperationError when the preview fails, with its words.
 */
export async function guardUpdate({
  stack,
  environment,
  now,
  say,
  pid = process.ppid,
}: GuardedUpdate): Promise<Verdict | undefined> {
  const pulumi = await findPulumi(pid);
  if (pulumi === undefined)
    say("Plan guard: cannot find the Pulumi process that runs this update, so the plan is judged without its options.");
  const invocation = readInvocation(pulumi?.words ?? []);
  if (!isJudged(invocation)) return undefined;
  const argv = [
    pulumi?.executable ?? pulumiOnPath,
    ...previewWords(stack, invocation, pulumi?.folder ?? process.cwd()),
  ];
  const update = [process.pid, ...(pulumi === undefined ? [] : [pulumi.pid])];
  const plan = await previewOf(argv, stack, { ...environment, ...nestedIn(update) });
  const verdict = judge(plan, now);
  const text = verdictText(verdict, stack, now);
  if (verdict.refused.length > 0)
    throw new PlanRefusedError(
      `the update goes beyond the limits of swarm:planGuard; nothing was touched.\n${text.trimEnd()}`,
    );
  if (text !== "") say(`Plan guard: within the limits.\n${text.trimEnd()}`);
  return verdict;
}

/** The words of the preview that shows what an update would do. Pure. */
export function previewWords(stack: string, { flags, configFile }: Invocation, folder: string): string[] {
  const config = configFile === undefined ? [] : ["--config-file", resolve(folder, configFile)];
  return ["preview", ...previewOptions, "--non-interactive", "--stack", stack, ...config, ...flags];
}

async function previewOf(
  [engine = "", ...words]: readonly string[],
  stack: string,
  environment: NodeJS.ProcessEnv,
): Promise<ReturnType<typeof readPlan>> {
  const { failed, stdout, stderr } = await new Promise<{ failed: boolean; stdout: string; stderr: string }>((done) => {
    execFile(
      engine,
      words,
      { env: environment, maxBuffer: previewLimit, timeout: previewSeconds * 1000 },
      (error, out, said) => {
        done({ failed: error !== null, stdout: out, stderr: error === null || said !== "" ? said : error.message });
      },
    );
  });
  const json = parseAs(z.unknown(), stdout);
  if (json === undefined) throw new OperationError(`stack ${stack}: its preview failed; ${lastWords(stderr)}`);
  const plan = readPlan(json);
  if (failed)
    throw new OperationError(
      `stack ${stack}: its preview failed; ${plan.errors.length === 0 ? lastWords(stderr) : plan.errors.join("\n")}`,
    );
  return plan;
}
