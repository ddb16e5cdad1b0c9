import type { Command } from "@commander-js/extra-typings";
import type { Tick } from "../../autoscaler/loop/loop";
import { earlierDecisions, explainTick } from "../../autoscaler/loop/explain";
import { exitCodes } from "../errors";
import { loadAutoscaler } from "../deferred-imports";
import { examples, jsonOption, projectOption, prometheusOption, stackOption } from "../options";
import type { Terminal } from "../terminal";

const helpExamples = examples(
  ["why does nothing happen?", "swarmctl autoscaler explain prod-swarm-alpha"],
  [
    "the gates that are closed",
    "swarmctl autoscaler explain prod-swarm-alpha --json | jq -r '.gates[] | select(.passed | not) | .name'",
  ],
);

/** `swarmctl autoscaler explain`: what would be decided now, and every gate; changes nothing. */
export function addAutoscalerExplain(parent: Command, terminal: Terminal): void {
  parent
    .command("explain")
    .argument("[cluster]", "name of the cluster; may be left away where there is one only")
    .summary("what would be decided now, and why")
    .description(
      "Observes a cluster as its autoscaler does, with the autoscaler's memory, and prints the decision that it would make now: every gate with its value\n" +
        'and what it needs, and the verdict. Changes nothing. Exits with 3 if the verdict is "blocked".',
    )
    .addOption(prometheusOption())
    .addOption(jsonOption())
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText("after", helpExamples)
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
      if (json === true) terminal.json(explanation(cluster.name, tick));
      else terminal.out(explainTick(cluster.name, tick));
      terminal.finish(tick.verdict.kind === "blocked" ? exitCodes.unhealthy : exitCodes.done);
    });
}

/** A tick for programs. */
function explanation(cluster: string, tick: Tick): unknown {
  const { verdict, gates, at, decision } = tick;
  return {
    cluster,
    at: new Date(at).toISOString(),
    verdict: { ...verdict, ...(decision === undefined ? {} : changeOf(decision.verdict)) },
    gates,
    decisions: earlierDecisions(tick),
  };
}

function changeOf(verdict: NonNullable<Tick["decision"]>["verdict"]): object {
  if (!("add" in verdict)) return {};
  const { add, remove, keep, wanted } = verdict;
  return { add, remove, keep, wanted };
}
