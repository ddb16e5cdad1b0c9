import * as pulumi from "@pulumi/pulumi";
import { requireCompletion } from "./components/completion";
import { readCompose, renderCompose, traefikValues } from "./components/compose";
import { Firewall } from "./components/firewall";
import { Identity } from "./components/identity";
import { Ingress } from "./components/ingress";
import { ManagerQuorum } from "./components/manager-quorum";
import { Network } from "./components/network";
import { Overlay } from "./components/overlay";
import { planCluster } from "./components/plan";
import { Stack } from "./components/stack";
import { WorkerGroup } from "./components/worker-group";
import { loadSettings } from "./settings/load";
import { outputsVersion } from "./settings/outputs";

/** Path of the demo service behind the ingress. */
const demoPath = "/whoami";

/** The whole cluster: settings → plan → components → outputs, the contract of settings/outputs.ts. */
export = async (): Promise<Record<string, unknown>> => {
  const { settings, previous } = await loadSettings();
  const plan = planCluster(settings, previous.workerSets);
  const name = settings.clusterName;

  const identity = new Identity(`${name}-identity`);
  const network = new Network(name, { addresses: plan.addresses, externalNetwork: settings.externalNetwork, dnsServers: settings.dnsServers });
  const firewall = new Firewall(name, settings);
  const tokens = previous.joinTokens;
  const quorum = new ManagerQuorum(`${name}-managers`, {
    settings, plan, network, firewall, identity, ...(tokens === undefined ? {} : { joinToken: tokens.manager }),
  });
  const groups = Object.entries(plan.workers).map(([group, workers]) => new WorkerGroup(`${name}-workers-${group}`, {
    settings, plan, workers, network, firewall, identity, quorum, ...(tokens === undefined ? {} : { joinToken: tokens.worker }),
  }));
  const ingress = new Ingress(`${name}-ingress`, { settings, plan, network });
  const overlay = new Overlay(`${name}-overlay`, { clusterName: name, networks: ["proxy"], access: quorum.access, network }, { dependsOn: [...quorum.memberships] });

  const stack = { access: quorum.access, readyMinutes: settings.deadlines.stackReadyMinutes, cluster: network.routerInterface };
  const traefik = new Stack(`${name}-traefik`, {
    ...stack,
    stack: "traefik",
    compose: network.mtu.apply((mtu) => renderCompose(readCompose("traefik"), {
      TRAEFIK_IMAGE: settings.images.traefik,
      SOCKET_PROXY_IMAGE: settings.images.socketProxy,
      NETWORK_MTU: String(mtu),
      ...traefikValues(settings.images.traefik),
    })),
  }, { dependsOn: [overlay] });
  const stacks = [traefik];
  if (settings.demo) {
    stacks.push(new Stack(`${name}-demo`, {
      ...stack,
      stack: "demo",
      route: demoPath,
      compose: renderCompose(readCompose("demo"), { WHOAMI_IMAGE: settings.images.whoami, DEMO_PATH: demoPath }),
    }, { dependsOn: [traefik, ...groups.flatMap((group) => group.memberships)] }));
  }
  requireCompletion([
    ...quorum.memberships, ...groups.flatMap((group) => group.memberships), ...overlay.networks, ...stacks.map(({ deployment }) => deployment),
  ]);

  const nodes = [...quorum.nodes, ...groups.flatMap((group) => group.nodes)];
  return {
    version: outputsVersion,
    clusterName: name,
    clusterId: quorum.clusterId,
    workerSets: plan.workerSets,
    nodes: nodes.map((node) => ({ ...node.place, address: node.address })),
    ingressAddress: ingress.address,
    ...(settings.demo ? { demoUrl: pulumi.interpolate`http://${ingress.address}${demoPath}` } : {}),
    access: quorum.access.apply((access) => JSON.parse(access) as unknown),
    joinTokens: quorum.joinTokens,
  };
};
