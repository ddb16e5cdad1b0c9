import type { WorkerSets } from "../settings/ordinals";
import type { Settings } from "../settings/schema";
import { expectedVariable, overtaken, wantedVariable } from "../settings/wanted";
import { BusyError, OperationError } from "./errors";
import { clearWay } from "./locks";
import { isLocked, labStack, runPulumi, type StackPlace } from "./pulumi";

export interface Update {
  readonly place: StackPlace;
  /** The worker sets that the update shall leave; without them it keeps those that there are, within their limits. */
  readonly wanted?: WorkerSets;
  /** The sets that the wanted ones were made from; where the last update left others, this one does nothing. */
  readonly expected?: WorkerSets;
  /** URN of a resource that is made anew in its place, from the configuration as it is: what it ignores otherwise counts, too. */
  readonly replace?: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutSeconds: number;
  /** Where Pulumi's progress and what is said about it goes. */
  readonly talk: (text: string) => void;
}

/** Minutes of an update beside what the settings allow for: the cloud's own work, twice what it took on the lab. */
const otherMinutes = 30;

/** Seconds after which an update hangs for sure: every deadline of the settings, one after the other, and the rest. */
export function updateSeconds({ deadlines }: Settings): number {
  return (deadlines.nodeReadyMinutes + deadlines.drainMinutes + deadlines.stackReadyMinutes + otherMinutes) * 60;
}

/**
 * Runs `pulumi up` on a stack: the one way by which programs change a cluster. What an update that was killed on this
 * machine left in the way, its lock and its plugins, is removed first.
 *
 * @throws BusyError when another update holds the stack's lock or came in between.
 * @throws OperationError when the update fails or hangs.
 */
export async function runUpdate({ place, wanted, expected, replace, environment, timeoutSeconds, talk }: Update): Promise<void> {
  const subject = `stack ${place.stack}`;
  // lab/pulumi does it itself, and knows where the lab's state is
  if (place.stack !== labStack) await clearWay(place.stack, environment["PULUMI_BACKEND_URL"], (line) => { talk(`${line}\n`); });
  const sets = {
    ...(wanted === undefined ? {} : { [wantedVariable]: JSON.stringify(wanted) }),
    ...(expected === undefined ? {} : { [expectedVariable]: JSON.stringify(expected) }),
  };
  // the work is waiting for the cloud; Pulumi's default goes by the number of cores
  const words = [
    "up", "--yes", "--skip-preview", "--non-interactive", ...(place.stack === labStack ? [] : ["--parallel", "64"]),
    ...(replace === undefined ? [] : ["--replace", replace]),
  ];
  const { code, end, timedOut } = await runPulumi(place, words, { environment: { ...environment, ...sets }, timeoutSeconds, talk });
  if (timedOut) throw new OperationError(`${subject}: the update was not done within ${timeoutSeconds} seconds and was interrupted; run it again, it goes on where it was.`);
  if (code === 0) return;
  if (isLocked(end)) throw new BusyError(`${subject}: another update holds its lock; try again when that is done, or see "Two updates at once" in docs/runbook.md.`);
  if (end.includes(overtaken)) throw new BusyError(`${subject}: another update changed its workers in between; nothing was touched, try again.`);
  throw new OperationError(`${subject}: the update failed, Pulumi ended with ${code ?? "a signal"}; its output says why, docs/runbook.md what to do.`);
}
