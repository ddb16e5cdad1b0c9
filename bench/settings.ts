import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseSettings } from "../settings/parse";
import type { Settings } from "../settings/schema";

/** Image without anything to boot from: a server of it is ACTIVE at once and leaves the processors to what is measured. */
export const emptyImage = "bench-empty";

/** The lab's cluster, under another name, with so many workers in its first zone and one in each other. */
export function benchSettings(workers: number): Settings {
  const { config } = parse(readFileSync(join(__dirname, "..", "Pulumi.lab.yaml"), "utf8")) as { config: Record<string, unknown> };
  const raw = Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^swarm:/, ""), value]));
  const groups = Object.fromEntries(Object.keys(raw["workerGroups"] as object).map((group, index) => {
    const count = index === 0 ? workers : 1;
    return [group, { min: count, max: count }];
  }));
  return parseSettings({ ...raw, clusterName: "bench", networkCidr: "10.21.0.0/24", image: emptyImage, workerGroups: groups });
}
