import * as pulumi from "@pulumi/pulumi";
import { clusterAccess, type ClusterFacts } from "../settings/outputs";
import type { ManagerQuorum } from "./manager-quorum";
import { ownZone } from "./membership";
import type { SwarmNode } from "./node";
import { placedGroups, plannedLabels, plannedNetworks } from "./plan";
import type { Stack } from "./stack";
import type { ClusterSpec, SwarmCluster } from "./swarm-cluster";

/** The parts of a cluster that its facts are taken from. */
export interface DescribedParts extends Pick<ClusterSpec, "settings" | "plan" | "made"> {
  readonly quorum: ManagerQuorum;
  readonly nodes: readonly SwarmNode[];
  readonly stacks: readonly Stack[];
}

/** What other programs read of a cluster, in the shape of settings/outputs.ts; secret. */
export function describeCluster(
  { clusterId, ingressAddress, demoUrl, staleNodes }: SwarmCluster,
  { settings, plan, made, quorum, nodes, stacks }: DescribedParts,
): pulumi.Output<ClusterFacts> {
  const labels = plannedLabels(plan);
  const facts = {
    clusterName: settings.clusterName,
    clusterId,
    madeWith: made,
    workerGroups: placedGroups(settings),
    ...(settings.autoscale === undefined ? {} : { autoscale: settings.autoscale }),
    deadlines: settings.deadlines,
    workerSets: plan.workerSets,
    nodes: nodes.map((node) => ({
      ...node.place,
      zone: node.zone,
      address: node.address,
      labels: { ...labels.get(node.place.name), ...ownZone(node) },
      stale: node.stale,
      serverUrn: node.server.urn,
    })),
    networks: plannedNetworks(settings),
    stacks: Object.fromEntries(stacks.map(({ stack, services }) => [stack, services])),
    managerGroupPolicies: quorum.groupPolicies,
    staleNodes,
    ...(ingressAddress === undefined ? {} : { ingressAddress }),
    ...(demoUrl === undefined ? {} : { demoUrl }),
    access: quorum.access.apply((access) => clusterAccess.parse(JSON.parse(access))),
    joinTokens: quorum.joinTokens,
  };
  return pulumi.secret(facts) as pulumi.Output<ClusterFacts>;
}
