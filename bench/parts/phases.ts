import { measureBound } from "../bound/bound";
import { say, type Ran } from "../command";
import { destroyWords, labPulumi, requireNoCluster, unasked } from "../lab-stack";
import { milestonesOf } from "../milestones";
import type { Cloud } from "../lab-cloud";
import { phases, phaseSeconds, type Milestones } from "../phases";
import type { Report } from "../results";
import { labSettings } from "../settings";
import { withEvents } from "../../ops/pulumi/event-stream";

/** How much longer than the bound an `up` may take. */
const upBound = 1.05;

/** An `up` of the lab's whole cluster by its phases, then one without changes, beside the bound. */
export async function measurePhases(cloud: Cloud, report: Report): Promise<void> {
  const up = await measureUp(report);
  say("bound: the same cluster by bare API calls, joined by hand");
  const { begun, milestones } = await measureBound(labSettings({ clusterName: "bound" }), { ...process.env, ...cloud });
  reportPhases("bound", begun, milestones, report);
  const bound = milestones.stacks - begun;
  report({ name: "bound", value: bound, unit: "s" });
  report({ name: "up to bound", value: up / bound, unit: "ratio", bound: upBound });
}

/** Seconds of the `up`; the cluster is gone when it is done. */
async function measureUp(report: Report): Promise<number> {
  await requireNoCluster();
  const seconds = await measureCluster(report).catch(async (error: unknown) => {
    await labPulumi(destroyWords).catch((cause: unknown) => {
      say(`cluster: it is still there: ${String(cause)}`);
    });
    throw error;
  });
  await measure("destroy", destroyWords, report);
  return seconds;
}

async function measureCluster(report: Report): Promise<number> {
  const begun = Date.now() / 1000;
  // the option is there only for who asks for the commands for debugging
  const {
    result: { seconds },
    events,
  } = await withEvents(async (eventLog) =>
    measure("up", ["up", ...unasked, "--event-log", eventLog], report, { PULUMI_DEBUG_COMMANDS: "true" }),
  );
  reportPhases("up", begun, milestonesOf(events), report);
  await measure("no-op up", ["up", ...unasked, "--expect-no-changes"], report);
  await measure("no-op preview", ["preview", "--expect-no-changes"], report);
  return seconds;
}

async function measure(
  what: string,
  words: readonly string[],
  report: Report,
  environment: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const ran = await labPulumi(words, environment);
  say(`cluster: ${what}: ${ran.seconds.toFixed(1)} s`);
  report({ name: `cluster, ${what}`, value: ran.seconds, unit: "s" });
  return ran;
}

function reportPhases(of: string, begun: number, milestones: Milestones, report: Report): void {
  const seconds = phaseSeconds(begun, milestones);
  for (const phase of phases) report({ name: `${of}, phase ${phase}`, value: seconds[phase], unit: "s" });
}
