import type { NetworkInspectInfo } from "dockerode";
import { markLabel } from "../../settings/names";
import type { DockerNode } from "../connection/docker";
import type { PendingCreate } from "../stack-state/state";

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
    await api.getNetwork(Id).remove();
  }
}

/** Ids and names of the networks that services use. */
function networksInUse(services: readonly NetworkUser[]): ReadonlySet<string> {
  const all = services.flatMap(({ Spec }) => [...(Spec?.Networks ?? []), ...(Spec?.TaskTemplate?.Networks ?? [])]);
  return new Set(all.map(({ Target }) => Target).filter((target) => target !== undefined));
}
