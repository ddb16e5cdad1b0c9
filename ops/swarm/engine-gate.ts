import type { DockerNode } from "../connection/docker";
import { enginesOf, misfits, type EngineUse, type Misfit } from "./engine-fit";
import { OperationError } from "../errors";
import { listNodes } from "./nodes";
import { listOverlays } from "./overlay-networks";
import { listServices, type SwarmService } from "./services";

/** What the swarm runs that depends on its engines. */
export async function engineUse(manager: DockerNode): Promise<EngineUse> {
  const [services, networks] = await Promise.all([listServices(manager), listOverlays(manager)]);
  return useOf(services, networks);
}

export function useOf(
  services: readonly SwarmService[],
  networks: readonly { readonly Options?: Readonly<Record<string, string>> | undefined }[],
): EngineUse {
  return {
    images: services.map(({ Spec }) => Spec.TaskTemplate.ContainerSpec?.Image ?? ""),
    // the option's value is "" or "true", as who made the network wrote it
    encrypted: networks.some(({ Options }) => Options?.["encrypted"] !== undefined),
  };
}

/**
 * Refuses to deploy images that the engines of the swarm's nodes do not suit.
 *
 * @throws OperationError with what does not go together.
 */
export async function refuseImages(manager: DockerNode, stack: string, images: readonly string[]): Promise<void> {
  const found = misfits(enginesOf(await listNodes(manager)), { images, encrypted: false }).filter(
    ({ breaks }) => breaks,
  );
  if (found.length > 0) throw new OperationError(`stack ${stack}: nothing is deployed. ${messages(found)}`);
}

/**
 * Refuses a node whose engine breaks something in the swarm; says of what else does not go together. Of several engines
 * that do not go together it refuses the faulty one alone: the others are the way out.
 *
 * @throws OperationError with what does not go together.
 */
export async function refuseEngine(manager: DockerNode, name: string, say: (line: string) => void): Promise<void> {
  const found = misfits(enginesOf(await listNodes(manager)), await engineUse(manager));
  const own = found.filter(({ breaks, nodes }) => breaks && nodes.includes(name));
  if (own.length > 0) throw new OperationError(`${name}: its engine does not fit. ${messages(own)}`);
  for (const { message } of found) say(message);
}

function messages(found: readonly Misfit[]): string {
  return found.map(({ message }) => message).join(" ");
}
