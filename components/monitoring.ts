import { parseDocument, type Document } from "yaml";
import type { NodePlace } from "../settings/names";
import type { MonitoringSettings } from "../settings/monitoring";
import type { SharedNetwork } from "../settings/overlays";
import { renderCompose } from "./compose";
import { dashboardJson } from "./dashboards";

/** Overlay network on which services are scraped and asked. */
export const monitoringNetwork = "monitoring" as const satisfies SharedNetwork;

/** Label of the managers that keep the metrics, "true" or "false". */
export const monitoringLabel = "monitoring";

/** Environment variables that the secrets come by. */
export const hookVariables = {
  slackWebhook: "SWARM_SECRET_SLACK_WEBHOOK",
  deadMansSwitchUrl: "SWARM_SECRET_DEAD_MANS_SWITCH",
} as const;

/** What the monitoring's stack depends on. */
export interface MonitoringOptions extends MonitoringSettings {
  readonly clusterName: string;
  /** Image references by service of the stack. */
  readonly images: Readonly<
    Record<
      "prometheus" | "alertmanager" | "node-exporter" | "cadvisor" | "swarm-exporter" | "socket-proxy" | "grafana",
      string
    >
  >;
  /** Options of the overlay driver for the stack's own network. */
  readonly overlay: Readonly<Record<string, string>>;
  /** The autoscaler's rules are deployed. */
  readonly autoscale: boolean;
  /** Window of the utilisation that is recorded, in seconds. */
  readonly windowSeconds: number;
  /** The hooks that are set; their URLs come as secrets. */
  readonly hooks: readonly (keyof typeof hookVariables)[];
}

/**
 * The managers that keep the metrics: the last of the given ones, since the first holds the ingress address and makes
 * the swarm. Managers are placed zone after zone, so neighbours are in different zones where there are several.
 */
export function monitoringPlaces(
  managers: readonly NodePlace[],
  settings: MonitoringSettings | undefined,
): readonly NodePlace[] {
  return settings === undefined ? [] : managers.slice(-settings.replicas);
}

/**
 * Text of the monitoring's stack: the compose file with its configs in it, as the settings want them.
 *
 * @param read gives the text of a file of stacks/monitoring/.
 */
export function monitoringCompose(read: (path: string) => string, options: MonitoringOptions): string {
  const compose = parseDocument(
    renderCompose(read("compose.yml"), {
      RETENTION_DAYS: String(options.retentionDays),
      RETENTION_GIGABYTES: String(options.retentionGigabytes),
    }),
  );
  for (const [service, image] of Object.entries(options.images)) compose.setIn(["services", service, "image"], image);
  compose.setIn(["networks", "control", "driver_opts"], options.overlay);
  if (!options.autoscale) dropConfigs(compose, "prometheus", (name) => name === "rules-autoscaler");
  if (!options.grafana) {
    compose.deleteIn(["services", "grafana"]);
    for (const name of configNames(compose))
      if (/^(grafana|dashboard)-/.test(name)) compose.deleteIn(["configs", name]);
  }
  for (const name of configNames(compose)) {
    const path = String(compose.getIn(["configs", name, "content"]));
    compose.setIn(["configs", name, "content"], monitoringFile(path, read(path), options));
  }
  for (const hook of options.hooks) {
    const source = secretFiles[hook];
    compose.setIn(["secrets", source, "environment"], hookVariables[hook]);
    const secret = compose.createNode({ source, target: source, uid: "65534", gid: "65534", mode: 0o400 });
    if (compose.hasIn(["services", "alertmanager", "secrets"]))
      compose.addIn(["services", "alertmanager", "secrets"], secret);
    else compose.setIn(["services", "alertmanager", "secrets"], compose.createNode([secret]));
  }
  return compose.toString({ lineWidth: 0 });
}

/** Names of the files in /run/secrets, as alertmanager.yml has them. */
const secretFiles = { slackWebhook: "slack-webhook", deadMansSwitchUrl: "dead-mans-switch" } as const;

/** The text of one of the stack's files, its marks filled in. */
export function monitoringFile(
  path: string,
  text: string,
  options: Pick<MonitoringOptions, "clusterName" | "runbookUrl" | "windowSeconds" | "hooks">,
): string {
  if (path === "prometheus.yml") return renderCompose(text, { CLUSTER: options.clusterName });
  if (path === "rules/utilisation.yml") return renderCompose(text, { WINDOW: `${options.windowSeconds}s` });
  if (path.startsWith("rules/")) return renderCompose(text, { RUNBOOK_URL: options.runbookUrl ?? "docs/runbook.md" });
  const dashboard = /^dashboards\/(.+)\.yml$/.exec(path)?.[1];
  if (dashboard !== undefined) return dashboardJson(dashboard, text);
  return path === "alertmanager.yml" ? withHooks(text, options.hooks) : text;
}

/** A receiver whose hook is not set tells nobody. */
function withHooks(text: string, hooks: MonitoringOptions["hooks"]): string {
  const document = parseDocument(text);
  const { receivers } = document.toJS() as { receivers: { slack_configs?: unknown; webhook_configs?: unknown }[] };
  receivers.forEach((_, index) => {
    if (!hooks.includes("slackWebhook")) document.deleteIn(["receivers", index, "slack_configs"]);
    if (!hooks.includes("deadMansSwitchUrl")) document.deleteIn(["receivers", index, "webhook_configs"]);
  });
  return document.toString({ lineWidth: 0 });
}

function configNames(compose: Document): string[] {
  return Object.keys((compose.toJS() as { configs: Record<string, unknown> }).configs);
}

function dropConfigs(compose: Document, service: string, isDropped: (name: string) => boolean): void {
  const { services } = compose.toJS() as { services: Record<string, { configs?: { source: string }[] }> };
  compose.setIn(
    ["services", service, "configs"],
    compose.createNode((services[service]?.configs ?? []).filter(({ source }) => !isDropped(source))),
  );
  for (const name of configNames(compose)) if (isDropped(name)) compose.deleteIn(["configs", name]);
}
