import type { Command } from "@commander-js/extra-typings";
import { stackOutputs } from "../../ops/stack-state/outputs";
import { loadAvailability } from "../deferred-imports";
import { findNode } from "../find-node";
import { examples, projectOption, stackOption } from "../options";
import { settingsOf } from "../project";
import type { Terminal } from "../terminal";

/** `swarmctl node drain`: takes the tasks off a node. */
export function addNodeDrain(parent: Command, terminal: Terminal): void {
  parent
    .command("drain")
    .summary("take the tasks off a node")
    .description(
      "Takes the tasks off a node and waits until none runs on it any more (settings.deadlines.drainMinutes). The node stays in the swarm, and\n" +
        "is given no tasks until `swarmctl node activate`.",
    )
    .argument("<node>", "name of the node")
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText("after", examples(["before work on a machine", "swarmctl node drain prod-swarm-alpha-worker-az1-0"]))
    .action(async (node, { stack, project }) => {
      const { setAvailability } = loadAvailability();
      const cluster = terminal.clusterOfNode(node, { stack, project });
      const { deadlines } = settingsOf(cluster, cluster.text);
      const outputs = await stackOutputs(cluster, terminal.environment);
      findNode(outputs, node);
      const changed = await setAvailability(outputs.access, node, "drain", deadlines.drainMinutes * 60);
      terminal.say(
        `${node}: ${changed ? "drained" : "was drained already"}; \`swarmctl node activate ${node}\` gives it tasks again.`,
      );
    });
}
