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

/** Good secrets of the autoscaler's service. */
export const serviceSecrets = {
  autoscalerCloud:
    "clouds:\n  autoscaler:\n    auth_type: v3applicationcredential\n    region_name: RegionOne\n" +
    '    auth: {auth_url: "http://keystone.example/v3", application_credential_id: app-id, application_credential_secret: app-secret}\n',
  autoscalerStateKey: "[default]\naws_access_key_id = AKID\naws_secret_access_key = state-secret\n",
  autoscalerPassphrase: "correct horse",
} as const;

export function goodSettings(changes: Readonly<Record<string, unknown>> = {}): Settings {
  return parseSettings({ ...goodConfiguration, ...changes });
}
