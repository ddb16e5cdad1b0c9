import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readStackFile } from "../../components/compose";
import { monitoringFile, type MonitoringOptions } from "../../components/monitoring";

/** The monitoring of a cluster "test" with all that can be asked for. */
export const everything: MonitoringOptions = {
  clusterName: "test",
  replicas: 2,
  retentionDays: 15,
  retentionGigabytes: 5,
  grafana: true,
  overlay: { mtu: "1450" },
  autoscale: true,
  windowSeconds: 60,
  hooks: ["slackWebhook", "deadMansSwitchUrl"],
  images: {
    prometheus: "prometheus:1",
    alertmanager: "alertmanager:1",
    "node-exporter": "node-exporter:1",
    cadvisor: "cadvisor:1",
    "swarm-exporter": "node:1",
    "socket-proxy": "proxy:1",
    grafana: "grafana:1",
  },
};

export const ruleFiles = ["rules/utilisation.yml", "rules/cluster.yml", "rules/autoscaler.yml"] as const;

/** Text of a file of stacks/monitoring, read from where it lies. */
export function readFile(path: string): string {
  return readStackFile("monitoring", path);
}

/** A folder with files of the stack as they are deployed; it goes with `remove`. */
export class RenderedFiles {
  readonly path = mkdtempSync(join(tmpdir(), "swarm-monitoring-"));

  constructor(files: readonly string[], options: MonitoringOptions = everything) {
    for (const file of files) this.write(file, monitoringFile(file, readFile(file), options));
  }

  write(file: string, text: string): string {
    const path = join(this.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
