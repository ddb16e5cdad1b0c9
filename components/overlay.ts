import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { markLabel } from "../settings/names";
import { clusterAccess } from "../settings/outputs";
import type { SharedNetwork, SharedSubnets } from "../settings/overlays";
import type { Repairs } from "../settings/specs";

export interface OverlayArgs {
  readonly clusterName: string;
  /** The overlay networks that several stacks share. */
  readonly networks: readonly SharedNetwork[];
  /** Subnets by network; Docker takes the next of the pools for a network without one. */
  readonly subnets: Partial<SharedSubnets>;
  /** Access to the cluster as JSON; secret. */
  readonly access: pulumi.Output<string>;
  /** The mark of the cluster's resources. */
  readonly mark: pulumi.Input<string>;
  /** What this update repairs. */
  readonly repairs: Repairs;
  /** Options of the overlay driver, as overlayOptions makes them. */
  readonly options: pulumi.Output<Record<string, string>>;
  /** Deleted only with the whole cluster; then the networks need no deletion of their own. */
  readonly cluster: pulumi.Resource;
}

/**
 * Options of every overlay network of the cluster.
 *
 * @param mtu MTU of the Neutron network, in bytes; Docker subtracts what VXLAN and IPsec need.
 */
export function overlayOptions(mtu: number, encrypted: boolean): Record<string, string> {
  return { "com.docker.network.driver.mtu": String(mtu), ...(encrypted ? { encrypted: "true" } : {}) };
}

/** Label of a repaired network; its value is the reason. */
const repairLabel = "swarm.repair";

/** The overlay networks that stacks share. Owns the networks, not what is attached to them. */
export class Overlay extends pulumi.ComponentResource {
  readonly networks: readonly docker.Network[];

  constructor(name: string, args: OverlayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:platform:Overlay", name, { networks: [...args.networks] }, opts);
    const provider = new docker.Provider(
      `${name}-docker`,
      {
        host: args.access.apply((access) => dockerHost(access)),
        sshOpts: args.access.apply((access) => sshOptions(args.clusterName, access)),
        // a preview must not need the cluster
        disableDockerDaemonCheck: true,
      },
      { parent: this },
    );
    this.networks = args.networks.map((network) => {
      const repair = args.repairs.networks.get(network);
      return new docker.Network(
        `${name}-${network}`,
        {
          name: network,
          driver: "overlay",
          options: args.options,
          ...(args.subnets[network] === undefined ? {} : { ipamConfigs: [{ subnet: args.subnets[network] }] }),
          labels: [
            { label: markLabel, value: args.mark },
            ...(repair === undefined ? [] : [{ label: repairLabel, value: repair }]),
          ],
        },
        {
          parent: this,
          provider,
          deletedWith: args.cluster,
          // A network that is in use cannot be changed, nor made anew; the driver adds its VXLAN number to the options.
          // One that is gone is made again by a change of what is ignored otherwise: another label replaces it.
          ...(repair === undefined
            ? { ignoreChanges: ["options", "labels", "ipamConfigs"] }
            : { deleteBeforeReplace: true }),
        },
      );
    });
    this.registerOutputs({});
  }
}

function dockerHost(access: string): string {
  const {
    user,
    managers: [first],
  } = clusterAccess.parse(JSON.parse(access));
  return `ssh://${user}@${first?.host ?? ""}`;
}

/**
 * Options of the ssh client, which the Docker provider runs: the pinned host key on the command line, the private key
 * in a file, since that client takes no key in any other way. A preview connects to nothing and writes no key: it may
 * run a change that nobody has read yet, on a machine of others. The path names HOME, so that it is the same on every
 * machine and the one that was written to: for ~, ssh takes the account's home, which a container's or a CI's HOME is
 * not always.
 */
function sshOptions(clusterName: string, access: string): string[] {
  const {
    privateKey,
    managers: [first],
  } = clusterAccess.parse(JSON.parse(access));
  if (!pulumi.runtime.isDryRun()) {
    const folder = join(homedir(), ".ssh", "swarm");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, clusterName), privateKey, { mode: 0o600 });
  }
  const options = {
    IdentityFile: `\${HOME}/.ssh/swarm/${clusterName}`,
    IdentitiesOnly: "yes",
    BatchMode: "yes",
    ConnectTimeout: "30",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: "/dev/null",
    KnownHostsCommand: `/bin/echo ${first?.host ?? ""} ${first?.hostKey ?? ""}`,
  };
  return Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}
