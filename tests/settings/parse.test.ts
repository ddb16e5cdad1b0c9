import { expect } from "chai";
import { SettingsError } from "../../settings/errors";
import { parseSettings } from "../../settings/parse";
import { goodConfiguration } from "../support/settings";

function faultsOf(raw: Record<string, unknown>): string[] {
  try {
    parseSettings(raw);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults.map(({ path, problem }) => `${path}: ${problem}`);
    throw error;
  }
  return [];
}

/** Each row: what is changed in a good configuration, and the faults that it gets. */
const table: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
  ["an even number of managers", { managers: 4 }, ["settings.managers: 4 is not allowed; use 1, 3, 5 or 7."]],
  ["managers as text", { managers: "3" }, [`settings.managers: "3" is not allowed; use 1, 3, 5 or 7.`]],
  ["a cluster name in capitals", { clusterName: "Prod" },
    [`settings.clusterName: "Prod" is not allowed; use a name of lower-case letters, digits and inner hyphens that starts with a letter, 30 characters at most.`]],
  ["a zone twice", { zones: ["az1", "az2", "az3", "az1"] }, [`settings.zones: "az1" stands there twice; name each zone once.`]],
  ["no zone", { zones: [], workerGroups: {} }, ["settings.zones: [] is not allowed; use at least one availability zone."]],
  ["an unknown key", { workers: 3 }, [/^settings\.workers: unknown; known are clusterName, zones, /.source]],
  ["a group in no zone", { workerGroups: { gpu: { min: 0, max: 1 } } },
    [`settings.workerGroups.gpu.zone: "gpu" is not among settings.zones; use "az1", "az2", "az3".`]],
  ["a group with min above max", { workerGroups: { az1: { min: 5, max: 4 } } },
    ["settings.workerGroups.az1.min: 5 is above max 4; use 4 at most, or raise max."]],
  ["a group with a negative min", { workerGroups: { az1: { min: -1, max: 4 } } },
    ["settings.workerGroups.az1.min: -1 is not allowed; use a whole number of workers from 0 to 1000."]],
  ["a group without max", { workerGroups: { az1: { min: 1 } } },
    ["settings.workerGroups.az1.max: missing; use a whole number of workers from 0 to 1000."]],
  ["a misspelt key of a group", { workerGroups: { az1: { min: 1, max: 1, flavour: "x" } } },
    [`settings.workerGroups.az1: unknown "flavour"; use {zone, flavor, min, max, labels}, of which min and max are required.`]],
  ["a group's name in capitals", { workerGroups: { AZ1: { zone: "az1", min: 1, max: 1 } } },
    [/^settings\.workerGroups\.AZ1: .*as a key use a name of lower-case letters/.source]],
  ["a network with host bits", { networkCidr: "10.20.0.1/24" },
    [`settings.networkCidr: "10.20.0.1/24" is not allowed; use an IPv4 network with its host bits zero, e.g. "10.20.0.0/24".`]],
  ["a network that is too small", { networkCidr: "10.20.0.0/28" }, [`settings.networkCidr: "10.20.0.0/28" has the prefix /28; use /16 to /27.`]],
  ["a network without room for the groups", { networkCidr: "10.20.0.0/27", workerGroups: { az1: { min: 1, max: 12 } } },
    [`settings.networkCidr: "10.20.0.0/27" has room for 11 workers, the groups may grow to 12; use a larger network or a smaller max.`]],
  ["an overlay pool in the network", { overlayPools: ["10.200.0.0/16", "10.20.0.0/16"] },
    [`settings.overlayPools.1: "10.20.0.0/16" overlaps settings.networkCidr "10.20.0.0/24"; use networks apart.`]],
  ["overlay pools that overlap", { overlayPools: ["10.200.0.0/16", "10.200.128.0/17"] },
    [`settings.overlayPools.1: "10.200.128.0/17" overlaps settings.overlayPools.0 "10.200.0.0/16"; use networks apart.`]],
  ["an overlay pool smaller than a network", { overlayPools: ["10.200.0.0/25"] },
    [`settings.overlayPools.0: "10.200.0.0/25" is smaller than one overlay network of settings.overlayPrefix /24; use /24 or larger.`]],
  ["no overlay pool", { overlayPools: [] }, ["settings.overlayPools: [] is not allowed; use at least one IPv4 network."]],
  ["an overlay prefix of a host", { overlayPrefix: 32 }, ["settings.overlayPrefix: 32 is not allowed; use a whole number of bits from 16 to 29."]],
  ["an unknown ingress mode", { ingressMode: "keepalived" }, [`settings.ingressMode: "keepalived" is not allowed; use "vip", "octavia" or "none".`]],
  ["a proxy without a scheme", { proxy: { http: "proxy:3128" } },
    [`settings.proxy.http: "proxy:3128" is not allowed; use the URL of a proxy, e.g. "http://proxy.example:3128".`]],
  ["a time server with a scheme", { ntpServers: ["ntp://one"] },
    [`settings.ntpServers.0: "ntp://one" is not allowed; use a host name or IPv4 address, e.g. "ntp.example".`]],
  ["a registry's certificate that is none", { registryCertificates: { "registry.example": "hunter2" } },
    [`settings.registryCertificates.registry.example: "hunter2" is not allowed; use certificates in PEM format.`]],
  ["a registry prefix with a scheme", { registryPrefix: "https://registry.example" },
    [`settings.registryPrefix: "https://registry.example" is not allowed; use host[:port][/path], e.g. "registry.example:5000/mirror".`]],
  ["DNS servers for a network of somebody else", { networkName: "shared", dnsServers: ["10.0.0.53"] },
    [`settings.dnsServers: are part of the network that the program makes; the subnet of "shared" has its own: leave them away.`]],
  ["administration for everyone", { adminCidrs: ["0.0.0.0/0"] },
    [`settings.adminCidrs: "0.0.0.0/0" opens SSH to everyone; name the networks of the administrators.`]],
  ["no administrators", { adminCidrs: undefined }, ["settings.adminCidrs: missing; Networks that may reach SSH on the managers. Never 0.0.0.0/0."]],
  ["an image without a tag", { images: { traefik: "traefik" } },
    [`settings.images.traefik: "traefik" is not allowed; use an image reference with a tag or digest, e.g. "traefik:v2.9".`]],
  ["an image of nobody", { images: { nginx: "nginx:1" } }, [`settings.images: unknown "nginx"; use {traefik, socketProxy, whoami}, each an image reference.`]],
  ["a mirror without a scheme", { registryMirrors: ["mirror:5000"] },
    [`settings.registryMirrors.0: "mirror:5000" is not allowed; use the URL of a registry without a path, e.g. "https://mirror.example".`]],
  ["a DNS server by name", { dnsServers: ["one.example"] },
    [`settings.dnsServers.0: "one.example" is not allowed; use an IPv4 address, e.g. "10.0.0.53".`]],
  ["a truth value as text", { demo: "yes" }, [`settings.demo: "yes" is not allowed; use true or false.`]],
  ["a demo without workers", { demo: true, workerGroups: { az1: { min: 0, max: 3 } } },
    ["settings.demo: true, but the demo runs on workers and every group's min is 0; raise a min or leave the demo away."]],
  ["a deadline of no time", { deadlines: { drainMinutes: 0 } },
    ["settings.deadlines.drainMinutes: 0 is not allowed; use a whole number of minutes from 1 to 120."]],
  ["an unknown kind of anti-affinity", { managerAntiAffinity: "strict" },
    [`settings.managerAntiAffinity: "strict" is not allowed; use "soft" or "hard".`]],
  ["a group's name that makes a host name too long", { clusterName: "a".repeat(30), zones: [`az${"1".repeat(30)}`], workerGroups: {} },
    [`settings.zones: gives the host name "${"a".repeat(30)}-manager-az${"1".repeat(30)}-0"; a host name has 63 lower-case letters, digits and hyphens at most.`]],
];

describe("parseSettings", () => {
  it("takes the smallest good configuration and fills in every default", () => {
    const settings = parseSettings(goodConfiguration);
    expect(settings).to.deep.include({
      managers: 3, managerAntiAffinity: "soft", networkCidr: "10.20.0.0/24", ingressCidrs: ["0.0.0.0/0"], demo: false,
      images: { traefik: "traefik:v2.9", socketProxy: "wollomatic/socket-proxy:1", whoami: "traefik/whoami:v1.10" },
      deadlines: { nodeReadyMinutes: 5, drainMinutes: 5, stackReadyMinutes: 5 },
    });
  });

  it("takes an empty text as an absent value", () => {
    expect(parseSettings({ ...goodConfiguration, managers: "", keyPair: "" })).to.deep.equal(parseSettings(goodConfiguration));
  });

  for (const [what, change, expected] of table) {
    it(`refuses ${what}`, () => {
      const faults = faultsOf({ ...goodConfiguration, ...change });
      expect(faults).to.have.length(expected.length);
      faults.forEach((fault, index) => {
        const wanted = expected[index] ?? "";
        if (wanted.startsWith("^")) expect(fault).to.match(new RegExp(wanted));
        else expect(fault).to.equal(wanted);
      });
    });
  }

  it("names every fault at once, of shape and of rules", () => {
    const faults = faultsOf({ ...goodConfiguration, managers: 2, adminCidrs: ["0.0.0.0/0"], workerGroups: { az9: { min: 1, max: 1 } }, image: "", colour: "red" });
    expect(faults.map((fault) => fault.split(":")[0])).to.have.members([
      "settings.managers", "settings.adminCidrs", "settings.workerGroups.az9.zone", "settings.image", "settings.colour",
    ]);
  });
});
