import { z } from "zod";
import { allowed, integer, text } from "./values";

const pageUrl = text(/^https?:\/\/[^\s#]+$/, `the URL of a page, e.g. "https://wiki.example/runbook"`);

/**
 * Metrics and alerts. Absent: none.
 *
 * - `replicas` 1: a Prometheus and an Alertmanager; 2 of each, in two zones, survive the loss of one.
 * - `retentionDays` 15: Prometheus' own default (https://prometheus.io/docs/prometheus/latest/storage/).
 * - `retentionGigabytes` 5: a manager's disk holds Docker and the raft log too; what is older goes when it is reached.
 * - `runbookUrl`: where docs/runbook.md is published, for the links of the alerts; without it they name the file.
 */
export const monitoring = z.strictObject(
  {
    replicas: z.union([z.literal(1), z.literal(2)], allowed("1 or 2")).default(1),
    retentionDays: integer(1, 365, "days").default(15),
    retentionGigabytes: integer(1, 1000, "gigabytes").default(5),
    runbookUrl: pageUrl.optional(),
    grafana: z.boolean(allowed("true or false")).default(false),
  },
  allowed("{replicas, retentionDays, retentionGigabytes, runbookUrl, grafana}"),
);
export type MonitoringSettings = Readonly<z.output<typeof monitoring>>;

export const monitoringDescription =
  "Prometheus, Alertmanager and their exporters on the swarm; without it none. All optional: replicas (1, or 2 in two zones), " +
  "retentionDays (15) and retentionGigabytes (5) of metrics, runbookUrl (where docs/runbook.md is published), grafana (false).";

/** The URL of a hook; who knows it may post, so it is a secret. */
export const hookUrl = text(
  /^https?:\/\/[^\s/]+\/\S*$/,
  `the URL of a hook, e.g. "https://hooks.slack.com/services/…"`,
);

/** Keys of the hooks. */
export const hookKeys = ["slackWebhook", "deadMansSwitchUrl"] as const;
