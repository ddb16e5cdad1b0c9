/** Where a node stands: its role, its zone, its group ("managers" or a worker group's name) and its number in it. */
export interface NodePlace {
  readonly name: string;
  readonly role: "manager" | "worker";
  readonly zone: string;
  readonly group: string;
  readonly ordinal: number;
}

/** The group that all managers belong to. */
export const managerGroup = "managers";

/**
 * Places the managers: zone after zone in the given order, round after round, e.g. of 5 over 3 zones
 * az1-0, az2-0, az3-0, az1-1, az2-1.
 */
export function placeManagers(cluster: string, zones: readonly string[], count: number): NodePlace[] {
  return Array.from({ length: count }, (_, index) => {
    const zone = zones[index % zones.length];
    if (zone === undefined) throw new Error("zones: empty; the settings require one at least");
    const ordinal = Math.floor(index / zones.length);
    return { name: `${cluster}-manager-${zone}-${ordinal}`, role: "manager", zone, group: managerGroup, ordinal };
  });
}

export function placeWorker(cluster: string, group: string, zone: string, ordinal: number): NodePlace {
  return { name: `${cluster}-worker-${group}-${ordinal}`, role: "worker", zone, group, ordinal };
}

/**
 * What the cloud's resources of a cluster carry from their creation on: as their description, servers in their
 * metadata, server groups at the end of their name. No other stack has the owner's number, whatever its cluster is
 * called.
 */
export function ownerMark(cluster: string, owner: string): string {
  return `swarm ${cluster}, owner ${owner}`;
}

/** Label of the swarm's own networks, whose value is the mark: Docker has no descriptions. */
export const markLabel = "swarm.mark";

/** Logical name of the resource whose output is the owner's number; the state is searched for it. */
export function ownerResource(cluster: string): string {
  return `${cluster}-identity-owner`;
}

/** The place of a worker by its name, `<cluster>-worker-<group>-<ordinal>`; undefined for any other name. */
export function readWorkerName(
  cluster: string,
  name: string,
): { readonly group: string; readonly ordinal: number } | undefined {
  return readPlace(`${cluster}-worker-`, name);
}

/**
 * The worker that a resource of the program belongs to: its port, its server or its membership, by logical name
 * (components/worker-group.ts); undefined for any other resource.
 */
export function workerOfResource(
  cluster: string,
  resource: string,
): { readonly group: string; readonly ordinal: number } | undefined {
  return readPlace(`${cluster}-workers-`, resource.replace(/-(port|server)$/, "").replace(/-membership-(?=\d+$)/, "-"));
}

function readPlace(prefix: string, name: string): { readonly group: string; readonly ordinal: number } | undefined {
  const [, group, ordinal] = name.startsWith(prefix)
    ? (/^([a-z][a-z0-9-]*)-(\d+)$/.exec(name.slice(prefix.length)) ?? [])
    : [];
  return group === undefined || ordinal === undefined ? undefined : { group, ordinal: Number(ordinal) };
}
