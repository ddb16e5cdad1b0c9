import type { ClusterAccess } from "../../settings/outputs";
import type { DockerNode } from "../connection/docker";
import { Managers, openManager } from "../connection/managers";
import { OperationError } from "../errors";
import type { InitResult, InitSpec } from "../../settings/specs";
import { isConnectionLost } from "../connection/third-party";
import { Pending, waitFor } from "../wait";

/** Said once the first manager has booted; the benchmark takes the time from it. */
export const bootedSign = "SSH and Docker answer";

/**
 * Makes the first manager a swarm of one and gives the ingress network its MTU, encryption and subnet. Repeating it
 * changes nothing: a manager that is part of a swarm keeps it.
 *
 * @param say is told when the machine has booted; standard error by default.
 */
export async function initSwarm(
  access: ClusterAccess,
  spec: InitSpec,
  say: (line: string) => void = (line) => {
    process.stderr.write(`${line}\n`);
  },
): Promise<InitResult> {
  const target = access.managers.find(({ name }) => name === spec.manager);
  if (target === undefined) throw new OperationError(`${spec.manager}: not among the managers; this is a bug.`);
  const first = new Managers(access, (_, connectSeconds) => openBooted(access, target, connectSeconds), {
    what: `SSH and Docker on ${spec.manager}`,
    managerSeconds: spec.deadlineSeconds,
  });
  try {
    await first.use(() => {
      say(`${spec.manager}: ${bootedSign}.`);
      return Promise.resolve();
    });
    return await first.use(async (node) => {
      const info = (await node.api.info()) as { Swarm: { LocalNodeState: string } };
      if (info.Swarm.LocalNodeState === "inactive") await init(node, spec);
      else refuseOther((await node.api.swarmInspect()) as SwarmPools, spec);
      await configureIngress(node, spec);
      const swarm = (await node.api.swarmInspect()) as { ID: string; JoinTokens: { Manager: string; Worker: string } };
      return { clusterId: swarm.ID, managerToken: swarm.JoinTokens.Manager, workerToken: swarm.JoinTokens.Worker };
    });
  } finally {
    first.close();
  }
}

/** A connection to a machine that has booted. */
async function openBooted(
  access: ClusterAccess,
  target: ClusterAccess["managers"][number],
  connectSeconds: number | undefined,
): Promise<DockerNode> {
  const candidate = await openManager(access, target, connectSeconds);
  try {
    // made by the node itself once Docker runs; a swarm that comes first would make it with another MTU
    await candidate.api.getNetwork("docker_gwbridge").inspect();
    return candidate;
  } catch (error) {
    candidate.close();
    throw error;
  }
}

async function init(node: DockerNode, spec: InitSpec): Promise<void> {
  await node.api.swarmInit({
    ListenAddr: "0.0.0.0:2377",
    AdvertiseAddr: spec.address,
    DefaultAddrPool: spec.overlayPools,
    SubnetSize: spec.overlayPrefix,
  });
}

/** The part of Docker's swarm object that is read here (Engine API, GET /swarm). */
export interface SwarmPools {
  readonly DefaultAddrPool?: readonly string[] | null;
  readonly SubnetSize?: number;
}

/** Refuses a swarm that an earlier try made with other pools: they cannot be changed. @throws OperationError */
export function refuseOther(
  { DefaultAddrPool, SubnetSize }: SwarmPools,
  spec: Pick<InitSpec, "manager" | "overlayPools" | "overlayPrefix">,
): void {
  const [is, wanted] = [
    [DefaultAddrPool ?? [], SubnetSize],
    [spec.overlayPools, spec.overlayPrefix],
  ].map((pools) => JSON.stringify(pools));
  if (is === wanted) return;
  throw new OperationError(
    `settings.overlayPools: ${JSON.stringify(spec.overlayPools)} with overlayPrefix ${spec.overlayPrefix}, but ${spec.manager} is part of a swarm with ` +
      `${JSON.stringify(DefaultAddrPool ?? [])} and ${SubnetSize ?? "none"}; keep that, or destroy the cluster first.`,
  );
}

/**
 * The part of a network that is read here (Engine API v1.41, GET /networks). The driver adds its VXLAN number to the
 * options.
 */
interface OverlayNetwork {
  readonly Options?: Readonly<Record<string, string>> | null | undefined;
  readonly IPAM?:
    { readonly Config?: readonly { readonly Subnet?: string | undefined }[] | null | undefined } | undefined;
}

/** Whether the ingress network has the options and the subnet that it is meant to have. */
export function isAsWanted(
  network: OverlayNetwork,
  { overlayOptions, ingressSubnet }: Pick<InitSpec, "overlayOptions" | "ingressSubnet">,
): boolean {
  const subnets = (network.IPAM?.Config ?? []).map(({ Subnet }) => Subnet);
  return (
    Object.entries(overlayOptions).every(([option, value]) => network.Options?.[option] === value) &&
    (ingressSubnet === undefined || subnets.includes(ingressSubnet))
  );
}

/**
 * Makes the ingress network again with its options and subnet: it cannot be changed. Right after the init no service
 * uses it.
 */
async function configureIngress(node: DockerNode, spec: InitSpec): Promise<void> {
  await waitFor(
    { what: "the ingress network", deadlineSeconds: spec.deadlineSeconds, isFinal: isConnectionLost },
    async () => {
      const existing = await node.api.listNetworks({ filters: { driver: ["overlay"], name: ["ingress"] } });
      const ingress = existing.find(({ Name }) => Name === "ingress");
      if (ingress !== undefined && isAsWanted(ingress, spec)) return true;
      if (ingress !== undefined) {
        await node.api.getNetwork(ingress.Id).remove();
        return new Pending("being removed");
      }
      await node.api.createNetwork({
        Name: "ingress",
        Driver: "overlay",
        Ingress: true,
        Options: spec.overlayOptions,
        ...(spec.ingressSubnet === undefined ? {} : { IPAM: { Config: [{ Subnet: spec.ingressSubnet }] } }),
      });
      return new Pending("being made");
    },
  );
}
