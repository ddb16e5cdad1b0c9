import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { clusterAccess } from "../settings/outputs";
import type { Network } from "./network";

export interface OverlayArgs {
  readonly clusterName: string;
  /** Names of the overlay networks that several stacks share. */
  readonly networks: readonly string[];
  /** Access to the cluster as JSON; secret. */
  readonly access: pulumi.Output<string>;
  readonly network: Network;
}

/**
 * The overlay networks that stacks share. Owns the networks, not what is attached to them. Docker subtracts what VXLAN
 * needs from the MTU that it is given, so that is the Neutron network's own.
 */
export class Overlay extends pulumi.ComponentResource {
  readonly networks: readonly docker.Network[];

  constructor(name: string, args: OverlayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:platform:Overlay", name, { networks: [...args.networks] }, opts);
    const provider = new docker.Provider(`${name}-docker`, {
      host: args.access.apply((access) => dockerHost(access)),
      sshOpts: args.access.apply((access) => sshOptions(args.clusterName, access)),
      // a preview must not need the cluster
      disableDockerDaemonCheck: true,
    }, { parent: this });
    this.networks = args.networks.map((network) => new docker.Network(`${name}-${network}`, {
      name: network,
      driver: "overlay",
      options: { "com.docker.network.driver.mtu": pulumi.interpolate`${args.network.mtu}` },
    }, { parent: this, provider, deletedWith: args.network.routerInterface }));
    this.registerOutputs({});
  }
}

function dockerHost(access: string): string {
  const { user, managers: [first] } = clusterAccess.parse(JSON.parse(access));
  return `ssh://${user}@${first?.host ?? ""}`;
}

/**
 * Options of the ssh client, which the Docker provider runs: the pinned host key on the command line, the private key in
 * a file, since that client takes no key in any other way. The path begins with ~, so that it is the same on every
 * machine.
 */
function sshOptions(clusterName: string, access: string): string[] {
  const { privateKey, managers: [first] } = clusterAccess.parse(JSON.parse(access));
  const folder = join(homedir(), ".ssh", "swarm");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, clusterName), privateKey, { mode: 0o600 });
  const options = {
    IdentityFile: `~/.ssh/swarm/${clusterName}`,
    IdentitiesOnly: "yes",
    BatchMode: "yes",
    ConnectTimeout: "30",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: "/dev/null",
    KnownHostsCommand: `/bin/echo ${first?.host ?? ""} ${first?.hostKey ?? ""}`,
  };
  return Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}
