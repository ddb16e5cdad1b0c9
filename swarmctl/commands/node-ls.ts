import type { Command } from "@commander-js/extra-typings";
import { stackOutputs } from "../../ops/stack-state/outputs";
import { nodeTable } from "../../ops/swarm/status-page";
import { exitCodes } from "../errors";
import { loadReadHealth } from "../deferred-imports";
import { examples, jsonOption, projectOption, stackOption } from "../options";
import type { Terminal } from "../terminal";

/** `swarmctl node ls`: the nodes of a cluster. */
export function addNodeLs(parent: Command, terminal: Terminal): void {
  parent
    .command("ls")
    .summary("the nodes of a cluster")
    .description(
      "Lists the nodes of a cluster with their zone, role, state and addresses. Ends with 3 when no manager answers; the states are unknown then.",
    )
    .argument("[cluster]", "name of the cluster; may be left away where there is one only")
    .addOption(jsonOption())
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText(
      "after",
      examples(
        ["every node", "swarmctl node ls prod-swarm-alpha"],
        [
          "the stale workers",
          "swarmctl node ls prod-swarm-alpha --json | jq -r '.[] | select(.stale and .role == \"worker\").name'",
        ],
      ),
    )
    .action(async (name, { json, stack, project }) => {
      const { readHealth } = loadReadHealth();
      const health = await readHealth(
        await stackOutputs(terminal.cluster({ name, stack, project }), terminal.environment),
      );
      if (json === true) terminal.json(health.nodes);
      else terminal.out(nodeTable(health.nodes));
      if (health.demoUrl !== null) terminal.say(`demo: ${health.demoUrl}`);
      if (health.quorum !== null) return;
      terminal.say(health.reasons.join("\n"));
      terminal.finish(exitCodes.unhealthy);
    });
}
