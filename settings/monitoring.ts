import { z } from "zod";
import { allowed, fields, integer, onOff, text } from "./values";

const pageUrl = text(/^https?:\/\/[^\s#]+$/, `the URL of a page, e.g. "https://wiki.example/runbook"`);

/**
 * Metrics and alerts. `retentionDays` is Prometheus' own default
 * (https://prometheus.io/docs/prometheus/latest/storage/); `retentionGigabytes` is small since a manager's disk holds
 * Docker and the raft log too.
 */
export const monitoring = fields({
  replicas: z
    .union([z.literal(1), z.literal(2)], allowed("1 or 2"))
    .default(1)
    .describe("Prometheus and Alertmanager on 1 manager, or on 2 in two zones, which survive the loss of one."),
  retentionDays: integer(1, 365, "days").default(15).describe("Days for which metrics are kept."),
  retentionGigabytes: integer(1, 1000, "gigabytes")
    .default(5)
    .describe("Gigabytes of metrics; the oldest go when they are reached."),
  runbookUrl: pageUrl
    .optional()
    .describe("Where docs/runbook.md is published, for the links of alerts; without it they name the file."),
  grafana: onOff.default(false).describe("Run Grafana with the project's dashboards."),
});
export type MonitoringSettings = Readonly<z.output<typeof monitoring>>;

/** The URL of a hook; who knows it may post, so it is a secret. */
export const hookUrl = text(
  /^https?:\/\/[^\s/]+\/\S*$/,
  `the URL of a hook, e.g. "https://hooks.slack.com/services/…"`,
);

/** Keys of the hooks. */
export const hookKeys = ["slackWebhook", "deadMansSwitchUrl"] as const;
