import { withManager, type DockerNode } from "../../../ops/docker";
import { listNodes } from "../../../ops/nodes";
import type { ClusterAccess } from "../../../settings/outputs";
import { nameOf } from "./faults";
import { run } from "./run";

/** TCP ports of an address that answer to the client namespace or to the machine itself, which is an administrator. */
export async function openPorts(from: "client" | "administrator", address: string, first = 1, last = 10_000): Promise<number[]> {
  const program = [process.execPath, "--import", "tsx", "tests/lab/support/ports.ts", address, String(first), String(last)];
  const { stdout } = await run(from === "client" ? ["lab/lab", "client", ...program] : program, { deadlineMinutes: 10 });
  return JSON.parse(stdout) as number[];
}

/** Traefik's container on a node, for a shell there. */
export const traefikContainer = "$(docker ps -q -f label=com.docker.swarm.service.name=traefik_traefik | head -n 1)";
/** Number of Traefik's process on a node: programs of the node are run in its network, so that no image is needed. */
const traefikProcess = `$(docker inspect -f '{{.State.Pid}}' ${traefikContainer})`;

/** Runs a shell script as root on a manager. */
async function onManager(manager: DockerNode, script: string): Promise<{ code: number; stdout: string }> {
  return manager.ssh.exec(["sudo", "sh", "-c", script], { timeoutSeconds: 300 });
}

/** Whether Neutron's metadata service answers to a node itself, and to a container on it. */
export async function metadataAnswers(access: ClusterAccess): Promise<{ node: boolean; container: boolean }> {
  const url = "http://169.254.169.254/openstack/latest/meta_data.json";
  return withManager(access, async (manager) => {
    const node = await onManager(manager, `curl -sf -m 20 -o /dev/null ${url}`);
    const container = await onManager(manager, `pid=${traefikProcess} && nsenter -t "$pid" -n curl -sf -m 20 -o /dev/null ${url}`);
    return { node: node.code === 0, container: container.code === 0 };
  });
}

/** HTTP status of a read and of a write that go from Traefik's container to the socket proxy. */
export async function socketProxyAnswers(access: ClusterAccess): Promise<{ read: number; write: number }> {
  return withManager(access, async (manager) => {
    const script = `pid=${traefikProcess}
      address=$(docker exec ${traefikContainer} nslookup socket-proxy 127.0.0.11 | awk '/^Address/ { last = $NF } END { print last }')
      for method in GET POST; do nsenter -t "$pid" -n curl -s -m 20 -o /dev/null -w '%{http_code} ' -X $method http://$address:2375/$([ $method = GET ] && echo version || echo containers/create); done`;
    const [read = 0, write = 0] = (await onManager(manager, script)).stdout.trim().split(" ").map(Number);
    return { read, write };
  });
}

/** Number of IPsec states on a manager: two for each other node of an encrypted overlay. */
export async function encryptedPaths(access: ClusterAccess): Promise<number> {
  return withManager(access, async (manager) => Number((await onManager(manager, "ip xfrm state count | grep -o '[0-9]*$'")).stdout.trim()));
}

/** The fields of Docker's task object that are read here. */
interface TaskState {
  readonly NodeID?: string;
  readonly Status?: { readonly ContainerStatus?: { readonly ContainerID?: string } };
  readonly NetworksAttachments?: readonly { readonly Network?: { readonly Spec?: { readonly Name?: string } }; readonly Addresses?: readonly string[] }[];
}

/**
 * Sends packets that must not be fragmented from Traefik's task on a manager to a service's task on a node in another zone.
 *
 * @returns the MTU in bytes of Traefik's interface, whether a packet of that size gets through, and whether one a byte larger does.
 */
export async function overlayPath(access: ClusterAccess, service: string): Promise<{ mtu: number; largest: boolean; larger: boolean }> {
  return withManager(access, async (manager) => {
    const all = await listNodes(manager);
    const zones = new Map(all.map((node) => [node.ID, node.Spec.Labels?.["az"]]));
    const here = all.find((node) => nameOf(node) === manager.ssh.target.name)?.Spec.Labels?.["az"];
    const listed = await manager.ssh.run(["sh", "-c", `docker inspect $(docker service ps -q -f desired-state=running ${service})`], { timeoutSeconds: 60 });
    const task = (JSON.parse(listed) as TaskState[]).find(({ NodeID }) => zones.get(NodeID ?? "") !== here);
    const address = task?.NetworksAttachments?.find(({ Network }) => Network?.Spec?.Name === "proxy")?.Addresses?.[0]?.split("/")[0];
    if (address === undefined) throw new Error(`${service}: no task in another zone than ${String(here)}`);
    const { stdout } = await onManager(manager, `pid=${traefikProcess}
      mtu=$(nsenter -t "$pid" -n ip -o link show dev "$(nsenter -t "$pid" -n ip -o route get ${address} | sed 's/.* dev \\([^ ]*\\) .*/\\1/')" | sed 's/.* mtu \\([0-9]*\\) .*/\\1/')
      echo "$mtu"
      # 28 bytes are of the headers of IP and ICMP
      for more in 0 1; do nsenter -t "$pid" -n ping -q -c 3 -W 10 -M do -s $((mtu - 28 + more)) ${address} >/dev/null 2>&1 && echo yes || echo no; done`);
    const [mtu, largest, larger] = stdout.trim().split("\n");
    return { mtu: Number(mtu), largest: largest === "yes", larger: larger === "yes" };
  });
}
