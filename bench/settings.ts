import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { deriveSshKeyPair } from "../cloudinit/ssh-keys";
import { renderUserData } from "../cloudinit/render";
import type { ClusterPlan, PlannedManager } from "../components/plan";
import { commonFacts } from "../components/user-data";
import { parseSettings } from "../settings/parse";
import type { NodePlace } from "../settings/names";
import type { Settings } from "../settings/schema";

/**
 * Image without anything to boot from: a server of it is ACTIVE at once and leaves the processors to what is measured.
 */
export const emptyImage = "bench-empty";

/** Keys of the configuration that are other than in Pulumi.lab.yaml, without their namespace. */
export type Changes = Readonly<Record<string, unknown>>;

/** The lab's cluster as Pulumi.lab.yaml has it, with some keys changed. */
export function labSettings(changes: Changes = {}): Settings {
  return parseSettings({
    ...Object.fromEntries(Object.entries(labConfig()).map(([key, value]) => [key.replace(/^swarm:/, ""), value])),
    ...changes,
  });
}

/** The text of a stack's configuration: Pulumi.lab.yaml with some keys changed. */
export function labConfigText(changes: Changes): string {
  return stringify({
    config: {
      ...labConfig(),
      ...Object.fromEntries(Object.entries(changes).map(([key, value]) => [`swarm:${key}`, value])),
    },
  });
}

function labConfig(): Record<string, unknown> {
  return (parse(readFileSync(join(__dirname, "..", "Pulumi.lab.yaml"), "utf8")) as { config: Record<string, unknown> })
    .config;
}

/** Other networks of administrators and users than the lab's, of those that documentation may use (RFC 5737). */
const editedRules: Changes = { adminCidrs: ["198.51.100.0/24"], ingressCidrs: ["203.0.113.0/24"] };

/**
 * The lab's cluster, under another name, with so many nodes: its managers, and the rest workers, evenly in all groups.
 *
 * @param edited whether its firewall is for other networks.
 *
 * @throws SettingsError for a number of nodes that leaves no worker, or more than a group may have.
 */
export function benchSettings(nodes: number, edited = false): Settings {
  const { managers, workerGroups } = labSettings();
  const names = Object.keys(workerGroups);
  const groups = Object.fromEntries(
    names.map((group, index) => {
      const count = Math.floor((nodes - managers + names.length - 1 - index) / names.length);
      return [group, { min: count, max: count }];
    }),
  );
  return labSettings({
    clusterName: "bench",
    networkCidr: "10.21.0.0/20",
    image: emptyImage,
    workerGroups: groups,
    ...(edited ? editedRules : {}),
  });
}

/** What the keys and user data of the nodes are made from; the program's own come the same way, by Outputs. */
export interface NodeSource {
  readonly settings: Settings;
  readonly plan: ClusterPlan;
  /** The cluster's seed, 32 bytes in hexadecimal. */
  readonly seed: string;
  /** MTU of the network, in bytes. */
  readonly mtu: number;
  /** Join token of workers, where the swarm is there already. */
  readonly joinToken?: string;
}

/** The user data that the program gives a node. */
export function userDataFor(
  { settings, plan, seed, mtu, joinToken }: NodeSource,
  place: NodePlace,
  address: string,
  manager?: PlannedManager,
): string {
  const vip =
    manager === undefined || settings.ingressMode !== "vip"
      ? undefined
      : { address: plan.addresses.vip, prefix: plan.addresses.prefix, priority: manager.priority };
  return renderUserData({
    ...commonFacts(settings, plan, mtu, vip),
    name: place.name,
    address,
    hostKey: deriveSshKeyPair(seed, `host:${place.name}`),
    adminKey: deriveSshKeyPair(seed, "admin").publicKey,
    ...(joinToken === undefined ? {} : { joinToken }),
  });
}
