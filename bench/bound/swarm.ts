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
 * once, each stack as soon as the nodes that it runs on are in. Ends in the state that the program's `up` ends in.
 *
 * @returns when each phase ended.
 */
export async function makeSwarm(
  { settings, plan }: ClusterSource,
  { access, mtu, managers, workers }: BootingCluster,
): Promise<Omit<Milestones, "api">> {
  const [first] = managers;
  if (first === undefined) throw new OperationError("managers: none; this is a bug.");
  const readySeconds = settings.deadlines.nodeReadyMinutes * 60;
  const options = overlayOptions(mtu, settings.overlayEncryption);
  let boot = NaN;
  await initSwarm(
    access,
    {
      manager: first.place.name,
      address: first.address,
      overlayOptions: options,
      overlayPools: [...settings.overlayPools],
      overlayPrefix: settings.overlayPrefix,
      deadlineSeconds: readySeconds,
    },
    (line) => {
      if (line.includes(bootedSign)) boot = seconds();
    },
  );
  const init = seconds();

  const admit = async (nodes: readonly BootingNode[]): Promise<void> => {
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
          readySeconds,
          drainSeconds: 0,
        }),
      ),
    );
  };
  const overlay = withManager(access, (manager) =>
    manager.api.createNetwork({ Name: "proxy", Driver: "overlay", Options: options }),
  );
  const image = (key: keyof typeof settings.images): string =>
    imageReference(settings.images[key], settings.registryPrefix);
  const deadlineSeconds = settings.deadlines.stackReadyMinutes * 60;
  const withManagers = all([admit(managers), overlay]);
  const withAll = all([withManagers, admit(workers)]);
  const traefik = withManagers.then(() =>
    deployStack(
      access,
      { name: "traefik", deadlineSeconds },
      traefikCompose(readCompose("traefik"), {
        images: { traefik: image("traefik"), socketProxy: image("socketProxy") },
        readTimeoutSeconds: settings.ingressReadTimeoutSeconds,
        dashboard: settings.dashboard,
        metrics: false,
        proxyProtocolFrom: [],
      }),
      process.env,
    ),
  );
  const demo = withAll.then(async () => {
    const join = seconds();
    if (settings.demo) {
      await deployStack(
        access,
        { name: "demo", deadlineSeconds, route: demoPath },
        demoCompose(readCompose("demo"), {
          images: { whoami: image("whoami"), traefik: image("traefik") },
          workers: Object.values(plan.workers).flat().length,
        }),
        process.env,
      );
    }
    return join;
  });
  const [join] = await all([demo, traefik]);
  return { boot, init, join, stacks: seconds() };
}

function seconds(): number {
  return Date.now() / 1000;
}
