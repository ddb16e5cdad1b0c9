import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/schema";
import type { Identity } from "./identity";

export type AntiAffinity = Settings["managerAntiAffinity"];

export interface ServerGroupsArgs {
  readonly settings: Settings;
  readonly identity: Identity;
  /** Policies of the server groups that earlier updates made, the first one first; none before the first update. */
  readonly groupPolicies: readonly AntiAffinity[];
}

/**
 * The managers' server groups by policy: those of earlier updates, and the one of the settings. Nova can change neither
 * a group's policy nor a server's group, so an edit makes a second group for new servers. The first stays: it holds the
 * servers that are not replaced yet.
 */
export function serverGroups(
  name: string,
  { settings, identity, groupPolicies }: ServerGroupsArgs,
  parent: pulumi.Resource,
): Map<AntiAffinity, openstack.compute.ServerGroup> {
  const policies = [...new Set([...groupPolicies, settings.managerAntiAffinity])];
  return new Map(
    policies.map((policy, index) => [
      policy,
      new openstack.compute.ServerGroup(
        index === 0 ? `${name}-group` : `${name}-group-${policy}`,
        {
          // a group has no description; its name carries the mark
          name: pulumi.interpolate`${settings.clusterName}-managers${index === 0 ? "" : `-${policy}`}-${identity.owner}`,
          policies: [policy === "hard" ? "anti-affinity" : "soft-anti-affinity"],
        },
        // an older program did not record which policy its group has
        { parent, ignoreChanges: ["policies"] },
      ),
    ]),
  );
}
