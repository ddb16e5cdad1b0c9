import { parseSettings } from "../../settings/parse";
import type { Settings } from "../../settings/schema";

/** The smallest good configuration: three zones, a worker group in each. */
export const goodConfiguration = {
  clusterName: "test",
  zones: ["az1", "az2", "az3"],
  managerFlavor: "m1.small",
  workerFlavor: "m1.medium",
  workerGroups: { az1: { min: 1, max: 4 }, az2: { min: 1, max: 3 }, az3: { min: 1, max: 3 } },
  image: "swarm-node",
  externalNetwork: "public",
  adminCidrs: ["198.51.100.0/24"],
} as const;

export function goodSettings(changes: Readonly<Record<string, unknown>> = {}): Settings {
  return parseSettings({ ...goodConfiguration, ...changes });
}
