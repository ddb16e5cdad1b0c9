import type { Command } from "@commander-js/extra-typings";
import { align } from "../../ops/table";
import { exitCodes, UsageError } from "../errors";
import { examples, jsonOption, lockTimeoutOption, numberOption, projectOption, stackOption } from "../options";
import type { Cluster } from "../project";
import { Rollout } from "../rollout/rollout";
import { planRollout, type Plan } from "../rollout/plan";
import { upCommand, type Terminal } from "../terminal";

const description =
  "Replaces all stale nodes. It begins with an update, which applies the configuration and completes interrupted work. Workers come first,\n" +
  "zone by zone, each step an update: new workers, and when they are Ready the old ones are drained and removed. Then each manager in its\n" +
  "place, one at a time and only while the quorum can spare it, the leader last; each gives the ingress address away, is drained, leaves\n" +
  "the swarm, and must be Reachable again before the next. While another update runs, e.g. the autoscaler's, a step waits and is planned\n" +
  "again. It stops at the first failure; the same command resumes there.";

const helpExamples = examples(
  ["what would be replaced, in which order", "swarmctl cluster rollout prod-swarm-alpha --dry-run"],
  ["a new image, after `pulumi up` has shown which nodes are stale", "swarmctl cluster rollout prod-swarm-alpha"],
  ["a large cluster, three workers of a zone at once", "swarmctl cluster rollout prod-swarm-alpha --surge=3"],
);

/** `swarmctl cluster rollout`: new nodes for all stale ones. */
export function addClusterRollout(parent: Command, terminal: Terminal): void {
  parent
    .command("rollout")
    .summary("replace all stale nodes")
    .description(description)
    .argument("[name]", "name of the cluster; may be left away where there is one only")
    .addOption(
      numberOption(
        "--surge <count>",
        "workers of a zone that are replaced at once; as many more run meanwhile",
      ).default(1),
    )
    .option(
      "--dry-run",
      "show the steps, as the last update left the cluster, and do nothing; ends with 3 when not all can be done",
    )
    .addOption(lockTimeoutOption())
    .addOption(jsonOption())
    .addOption(stackOption())
    .addOption(projectOption())
    .addHelpText("after", helpExamples)
    .action(async (name, { surge, dryRun, lockTimeout, json, stack, project }) => {
      if (surge < 1) throw new UsageError(`--surge: ${surge} replaces nothing; use 1 or more.`);
      const cluster = terminal.cluster({ name, stack, project });
      const rollout = new Rollout(
        cluster,
        terminal,
        (settings, outputs, health) => planRollout(settings, outputs, health, surge),
        lockTimeout,
      );
      if (dryRun === true) {
        show(cluster, await rollout.plan(), json === true, terminal);
        return;
      }
      await roll(cluster, rollout, { surge, json: json === true }, terminal);
    });
}

/** Updates the stack, then replaces stale nodes until there are none. */
async function roll(
  cluster: Cluster,
  rollout: Rollout,
  { surge, json }: { readonly surge: number; readonly json: boolean },
  terminal: Terminal,
): Promise<void> {
  const { name, stack } = cluster;
  try {
    terminal.say(`${name}: an update first.`);
    await rollout.whenFree(async () => rollout.update());
    const steps = await rollout.run();
    if (json) terminal.json(shape(cluster, { steps }));
    const count = `${steps.length} ${steps.length === 1 ? "step" : "steps"}`;
    terminal.say(`${name}: ${steps.length === 0 ? "nothing is stale" : `no node is stale any more, after ${count}`}.`);
  } catch (error) {
    terminal.say(
      `${name}: stopped. When the cause is mended: swarmctl cluster rollout ${name} --stack=${stack}${surge === 1 ? "" : ` --surge=${surge}`}`,
    );
    throw error;
  }
}

/** Shows what would be done. */
function show(cluster: Cluster, plan: Plan, json: boolean, terminal: Terminal): void {
  const rows = plan.steps.map(({ zone, old, fresh }, index) => [
    String(index + 1),
    zone,
    old.join(","),
    fresh.join(","),
  ]);
  if (json) terminal.json(shape(cluster, plan));
  else if (rows.length > 0) terminal.out(align([["STEP", "ZONE", "GOES", "COMES"], ...rows]));
  if (plan.blocked !== undefined) {
    terminal.say(plan.blocked.why);
    terminal.finish(exitCodes.unhealthy);
  } else if (rows.length === 0) {
    terminal.say(
      `${cluster.name}: nothing is stale; after an edit of the configuration \`${upCommand(cluster)}\` counts anew.`,
    );
  }
}

/** Steps for programs: planned, or done. */
function shape({ name }: Cluster, { steps, blocked }: Plan): unknown {
  return {
    clusterName: name,
    steps: steps.map(({ kind, zone, old, fresh }) => ({ kind, zone, old, fresh })),
    blocked: blocked?.why ?? null,
  };
}
