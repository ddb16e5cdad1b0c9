import * as pulumi from "@pulumi/pulumi";
import { plannedParts } from "./components/plan";
import { SwarmCluster } from "./components/swarm-cluster";
import { madeSoFar } from "./ops/stack-state/made";
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
  const parts = plannedParts(settings, workerSets);
  const prepared = await prepareUpdate({
    ...before,
    cluster: name,
    serial: previous.serial,
    environment: process.env,
    ...(previous.access === undefined ? {} : { access: previous.access }),
    kept: parts,
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
    prepareNetworks: (access, mark) => onceNetworksSwept(prepared, name, parts.networks, access, mark),
  });

  return {
    // for people: what `pulumi up` ends with
    ...(cluster.ingressAddress === undefined ? {} : { ingressAddress: cluster.ingressAddress }),
    ...(cluster.demoUrl === undefined ? {} : { demoUrl: cluster.demoUrl }),
    staleNodes: cluster.staleNodes,
    // for programs
    [clusterOutput]: pulumi.secret(
      pulumi
        .all([cluster.facts, serialOnceDone(prepared, name, cluster.mark, cluster.parts)])
        .apply(([facts, serial]) => ({
          ...facts,
          version: outputsVersion,
          serial,
          program: programFingerprint(__dirname),
        })),
    ),
  };
};
