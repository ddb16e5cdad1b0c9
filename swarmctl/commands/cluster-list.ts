import type { Command } from "@commander-js/extra-typings";
import { align } from "../../ops/table";
import { sumOf } from "../../settings/autoscale";
import { SettingsError } from "../../settings/errors";
import type { Settings } from "../../settings/schema";
import { examples, jsonOption, projectOption } from "../options";
import { settingsOf, type Cluster } from "../project";
import type { Terminal } from "../terminal";

/** `swarmctl cluster list`: the clusters that the project's stacks configure; asks nobody. */
export function addClusterList(parent: Command, terminal: Terminal): void {
  parent
    .command("list")
    .summary("the clusters that the stacks configure")
    .description(
      "Lists the clusters that the project's stacks configure, with the limits of their workers. No cluster is asked.",
    )
    .addOption(jsonOption())
    .addOption(projectOption())
    .addHelpText(
      "after",
      examples(
        ["every cluster", "swarmctl cluster list"],
        ["their names alone", "swarmctl cluster list --json | jq -r '.[].name'"],
      ),
    )
    .action(({ json, project }) => {
      const rows = terminal.clusters(project).map((cluster) => describe(cluster));
      if (json === true) terminal.json(rows);
      else
        terminal.out(align([["CLUSTER", "STACK", "ZONES", "MANAGERS", "WORKERS", "AUTOSCALING"], ...rows.map(cells)]));
      if (rows.length === 0)
        terminal.say("clusters: none; copy Pulumi.prod.yaml to Pulumi.<stack>.yaml and set swarm:clusterName.");
    });
}

interface Row {
  readonly name: string;
  readonly stack: string;
  readonly file: string;
  /** Faults of its configuration; what follows is null where there are any. */
  readonly faults: readonly string[];
  readonly zones: readonly string[] | null;
  readonly managers: number | null;
  readonly workers: { readonly min: number; readonly max: number } | null;
  readonly autoscale: Settings["autoscale"] | null;
}

function describe(cluster: Cluster): Row {
  const { name, stack, file } = cluster;
  try {
    const { zones, managers, workerGroups, autoscale } = settingsOf(cluster, cluster.text);
    return {
      name,
      stack,
      file,
      faults: [],
      zones,
      managers,
      workers: { min: sumOf(workerGroups, "min"), max: sumOf(workerGroups, "max") },
      autoscale: autoscale ?? null,
    };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return {
      name,
      stack,
      file,
      faults: error.faults.map(({ path, problem }) => `${path}: ${problem}`),
      zones: null,
      managers: null,
      workers: null,
      autoscale: null,
    };
  }
}

function cells({ name, stack, faults, zones, managers, workers, autoscale }: Row): string[] {
  if (zones === null || workers === null)
    return [name, stack, "-", "-", "-", `${faults.length} fault${faults.length === 1 ? "" : "s"} in its configuration`];
  const policy =
    autoscale === null || autoscale === undefined
      ? "off"
      : `${autoscale.minNodes} to ${autoscale.maxNodes}, out above ${autoscale.cpuThreshold} %, in below ${autoscale.scaleInCpuThreshold} %`;
  return [name, stack, zones.join(","), String(managers), `${workers.min} to ${workers.max}`, policy];
}
