import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WorkerSets } from "../../settings/ordinals";
import type { Settings } from "../../settings/schema";
import { readReport, reportVariable } from "../../settings/report";
import { expectedVariable, wantedVariable } from "../../settings/wanted";
import { openBackend } from "../stack-state/backend";
import { BusyError, LockedError, messageOf, OperationError } from "../errors";
import { noteHolder } from "../stack-state/lock-holders";
import { leaseVariable, underLease } from "../stack-state/lease";
import { clearWay, holderIn } from "../stack-state/locks";
import { isOnLab, lastWords, runPulumi, type StackPlace } from "../pulumi/run";
import { stepsOf, type UpdateStep } from "../pulumi/events";

// gRPC takes a quarter of swarmctl's start, and most of its verbs run no update
const loadEventStream = (): typeof import("../pulumi/event-stream") =>
  require("../pulumi/event-stream") as typeof import("../pulumi/event-stream");

export interface Update {
  readonly place: StackPlace;
  /** The worker sets that the update shall leave; without them it keeps those that there are, within their limits. */
  readonly wanted?: WorkerSets;
  /** The sets that the wanted ones were made from; where the last update left others, this one does nothing. */
  readonly expected?: WorkerSets;
  /**
   * URN of a resource that is made anew in its place, from the configuration as it is: what it ignores otherwise
   * counts, too.
   */
  readonly replace?: string;
  /**
   * True for the configuration that the last update had in place of the checkout's, which somebody may be at work on.
   */
  readonly asDeployed?: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutSeconds: number;
  /** Where Pulumi's progress and what is said about it goes. */
  readonly talk: (text: string) => void;
  /** Interrupts it: what is in flight is finished and noted, the rest is left to the next update. */
  readonly signal?: AbortSignal;
}

/** Minutes of an update beside what the settings allow for: the cloud's own work, twice what it took on the lab. */
const otherMinutes = 30;

/** Seconds after which an update hangs for sure: every deadline of the settings, one after the other, and the rest. */
export function updateSeconds({ deadlines }: Pick<Settings, "deadlines">): number {
  return (deadlines.nodeReadyMinutes + deadlines.drainMinutes + deadlines.stackReadyMinutes + otherMinutes) * 60;
}

/** An update that began and failed; part of it may be done. */
export class UpdateError extends OperationError {
  override readonly name = "UpdateError";

  constructor(
    message: string,
    readonly steps: readonly UpdateStep[],
    readonly interrupted: boolean,
  ) {
    super(message);
  }
}

/**
 * An update whose plan goes beyond the limits of `swarm:planGuard`; nothing was touched, and it will be refused again
 * until they allow it.
 */
export class RefusedError extends OperationError {
  override readonly name = "RefusedError";
}

/**
 * Runs `pulumi up` on a stack: the one way by which programs change a cluster. What an update that was killed on this
 * machine left in the way, its lock and its plugins, is removed first.
 *
 * @returns what it did, step by step.
 * @throws LockedError when another update holds the stack's lock.
 * @throws BusyError when another update came in between, and the wanted sets do not fit what it left.
 * @throws RefusedError when its plan goes beyond the limits.
 * @throws UpdateError when the update fails, hangs or is interrupted.
 */
export async function runUpdate({
  place,
  wanted,
  expected,
  replace,
  asDeployed,
  environment,
  timeoutSeconds,
  talk,
  signal,
}: Update): Promise<readonly UpdateStep[]> {
  const subject = `stack ${place.stack}`;
  // lab/pulumi does both itself, and knows where the lab's state is
  const backendUrl = isOnLab(place, environment) ? undefined : environment["PULUMI_BACKEND_URL"];
  if (!isOnLab(place, environment))
    await clearWay(place.stack, backendUrl, (line) => {
      talk(`${line}\n`);
    });
  const note = (pid: number, lease: string | undefined): void => {
    const backend = openBackend(backendUrl);
    if (backend !== undefined)
      noteHolder(backend, place.stack, pid, { lease }).catch((error: unknown) => {
        talk(`Could not record the holder of the lock: ${messageOf(error)}\n`);
      });
  };
  const sets = {
    ...(wanted === undefined ? {} : { [wantedVariable]: JSON.stringify(wanted) }),
    ...(expected === undefined ? {} : { [expectedVariable]: JSON.stringify(expected) }),
    // the option of the event log is one of Pulumi's own tools, the Automation API among them
    PULUMI_DEBUG_COMMANDS: "true",
  };
  const folder = await mkdtemp(join(tmpdir(), "swarm-update-"));
  try {
    const config =
      asDeployed === true ? ["--config-file", await deployedConfig(place, environment, folder, signal)] : [];
    // the work is waiting for the cloud; Pulumi's default goes by the number of cores
    const words = (eventLog: string): string[] => [
      "up",
      "--yes",
      "--skip-preview",
      "--non-interactive",
      ...(isOnLab(place, environment) ? [] : ["--parallel", "64"]),
      ...config,
      "--event-log",
      eventLog,
      ...(replace === undefined ? [] : ["--replace", replace]),
    ];
    const report = join(folder, "report.json");
    const {
      result: { code, end, timedOut, interrupted },
      events,
    } = await underLease(environment, async (lease) =>
      loadEventStream().withEvents(async (eventLog) => {
        const own = { [reportVariable]: report, ...(lease === undefined ? {} : { [leaseVariable]: lease }) };
        return runPulumi(place, words(eventLog), {
          environment: { ...environment, ...sets, ...own },
          timeoutSeconds,
          talk,
          signal,
          begun: (pid) => {
            note(pid, lease);
          },
        });
      }),
    );
    const steps = stepsOf(events);
    if (timedOut)
      throw new UpdateError(
        `${subject}: the update was not done within ${timeoutSeconds} seconds and was interrupted; run it again, it goes on where it was.`,
        steps,
        true,
      );
    if (code === 0) return steps;
    const refused = readReport(report);
    if (refused?.kind === "plan-refused") throw new RefusedError(`${subject}: ${refused.words}`);
    const holder = refused?.kind === "locked" ? refused.holder : holderIn(end);
    if (holder !== undefined) throw new LockedError(place.stack, holder, interrupted);
    // sets that were made from the last update fit its configuration
    if (refused?.kind === "overtaken" || (asDeployed === true && refused?.kind === "unfit"))
      throw new BusyError(
        `${subject}: another update changed its workers or their limits in between; nothing was touched, try again.`,
      );
    if (signal?.aborted === true)
      throw new UpdateError(`${subject}: the update was interrupted; the next one goes on where it was.`, steps, true);
    throw new UpdateError(
      `${subject}: the update failed, Pulumi ended with ${code ?? "a signal"}; its output says why, docs/runbook.md what to do.`,
      steps,
      false,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Seconds for reading a configuration from the state. */
const configSeconds = 300;

/** Writes the configuration that the last update had into a folder, secrets encrypted as they were. */
async function deployedConfig(
  place: StackPlace,
  environment: NodeJS.ProcessEnv,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const path = join(folder, "config.yaml");
  const { code, stderr } = await runPulumi(place, ["config", "refresh", "--force", "--config-file", path], {
    environment,
    timeoutSeconds: configSeconds,
    signal,
  });
  if (signal?.aborted === true)
    throw new UpdateError(`stack ${place.stack}: the update was interrupted before it began.`, [], true);
  if (code !== 0)
    throw new OperationError(
      `stack ${place.stack}: Pulumi cannot read the configuration of its last update; ${lastWords(stderr)}`,
    );
  return path;
}
