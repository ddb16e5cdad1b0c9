import type { ClusterAccess } from "../../settings/outputs";
import type { StackSpec } from "../../settings/specs";
import { whileOvertaken, type DockerNode } from "../connection/docker";
import { answerText, onEveryManager } from "../connection/every-manager";
import { withManager, withManagers } from "../connection/managers";
import { messageOf, OperationError } from "../errors";
import { Pending, waitFor } from "../wait";
import { refuseImages } from "./engine-gate";
import { forgetGhosts } from "./nodes";
import { listStackServices } from "./services";
import { forgetFiles, makeFiles, stackFiles, type SwarmFile } from "./stack-files";
import { isDeployed, resolvedCompose, resolveImages, stackText, type StackText } from "./stack-images";
import { givenUp, lateness, RolloutError, untilNoneIsLate } from "./stack-rollout";

/** Seconds for `docker stack deploy` and `docker stack rm` themselves. */
const commandSeconds = 300;

/**
 * Deploys a stack from the text of its compose file, with the configs and secrets in it, and waits until all of its
 * tasks run. Does nothing when every service was deployed from this same text. Resolves an image to a digest once, when
 * its reference is new.
 *
 * @param environment holds the values of secrets.
 * @throws OperationError when the swarm gives up the rollout of a service, and when the deadline passes; with the last
 *   error of each task.
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
  if (spec.route !== undefined) await waitForRoute(access, spec, spec.route);
}

/** Deploys a stack, unless its services come from this same text and no rollout of theirs was given up. */
async function deployIfNew(manager: DockerNode, text: StackText, files: readonly SwarmFile[]): Promise<void> {
  const services = await listStackServices(manager, text.stack);
  if (isDeployed(text, services) && !services.some((service) => givenUp(service) !== undefined)) return;
  await refuseImages(manager, text.stack, [...text.images.values()]);
  const images = await resolveImages(manager, text, services);
  await makeFiles(manager, text.stack, files);
  // the images have their digests; Docker would ask the registry again and drop the digest when it does not answer
  // (docker/cli#787)
  const flags = ["--detach=true", "--prune", "--resolve-image=never", "--compose-file", "-"];
  await whileOvertaken(async () =>
    manager.ssh.run(["docker", "stack", "deploy", ...flags, text.stack], {
      stdin: resolvedCompose(text, images),
      timeoutSeconds: commandSeconds,
    }),
  );
}

/**
 * Waits until a route of the stack answers on every manager that can be reached. Traefik looks for new tasks every few
 * seconds, so a task that runs is not yet routed to.
 */
async function waitForRoute(access: ClusterAccess, spec: StackSpec, route: string): Promise<void> {
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

async function answersEverywhere(access: ClusterAccess, route: string): Promise<true | Pending> {
  const statusOnly = ["-s", "-o", "/dev/null", "-m", "20", "-w", "%{http_code}"];
  const answers = await onEveryManager(access, ["curl", ...statusOnly, `http://127.0.0.1${route}`]);
  const reached = answers.filter(({ output }) => output !== undefined);
  const good = reached.length > 0 && reached.every(({ output }) => output === "200");
  return good ? true : new Pending(answers.map((answer) => answerText(answer)).join(", "));
}

/** The last log lines of Traefik and its socket proxy, on every manager. */
async function ingressLogs(access: ClusterAccess): Promise<string> {
  const script =
    "for id in $(docker ps --quiet --filter label=com.docker.stack.namespace=traefik); do docker logs --timestamps --tail 10 $id 2>&1; done";
  return (await onEveryManager(access, ["sudo", "sh", "-c", script]))
    .map(({ name, output = "not reached" }) => `Traefik and its proxy on ${name}:\n${output}`)
    .join("\n");
}

export async function removeStack(access: ClusterAccess, spec: StackSpec): Promise<void> {
  await withManager(access, async (manager) => {
    await manager.ssh.run(["docker", "stack", "rm", spec.name], { timeoutSeconds: commandSeconds });
  });
}
