import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "@commander-js/extra-typings";
import type { ClusterHealth } from "../../ops/swarm/health";
import { stackOutputs } from "../../ops/update/pulumi";
import { statusPage } from "../../ops/table";
import { exitCodes } from "../errors";
import { loadReadHealth } from "../deferred-imports";
import { examples, jsonOption, projectOption, stackOption } from "../options";
import type { Terminal } from "../terminal";

/** Seconds between two looks: a node counts as down after 15, so none of its states is missed. */
const watchSeconds = 5;
/** Looks after which the outputs are read anew; an update changes them, and reading them starts Pulumi. */
const looksPerRead = 12;

const helpExamples = examples(
  ["is it well?", "swarmctl cluster status prod-swarm-alpha"],
  ["how many managers may be lost", "swarmctl cluster status prod-swarm-alpha --json | jq .quorum.margin"],
  ["while an update runs", "swarmctl cluster status prod-swarm-alpha --watch"],
);

/** `swarmctl cluster status`: is it well, and if not, why. */
export function addClusterStatus(parent: Command, terminal: Terminal): void {
  parent
    .command("status")
    .summary("nodes by zone, quorum, what is wrong")
    .description(
      "Says whether a cluster is well: its nodes by zone, role and state, how many managers it may still lose, stale nodes, the ingress address.\n" +
        "Ends with 3 when it is not: a node that is not ready, no margin left in the quorum, no manager that answers.",
    )
    .argument("[name]", "name of the cluster; may be left away where there is one only")
    .option("--watch", `look again every ${watchSeconds} seconds, until interrupted`)
    .addOption(jsonOption())
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText("after", helpExamples)
    .action(async (name, { json, watch, stack, project }) => {
      const { readHealth } = loadReadHealth();
      const cluster = terminal.cluster({ name, stack, project });
      const show = (health: ClusterHealth): void => {
        terminal.finish(health.healthy ? exitCodes.done : exitCodes.unhealthy);
        // of many looks each is one line, for programs that read lines
        if (json === true) terminal.out(`${JSON.stringify(health, undefined, watch === true ? undefined : 2)}\n`);
        else
          terminal.out(
            `${watch === true && process.stdout.isTTY ? "\u001b[H\u001b[2J\u001b[3J" : ""}${statusPage(health)}${watch === true ? "\n" : ""}`,
          );
      };
      let outputs = await stackOutputs(cluster, terminal.environment);
      show(await readHealth(outputs));
      if (watch !== true) return;
      const interrupted = new AbortController();
      process.once("SIGINT", () => {
        interrupted.abort();
      });
      for (let looks = 1; await pause(interrupted.signal); looks += 1) {
        if (looks % looksPerRead === 0) outputs = await stackOutputs(cluster, terminal.environment);
        show(await readHealth(outputs));
      }
    });
}

/** Waits until the next look is due; false when that was interrupted. */
async function pause(signal: AbortSignal): Promise<boolean> {
  return sleep(watchSeconds * 1000, true, { signal }).catch(() => false);
}
