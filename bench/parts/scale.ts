import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StackTarget } from "../../autoscaler/loop/adapters/stack-target";
import { withManagers } from "../../ops/connection/managers";
import { labStack } from "../../ops/pulumi/run";
import { updateSeconds } from "../../ops/update/update";
import type { WorkerSets } from "../../settings/ordinals";
import type { ClusterOutputs } from "../../settings/outputs";
import { cleanedUp } from "../cleanup";
import { log, out, root, say } from "../command";
import type { Cloud } from "../lab-cloud";
import { destroyWords, labPulumi, requireNoCluster, unasked } from "../lab-stack";
import { median, medianRatio, type Report } from "../results";
import { BareWorkers, bareName } from "../scale/bare";
import { placesOf, scaleChanges, standing, withMore } from "../scale/plan";
import { secondsToReady } from "../scale/ready";
import { labConfigText, labSettings } from "../settings";

/** How much longer than bare servers the program's workers may take: one, and ten at once. */
const bounds = { one: 1.2, ten: 1.3 };

/** Ordinal of the first of the ten: above those of all rounds. */
const tenFrom = 101;

/**
 * Minutes for workers to be Ready beside those that the settings give a node: Pulumi's start, and ten that share the
 * processors.
 */
const otherMinutes = 15;

/**
 * From the request for workers, by the autoscaler's own door, to Ready in the swarm; beside servers like them that are
 * booted into the same swarm by bare calls, by turns. The cluster is made for it and is gone when it is done.
 */
export async function measureScale(cloud: Cloud, rounds: number, report: Report): Promise<void> {
  await requireNoCluster();
  const config = join(out, "Pulumi.scale.yaml");
  writeFileSync(config, labConfigText(scaleChanges));
  const ofLab = { ...cloud, SWARM_LAB_CONFIG: config };
  await cleanedUp(
    "scale: the cluster",
    async () => {
      const { seconds } = await labPulumi(["up", ...unasked], ofLab);
      say(`scale: a manager and a worker: ${seconds.toFixed(1)} s`);
      await measureGrowth(ofLab, rounds, report);
    },
    () => labPulumi(destroyWords, ofLab),
  );
}

async function measureGrowth(ofLab: Readonly<Record<string, string>>, rounds: number, report: Report): Promise<void> {
  // a backend of one's own would make the stack `lab` another's than the lab's
  const environment = { ...process.env, ...ofLab, PULUMI_BACKEND_URL: undefined };
  const stack = new StackTarget(
    { project: root, stack: labStack },
    {
      environment,
      say,
      talk: (text) => {
        appendFileSync(log, text);
      },
    },
  );
  const outputs = await stack.outputs(true);
  const ways: readonly Way[] = [programWay(stack, outputs), await bareWay(environment, outputs)];
  const compare = async (
    name: string,
    count: number,
    times: number,
    ordinal: (round: number) => number,
    bound: number,
  ): Promise<void> => {
    const seconds = new Map(ways.map((way) => [way, [] as number[]]));
    for (let round = 1; round <= times; round += 1) {
      for (const [way, taken] of seconds) {
        const took = await way.grow(withMore(standing, count, ordinal(round)));
        taken.push(took);
        say(`scale: ${name}, ${way.name}: ${took.toFixed(1)} s (${round} of ${times})`);
      }
    }
    const [program = [], bare = []] = [...seconds.values()];
    report({ name: `${name}, by the program`, value: median(program), unit: "s" });
    report({ name: `${name}, bare`, value: median(bare), unit: "s" });
    report({ name: `${name}, program to bare`, value: medianRatio(program, bare), unit: "ratio", bound });
  };
  await compare("one more worker", 1, rounds, (round) => round, bounds.one);
  await compare("ten more workers at once", 10, 1, () => tenFrom, bounds.ten);
}

/** A way by which workers come. */
interface Way {
  readonly name: string;
  /**
   * Grows the cluster as it stands to the sets, and takes it back; hands over the seconds until the new ones were
   * Ready.
   */
  readonly grow: (sets: WorkerSets) => Promise<number>;
}

function readySeconds({ deadlines }: ClusterOutputs): number {
  return (deadlines.nodeReadyMinutes + otherMinutes) * 60;
}

function programWay(stack: StackTarget, outputs: ClusterOutputs): Way {
  const settings = labSettings(scaleChanges);
  const update = async (wanted: WorkerSets, expected: WorkerSets): Promise<unknown> =>
    stack.update({ wanted, expected, timeoutSeconds: updateSeconds(outputs) }, new AbortController().signal);
  return {
    name: "the program",
    grow: async (sets) => {
      const names = placesOf(outputs.clusterName, settings, sets, standing).map(({ name }) => name);
      const seconds = await withManagers(outputs.access, (managers) =>
        secondsToReady(managers, names, readySeconds(outputs), () => update(sets, standing)),
      );
      await update(standing, sets);
      return seconds;
    },
  };
}

async function bareWay(environment: NodeJS.ProcessEnv, outputs: ClusterOutputs): Promise<Way> {
  const settings = labSettings(scaleChanges);
  const workers = await BareWorkers.beside(environment, settings, outputs);
  return {
    name: "bare servers",
    grow: async (sets) => {
      const places = placesOf(bareName, settings, sets, standing);
      const cloud = await workers.open();
      return cleanedUp(
        "scale: bare servers",
        () =>
          withManagers(outputs.access, (managers) =>
            secondsToReady(
              managers,
              places.map(({ name }) => name),
              readySeconds(outputs),
              () => workers.boot(cloud, places),
            ),
          ),
        () => workers.remove(outputs.access),
      );
    },
  };
}
