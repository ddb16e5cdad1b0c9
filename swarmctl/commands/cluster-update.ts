import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { Option, type Command } from "@commander-js/extra-typings";
import { BusyError } from "../../ops/errors";
import { runUpdate, updateSeconds } from "../../ops/update/update";
import { projectName } from "../../settings/schema";
import { editConfig, unifiedDiff, type Changes } from "../config-edit";
import { UsageError } from "../errors";
import { examples, lockTimeoutOption, numberOption, projectOption, stackOption } from "../options";
import { settingsOf, type Cluster } from "../project";
import { readSchedule } from "../schedule";
import { upCommand, type Terminal } from "../terminal";
import { inTurn } from "../turn";

const key = "autoscale";

interface UpdateOptions {
  readonly autoscale?: boolean | undefined;
  readonly autoscaleCpuThreshold?: number | undefined;
  readonly autoscaleScaleInThreshold?: number | undefined;
  readonly autoscaleWindowSeconds?: number | undefined;
  readonly autoscaleMinNodes?: number | undefined;
  readonly autoscaleMaxNodes?: number | undefined;
  readonly autoscaleScaleOutCooldownSeconds?: number | undefined;
  readonly autoscaleScaleInCooldownSeconds?: number | undefined;
  readonly autoscaleJoinDeadlineSeconds?: number | undefined;
  readonly autoscaleMaxStep?: number | undefined;
  readonly schedule?: readonly string[] | undefined;
  readonly clearSchedules?: boolean | undefined;
}

/** `swarmctl cluster update`: sets the autoscaling of a cluster in its stack's configuration. */
export function addClusterUpdate(parent: Command, terminal: Terminal): void {
  parent
    .command("update")
    .summary("set a cluster's autoscaling in its stack's configuration")
    .description(
      "Sets the autoscaling of a cluster in Pulumi.<stack>.yaml, comments and order kept, and shows the difference. The whole configuration is\n" +
        "checked first; with a fault nothing is written. What is not named keeps its value. `docs/configuration.md` has the defaults.",
    )
    .argument("[name]", "name of the cluster")
    .option("--cluster-name <name>", "name of the cluster, as the argument")
    .addOption(numberOption("--autoscale-cpu-threshold <percent>", "scale out above this CPU load"))
    .addOption(numberOption("--autoscale-scale-in-threshold <percent>", "scale in below this CPU load"))
    .addOption(numberOption("--autoscale-window-seconds <seconds>", "the load must last so long"))
    .addOption(numberOption("--autoscale-min-nodes <count>", "workers at least"))
    .addOption(numberOption("--autoscale-max-nodes <count>", "workers at most"))
    .addOption(numberOption("--autoscale-scale-out-cooldown-seconds <seconds>", "from a scale out to the next"))
    .addOption(
      numberOption("--autoscale-scale-in-cooldown-seconds <seconds>", "from a scale out or in to the next scale in"),
    )
    .addOption(numberOption("--autoscale-join-deadline-seconds <seconds>", "for a new worker to join"))
    .addOption(numberOption("--autoscale-max-step <count>", "workers that one decision adds or removes at most"))
    .option(
      "--schedule <schedule...>",
      'a minimum by time of week, "mon-fri 07:00-19:00 Europe/Zurich 6"; all given ones replace all that there are',
    )
    .addOption(new Option("--clear-schedules", "no schedules any more").conflicts("schedule"))
    .option("--no-autoscale", "no autoscaling any more: the whole key goes")
    .addOption(new Option("--dry-run", "show the difference and write nothing").conflicts("apply"))
    .option("--apply", "run the update afterwards (pulumi up)")
    .addOption(lockTimeoutOption())
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText(
      "after",
      examples(
        [
          "scale out above 75 % CPU, to 10 workers at most",
          "swarmctl cluster update --autoscale-cpu-threshold=75 --autoscale-max-nodes=10 --cluster-name=prod-swarm-alpha",
        ],
        ["look first", "swarmctl cluster update prod-swarm-alpha --autoscale-max-nodes=8 --dry-run"],
        [
          "six workers in working hours, and put it into effect",
          'swarmctl cluster update prod-swarm-alpha --schedule="mon-fri 07:00-19:00 Europe/Zurich 6" --apply',
        ],
      ),
    )
    .action(async (argument, options) => {
      if (argument !== undefined && options.clusterName !== undefined && argument !== options.clusterName) {
        throw new UsageError(
          `--cluster-name: ${JSON.stringify(options.clusterName)} is not ${JSON.stringify(argument)}, the argument; name one cluster.`,
        );
      }
      const cluster = terminal.cluster({
        name: argument ?? options.clusterName,
        stack: options.stack,
        project: options.project,
      });
      const changes = readChanges(options);
      if (changes === undefined && options.apply !== true)
        throw new UsageError(
          "cluster update: nothing to set; name what with --autoscale-… or --schedule, or give --apply.",
        );
      const text =
        changes === undefined ? cluster.text : editConfig(cluster.text, cluster.file, `${projectName}:${key}`, changes);
      const settings = settingsOf(cluster, text);
      terminal.out(unifiedDiff(cluster.file, cluster.text, text));
      if (text === cluster.text) terminal.say(`${cluster.name}: nothing to change; ${cluster.file} has it so already.`);
      else if (options.dryRun === true)
        terminal.say(`${cluster.name}: nothing was written; leave --dry-run away to change ${cluster.file}.`);
      else {
        writeConfig(cluster, text);
        terminal.say(
          `${cluster.name}: ${cluster.file} is changed${options.apply === true ? "." : `; \`${upCommand(cluster)}\` puts it into effect.`}`,
        );
      }
      if (options.apply !== true) return;
      const timeoutSeconds = updateSeconds(settings);
      await inTurn(
        {
          lockSeconds: options.lockTimeout ?? timeoutSeconds,
          say: (line) => {
            terminal.say(`${cluster.name}: ${line}`);
          },
        },
        async () =>
          runUpdate({
            place: cluster,
            environment: terminal.environment,
            timeoutSeconds,
            talk: (part) => process.stderr.write(part),
          }),
      );
      terminal.say(`${cluster.name}: the update is done.`);
    });
}

/** What the options ask for; undefined where they ask for nothing. */
function readChanges(options: UpdateOptions): Changes | undefined {
  const values = Object.entries({
    cpuThreshold: options.autoscaleCpuThreshold,
    scaleInCpuThreshold: options.autoscaleScaleInThreshold,
    windowSeconds: options.autoscaleWindowSeconds,
    minNodes: options.autoscaleMinNodes,
    maxNodes: options.autoscaleMaxNodes,
    scaleOutCooldownSeconds: options.autoscaleScaleOutCooldownSeconds,
    scaleInCooldownSeconds: options.autoscaleScaleInCooldownSeconds,
    joinDeadlineSeconds: options.autoscaleJoinDeadlineSeconds,
    maxStep: options.autoscaleMaxStep,
    schedules: options.clearSchedules === true ? [] : options.schedule?.map(readSchedule),
  }).filter(([, value]) => value !== undefined);
  if (options.autoscale !== false) return values.length === 0 ? undefined : Object.fromEntries(values);
  if (values.length > 0) throw new UsageError("--no-autoscale: it takes away what the other options set; give either.");
  return "remove";
}

/** Writes the file as a whole or not at all; nobody ever reads half of it. */
function writeConfig({ path, file, text: read }: Cluster, text: string): void {
  if (readFileSync(path, "utf8") !== read)
    throw new BusyError(`${file}: somebody else changed it just now; nothing was written, run the command again.`);
  const next = `${path}.new`;
  const handle = openSync(next, "w");
  try {
    fchmodSync(handle, statSync(path).mode);
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(next, path);
}
