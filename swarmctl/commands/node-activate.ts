import type { Command } from "@commander-js/extra-typings";
import { stackOutputs } from "../../ops/stack-state/outputs";
import { loadAvailability } from "../deferred-imports";
import { findNode } from "../find-node";
import { examples, projectOption, stackOption } from "../options";
import type { Terminal } from "../terminal";

/** `swarmctl node activate`: lets a node take tasks again. */
export function addNodeActivate(parent: Command, terminal: Terminal): void {
  parent
    .command("activate")
    .summary("let a node take tasks again")
    .description(
      "Lets a drained node take tasks again. Those that run elsewhere stay there; `docker service update --force SERVICE` spreads a service anew.",
    )
    .argument("<node>", "name of the node")
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText("after", examples(["after work on a machine", "swarmctl node activate prod-swarm-alpha-worker-az1-0"]))
    .action(async (node, { stack, project }) => {
      const { setAvailability } = loadAvailability();
      const outputs = await stackOutputs(terminal.clusterOfNode(node, { stack, project }), terminal.environment);
      findNode(outputs, node);
      const changed = await setAvailability(outputs.access, node, "active", 0);
      terminal.say(`${node}: ${changed ? "active; it takes tasks again." : "was active already."}`);
    });
}
