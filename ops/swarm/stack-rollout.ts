import type { StackSpec } from "../../settings/specs";
import type { DockerNode } from "../connection/docker";
import type { Managers } from "../connection/managers";
import { messageOf, OperationError } from "../errors";
import { Pending, waitFor } from "../wait";
import { forceUpdate, listStackServices, listStackTasks, type SwarmService, type SwarmTask } from "./services";

/**
 * Seconds within which the swarm's leader begins the rollout that an update of a service asks for. Until then the
 * service's running tasks are still those of its old version.
 */
const beginSeconds = 5;

/** The swarm gave a rollout up, so waiting does not help. */
export class RolloutError extends OperationError {}

/**
 * Waits until no service of a stack is late.
 *
 * @param goal what the stack is meant to do, as in "stack traefik to run".
 * @param late a reason for each service that is late; undefined for one that is not.
 * @throws OperationError when a rollout is given up, and when the deadline passes; with the last error of each task.
 */
export async function untilNoneIsLate(
  managers: Managers,
  { name, deadlineSeconds }: StackSpec,
  goal: string,
  late: (manager: DockerNode) => Promise<readonly (string | undefined)[]>,
): Promise<void> {
  const begun = Date.now();
  const renewed = new Set<string>();
  const patience = deadlineSeconds / 2;
  await waitFor(
    {
      what: `stack ${name} to ${goal}`,
      deadlineSeconds,
      intervalSeconds: 5,
      isFinal: (error) => error instanceof RolloutError,
    },
    // each probe may use another manager, so one that dies in between is not asked again
    () =>
      managers.use(async (manager) => {
        const reasons = (await late(manager)).filter((reason) => reason !== undefined);
        if (reasons.length === 0) return true;
        if (Date.now() - begun > patience * 1000) await renewUnreported(manager, name, patience, renewed);
        return new Pending(reasons.join(", "));
      }),
  ).catch(async (error: unknown) => {
    const tasks = await managers.use((manager) => taskErrors(manager, name)).catch(messageOf);
    throw new OperationError(`stack ${name}: it does not ${goal}.\n${tasks}`, { cause: error });
  });
}

/** Waits until the global services of a stack run on a node that has joined. */
export async function stackRunsOn(
  managers: Managers,
  spec: StackSpec,
  node: { readonly id: string; readonly name: string },
): Promise<void> {
  await untilNoneIsLate(managers, spec, `run on ${node.name}`, async (manager) => {
    const tasks = (await listStackTasks(manager, spec.name)).filter(
      ({ NodeID, DesiredState }) => NodeID === node.id && DesiredState === "running",
    );
    return (await listStackServices(manager, spec.name))
      .filter(({ Spec }) => Spec.Mode.Global !== undefined)
      .map(({ ID, Spec }) => {
        const states = tasks.filter(({ ServiceID }) => ServiceID === ID).map(({ Status }) => Status.State);
        return states.includes("running") ? undefined : `${Spec.Name}: ${states.join(", ") || "no task"}`;
      });
  });
}

/** Tasks that have been starting for so many seconds longer than the start period of their health check. Pure. */
export function unreported(tasks: readonly SwarmTask[], now: number, seconds: number): SwarmTask[] {
  return tasks.filter(
    ({ DesiredState, Status, Spec }) =>
      DesiredState === "running" &&
      Status.State === "starting" &&
      now - Date.parse(Status.Timestamp ?? "") >
        seconds * 1000 + (Spec.ContainerSpec?.Healthcheck?.StartPeriod ?? 0) / 1e6,
  );
}

/**
 * Force-updates, once each, the services whose tasks start for too long. A node reports a running task only once, and a
 * manager that loses its leadership forgets reports that it has not yet written to raft, so the swarm would wait for
 * such a task forever.
 */
async function renewUnreported(
  manager: DockerNode,
  stack: string,
  seconds: number,
  renewed: Set<string>,
): Promise<void> {
  const { SystemTime } = (await manager.api.info()) as { SystemTime: string };
  for (const { ServiceID, NodeID = "" } of unreported(
    await listStackTasks(manager, stack),
    Date.parse(SystemTime),
    seconds,
  )) {
    if (renewed.has(ServiceID)) continue;
    process.stderr.write(
      `A task of stack ${stack} on node ${NodeID} has been starting for more than ${seconds} s; force-updating its service.\n`,
    );
    await forceUpdate(manager, ServiceID);
    renewed.add(ServiceID);
  }
}

/** Why the swarm gave up the rollout of a service's last update; undefined when it did not. Pure. */
export function givenUp({ Spec, UpdateStatus }: SwarmService): string | undefined {
  switch (UpdateStatus?.State) {
    case "rollback_completed":
      return `${Spec.Name}: its new version does not run, and the one before is back`;
    case "paused":
    case "rollback_paused":
      return `${Spec.Name}: its rollout has stopped: ${UpdateStatus.Message ?? UpdateStatus.State}`;
    default:
      return undefined;
  }
}

/**
 * Why a service is not yet as it was deployed; undefined when it is. Pure.
 *
 * @param seconds since the service was deployed.
 */
export function lateness(
  { Spec, PreviousSpec, ServiceStatus, UpdateStatus }: SwarmService,
  seconds: number,
): string | undefined {
  const { RunningTasks: running = 0, DesiredTasks: desired = 0 } = ServiceStatus ?? {};
  if (UpdateStatus?.State !== undefined && UpdateStatus.State !== "completed")
    return `${Spec.Name}: rollout ${UpdateStatus.State} ${UpdateStatus.Message ?? ""}`.trim();
  if (PreviousSpec !== undefined && UpdateStatus === undefined && seconds < beginSeconds)
    return `${Spec.Name}: its rollout may not have begun yet`;
  return desired > 0 && running >= desired ? undefined : `${Spec.Name}: ${running} of ${desired} tasks run`;
}

async function taskErrors(manager: DockerNode, stack: string): Promise<string> {
  return (await listStackTasks(manager, stack))
    .map(
      (task) =>
        `  ${task.Spec.ContainerSpec?.Image ?? "?"} on ${task.NodeID ?? "no node"}: ` +
        `${task.Status.State} ${task.Status.Err ?? task.Status.Message ?? ""}`,
    )
    .join("\n");
}
