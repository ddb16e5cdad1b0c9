import { createHash } from "node:crypto";
import { parseDocument } from "yaml";
import type { DockerNode } from "../connection/docker";
import { messageOf, OperationError } from "../errors";
import type { SwarmService } from "./services";
import { isConnectionLost, isFinalRefusal } from "../connection/third-party";
import { Pending, waitFor } from "../wait";

/**
 * Service label: hash of the stack's text that the service was deployed from. It is no label of the tasks, so a new
 * value restarts none.
 */
const textLabel = "swarm.stack-text";
/** Service label: the image reference as the text has it, without the digest that it was resolved to. */
const referenceLabel = "swarm.image";
/** The same from `docker stack deploy`, for services that were deployed before the label above was there. */
const dockerReferenceLabel = "com.docker.stack.image";

/** The text of a stack, and what decides whether and how it is deployed. Names of configs and secrets have a hash. */
export interface StackText {
  readonly stack: string;
  readonly compose: string;
  /** Of the compose file. */
  readonly hash: string;
  /** Image references by name of the service in the swarm. */
  readonly images: ReadonlyMap<string, string>;
}

/** @param compose the compose file, its configs and secrets named by content. */
export function stackText(stack: string, compose: string): StackText {
  const { services } = parseDocument(compose).toJS() as { services?: Record<string, { image: string }> };
  return {
    stack,
    compose,
    hash: createHash("sha256").update(compose).digest("hex"),
    images: new Map(Object.entries(services ?? {}).map(([name, { image }]) => [`${stack}_${name}`, image])),
  };
}

/** Whether the swarm has exactly the services of a text, each deployed from this very text. */
export function isDeployed({ hash, images }: StackText, services: readonly SwarmService[]): boolean {
  return (
    services.length === images.size &&
    services.every(({ Spec }) => images.has(Spec.Name) && Spec.Labels?.[textLabel] === hash)
  );
}

/**
 * Images whose digest is known without the registry, by reference: the reference names its digest, or a service already
 * runs the resolved image. So a tag that has moved since changes nothing; a new reference does. Pure.
 */
export function knownImages({ images }: StackText, services: readonly SwarmService[]): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const reference of images.values()) if (reference.includes("@")) known.set(reference, reference);
  for (const { Spec } of services) {
    const reference = images.get(Spec.Name);
    const { [referenceLabel]: own, [dockerReferenceLabel]: docker } = Spec.Labels ?? {};
    if (reference === undefined || (own ?? docker) !== reference) continue;
    const image = Spec.TaskTemplate.ContainerSpec?.Image ?? "";
    if (image.includes("@")) known.set(reference, image);
  }
  return known;
}

/** The compose file with images by digest and with the labels of this file on each service. Pure. */
export function resolvedCompose(
  { stack, compose, hash, images }: StackText,
  resolved: ReadonlyMap<string, string>,
): string {
  const document = parseDocument(compose);
  for (const [name, reference] of images) {
    const service = ["services", name.slice(stack.length + 1)];
    document.setIn([...service, "image"], resolved.get(reference) ?? reference);
    document.setIn([...service, "deploy", "labels", textLabel], hash);
    document.setIn([...service, "deploy", "labels", referenceLabel], reference);
  }
  return document.toString({ lineWidth: 0 });
}

/**
 * Seconds for the registries to resolve a reference. It is less than the time for an answer of Docker, so that a silent
 * registry is not taken for a dead manager.
 */
const registrySeconds = 100;

/**
 * Resolves every image of a text to a digest. Asks a manager's engine, which asks its registry or mirror, only for
 * those that are not known.
 *
 * @throws OperationError when a registry does not resolve one. Without a digest each node would run whatever the tag
 *   means when that node pulls it.
 */
export async function resolveImages(
  manager: DockerNode,
  text: StackText,
  services: readonly SwarmService[],
): Promise<ReadonlyMap<string, string>> {
  const known = knownImages(text, services);
  const unknown = [...new Set(text.images.values())].filter((reference) => !known.has(reference));
  return new Map([
    ...known,
    ...(await Promise.all(
      unknown.map(async (reference) => [reference, await resolve(manager, text.stack, reference)] as const),
    )),
  ]);
}

async function resolve(manager: DockerNode, stack: string, reference: string): Promise<string> {
  const what = `the digest of ${reference}`;
  return waitFor(
    { what, deadlineSeconds: registrySeconds, isFinal: (error) => isConnectionLost(error) || isFinalRefusal(error) },
    async () => {
      const answer = await Promise.race([manager.api.getImage(reference).distribution(), late(registrySeconds)]);
      return answer instanceof Pending ? answer : `${reference}@${answer.Descriptor.digest}`;
    },
  ).catch((error: unknown) => {
    if (isConnectionLost(error)) throw error;
    // without the cause: what the registry says must not decide whether another manager is asked
    throw new OperationError(
      `stack ${stack}: image ${JSON.stringify(reference)} cannot be resolved: ${messageOf(error)} Nothing is deployed; ` +
        "correct the reference, or try again when the managers reach its registry.",
    );
  });
}

async function late(seconds: number): Promise<Pending> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve(new Pending("the registry does not answer"));
    }, seconds * 1000).unref();
  });
}
