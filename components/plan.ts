import { planAddresses, type AddressPlan } from "../settings/addresses";
import { placeManagers, placeWorker, type NodePlace } from "../settings/names";
import { planWorkerSets, type WorkerSets } from "../settings/ordinals";
import type { Settings } from "../settings/schema";
import type { SharedNetwork } from "../settings/overlays";
import type { KeptParts } from "../settings/specs";
import { monitoringLabel, monitoringNetwork, monitoringPlaces } from "./monitoring";

export interface PlannedManager {
  readonly place: NodePlace;
  readonly address: string;
  readonly flavor: string;
  /** VRRP priority; the first manager's is the highest. */
  readonly priority: number;
  /** Labels of the swarm node: az, group, ordinal, and whether it keeps the metrics. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface PlannedWorker {
  readonly place: NodePlace;
  readonly flavor: string;
  /** Labels of the swarm node: az, group, ordinal and the group's own. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Every node that the cluster shall have, and its addresses. Pure: the same settings and sets give the same plan. */
export interface ClusterPlan {
  readonly addresses: AddressPlan;
  readonly managers: readonly PlannedManager[];
  readonly workerSets: WorkerSets;
  /** Workers by group, in the order of the settings. */
  readonly workers: Readonly<Record<string, readonly PlannedWorker[]>>;
}

/** Highest VRRP priority of a node that does not own the address itself (RFC 5798, section 5.2.4). */
const highestPriority = 254;

export function planCluster(settings: Settings, previous: WorkerSets, wanted?: WorkerSets): ClusterPlan {
  const addresses = planAddresses(settings.networkCidr, settings.managers);
  const places = placeManagers(settings.clusterName, settings.zones, settings.managers);
  const measuring = monitoringPlaces(places, settings.monitoring);
  const managers = places.map((place, index): PlannedManager => ({
    place,
    address: addresses.managers[index] ?? "",
    flavor: settings.managerFlavor,
    priority: highestPriority - index,
    labels: { ...placeLabels(place), [monitoringLabel]: String(measuring.includes(place)) },
  }));
  const workerSets = planWorkerSets(settings.workerGroups, previous, wanted);
  const workers = Object.fromEntries(
    Object.entries(settings.workerGroups).map(([group, { zone = group, flavor, labels }]) => [
      group,
      (workerSets[group] ?? []).map((ordinal): PlannedWorker => {
        const place = placeWorker(settings.clusterName, group, zone, ordinal);
        return { place, flavor: flavor ?? settings.workerFlavor, labels: { ...labels, ...placeLabels(place) } };
      }),
    ]),
  );
  return { addresses, managers, workerSets, workers };
}

/** Names of the parts of the swarm that a cluster of these settings and workers has. */
export function plannedParts(settings: Settings, workerSets: WorkerSets): KeptParts & { networks: SharedNetwork[] } {
  const { managers, workers } = planCluster(settings, workerSets);
  return {
    nodes: [...managers, ...Object.values(workers).flat()].map(({ place }) => place.name),
    networks: plannedNetworks(settings),
    stacks: plannedStacks(settings),
  };
}

/** Labels of all nodes of a plan, by node name. */
export function plannedLabels({
  managers,
  workers,
}: ClusterPlan): ReadonlyMap<string, Readonly<Record<string, string>>> {
  return new Map([...managers, ...Object.values(workers).flat()].map(({ place, labels }) => [place.name, labels]));
}

/** The overlay networks that several stacks of these settings share. */
export function plannedNetworks({ monitoring }: Pick<Settings, "monitoring">): SharedNetwork[] {
  return ["proxy", ...(monitoring === undefined ? [] : [monitoringNetwork])];
}

function plannedStacks({ monitoring, autoscalerService, demo }: Settings): string[] {
  return [
    "traefik",
    ...(monitoring === undefined ? [] : ["monitoring"]),
    ...(autoscalerService === undefined ? [] : ["autoscaler"]),
    ...(demo ? ["demo"] : []),
  ];
}

/** The reference of an image, with the settings' prefix before one that names no registry itself. */
export function imageReference(image: string, prefix: string | undefined): string {
  const [first = "", ...rest] = image.split("/");
  const namesRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return prefix === undefined || namesRegistry ? image : `${prefix}/${image}`;
}

/** The labels that every node of the swarm carries; services place their tasks by them. */
export function placeLabels(place: NodePlace): Record<string, string> {
  return { az: place.zone, group: place.group, ordinal: String(place.ordinal) };
}

/** The worker groups with their zones filled in, as the outputs name them. */
export function placedGroups({ workerGroups }: Settings): Record<
  string,
  {
    readonly zone: string;
    readonly min: number;
    readonly max: number;
    readonly labels: Readonly<Record<string, string>>;
  }
> {
  return Object.fromEntries(
    Object.entries(workerGroups).map(([name, { zone = name, min, max, labels }]) => [name, { zone, min, max, labels }]),
  );
}
