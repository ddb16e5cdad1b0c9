import * as pulumi from "@pulumi/pulumi";
import { plannedParts } from "./components/plan";
import { SwarmCluster } from "./components/swarm-cluster";
import { madeSoFar } from "./ops/stack-state/made-with";
import { onceNetworksSwept, prepareUpdate, serialOnceDone, stateBefore } from "./ops/update/prepare";
import { imageTag, programFingerprint } from "./ops/update/program";
import { loadSettings } from "./settings/load";
import { planWorkerSets } from "./settings/ordinals";
import { clusterOutput, outputsVersion } from "./settings/outputs";

/**
 * One cluster: reads the settings, prepares the update, makes the cluster, exports it. An example of `SwarmCluster`,
 * which any program can use.
 */
export = async (): Promise<Record<string, unknown>> => {
  const reading = stateBefore(pulumi.getStack());
  const [{ settings, secrets, previous, made, wanted }, before] = await Promise.all([
    loadSettings(async () => madeSoFar((await reading).state)),
    reading,
  ]);
  const name = settings.clusterName;
  const workerSets = planWorkerSets(settings.workerGroups, previous.workerSets, wanted);
  const kept = plannedParts(settings, workerSets);
  const { serial, access } = previous;
  const prepared = await prepareUpdate({
    ...before,
    cluster: name,
    serial,
    environment: process.env,
    ...(access === undefined ? {} : { access }),
    kept,
  });

  const cluster = new SwarmCluster(name, {
    settings,
    secrets,
    workerSets,
    previous,
    made,
    repairs: prepared.repairs,
    unmade: prepared.unmade,
    ...(settings.autoscalerService === undefined ? {} : { autoscalerImageTag: imageTag(__dirname) }),
    prepareNetworks: (access, mark) => onceNetworksSwept(prepared, name, kept.networks, access, mark),
  });

  return outputsOf(cluster, serialOnceDone(prepared, name, cluster.mark, cluster.parts));
};

/** What `pulumi up` ends with, for people, and the contract for programs. */
function outputsOf(cluster: SwarmCluster, serial: pulumi.Output<number>): Record<string, unknown> {
  const { ingressAddress, demoUrl, staleNodes, facts } = cluster;
  const update = { version: outputsVersion, program: programFingerprint(__dirname) };
  return {
    ...(ingressAddress === undefined ? {} : { ingressAddress }),
    ...(demoUrl === undefined ? {} : { demoUrl }),
    staleNodes,
    [clusterOutput]: pulumi.secret(
      pulumi.all([facts, serial]).apply(([all, number]) => ({ ...all, ...update, serial: number })),
    ),
  };
}
