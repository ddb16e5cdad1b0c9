import * as pulumi from "@pulumi/pulumi";
import { autoscalerStack } from "./components/autoscaler";
import { requireCompletion } from "./components/completion";
import { readCompose } from "./components/compose";
import { demoCompose, demoPath } from "./components/demo";
import { Firewall } from "./components/firewall";
import { Identity } from "./components/identity";
import { newestImage } from "./components/image";
import { Ingress } from "./components/ingress";
import { ingressHolder } from "./components/ingress-holder";
import { ManagerQuorum } from "./components/manager-quorum";
import { ownZone } from "./components/membership";
import { monitoringNetwork } from "./components/monitoring";
import { monitoringStack } from "./components/monitoring-stack";
import { Network } from "./components/network";
import { Overlay, overlayOptions } from "./components/overlay";
import {
  imageReference,
  placedGroups,
  planCluster,
  plannedLabels,
  plannedNodes,
  plannedStacks,
} from "./components/plan";
import { Stack } from "./components/stack";
import { traefikCompose } from "./components/traefik";
import { WorkerGroup } from "./components/worker-group";
import { madeSoFar } from "./ops/stack-state/made-with";
import { onceNetworksSwept, prepareUpdate, serialOnceDone, stateBefore } from "./ops/update/prepare";
import { imageTag, programFingerprint } from "./ops/update/program";
import { loadSettings } from "./settings/load";
import { outputsVersion } from "./settings/outputs";
import type { SharedNetwork } from "./settings/overlays";

/** The whole cluster: settings → plan → components → outputs, the contract of settings/outputs.ts. */
export = async (): Promise<Record<string, unknown>> => {
  const reading = stateBefore(pulumi.getStack());
  const [{ settings, secrets, previous, made, wanted }, before] = await Promise.all([
    loadSettings(async () => madeSoFar((await reading).state)),
    reading,
  ]);
  const plan = planCluster(settings, previous.workerSets, wanted);
  const name = settings.clusterName;
  const networks: SharedNetwork[] = ["proxy", ...(settings.monitoring === undefined ? [] : [monitoringNetwork])];
  const prepared = await prepareUpdate({
    ...before,
    cluster: name,
    serial: previous.serial,
    environment: process.env,
    ...(previous.access === undefined ? {} : { access: previous.access }),
    kept: { nodes: plannedNodes(plan), networks, stacks: plannedStacks(settings) },
  });
  const { unmade, repairs } = prepared;

  const identity = new Identity(`${name}-identity`, name);
  const network = new Network(name, {
    addresses: plan.addresses,
    settings,
    held: previous.managers.map(({ address }) => address),
    mark: identity.mark,
  });
  const firewall = new Firewall(name, { settings, mark: identity.mark });
  const tokens = previous.joinTokens;
  const imageId = newestImage(settings.image);
  const options = network.mtu.apply((mtu) => overlayOptions(mtu, settings.overlayEncryption));
  const quorum = new ManagerQuorum(`${name}-managers`, {
    settings,
    plan,
    network,
    firewall,
    identity,
    repairs,
    unmade,
    made,
    imageId,
    groupPolicies: previous.managerGroupPolicies,
    overlayOptions: options,
    ...(tokens === undefined ? {} : { joinToken: tokens.manager }),
  });
  const overlay = new Overlay(
    `${name}-overlay`,
    {
      clusterName: name,
      networks,
      subnets: made.sharedSubnets ?? {},
      access: onceNetworksSwept(prepared, name, networks, quorum.access, identity.mark),
      mark: identity.mark,
      options,
      repairs,
      cluster: firewall.anchor,
    },
    { dependsOn: [quorum.swarm] },
  );
  const image = (key: keyof typeof settings.images): string =>
    imageReference(settings.images[key], settings.registryPrefix);
  const stack = {
    access: quorum.access,
    readyMinutes: settings.deadlines.stackReadyMinutes,
    repairs,
    cluster: firewall.anchor,
  };
  const traefik = new Stack(
    `${name}-traefik`,
    {
      ...stack,
      stack: "traefik",
      compose: traefikCompose(readCompose("traefik"), {
        images: { traefik: image("traefik"), socketProxy: image("socketProxy") },
        readTimeoutSeconds: settings.ingressReadTimeoutSeconds,
        dashboard: settings.dashboard,
        metrics: settings.monitoring !== undefined,
        proxyProtocolFrom: settings.ingressMode === "octavia" ? [settings.networkCidr] : [],
      }),
    },
    { dependsOn: [overlay] },
  );
  const managers = quorum.join(traefik);
  const holder = ingressHolder(
    `${name}-ingress-holder`,
    { settings, plan, access: quorum.access },
    { dependsOn: [...managers], deletedWith: firewall.anchor },
  );
  const ingress = new Ingress(`${name}-ingress`, { settings, plan, network, mark: identity.mark, holder });
  const groups = Object.entries(plan.workers).map(
    ([group, workers]) =>
      new WorkerGroup(`${name}-workers-${group}`, {
        settings,
        plan,
        workers,
        network,
        firewall,
        identity,
        quorum,
        managers,
        repairs,
        unmade,
        imageId,
        ...(tokens === undefined ? {} : { joinToken: tokens.worker }),
      }),
  );
  const stacks = [traefik];
  if (settings.monitoring !== undefined) {
    stacks.push(
      monitoringStack(
        `${name}-monitoring`,
        { settings, monitoring: settings.monitoring, secrets, overlay: options, image, stack },
        { dependsOn: [overlay, ...managers, ...groups.flatMap((group) => group.memberships)] },
      ),
    );
  }
  if (settings.autoscalerService !== undefined) {
    stacks.push(
      autoscalerStack(
        `${name}-autoscaler`,
        {
          clusterName: name,
          pulumiStack: pulumi.getStack(),
          service: settings.autoscalerService,
          imageTag: imageTag(__dirname),
          registryPrefix: settings.registryPrefix,
          secrets,
          stack,
        },
        { dependsOn: [...managers, ...stacks] },
      ),
    );
  }
  if (settings.demo) {
    stacks.push(
      new Stack(
        `${name}-demo`,
        {
          ...stack,
          stack: "demo",
          route: demoPath,
          compose: demoCompose(readCompose("demo"), {
            images: { whoami: image("whoami"), traefik: image("traefik") },
            workers: Object.values(plan.workers).flat().length,
          }),
        },
        { dependsOn: [traefik, ...groups.flatMap((group) => group.memberships)] },
      ),
    );
  }
  const parts = [
    quorum.configuration,
    ...managers,
    ...(holder === undefined ? [] : [holder]),
    ...groups.flatMap((group) => group.memberships),
    ...overlay.networks,
    ...stacks.map(({ deployment }) => deployment),
  ];
  requireCompletion(parts);

  const labels = plannedLabels(plan);
  const nodes = [...quorum.nodes, ...groups.flatMap((group) => group.nodes)];
  return {
    version: outputsVersion,
    clusterName: name,
    clusterId: quorum.clusterId,
    madeWith: made,
    serial: serialOnceDone(prepared, name, identity.mark, parts),
    program: programFingerprint(__dirname),
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
    networks,
    stacks: Object.fromEntries(stacks.map(({ stack: of, services }) => [of, services])),
    managerGroupPolicies: quorum.groupPolicies,
    staleNodes: pulumi.all(nodes.map((node) => node.stale)).apply((stale) => stale.filter(Boolean).length),
    ...(ingress.address === undefined ? {} : { ingressAddress: ingress.address }),
    ...(settings.demo && ingress.address !== undefined
      ? { demoUrl: pulumi.interpolate`http://${ingress.address}${demoPath}` }
      : {}),
    access: quorum.access.apply((access) => JSON.parse(access) as unknown),
    joinTokens: quorum.joinTokens,
  };
};
