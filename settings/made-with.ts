import { planAddresses } from "./addresses";
import type { Fault } from "./errors";
import { placeManagers } from "./names";
import type { SharedSubnets } from "./overlays";
import { tolerance } from "./quorum";
import type { Settings } from "./schema";

/** Keys that never change for a cluster: another value would replace it, or would not apply to what runs. */
export const immutableKeys = [
  "clusterName",
  "networkName",
  "networkCidr",
  "externalNetwork",
  "overlayPools",
  "overlayPrefix",
  "overlayEncryption",
] as const;

/** What a cluster was made with. Older programs recorded no external network, and left the subnets to Docker. */
export type MadeWith = Omit<Pick<Settings, (typeof immutableKeys)[number]>, "externalNetwork"> & {
  readonly externalNetwork?: string | undefined;
  readonly sharedSubnets?: Partial<SharedSubnets> | undefined;
};

/** @param sharedSubnets subnets of the shared overlay networks; absent where Docker chooses them. */
export function madeWith(settings: Settings, sharedSubnets?: Partial<SharedSubnets>): MadeWith {
  const { clusterName, networkName, networkCidr, externalNetwork, overlayPools, overlayPrefix, overlayEncryption } =
    settings;
  return {
    clusterName,
    networkCidr,
    externalNetwork,
    overlayPools,
    overlayPrefix,
    overlayEncryption,
    ...(networkName === undefined ? {} : { networkName }),
    ...(sharedSubnets === undefined ? {} : { sharedSubnets }),
  };
}

/** True once there is a swarm: only then is it known what its overlay networks are made with. */
export function hasSwarm(made: Partial<MadeWith>): boolean {
  return made.overlayPools !== undefined;
}

/** A manager that the last update left. */
export interface StandingManager {
  readonly name: string;
  /** IPv4 address in the cluster's network. */
  readonly address: string;
}

/**
 * What an edit must not do to an existing cluster: change what it was made with, move a manager to another address, or
 * remove so many managers at once that the rest has no quorum.
 *
 * @param made what the cluster was made with, as far as it exists: a key that is absent may still change.
 */
export function immutableFaults(
  settings: Settings,
  made: Partial<MadeWith>,
  standing: readonly StandingManager[],
): Fault[] {
  // a record with the network's range also names a network of somebody else, if there is one
  const before = { ...(made.networkCidr === undefined ? {} : { networkName: undefined }), ...made };
  const changed = immutableKeys
    .filter((key) => key in before && JSON.stringify(settings[key]) !== JSON.stringify(before[key]))
    // older programs recorded none
    .filter((key) => key !== "externalNetwork" || before.externalNetwork !== undefined)
    .map((key): Fault => ({
      path: `settings.${key}`,
      problem: `${shown(settings[key])}, but the cluster was made with ${shown(before[key])}; keep that, or destroy the cluster first.`,
    }));
  return changed.length > 0 || standing.length === 0 ? changed : managerFaults(settings, standing);
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function managerFaults(settings: Settings, standing: readonly StandingManager[]): Fault[] {
  const addresses = planAddresses(settings.networkCidr, settings.managers).managers;
  const planned = new Map(
    placeManagers(settings.clusterName, settings.zones, settings.managers).map(({ name }, index) => [
      name,
      addresses[index],
    ]),
  );
  // a removed manager's address is not free yet when another manager is created
  const moved = [...planned].filter(([name, address]) =>
    standing.some((manager) => (manager.name === name) !== (manager.address === address)),
  );
  if (moved.length > 0) {
    return [
      {
        path: "settings.zones",
        problem: `gives ${moved.map(([name]) => name).join(", ")} an address that is another's; keep the zones that hold managers, in their order, and add new ones at the end.`,
      },
    ];
  }
  const gone = standing.filter(({ name }) => !planned.has(name)).map(({ name }) => name);
  const spare = tolerance(standing.length);
  if (gone.length <= spare) return [];
  return [
    {
      path: "settings.managers",
      problem: `takes ${gone.join(", ")} of ${standing.length} managers at once; ${spare} at most can go in one update without losing the quorum.`,
    },
  ];
}
