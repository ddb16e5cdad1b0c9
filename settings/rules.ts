import { firstWorkerHost } from "./addresses";
import { autoscaleRules } from "./autoscale-rules";
import type { Fault } from "./errors";
import { serviceHasItsParts } from "./autoscaler-service";
import { overlap, prefixOf } from "./ipv4";
import { hookKeys } from "./monitoring";
import { networksAreApart, type AtDefault } from "./reserved";
import type { ShapedSettings } from "./schema";

/** A rule over several values. It judges what is there and stays silent about a value that is missing or misshapen. */
export type Rule = (settings: Partial<ShapedSettings>, atDefault: AtDefault) => Fault[];

/** Longest host name that Linux takes: 63 characters of a DNS label (RFC 1123). */
const hostNameLength = 63;

export const rules: readonly Rule[] = [
  zonesAreNamedOnce,
  groupsLieInZones,
  groupLimitsAreOrdered,
  networkHasRoom,
  networksAreApart,
  administrationIsNotOpen,
  nodeNamesFit,
  foreignNetworkKeepsItsServers,
  demoHasWorkers,
  monitoringHasItsPlaces,
  hooksNeedMonitoring,
  serviceHasItsParts,
  ...autoscaleRules,
];

function zonesAreNamedOnce({ zones = [] }: Partial<ShapedSettings>): Fault[] {
  const twice = zones.filter((zone, index) => zones.indexOf(zone) !== index);
  return twice.map((zone) => ({
    path: "settings.zones",
    problem: `${JSON.stringify(zone)} stands there twice; name each zone once.`,
  }));
}

function groupsLieInZones({ zones, workerGroups = {} }: Partial<ShapedSettings>): Fault[] {
  if (zones === undefined) return [];
  return Object.entries(workerGroups)
    .filter(([name, group]) => !zones.includes(group.zone ?? name))
    .map(([name, group]) => ({
      path: `settings.workerGroups.${name}.zone`,
      problem: `${JSON.stringify(group.zone ?? name)} is not among settings.zones; use ${zones.map((zone) => JSON.stringify(zone)).join(", ")}.`,
    }));
}

function groupLimitsAreOrdered({ workerGroups = {} }: Partial<ShapedSettings>): Fault[] {
  return Object.entries(workerGroups)
    .filter(([, group]) => group.min > group.max)
    .map(([name, group]) => ({
      path: `settings.workerGroups.${name}.min`,
      problem: `${group.min} is above max ${group.max}; use ${group.max} at most, or raise max.`,
    }));
}

function networkHasRoom({ networkCidr, workerGroups = {} }: Partial<ShapedSettings>): Fault[] {
  if (networkCidr === undefined) return [];
  const prefix = prefixOf(networkCidr);
  if (prefix < 16 || prefix > 27) {
    return [{ path: "settings.networkCidr", problem: `"${networkCidr}" has the prefix /${prefix}; use /16 to /27.` }];
  }
  const workers = Object.values(workerGroups).reduce((sum, group) => sum + group.max, 0);
  const room = 2 ** (32 - prefix) - 1 - firstWorkerHost;
  if (workers <= room) return [];
  return [
    {
      path: "settings.networkCidr",
      problem: `"${networkCidr}" has room for ${room} workers, the groups may grow to ${workers}; use a larger network or a smaller max.`,
    },
  ];
}

/** Widest network of administrators: no private network is wider (10.0.0.0/8, RFC 1918, section 3). */
const widestAdminPrefix = 8;
/** Most addresses in total: all private networks and those of providers (100.64.0.0/10, RFC 6598) fit in. */
const mostAdminAddresses = 2 ** 25;

/** Two halves of the Internet are as open as the whole. */
function administrationIsNotOpen({ adminCidrs = [] }: Partial<ShapedSettings>): Fault[] {
  const path = "settings.adminCidrs";
  const wide = adminCidrs
    .filter((network) => prefixOf(network) < widestAdminPrefix)
    .map((network) => ({
      path,
      problem: `"${network}" is wider than /${widestAdminPrefix} and opens SSH to strangers; name the networks of the administrators, /${widestAdminPrefix} or smaller.`,
    }));
  const addresses = outermost(adminCidrs).reduce((sum, network) => sum + 2 ** (32 - prefixOf(network)), 0);
  if (wide.length > 0 || addresses <= mostAdminAddresses) return wide;
  return [
    {
      path,
      problem: `together they hold ${addresses} addresses and open SSH to strangers; name the networks of the administrators, ${mostAdminAddresses} addresses (two /8) at most.`,
    },
  ];
}

/** The networks that lie in no other, each once. */
function outermost(networks: readonly string[]): string[] {
  return [...new Set(networks)].filter(
    (network, _, all) => !all.some((other) => prefixOf(other) < prefixOf(network) && overlap(other, network)),
  );
}

function nodeNamesFit({ clusterName, zones = [], workerGroups = {} }: Partial<ShapedSettings>): Fault[] {
  if (clusterName === undefined) return [];
  const names = [
    ...zones.map((zone) => ({ path: "settings.zones", name: `${clusterName}-manager-${zone}-0` })),
    ...Object.keys(workerGroups).map((group) => ({
      path: `settings.workerGroups.${group}`,
      name: `${clusterName}-worker-${group}-0000`,
    })),
  ];
  return names
    .filter(({ name }) => name.length > hostNameLength || !/^[a-z0-9-]+$/.test(name))
    .map(({ path, name }) => ({
      path,
      problem: `gives the host name ${JSON.stringify(name)}; a host name has ${hostNameLength} lower-case letters, digits and hyphens at most.`,
    }));
}

function foreignNetworkKeepsItsServers({ networkName, dnsServers = [] }: Partial<ShapedSettings>): Fault[] {
  if (networkName === undefined || dnsServers.length === 0) return [];
  return [
    {
      path: "settings.dnsServers",
      problem: `are part of the network that the program makes; the subnet of ${JSON.stringify(networkName)} has its own: leave them away.`,
    },
  ];
}

/** Two replicas need managers in two zones. */
function monitoringHasItsPlaces({ monitoring, managers, zones }: Partial<ShapedSettings>): Fault[] {
  if (monitoring?.replicas !== 2 || managers === undefined || zones === undefined) return [];
  const path = "settings.monitoring.replicas";
  if (managers < 2)
    return [{ path, problem: `2 stand on two managers, of which there is ${managers}; use 1, or more managers.` }];
  return zones.length > 1
    ? []
    : [{ path, problem: `2 stand in two zones, of which there is ${zones.length}; use 1, or more zones.` }];
}

function hooksNeedMonitoring(settings: Partial<ShapedSettings>): Fault[] {
  if (settings.monitoring !== undefined) return [];
  return hookKeys
    .filter((key) => settings[key] !== undefined)
    .map((key) => ({
      path: `settings.${key}`,
      problem: "nothing would call it; set settings.monitoring, {} for its defaults, or leave it away.",
    }));
}

function demoHasWorkers({ demo, workerGroups }: Partial<ShapedSettings>): Fault[] {
  if (demo !== true || workerGroups === undefined || Object.values(workerGroups).some(({ min }) => min > 0)) return [];
  return [
    {
      path: "settings.demo",
      problem: "true, but the demo runs on workers and every group's min is 0; raise a min or leave the demo away.",
    },
  ];
}
