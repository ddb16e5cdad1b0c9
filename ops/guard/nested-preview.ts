import { startOf } from "../pulumi/processes";

/** Set for the program of the guard's preview: the processes of the update that the preview is for. */
const updateVariable = "SWARM_PLAN_FOR_PIDS";

/** Seconds between two looks at the update's processes. */
const lookSeconds = 1;

/** What tells a program that it runs within an update, for the plan alone. */
export function nestedIn(pids: readonly number[]): NodeJS.ProcessEnv {
  return { [updateVariable]: pids.join() };
}

/** Whether this program runs within an update, for the plan alone. */
export function isNested(environment: NodeJS.ProcessEnv): boolean {
  return environment[updateVariable] !== undefined;
}

/**
 * Ends this program, and so its preview, once a process of the update is gone: after a SIGKILL nobody else ends the
 * preview, which would load the cloud and the machine beside the next update. The program is the part of a preview that
 * is ours; an engine that refreshes first starts it after that.
 */
export async function endWithUpdate(environment: NodeJS.ProcessEnv): Promise<void> {
  const pids = (environment[updateVariable] ?? "").split(",").map(Number);
  const begun = await Promise.all(pids.map(identify));
  const look = async (): Promise<void> => {
    const now = await Promise.all(pids.map(identify));
    const gone = pids.find((_, index) => now[index] === "none" || now[index] !== begun[index]);
    if (gone === undefined) return;
    process.stderr.write(`Plan guard: process ${gone} of the update is gone, so its plan is not needed any more.\n`);
    process.exit(1);
  };
  await look();
  // a program that is done ends by itself
  setInterval(() => void look(), lookSeconds * 1000).unref();
}

/** When a process began, which tells it from a later one of its number. */
async function identify(pid: number): Promise<string> {
  const start = await startOf(pid);
  return typeof start === "string" ? start : start.ticks;
}
