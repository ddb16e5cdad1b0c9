import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { ingressFiles } from "../cloudinit/render";
import type { Settings } from "../settings/schema";
import type { IngressSpec } from "../settings/specs";
import { virtualAddressOf } from "./manager-quorum";
import type { ClusterPlan } from "./plan";
import { swarmCommand } from "./swarm-command";

export interface IngressHolderArgs {
  readonly settings: Settings;
  readonly plan: ClusterPlan;
  /** Access to the cluster; secret. */
  readonly access: pulumi.Input<string>;
}

/**
 * Created when one manager holds the virtual address and Traefik answers there. Gives running managers what user data
 * gives new ones: an edit of `ingressMode` starts keepalived, and added managers become peers.
 *
 * @returns undefined where the ingress mode has no virtual address.
 */
export function ingressHolder(
  name: string,
  { settings, plan, access }: IngressHolderArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command | undefined {
  if (settings.ingressMode !== "vip") return undefined;
  const { managers, vip } = plan.addresses;
  const spec: IngressSpec = {
    vip,
    managers: plan.managers.map((planned) => ({
      name: planned.place.name,
      files: ingressFiles(
        { name: planned.place.name, address: planned.address, managers },
        virtualAddressOf(plan, planned),
      ),
    })),
    deadlineSeconds: settings.deadlines.stackReadyMinutes * 60,
  };
  return swarmCommand(name, { create: "hold-ingress", access, spec: { ...spec } }, opts);
}
