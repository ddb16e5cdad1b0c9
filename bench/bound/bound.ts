import { randomBytes } from "node:crypto";
import { planCluster } from "../../components/plan";
import { OpenStack } from "../../ops/openstack/client";
import { removeAll } from "../../ops/openstack/sweep";
import { ownerMark } from "../../settings/names";
import type { Settings } from "../../settings/schema";
import { say } from "../command";
import type { Milestones } from "../phases";
import { bootCluster, waitUntilActive, type ClusterSource } from "./boot";
import { all } from "./all";
import { makeSwarm } from "./swarm";

/**
 * The bound of an `up`: the same cluster without Pulumi, its provider and their order, made as fast as OpenStack and
 * the servers allow. Nothing of it stays.
 *
 * @returns when it began and when each phase ended.
 */
export async function measureBound(
  settings: Settings,
  environment: NodeJS.ProcessEnv,
): Promise<{ begun: number; milestones: Milestones }> {
  const owner = randomBytes(6).toString("hex");
  const source: ClusterSource = {
    settings,
    plan: planCluster(settings, {}),
    seed: randomBytes(32).toString("hex"),
    owner,
  };
  const begun = Date.now() / 1000;
  const cloud = await OpenStack.open(environment);
  try {
    const cluster = await bootCluster(cloud, source);
    const [api, rest] = await all([
      waitUntilActive(cloud, cluster).then(() => Date.now() / 1000),
      makeSwarm(source, cluster),
    ]);
    return { begun, milestones: { api, ...rest } };
  } finally {
    const cluster = settings.clusterName;
    const swept = await removeAll(cloud, { cluster, owner, mark: ownerMark(cluster, owner), ids: new Set() });
    say(`bound: ${swept.length} things of it removed`);
  }
}
