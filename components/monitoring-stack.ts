import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/schema";
import type { SecretKey } from "../settings/secrets";
import { readStackFile } from "./compose";
import { hookVariables, monitoringCompose, type MonitoringOptions } from "./monitoring";
import { Stack, type StackArgs } from "./stack";

export interface MonitoringStackArgs {
  readonly settings: Settings;
  readonly monitoring: NonNullable<Settings["monitoring"]>;
  /** URLs of the hooks that are set. */
  readonly secrets: Partial<Readonly<Record<SecretKey, pulumi.Input<string>>>>;
  /** Options of the overlay driver. */
  readonly overlay: pulumi.Output<Record<string, string>>;
  /** The reference of an image of the settings. */
  readonly image: (key: keyof Settings["images"]) => string;
  readonly stack: Pick<StackArgs, "access" | "readyMinutes" | "repairs" | "cluster">;
}

/** Window of the utilisation without autoscaling, in seconds: its default. */
const defaultWindowSeconds = 60;

/** Prometheus, Alertmanager and their exporters as a stack. */
export function monitoringStack(
  name: string,
  args: MonitoringStackArgs,
  opts?: pulumi.ComponentResourceOptions,
): Stack {
  const {
    settings: { autoscale, autoscalerService, clusterName },
    monitoring,
    secrets,
    image,
  } = args;
  const hooks = (["slackWebhook", "deadMansSwitchUrl"] as const).filter((hook) => secrets[hook] !== undefined);
  return new Stack(
    name,
    {
      ...args.stack,
      stack: "monitoring",
      secrets: Object.fromEntries(hooks.map((hook) => [hookVariables[hook], secrets[hook] ?? ""])),
      compose: args.overlay.apply((overlay) =>
        monitoringCompose((path) => readStackFile("monitoring", path), {
          ...monitoring,
          clusterName,
          images: imagesOf(image),
          overlay,
          // one that runs elsewhere is not scraped; its alert would never end
          autoscale: autoscalerService !== undefined,
          windowSeconds: autoscale?.windowSeconds ?? defaultWindowSeconds,
          hooks,
        }),
      ),
    },
    opts,
  );
}

/** Image references by service of the stack. */
function imagesOf(image: MonitoringStackArgs["image"]): MonitoringOptions["images"] {
  return {
    prometheus: image("prometheus"),
    alertmanager: image("alertmanager"),
    "node-exporter": image("nodeExporter"),
    cadvisor: image("cadvisor"),
    "swarm-exporter": image("node"),
    "socket-proxy": image("socketProxy"),
    grafana: image("grafana"),
  };
}
