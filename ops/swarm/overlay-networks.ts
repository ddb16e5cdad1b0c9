import type { NetworkInspectInfo } from "dockerode";
import { markLabel } from "../../settings/names";
import type { DockerNode } from "../connection/docker";
import { isMissing } from "../connection/third-party";
import type { PendingCreate } from "../stack-state/state";
import { DeadlineError, Pending, waitFor } from "../wait";

const networkType = "docker:index/network:Network";

/**
 * The part of a service that says which networks it uses (Engine API, ServiceSpec); older clients wrote them beside the
 * template.
 */
interface NetworkUser {
  readonly Spec?: {
    readonly Networks?: readonly { Target?: string }[];
    readonly TaskTemplate?: { readonly Networks?: readonly { Target?: string }[] };
  };
}

/** The swarm's networks, as a manager knows them. */
export async function listOverlays({ api }: Pick<DockerNode, "api">): Promise<NetworkInspectInfo[]> {
  return api.listNetworks({ filters: { driver: ["overlay"] } });
}

/**
 * Seconds for the containers of removed services to end; swarm itself gives a container 10, the project's stacks up to
 * 45.
 */
const endingSeconds = 120;

/**
 * The swarm's networks, without those that are removed. The engine of a manager lists a network that the swarm has
 * removed as long as a container of its own node uses it. Such a network has no services: swarm removes none that a
 * service uses. So where one of `names` has no services, this waits until it has no containers either, in two looks.
 */
export async function listOverlaysOnceSettled(
  manager: Pick<DockerNode, "api">,
  names: readonly string[],
  say: (line: string) => void,
): Promise<NetworkInspectInfo[]> {
  const what = "containers of removed services to end, since their networks may be removed as well";
  let latest: NetworkInspectInfo[] = [];
  let wasQuiet = false;
  const look = async (): Promise<NetworkInspectInfo[] | Pending> => {
    latest = await listOverlays(manager);
    const used = networksInUse((await manager.api.listServices()) as NetworkUser[]);
    const unused = latest.filter(({ Id, Name }) => names.includes(Name) && !used.has(Id) && !used.has(Name));
    const ending: string[] = [];
    for (const { Id, Name } of unused) if (await hasContainers(manager, Id)) ending.push(Name);
    const isSettled = unused.length === 0 || (ending.length === 0 && wasQuiet);
    wasQuiet = ending.length === 0;
    if (isSettled) return latest;
    return new Pending(wasQuiet ? "the last one may just have ended" : `no service uses ${ending.join(", ")}`);
  };
  return waitFor({ what, deadlineSeconds: endingSeconds, say, isFinal: () => true }, look).catch((error: unknown) => {
    // a container that somebody runs in the network by hand stays
    if (error instanceof DeadlineError) return latest;
    throw error;
  });
}

/** Whether containers of a manager's own node use a network, or the network goes at this moment. */
async function hasContainers({ api }: Pick<DockerNode, "api">, id: string): Promise<boolean> {
  try {
    const { Containers } = await api.getNetwork(id).inspect();
    // the load balancer's endpoint stays as long as the network does
    return Object.keys(Containers ?? {}).some((key) => !key.startsWith("lb-"));
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}

/**
 * Removes overlay networks that an update made and was killed before it could note them; the next one would be refused
 * for their names. Only what a killed update was creating and no service uses is one of these: a state that a refresh
 * emptied, or an older one, lacks networks that work. What does not bear the stack's own mark is somebody else's.
 */
export async function sweepNetworks(
  { api }: Pick<DockerNode, "api">,
  names: readonly string[],
  mark: string,
  pending: readonly PendingCreate[],
  say: (line: string) => void,
): Promise<void> {
  const marked = (await api.listNetworks({ filters: { driver: ["overlay"], label: [`${markLabel}=${mark}`] } })).filter(
    ({ Name }) => names.includes(Name),
  );
  if (marked.length === 0) return;
  const used = networksInUse((await api.listServices()) as NetworkUser[]);
  for (const { Id, Name } of marked) {
    const isExplained = pending.some(({ type, inputs }) => type === networkType && inputs["name"] === Name);
    if (!isExplained || used.has(Id) || used.has(Name)) {
      say(
        `network ${Name} (${Id}) stays, though the state does not know it: ${isExplained ? "services use it" : "no killed update was creating it"}.`,
      );
      continue;
    }
    say(`network ${Name} (${Id}) was left behind by a killed update; removing it.`);
    await api
      .getNetwork(Id)
      .remove()
      .catch((error: unknown) => {
        // the engine listed what the swarm had removed
        if (!isMissing(error)) throw error;
      });
  }
}

/** Ids and names of the networks that services use. */
function networksInUse(services: readonly NetworkUser[]): ReadonlySet<string> {
  const all = services.flatMap(({ Spec }) => [...(Spec?.Networks ?? []), ...(Spec?.TaskTemplate?.Networks ?? [])]);
  return new Set(all.map(({ Target }) => Target).filter((target) => target !== undefined));
}
