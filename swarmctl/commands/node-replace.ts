import type { Command } from "@commander-js/extra-typings";
import { stackOutputs } from "../../ops/stack-state/outputs";
import { OperationError } from "../../ops/errors";
import { findNode } from "../find-node";
import { examples, lockTimeoutOption, projectOption, stackOption } from "../options";
import { Rollout, sentence } from "../rollout/rollout";
import { planReplacement } from "../rollout/plan";
import { upCommand, type Terminal } from "../terminal";

const helpExamples = examples(
  ["a broken worker", "swarmctl node replace prod-swarm-alpha-worker-az1-0"],
  ["a manager whose server is lost", "swarmctl node replace prod-swarm-alpha-manager-az2-0"],
);

/** `swarmctl node replace`: a new node for one, stale or not. */
export function addNodeReplace(parent: Command, terminal: Terminal): void {
  parent
    .command("replace")
    .summary("put a new node in the place of one")
    .description(
      "Puts a new node in the place of one by an update. A worker gets a new one beside it, which must be Ready before the old one is drained\n" +
        "and removed. A manager, only while the quorum can spare it or without it, leaves the swarm first and is made anew in its place.",
    )
    .argument("<node>", "name of the node that goes")
    .option("--dry-run", "say what would be done and do nothing")
    .addOption(lockTimeoutOption())
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText("after", helpExamples)
    .action(async (name, { dryRun, lockTimeout, stack, project }) => {
      const cluster = terminal.clusterOfNode(name, { stack, project });
      findNode(await stackOutputs(cluster, terminal.environment), name);
      const rollout = new Rollout(
        cluster,
        terminal,
        (settings, outputs, health) => planReplacement(settings, outputs, health, [name]),
        lockTimeout,
      );
      await rollout.whenFree(async () => replace(name, rollout, upCommand(cluster), dryRun === true, terminal));
    });
}

/** Plans the replacement, and runs its step unless it is a dry run. @param up the command that completes it by hand. */
async function replace(name: string, rollout: Rollout, up: string, dryRun: boolean, terminal: Terminal): Promise<void> {
  const { steps, blocked } = await rollout.plan();
  const [step] = steps;
  if (step === undefined)
    throw new OperationError(blocked?.why ?? `${name}: it goes with the next \`${up}\`, by the limits of its group.`);
  terminal.say(`${name}: ${sentence(step)}${dryRun ? " Nothing was done." : ` If this fails, \`${up}\` finishes it.`}`);
  if (dryRun) return;
  await rollout.update(step);
  terminal.say(`${name}: replaced by ${step.fresh.join()}.`);
}
