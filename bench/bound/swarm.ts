import { readCompose } from "../../components/compose";
import { demoCompose, demoPath } from "../../components/demo";
import { overlayOptions } from "../../components/overlay";
import { imageReference } from "../../components/plan";
import { traefikCompose } from "../../components/traefik";
import { admitNode } from "../../ops/verbs/admit-node";
import { withManager } from "../../ops/connection/managers";
import { OperationError } from "../../ops/errors";
import { bootedSign, initSwarm } from "../../ops/verbs/init-swarm";
import { deployStack } from "../../ops/swarm/deploy-stack";
import type { Milestones } from "../phases";
import { all } from "./all";
import type { BootingCluster, BootingNode, ClusterSource } from "./boot";

/**
 * Makes a swarm of servers that boot, as a person with a script would: init on the first, the token to all others at
 * once, each stack as soon as the nodes that it runs on are in the swarm. Its end state is that of the program's `up`.
 *
 * @returns when each phase ended.
 */
export async function makeSwarm(source: ClusterSource, cluster: BootingCluster): Promise<Omit<Milestones, "api">> {
  const { managers, workers } = cluster;
  const { boot, init } = await initFirst(source, cluster);
  const managersReady = all([admitAll(source, cluster, managers), makeOverlay(source, cluster)]);
  const allReady = all([managersReady, admitAll(source, cluster, workers)]);
  const traefik = managersReady.then(() => deployTraefik(source, cluster));
  const demo = allReady.then(async () => {
    const join = seconds();
    if (source.settings.demo) await deployDemo(source, cluster);
    return join;
  });
  const [join] = await all([demo, traefik]);
  return { boot, init, join, stacks: seconds() };
}

async function initFirst(
  { settings }: ClusterSource,
  { access, mtu, managers: [first] }: BootingCluster,
): Promise<{ readonly boot: number; readonly init: number }> {
  if (first === undefined) throw new OperationError("managers: none; this is a bug.");
  let boot = NaN;
  const spec = {
    manager: first.place.name,
    address: first.address,
    overlayOptions: overlayOptions(mtu, settings.overlayEncryption),
    overlayPools: [...settings.overlayPools],
    overlayPrefix: settings.overlayPrefix,
    deadlineSeconds: settings.deadlines.nodeReadyMinutes * 60,
  };
  await initSwarm(access, spec, (line) => {
    if (line.includes(bootedSign)) boot = seconds();
  });
  return { boot, init: seconds() };
}

async function admitAll(
  { settings }: ClusterSource,
  { access }: BootingCluster,
  nodes: readonly BootingNode[],
): Promise<void> {
  await all(
    nodes.map(({ place, address, hostKey, serverId, labels }) =>
      admitNode(access, {
        name: place.name,
        role: place.role,
        address,
        hostKey,
        serverId,
        labels: { ...labels },
        holdsToken: false,
        stacks: [],
        readySeconds: settings.deadlines.nodeReadyMinutes * 60,
        drainSeconds: 0,
      }),
    ),
  );
}

async function makeOverlay({ settings }: ClusterSource, { access, mtu }: BootingCluster): Promise<void> {
  const Options = overlayOptions(mtu, settings.overlayEncryption);
  await withManager(access, (manager) => manager.api.createNetwork({ Name: "proxy", Driver: "overlay", Options }));
}

async function deployTraefik({ settings }: ClusterSource, { access }: BootingCluster): Promise<void> {
  const compose = traefikCompose(readCompose("traefik"), {
    images: imagesOf(settings),
    readTimeoutSeconds: settings.ingressReadTimeoutSeconds,
    dashboard: settings.dashboard,
    metrics: false,
    proxyProtocolFrom: [],
  });
  await deployStack(access, { name: "traefik", deadlineSeconds: deadlineOf(settings) }, compose, process.env);
}

async function deployDemo({ settings, plan }: ClusterSource, { access }: BootingCluster): Promise<void> {
  const compose = demoCompose(readCompose("demo"), {
    images: imagesOf(settings),
    workers: Object.values(plan.workers).flat().length,
  });
  const spec = { name: "demo", deadlineSeconds: deadlineOf(settings), route: demoPath };
  await deployStack(access, spec, compose, process.env);
}

function deadlineOf({ deadlines }: ClusterSource["settings"]): number {
  return deadlines.stackReadyMinutes * 60;
}

function imagesOf({
  images,
  registryPrefix,
}: ClusterSource["settings"]): Record<"traefik" | "socketProxy" | "whoami", string> {
  const reference = (key: "traefik" | "socketProxy" | "whoami"): string => imageReference(images[key], registryPrefix);
  return { traefik: reference("traefik"), socketProxy: reference("socketProxy"), whoami: reference("whoami") };
}

function seconds(): number {
  return Date.now() / 1000;
}
