import * as pulumi from "@pulumi/pulumi";
import { renderUserData, type VipFacts } from "../cloudinit/render";
import type { Settings } from "../settings/schema";
import type { Identity } from "./identity";
import type { ClusterPlan } from "./plan";

/** What the user data of every node of a cluster is made from. */
export interface UserDataArgs {
  readonly settings: Settings;
  readonly plan: ClusterPlan;
  readonly identity: Identity;
  /** MTU of the Neutron network, in bytes. */
  readonly mtu: pulumi.Output<number>;
  /** Join token of the node's role where the swarm exists already; secret. */
  readonly joinToken?: pulumi.Output<string>;
}

/** Gives a node's user data as a function of its own address; secret. */
export function userDataOf(
  args: UserDataArgs, name: string, vip?: VipFacts,
): (address: pulumi.Output<string>) => pulumi.Output<string> {
  const { settings, plan, identity, mtu, joinToken } = args;
  return (address) => pulumi.all([
    address, mtu, identity.hostKey(name), identity.adminKey, joinToken,
  ]).apply(([ownAddress, networkMtu, hostKey, adminKey, token]) => renderUserData({
    name,
    address: ownAddress,
    managers: plan.addresses.managers,
    mtu: networkMtu,
    hostKey,
    adminKey: adminKey.publicKey,
    ...(token === undefined ? {} : { joinToken: token }),
    registryMirrors: settings.registryMirrors,
    insecureRegistries: settings.insecureRegistries,
    ...(vip === undefined ? {} : { vip }),
  }));
}
