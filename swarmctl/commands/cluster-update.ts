import { Option, type Command } from "@commander-js/extra-typings";
import { runUpdate, updateSeconds } from "../../ops/update/update";
import { projectName, type Settings } from "../../settings/schema";
import {
  autoscaleChanges,
  clearSchedulesOption,
  noAutoscaleOption,
  numberOptions,
  scheduleOption,
} from "../autoscale-options";
import { editConfig, unifiedDiff, type Changes } from "../config-edit";
import { UsageError } from "../errors";
import { examples, lockTimeoutOption, namedOnce, projectOption, stackOption } from "../options";
import { settingsOf, type Cluster } from "../project";
import { replaceConfig } from "../replace-file";
import { upCommand, type Terminal } from "../terminal";
import { retryWhileBusy } from "../retry-busy";

const helpExamples = examples(
  [
    "scale out above 75 % CPU, to 10 workers at most",
    "swarmctl cluster update --autoscale-cpu-threshold=75 --autoscale-max-nodes=10 --cluster-name=prod-swarm-alpha",
  ],
  ["show the difference only", "swarmctl cluster update prod-swarm-alpha --autoscale-max-nodes=8 --dry-run"],
  [
    "six workers in working hours, and run the update",
    'swarmctl cluster update prod-swarm-alpha --schedule="mon-fri 07:00-19:00 Europe/Zurich 6" --apply',
  ],
);

/** `swarmctl cluster update`: sets the autoscaling of a cluster in its stack's configuration. */
export function addClusterUpdate(parent: Command, terminal: Terminal): void {
  const numbers = numberOptions();
  const command = parent
    .command("update")
    .summary("set a cluster's autoscaling in its stack's configuration")
    .description(
      "Sets the autoscaling of a cluster in Pulumi.<stack>.yaml, keeps comments and order, and prints the difference. Checks the whole\n" +
        "configuration first; with a fault it writes nothing. Options that are not given keep their value.",
    )
    .argument("[name]", "name of the cluster")
    .option("--cluster-name <name>", "name of the cluster, as the argument");
  for (const option of numbers.values()) command.addOption(option);
  command
    .addOption(scheduleOption())
    .addOption(clearSchedulesOption())
    .addOption(noAutoscaleOption())
    .addOption(new Option("--dry-run", "print the difference and write nothing").conflicts("apply"))
    .option("--apply", "run the update afterwards (pulumi up)")
    .addOption(lockTimeoutOption())
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText("after", helpExamples)
    .action(async (argument, { clusterName, stack, project, apply = false, dryRun = false, lockTimeout, ...given }) => {
      const cluster = terminal.cluster({ name: namedOnce("--cluster-name", argument, clusterName), stack, project });
      const changes = autoscaleChanges(numbers, given);
      if (changes === undefined && !apply)
        throw new UsageError(
          "cluster update: nothing to set; name what with --autoscale-… or --schedule, or give --apply.",
        );
      const settings = edit(cluster, changes, { terminal, apply, dryRun });
      if (apply) await update(cluster, settings, { terminal, lockTimeout });
    });
}

interface EditOptions {
  readonly terminal: Terminal;
  /** An update follows. */
  readonly apply: boolean;
  readonly dryRun: boolean;
}

/** Writes the changes to the stack's file, unless there are none. @returns the settings that the file has then. */
function edit(cluster: Cluster, changes: Changes | undefined, { terminal, apply, dryRun }: EditOptions): Settings {
  const { name, file } = cluster;
  const text =
    changes === undefined ? cluster.text : editConfig(cluster.text, file, `${projectName}:autoscale`, changes);
  const settings = settingsOf(cluster, text);
  terminal.out(unifiedDiff(file, cluster.text, text));
  if (text === cluster.text) terminal.say(`${name}: nothing to change; ${file} has it so already.`);
  else if (dryRun) terminal.say(`${name}: nothing was written; leave --dry-run away to change ${file}.`);
  else {
    replaceConfig(cluster, text);
    terminal.say(`${name}: ${file} is changed${apply ? "." : `; \`${upCommand(cluster)}\` puts it into effect.`}`);
  }
  return settings;
}

interface UpdateOptions {
  readonly terminal: Terminal;
  /** Seconds to wait for another update. */
  readonly lockTimeout: number | undefined;
}

async function update(cluster: Cluster, settings: Settings, { terminal, lockTimeout }: UpdateOptions): Promise<void> {
  const timeoutSeconds = updateSeconds(settings);
  const say = (line: string): void => {
    terminal.say(`${cluster.name}: ${line}`);
  };
  await retryWhileBusy({ lockSeconds: lockTimeout ?? timeoutSeconds, say }, async () =>
    runUpdate({
      place: cluster,
      environment: terminal.environment,
      timeoutSeconds,
      talk: (part) => process.stderr.write(part),
    }),
  );
  say("the update is done.");
}
