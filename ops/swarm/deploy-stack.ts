import type { ClusterAccess } from "../../settings/outputs";
import { logIn, whileOvertaken, withManager, withManagers, type DockerNode, type Managers } from "../connection/docker";
import { refuseImages } from "./engine-gate";
import { messageOf, OperationError } from "../errors";
import { forgetGhosts } from "./nodes";
import type { StackSpec } from "../../settings/specs";
import { forceUpdate, listStackServices, listStackTasks, type SwarmService, type SwarmTask } from "./services";
import { forgetFiles, makeFiles, stackFiles, type SwarmFile } from "./stack-files";
import { isDeployed, resolvedCompose, resolveImages, stackText, type StackText } from "./stack-images";
import { Pending, waitFor } from "../wait";

/** Seconds for the stack's command itself. */
const commandSeconds = 300;

/**
 * Seconds within which the swarm's leader has begun what an update of a service asks for; before that, the tasks of
 * before count as its own.
 */
const beginSeconds = 5;

/** A rollout that the swarm gave up: no waiting brings it to its end. */
class RolloutError extends OperationError {}

/**
 * Deploys a stack from the text of its compose file, with the configs and secrets that it brings along, and waits until
 * every task of it runs. A stack whose services all come from this very text is not deployed again, and an image is
 * resolved to a digest once: when its reference is new.
 *
 * @param environment where the values of secrets are.
 * @throws OperationError when a new version of a service does not run and the swarm goes back to the one before or
 *   stops, and when the deadline passes; with the last error of each service's tasks.
 */
export async function deployStack(
  access: ClusterAccess,
  spec: StackSpec,
  text: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const { compose, files } = stackFiles(spec.name, text, environment);
  await withManagers(access, async (managers) => {
    await managers.use((manager) => deployIfNew(manager, stackText(spec.name, compose), files));
    const deployed = Date.now();
    await untilNoneIsLate(managers, spec, "run", async (manager) => {
      await forgetGhosts(manager);
      const services = await listStackServices(manager, spec.name);
      const given = services.map(givenUp).filter((why) => why !== undefined);
      if (given.length > 0) throw new RolloutError(given.join("; "));
      return services.map((service) => lateness(service, (Date.now() - deployed) / 1000));
    });
    await managers.use((manager) => forgetFiles(manager, spec.name));
  });
  const { route } = spec;
  if (route !== undefined) {
    await waitFor(
      { what: `${route} to answer on every manager`, deadlineSeconds: spec.deadlineSeconds, intervalSeconds: 5 },
      () => answersEverywhere(access, route),
    ).catch(async (error: unknown) => {
      throw new OperationError(
        `stack ${spec.name}: ${route} does not answer.\n${await ingressLogs(access).catch(messageOf)}`,
        { cause: error },
      );
    });
  }
}

/**
 * Deploys a stack, unless its services are there as its text has them, none of them with a rollout that the swarm gave
 * up.
 */
async function deployIfNew(manager: DockerNode, text: StackText, files: readonly SwarmFile[]): Promise<void> {
  const services = await listStackServices(manager, text.stack);
  if (isDeployed(text, services) && !services.some((service) => givenUp(service) !== undefined)) return;
  await refuseImages(manager, text.stack, [...text.images.values()]);
  const images = await resolveImages(manager, text, services);
  await makeFiles(manager, text.stack, files);
  // The images have their digests. Docker would ask for each again, and drop the digest where no registry answers
  // (docker/cli#787).
  await whileOvertaken(async () =>
    manager.ssh.run(
      [
        "docker",
        "stack",
        "deploy",
        "--detach=true",
        "--prune",
        "--resolve-image=never",
        "--compose-file",
        "-",
        text.stack,
      ],
      { stdin: resolvedCompose(text, images), timeoutSeconds: commandSeconds },
    ),
  );
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

/**
 * Waits until a stack lacks nothing.
 *
 * @param what it is meant to do, as in "stack traefik to run".
 * @param late reasons why it is not yet so.
 */
async function untilNoneIsLate(
  managers: Managers,
  { name, deadlineSeconds }: StackSpec,
  what: string,
  late: (manager: DockerNode) => Promise<readonly (string | undefined)[]>,
): Promise<void> {
  const begun = Date.now();
  const renewed = new Set<string>();
  const patience = deadlineSeconds / 2;
  // a manager that goes meanwhile is not asked for ever
  await waitFor(
    {
      what: `stack ${name} to ${what}`,
      deadlineSeconds,
      intervalSeconds: 5,
      isFinal: (error) => error instanceof RolloutError,
    },
    () =>
      managers.use(async (manager) => {
        const reasons = (await late(manager)).filter((reason) => reason !== undefined);
        if (reasons.length === 0) return true;
        if (Date.now() - begun > patience * 1000) await renewUnreported(manager, name, patience, renewed);
        return new Pending(reasons.join(", "));
      }),
  ).catch(async (error: unknown) => {
    const tasks = await managers.use((manager) => taskErrors(manager, name)).catch(messageOf);
    throw new OperationError(`stack ${name}: it does not ${what}.\n${tasks}`, { cause: error });
  });
}

/**
 * Tasks that have been starting for more than so many seconds beyond their health check's start period, and so must run
 * by now.
 */
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
 * Has the swarm place services anew, each once, of whose tasks it will never know that they run: a node says so once,
 * and a leader that loses its place forgets what it was told and has not yet written down.
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
      `A task of stack ${stack} on node ${NodeID} has been starting for more than ${seconds} s; its service is placed anew.\n`,
    );
    await forceUpdate(manager, ServiceID);
    renewed.add(ServiceID);
  }
}

/**
 * Whether the ingress of every manager that can be reached answers a path: running tasks are not yet known to Traefik,
 * which looks for them every few seconds.
 */
async function answersEverywhere(access: ClusterAccess, route: string): Promise<true | Pending> {
  const answers = await onEveryManager(access, [
    "curl",
    "-s",
    "-o",
    "/dev/null",
    "-m",
    "20",
    "-w",
    "%{http_code}",
    `http://127.0.0.1${route}`,
  ]);
  const reached = answers.filter(({ output }) => output !== notReached);
  const good = reached.length > 0 && reached.every(({ output }) => output === "200");
  return good ? true : new Pending(answers.map(({ name, output }) => `${name}: ${output}`).join(", "));
}

/** What the ingress of every manager has to say of itself. */
async function ingressLogs(access: ClusterAccess): Promise<string> {
  const script =
    "for id in $(docker ps --quiet --filter label=com.docker.stack.namespace=traefik); do docker logs --timestamps --tail 10 $id 2>&1; done";
  return (await onEveryManager(access, ["sudo", "sh", "-c", script]))
    .map(({ name, output }) => `Traefik and its proxy on ${name}:\n${output}`)
    .join("\n");
}

export const notReached = "not reached";

/** Standard output of a command on every manager; of one that does not answer, that. */
export async function onEveryManager(
  access: ClusterAccess,
  argv: readonly string[],
): Promise<readonly { readonly name: string; readonly output: string }[]> {
  return Promise.all(
    access.managers.map(async (manager) => {
      const node = await logIn(access, manager).catch(() => undefined);
      if (node === undefined) return { name: manager.name, output: notReached };
      try {
        return { name: manager.name, output: (await node.exec(argv, { timeoutSeconds: 60 })).stdout };
      } finally {
        node.close();
      }
    }),
  );
}

export async function removeStack(access: ClusterAccess, spec: StackSpec): Promise<void> {
  await withManager(access, async (manager) => {
    await manager.ssh.run(["docker", "stack", "rm", spec.name], { timeoutSeconds: commandSeconds });
  });
}

/** Why the rollout of a service's last update will not end well, or undefined: each update begins with a new status. */
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
 * What a service still lacks, or undefined.
 *
 * @param seconds since it was deployed.
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
