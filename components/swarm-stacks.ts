import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/schema";
import { autoscalerStack } from "./autoscaler";
import { readCompose } from "./compose";
import { demoCompose, demoPath } from "./demo";
import type { Firewall } from "./firewall";
import type { ManagerQuorum } from "./manager-quorum";
import { monitoringStack } from "./monitoring-stack";
import type { Overlay } from "./overlay";
import { imageReference } from "./plan";
import { Stack, type StackArgs } from "./stack";
import type { ClusterSpec } from "./swarm-cluster";
import { traefikCompose } from "./traefik";

/** What every stack of the platform is made from. */
export interface StackContext {
  readonly spec: ClusterSpec;
  /** The arguments that all stacks share. */
  readonly shared: Pick<StackArgs, "access" | "readyMinutes" | "repairs" | "cluster">;
  /** The reference of an image of the settings. */
  readonly image: (key: keyof Settings["images"]) => string;
}

export function stackContext(spec: ClusterSpec, { access }: ManagerQuorum, { anchor }: Firewall): StackContext {
  const { settings, repairs } = spec;
  return {
    spec,
    shared: { access, readyMinutes: settings.deadlines.stackReadyMinutes, repairs, cluster: anchor },
    image: (key) => imageReference(settings.images[key], settings.registryPrefix),
  };
}

/** What the stacks beside Traefik wait for. */
export interface StackOrder {
  readonly overlay: Overlay;
  readonly traefik: Stack;
  /** Registered when every manager is in the swarm. */
  readonly managers: readonly pulumi.Resource[];
  /** Registered when every worker is in the swarm. */
  readonly workers: readonly pulumi.Resource[];
  /** Options of the overlay driver. */
  readonly options: pulumi.Output<Record<string, string>>;
}

type ChildOptions = (more: pulumi.ComponentResourceOptions) => pulumi.ComponentResourceOptions;

/** Traefik, which every other service is reached through. */
export function traefikStack(
  name: string,
  { spec: { settings }, shared, image }: StackContext,
  opts: pulumi.ComponentResourceOptions,
): Stack {
  const compose = traefikCompose(readCompose("traefik"), {
    images: { traefik: image("traefik"), socketProxy: image("socketProxy") },
    readTimeoutSeconds: settings.ingressReadTimeoutSeconds,
    dashboard: settings.dashboard,
    metrics: settings.monitoring !== undefined,
    proxyProtocolFrom: settings.ingressMode === "octavia" ? [settings.networkCidr] : [],
  });
  return new Stack(name, { ...shared, stack: "traefik", compose }, opts);
}

/** The stacks that the settings ask for beside Traefik: monitoring, autoscaler, demo. */
export function addOnStacks(context: StackContext, order: StackOrder, child: ChildOptions): Stack[] {
  const { settings, secrets } = context.spec;
  const { overlay, traefik, managers, workers, options } = order;
  const stacks: Stack[] = [];
  const name = (stack: string): string => `${settings.clusterName}-${stack}`;
  if (settings.monitoring !== undefined) {
    const { image, shared: stack } = context;
    const args = { settings, monitoring: settings.monitoring, secrets, overlay: options, image, stack };
    stacks.push(monitoringStack(name("monitoring"), args, child({ dependsOn: [overlay, ...managers, ...workers] })));
  }
  if (settings.autoscalerService !== undefined)
    stacks.push(autoscalerOf(name("autoscaler"), context, child({ dependsOn: [...managers, traefik, ...stacks] })));
  if (settings.demo) stacks.push(demoStack(name("demo"), context, child({ dependsOn: [traefik, ...workers] })));
  return stacks;
}

function autoscalerOf(name: string, { spec, shared }: StackContext, opts: pulumi.ComponentResourceOptions): Stack {
  const { settings, secrets, autoscalerImageTag: imageTag } = spec;
  const { autoscalerService: service, clusterName, registryPrefix } = settings;
  if (service === undefined || imageTag === undefined)
    throw new Error("autoscalerImageTag: missing, and settings.autoscalerService needs it; name the image's tag.");
  const args = { clusterName, pulumiStack: pulumi.getStack(), service, imageTag, registryPrefix, secrets };
  return autoscalerStack(name, { ...args, stack: shared }, opts);
}

function demoStack(name: string, { spec, shared, image }: StackContext, opts: pulumi.ComponentResourceOptions): Stack {
  const compose = demoCompose(readCompose("demo"), {
    images: { whoami: image("whoami"), traefik: image("traefik") },
    workers: Object.values(spec.plan.workers).flat().length,
  });
  return new Stack(name, { ...shared, stack: "demo", route: demoPath, compose }, opts);
}
