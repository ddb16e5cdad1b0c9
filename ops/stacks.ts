import type { ClusterAccess } from "../settings/outputs";
import { openManager, withManager, type DockerNode } from "./docker";
import { OperationError } from "./errors";
import { forgetGhosts } from "./nodes";
import type { StackSpec } from "../settings/specs";
import { listStackServices, listStackTasks, type SwarmService } from "./services";
import { forgetFiles, makeFiles, stackFiles } from "./stack-files";
import { Pending, waitFor } from "./wait";

/** Seconds for the stack's command itself; it looks up each image's digest. */
const commandSeconds = 300;

/**
 * Deploys a stack from the text of its compose file, with the configs and secrets that it brings along, and waits until
 * every task of it runs.
 *
 * @param environment where the values of secrets are.
 * @throws OperationError when a rollout stops or the deadline passes, with the last error of each service's tasks.
 */
export async function deployStack(access: ClusterAccess, spec: StackSpec, text: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const { compose, files } = stackFiles(spec.name, text, environment);
  await withManager(access, async (manager) => {
    await makeFiles(manager, spec.name, files);
    await manager.ssh.run(["docker", "stack", "deploy", "--detach=true", "--prune", "--compose-file", "-", spec.name],
      { stdin: compose, timeoutSeconds: commandSeconds });
    try {
      await waitFor({ what: `stack ${spec.name} to run`, deadlineSeconds: spec.deadlineSeconds, intervalSeconds: 5 }, async () => {
        await forgetGhosts(manager);
        const late = (await listStackServices(manager, spec.name)).map(lateness).filter((reason) => reason !== undefined);
        return late.length === 0 ? true : new Pending(late.join(", "));
      });
    } catch (error) {
      throw new OperationError(`stack ${spec.name}: it does not run.\n${await taskErrors(manager, spec.name)}`, { cause: error });
    }
    await forgetFiles(manager, spec.name);
  });
  const { route } = spec;
  if (route !== undefined) {
    await waitFor({ what: `${route} to answer on every manager`, deadlineSeconds: spec.deadlineSeconds, intervalSeconds: 5 },
      () => answersEverywhere(access, route));
  }
}

/**
 * Whether the ingress of every manager that can be reached answers a path: running tasks are not yet known to Traefik,
 * which looks for them every few seconds.
 */
async function answersEverywhere(access: ClusterAccess, route: string): Promise<true | Pending> {
  const answers = await Promise.all(access.managers.map(async (manager) => {
    const node = await openManager(access, manager).catch(() => undefined);
    if (node === undefined) return { name: manager.name, status: "not reached" };
    try {
      const argv = ["curl", "-s", "-o", "/dev/null", "-m", "20", "-w", "%{http_code}", `http://127.0.0.1${route}`];
      return { name: manager.name, status: (await node.ssh.exec(argv, { timeoutSeconds: 60 })).stdout };
    } finally {
      node.close();
    }
  }));
  const reached = answers.filter(({ status }) => status !== "not reached");
  const good = reached.length > 0 && reached.every(({ status }) => status === "200");
  return good ? true : new Pending(answers.map(({ name, status }) => `${name}: ${status}`).join(", "));
}

export async function removeStack(access: ClusterAccess, spec: StackSpec): Promise<void> {
  await withManager(access, async (manager) => {
    await manager.ssh.run(["docker", "stack", "rm", spec.name], { timeoutSeconds: commandSeconds });
  });
}

/** What a service still lacks, or undefined. */
function lateness(service: SwarmService): string | undefined {
  const { RunningTasks: running = 0, DesiredTasks: desired = 0 } = service.ServiceStatus ?? {};
  const rollout = service.UpdateStatus?.State;
  if (rollout !== undefined && rollout !== "completed" && rollout !== "rollback_completed") {
    return `${service.Spec.Name}: rollout ${rollout} ${service.UpdateStatus?.Message ?? ""}`.trim();
  }
  return desired > 0 && running >= desired ? undefined : `${service.Spec.Name}: ${running} of ${desired} tasks run`;
}

async function taskErrors(manager: DockerNode, stack: string): Promise<string> {
  return (await listStackTasks(manager, stack)).map((task) => `  ${task.Spec.ContainerSpec?.Image ?? "?"} on ${task.NodeID ?? "no node"}: `
    + `${task.Status.State} ${task.Status.Err ?? task.Status.Message ?? ""}`).join("\n");
}
