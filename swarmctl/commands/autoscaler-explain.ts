import type { Command } from "@commander-js/extra-typings";
import { earlierDecisions, explainTick } from "../../autoscaler/loop/explain";
import { exitCodes } from "../errors";
import { loadAutoscaler } from "../lazy";
import { examples, jsonOption, projectOption, prometheusOption, stackOption } from "../options";
import type { Terminal } from "../terminal";

/** `swarmctl autoscaler explain`: what would be decided now, and every gate; changes nothing. */
export function addAutoscalerExplain(parent: Command, terminal: Terminal): void {
  parent
    .command("explain")
    .argument("[cluster]", "name of the cluster; may be left away where there is one only")
    .summary("what would be decided now, and why")
    .description(
      "Looks at a cluster as its autoscaler does, with that one's memory, and shows what would be decided now: every gate with its value and what it\n" +
        'needs, and the verdict. Changes nothing. Ends with 3 where the verdict is "blocked".',
    )
    .addOption(prometheusOption())
    .addOption(jsonOption())
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText(
      "after",
      examples(
        ["why does nothing happen?", "swarmctl autoscaler explain prod-swarm-alpha"],
        [
          "the gates that are closed",
          "swarmctl autoscaler explain prod-swarm-alpha --json | jq -r '.gates[] | select(.passed | not) | .name'",
        ],
      ),
    )
    .action(async (name, { prometheus, json, stack, project }) => {
      const { makeOnlooker } = loadAutoscaler();
      const cluster = terminal.cluster({ name, stack, project });
      const loop = await makeOnlooker({
        place: cluster,
        prometheus: prometheus ?? [],
        environment: terminal.environment,
        say: (line) => {
          terminal.say(line);
        },
        talk: () => undefined,
      });
      const tick = await loop.tick();
      const { verdict, gates, at, decision } = tick;
      if (json === true) {
        const change =
          decision === undefined || !("add" in decision.verdict)
            ? {}
            : {
                add: decision.verdict.add,
                remove: decision.verdict.remove,
                keep: decision.verdict.keep,
                wanted: decision.verdict.wanted,
              };
        terminal.json({
          cluster: cluster.name,
          at: new Date(at).toISOString(),
          verdict: { ...verdict, ...change },
          gates,
          decisions: earlierDecisions(tick),
        });
      } else terminal.out(explainTick(cluster.name, tick));
      terminal.finish(verdict.kind === "blocked" ? exitCodes.unhealthy : exitCodes.done);
    });
}
