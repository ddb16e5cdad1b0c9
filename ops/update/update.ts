import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WorkerSets } from "../../settings/ordinals";
import type { Settings } from "../../settings/schema";
import { readReport, reportVariable, type Report } from "../../settings/report";
import { expectedVariable, wantedVariable } from "../../settings/wanted";
import { openBackend } from "../stack-state/backend";
import { BusyError, LockedError, messageOf, OperationError } from "../errors";
import { noteHolder } from "../stack-state/lock-holders";
import { leaseVariable, underLease } from "../stack-state/lease";
import { clearWay, holderIn } from "../stack-state/locks";
import { isOnLab, lastWords, runPulumi, type PulumiResult, type StackPlace } from "../pulumi/run";
import { stepsOf, type UpdateStep } from "../pulumi/events";

// gRPC takes a quarter of swarmctl's start, and most of its verbs run no update
const loadEventStream = (): typeof import("../pulumi/event-stream") =>
  require("../pulumi/event-stream") as typeof import("../pulumi/event-stream");

export interface Update {
  readonly place: StackPlace;
  /** The worker sets after the update; without them the update keeps the current ones, within their limits. */
  readonly wanted?: WorkerSets;
  /** The sets that the wanted ones were derived from; the update does nothing when the last one left others. */
  readonly expected?: WorkerSets;
  /** URN of a resource to replace in place, by the current configuration with everything that it ignores otherwise. */
  readonly replace?: string;
  /** True to use the last update's configuration, since somebody may be editing the one in the checkout. */
  readonly asDeployed?: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutSeconds: number;
  /** Gets Pulumi's progress and messages about it. */
  readonly talk: (text: string) => void;
  /** Interrupts the update: it finishes and records what is in flight, and leaves the rest to the next update. */
  readonly signal?: AbortSignal;
}

/** Minutes for the cloud's own work in an update: twice what it took on the lab. */
const otherMinutes = 30;

/** Seconds after which an update hangs for sure: the sum of the settings' deadlines and the cloud's own work. */
export function updateSeconds({ deadlines }: Pick<Settings, "deadlines">): number {
  return (deadlines.nodeReadyMinutes + deadlines.drainMinutes + deadlines.stackReadyMinutes + otherMinutes) * 60;
}

/** An update began and failed; part of it may be done. */
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

/** The plan of an update goes beyond the limits of `swarm:planGuard`. Nothing was touched. */
export class RefusedError extends OperationError {
  override readonly name = "RefusedError";
}

/**
 * Runs `pulumi up` on a stack. Programs change a cluster only by this function. It first removes the lock and the
 * plugins that a killed update on this machine left.
 *
 * @returns what the update did, step by step.
 * @throws LockedError when another update holds the stack's lock.
 * @throws BusyError when another update ran in between, and the wanted sets do not fit its result.
 * @throws RefusedError when the plan goes beyond the limits.
 * @throws UpdateError when the update fails, hangs or is interrupted.
 */
export async function runUpdate(update: Update): Promise<readonly UpdateStep[]> {
  const { place, environment, talk } = update;
  // lab/pulumi clears the way and notes the holder itself, and knows where the lab's state is
  const backendUrl = isOnLab(place, environment) ? undefined : environment["PULUMI_BACKEND_URL"];
  if (!isOnLab(place, environment))
    await clearWay(place.stack, backendUrl, (line) => {
      talk(`${line}\n`);
    });
  const folder = await mkdtemp(join(tmpdir(), "swarm-update-"));
  try {
    const config = update.asDeployed === true ? ["--config-file", await deployedConfig(update, folder)] : [];
    const report = join(folder, "report.json");
    const { result, events } = await underLease(environment, async (lease) =>
      loadEventStream().withEvents(async (eventLog) =>
        runPulumi(place, upArgs(update, config, eventLog), {
          environment: { ...environment, ...variablesOf(update, report, lease) },
          timeoutSeconds: update.timeoutSeconds,
          talk,
          signal: update.signal,
          begun: (pid) => {
            noteOwnHolder(update, backendUrl, pid, lease);
          },
        }),
      ),
    );
    const steps = stepsOf(events);
    if (result.code === 0 && !result.timedOut) return steps;
    throw failureOf(update, result, steps, readReport(report));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param config the options that name the configuration's file; none for the checkout's. */
function upArgs({ place, replace, environment }: Update, config: readonly string[], eventLog: string): string[] {
  return [
    "up",
    "--yes",
    "--skip-preview",
    "--non-interactive",
    // an update mostly waits for the cloud, so Pulumi's default, which follows the number of cores, is too low
    ...(isOnLab(place, environment) ? [] : ["--parallel", "64"]),
    ...config,
    "--event-log",
    eventLog,
    ...(replace === undefined ? [] : ["--replace", replace]),
  ];
}

/** The variables by which the update's program knows what is wanted and where it reports a refusal. */
function variablesOf({ wanted, expected }: Update, report: string, lease: string | undefined): NodeJS.ProcessEnv {
  return {
    ...(wanted === undefined ? {} : { [wantedVariable]: JSON.stringify(wanted) }),
    ...(expected === undefined ? {} : { [expectedVariable]: JSON.stringify(expected) }),
    // Pulumi accepts --event-log only with this
    PULUMI_DEBUG_COMMANDS: "true",
    [reportVariable]: report,
    ...(lease === undefined ? {} : { [leaseVariable]: lease }),
  };
}

/** Notes that a Pulumi of this process will hold the lock, so that its death can be proven. */
function noteOwnHolder(
  { place, talk }: Update,
  backendUrl: string | undefined,
  pid: number,
  lease: string | undefined,
): void {
  const backend = openBackend(backendUrl);
  if (backend === undefined) return;
  noteHolder(backend, place.stack, pid, { lease }).catch((error: unknown) => {
    talk(`Could not record the holder of the lock: ${messageOf(error)}\n`);
  });
}

/** Why an update failed, by its report and by how Pulumi ended. Pure. */
function failureOf(
  { place, asDeployed, signal, timeoutSeconds }: Update,
  { code, end, timedOut, interrupted }: PulumiResult,
  steps: readonly UpdateStep[],
  report: Report | undefined,
): OperationError {
  const subject = `stack ${place.stack}`;
  if (timedOut)
    return new UpdateError(
      `${subject}: the update was not done within ${timeoutSeconds} seconds and was interrupted; run it again, it goes on where it was.`,
      steps,
      true,
    );
  if (report?.kind === "plan-refused") return new RefusedError(`${subject}: ${report.words}`);
  const holder = report?.kind === "locked" ? report.holder : holderIn(end);
  if (holder !== undefined) return new LockedError(place.stack, holder, interrupted);
  // sets that were derived from the last update fit its configuration, so another update must have changed it
  if (report?.kind === "overtaken" || (asDeployed === true && report?.kind === "unfit"))
    return new BusyError(
      `${subject}: another update changed its workers or their limits in between; nothing was touched, try again.`,
    );
  if (signal?.aborted === true)
    return new UpdateError(`${subject}: the update was interrupted; the next one goes on where it was.`, steps, true);
  return new UpdateError(
    `${subject}: the update failed, Pulumi ended with ${code ?? "a signal"}; its output says why, docs/runbook.md what to do.`,
    steps,
    false,
  );
}

/** Seconds to read the configuration from the state. */
const configSeconds = 300;

/** Writes the configuration of the last update into a folder, secrets encrypted as they were. @returns its path. */
async function deployedConfig({ place, environment, signal }: Update, folder: string): Promise<string> {
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
