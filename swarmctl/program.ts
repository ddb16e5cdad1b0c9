import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { z } from "zod";
import { addAutoscalerExplain } from "./commands/autoscaler-explain";
import { addAutoscalerRun } from "./commands/autoscaler-run";
import { addAutoscalerSimulate } from "./commands/autoscaler-simulate";
import { addClusterList } from "./commands/cluster-list";
import { addClusterRollout } from "./commands/cluster-rollout";
import { addClusterStatus } from "./commands/cluster-status";
import { addClusterUpdate } from "./commands/cluster-update";
import { addCompletion } from "./commands/completion";
import { addNodeActivate } from "./commands/node-activate";
import { addNodeDrain } from "./commands/node-drain";
import { addNodeLs } from "./commands/node-ls";
import { addNodeReplace } from "./commands/node-replace";
import { examples, exitCodesHelp } from "./options";
import type { Terminal } from "./terminal";

/** Every verb of swarmctl. A wrong command line is thrown as a CommanderError and not written. */
export function buildProgram(terminal: Terminal): Command {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(__dirname, "..", "package.json"), "utf8")));
  const program = new Command("swarmctl")
    .description("Runs highly available Docker Swarms on OpenStack.")
    .version(version)
    .exitOverride()
    // `refuse` writes the error of a wrong command line
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      "after",
      examples(
        ["which clusters are there?", "swarmctl cluster list"],
        ["is one healthy?", "swarmctl cluster status prod-swarm-alpha"],
        [
          "scale by load",
          "swarmctl cluster update --autoscale-cpu-threshold=75 --autoscale-max-nodes=10 --cluster-name=prod-swarm-alpha",
        ],
      ) + exitCodesHelp,
    );
  const cluster = program.command("cluster").description("look at clusters, set how they scale, replace stale nodes");
  for (const add of [addClusterList, addClusterStatus, addClusterUpdate, addClusterRollout]) add(cluster, terminal);
  const node = program.command("node").description("look at the nodes of a cluster and change what they do");
  for (const add of [addNodeLs, addNodeDrain, addNodeActivate, addNodeReplace]) add(node, terminal);
  const autoscaler = program
    .command("autoscaler")
    .description("run a cluster's autoscaler, and look into what it does and why");
  for (const add of [addAutoscalerRun, addAutoscalerExplain, addAutoscalerSimulate]) add(autoscaler, terminal);
  addCompletion(program, terminal);
  return program;
}
