import type { Command } from "@commander-js/extra-typings";
import { stackOutputs } from "../../ops/pulumi";
import { runUpdate, updateSeconds } from "../../ops/update";
import { UsageError } from "../errors";
import { nodeOf } from "../node-of";
import { examples, projectOption, stackOption } from "../options";
import { settingsOf } from "../project";
import { planAddition, planRemoval, requireWorker, type Step } from "../replace-plan";
import type { Terminal } from "../terminal";

/** `swarmctl node replace`: a new worker first, then the old one goes. */
export function addNodeReplace(parent: Command, terminal: Terminal): void {
  parent.command("replace")
    .summary("put a new worker in the place of one")
    .description("Puts a new worker in the place of one: an update adds a worker to its group and ends when that is Ready, a second one drains the old worker\n"
      + "and removes it. The group needs room for one worker more. Managers are refused; docs/runbook.md says how they are replaced.")
    .argument("<node>", "name of the worker that goes")
    .option("--replacement <node>", "the worker that was made for it by a run that did not end: only the old one goes")
    .option("--dry-run", "say what would be done and do nothing")
    .addOption(stackOption()).addOption(projectOption())
    .addHelpText("after", examples(
      ["a stale or broken worker", "swarmctl node replace prod-swarm-alpha-worker-az1-0"],
      ["the rest of a replacement that was interrupted", "swarmctl node replace prod-swarm-alpha-worker-az1-0 --replacement=prod-swarm-alpha-worker-az1-4"],
    ))
    .action(async (name, { replacement, dryRun, stack, project }) => {
      const cluster = terminal.clusterOfNode(name, { stack, project });
      const settings = settingsOf(cluster, cluster.text);
      const update = async (step: Step): Promise<void> => runUpdate({
        place: cluster, ...step, environment: terminal.environment, timeoutSeconds: updateSeconds(settings), talk: (part) => process.stderr.write(part),
      });
      let outputs = await stackOutputs(cluster, terminal.environment);
      const old = nodeOf(outputs, name);
      requireWorker(old, cluster.stack);
      let added = replacement;
      if (replacement === undefined) {
        const addition = planAddition(settings, outputs.workerSets, old);
        added = addition.added;
        terminal.say(`${name}: ${added} comes first.`);
        if (dryRun !== true) {
          await update(addition);
          outputs = await stackOutputs(cluster, terminal.environment);
        }
      } else if (replacement === name || nodeOf(outputs, replacement).group !== old.group) {
        throw new UsageError(`--replacement: ${replacement} is no other worker of the group ${old.group}; name the one that was made for ${name}.`);
      }
      if (dryRun === true) {
        terminal.say(`${name}: it would then be drained and removed; nothing was done.`);
        return;
      }
      terminal.say(`${name}: ${added ?? ""} is Ready; ${name} is drained and removed. If this is interrupted: swarmctl node replace ${name} --replacement=${added ?? ""}`);
      const removal = planRemoval(settings, outputs.workerSets, old);
      if (removal !== undefined) await update(removal);
      terminal.say(`${name}: replaced by ${added ?? ""}.`);
    });
}
