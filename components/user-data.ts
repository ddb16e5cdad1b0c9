import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { renderUserData, type NodeFacts, type VipFacts } from "../cloudinit/render";
import { bridgePrefix } from "../settings/reserved";
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

/** Facts that all nodes of a role share; none is a secret. */
type CommonFacts = Omit<NodeFacts, "name" | "address" | "hostKey" | "adminKey" | "joinToken">;

/** Gives a node's user data as a function of its own address; secret. */
export function userDataOf(
  args: UserDataArgs,
  name: string,
  vip?: VipFacts,
): (address: pulumi.Output<string>) => pulumi.Output<string> {
  const { settings, plan, identity, mtu, joinToken } = args;
  return (address) =>
    pulumi
      .all([address, mtu, identity.hostKey(name), identity.adminKey, joinToken])
      .apply(([ownAddress, networkMtu, hostKey, adminKey, token]) =>
        renderUserData({
          ...commonFacts(settings, plan, networkMtu, vip),
          name,
          address: ownAddress,
          hostKey,
          adminKey: adminKey.publicKey,
          ...(token === undefined ? {} : { joinToken: token }),
        }),
      );
}

/** The facts of a node beside its own name, address and keys. */
export function commonFacts(
  settings: Settings,
  plan: ClusterPlan,
  mtu: number,
  vip: VipFacts | undefined,
): CommonFacts {
  return {
    managers: plan.addresses.managers,
    mtu,
    bridges: { base: settings.bridgePool, size: bridgePrefix },
    registryMirrors: settings.registryMirrors,
    insecureRegistries: settings.insecureRegistries,
    registryCertificates: settings.registryCertificates,
    ...(settings.proxy === undefined ? {} : { proxy: settings.proxy }),
    ntpServers: settings.ntpServers,
    ...(vip === undefined ? {} : { vip }),
  };
}

/**
 * Hash of everything that Nova cannot change on a running server: image, flavor, key pair and user data, without
 * secrets, the node's own facts and what is of no use after the join. A server with another hash is stale.
 */
export function templateHash(
  settings: Settings,
  plan: ClusterPlan,
  mtu: number,
  flavor: string,
  vip?: VipFacts,
): string {
  const facts = commonFacts(settings, plan, mtu, vip);
  const none = { privateKey: "", publicKey: "" };
  const userData = renderUserData({
    ...facts,
    managers: vip === undefined ? [] : facts.managers,
    name: "",
    address: "",
    hostKey: none,
    adminKey: "",
  });
  return createHash("sha256")
    .update(JSON.stringify([settings.image, flavor, settings.keyPair, userData]))
    .digest("hex")
    .slice(0, 12);
}
