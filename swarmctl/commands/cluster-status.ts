import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "@commander-js/extra-typings";
import type { ClusterHealth } from "../../ops/swarm/health";
import { stackOutputs } from "../../ops/stack-state/outputs";
import { statusPage } from "../../ops/swarm/status-page";
import { exitCodes } from "../errors";
import { loadReadHealth } from "../deferred-imports";
import { examples, jsonOption, projectOption, stackOption } from "../options";
import type { Terminal } from "../terminal";

/** Seconds between two reads: a node counts as down after 15, so no state is missed. */
const watchSeconds = 5;
/** Reads of the health for one of the outputs, which an update changes; reading them starts Pulumi. */
const looksPerRead = 12;

const helpExamples = examples(
  ["is it healthy?", "swarmctl cluster status prod-swarm-alpha"],
  ["how many managers may be lost", "swarmctl cluster status prod-swarm-alpha --json | jq .quorum.margin"],
  ["while an update runs", "swarmctl cluster status prod-swarm-alpha --watch"],
);

/** `swarmctl cluster status`: is the cluster healthy, and if not, why. */
export function addClusterStatus(parent: Command, terminal: Terminal): void {
  parent
    .command("status")
    .summary("nodes by zone, quorum, what is wrong")
    .description(
      "Checks a cluster's health: its nodes by zone, role and state, how many managers it may still lose, stale nodes, the ingress address.\n" +
        "Exits with 3 when it is unhealthy: a node is not ready, the quorum has no margin, or no manager answers.",
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
        // with --watch each report is one line, for programs that read lines
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

/** Waits for the next read. @returns false when interrupted. */
async function pause(signal: AbortSignal): Promise<boolean> {
  return sleep(watchSeconds * 1000, true, { signal }).catch(() => false);
}
