import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withManager } from "../../../ops/connection/managers";
import { listNodes } from "../../../ops/swarm/nodes";
import type { ClusterAccess } from "../../../settings/outputs";
import { nameOf } from "./faults";
import { onManager } from "./on-manager";
import { root, run } from "./run";

/** TCP ports of an address that answer to the client namespace or to the machine itself, which is an administrator. */
export async function openPorts(
  from: "client" | "administrator",
  address: string,
  first = 1,
  last = 10_000,
): Promise<number[]> {
  const program = [
    process.execPath,
    "--import",
    "tsx",
    "tests/lab/support/ports.ts",
    address,
    String(first),
    String(last),
  ];
  const { stdout } = await run(from === "client" ? ["lab/lab", "client", ...program] : program, {
    deadlineMinutes: 10,
  });
  return JSON.parse(stdout) as number[];
}

/** Traefik's container on a node, for a shell there. */
export const traefikContainer = "$(docker ps -q -f label=com.docker.swarm.service.name=traefik_traefik | head -n 1)";
/** Number of Traefik's process on a node: programs of the node are run in its network, so that no image is needed. */
const traefikProcess = `$(docker inspect -f '{{.State.Pid}}' ${traefikContainer})`;

/**
 * Whether Neutron's metadata service answers to a node itself, to a container on it, and to one in the host's network.
 */
export async function metadataAnswers(
  access: ClusterAccess,
): Promise<{ node: boolean; container: boolean; hostNetwork: boolean }> {
  const url = "http://169.254.169.254/openstack/latest/meta_data.json";
  const asks = `curl -sf -m 20 -o /dev/null ${url} && echo yes || echo no`;
  // Traefik's image has a shell's wget
  const inHostNetwork = `docker run --rm --network host --entrypoint wget "$(docker inspect -f '{{.Image}}' ${traefikContainer})"`;
  const answers = (
    await onManager(
      access,
      `set -e\n${asks}\npid=${traefikProcess}\nnsenter -t "$pid" -n sh -c '${asks}'
    ${inHostNetwork} -q -T 20 -O /dev/null http://127.0.0.1/.well-known/swarm-ingress
    ${inHostNetwork} -q -T 20 -O /dev/null ${url} && echo yes || echo no`,
    )
  )
    .trim()
    .split("\n");
  return { node: answers[0] === "yes", container: answers[1] === "yes", hostNetwork: answers[2] === "yes" };
}

/** HTTP status of a read and of a write by the socket that Traefik has of the socket proxy. */
export async function socketProxyAnswers(access: ClusterAccess): Promise<{ read: number; write: number }> {
  const [read = 0, write = 0] = (
    await onManager(
      access,
      `socket=/proc/${traefikProcess}/root/run/docker/docker.sock
    for method in GET POST; do curl -s -m 20 -o /dev/null -w '%{http_code} ' --unix-socket "$socket" -X $method http://docker/$([ $method = GET ] && echo version || echo containers/create); done`,
    )
  )
    .trim()
    .split(" ")
    .map(Number);
  return { read, write };
}

/** Number of IPsec states on a manager: two for each other node of an encrypted overlay. */
export async function encryptedPaths(access: ClusterAccess): Promise<number> {
  return Number(await onManager(access, "ip xfrm state count | grep -o '[0-9]*$'"));
}

/** The fields of Docker's task object that are read here. */
interface TaskState {
  readonly NodeID?: string;
  readonly Status?: { readonly ContainerStatus?: { readonly ContainerID?: string } };
  readonly NetworksAttachments?: readonly {
    readonly Network?: { readonly Spec?: { readonly Name?: string } };
    readonly Addresses?: readonly string[];
  }[];
}

/**
 * A manager, a node in another zone that runs tasks of a service, and the addresses of those in the network of the
 * ingress.
 */
async function tasksElsewhere(
  access: ClusterAccess,
  service: string,
): Promise<{ name: string; node: string; addresses: readonly [string, ...string[]] }> {
  return withManager(access, async (manager) => {
    const all = await listNodes(manager);
    const zones = new Map(all.map((node) => [node.ID, node.Spec.Labels?.["az"]]));
    const here = all.find((node) => nameOf(node) === manager.ssh.target.name)?.Spec.Labels?.["az"];
    const listed = await manager.ssh.run(
      ["sh", "-c", `docker inspect $(docker service ps -q -f desired-state=running ${service})`],
      { timeoutSeconds: 60 },
    );
    const tasks = JSON.parse(listed) as TaskState[];
    const elsewhere = tasks.find(({ NodeID }) => zones.get(NodeID ?? "") !== here)?.NodeID;
    // the scheduler may have given the node more than one of them
    const [first, ...more] = tasks
      .filter(({ NodeID }) => NodeID === elsewhere)
      .flatMap(
        ({ NetworksAttachments }) =>
          NetworksAttachments?.find(({ Network }) => Network?.Spec?.Name === "proxy")?.Addresses?.[0]?.split("/")[0] ??
          [],
      );
    if (first === undefined) throw new Error(`${service}: no task in another zone than ${String(here)}`);
    const on = all.find(({ ID }) => ID === elsewhere);
    return { name: manager.ssh.target.name, node: on === undefined ? "" : nameOf(on), addresses: [first, ...more] };
  });
}

/**
 * Does something while no Traefik reaches the tasks of a service on one node, which go on running: their packets go to
 * a card that nobody has.
 */
export async function whileOutOfReach(
  access: ClusterAccess,
  service: string,
  action: (node: string) => Promise<void>,
): Promise<void> {
  const { node, addresses } = await tasksElsewhere(access, service);
  const neighbours = async (commandFor: (address: string) => string): Promise<void> => {
    const commands = addresses
      .map((address) => `nsenter -t "$pid" -n ip neigh ${commandFor(address)} dev "$card"`)
      .join("\n");
    for (const { name } of access.managers) {
      await onManager(
        access,
        `set -e\npid=${traefikProcess}
        card=$(nsenter -t "$pid" -n ip -o route get ${addresses[0]} | sed 's/.* dev \\([^ ]*\\) .*/\\1/')
        ${commands}`,
        { name },
      );
    }
  };
  await neighbours((address) => `replace ${address} lladdr 02:00:00:00:00:01 nud permanent`);
  try {
    await action(node);
  } finally {
    await neighbours((address) => `del ${address}`);
  }
}

/**
 * Sends packets that must not be fragmented from Traefik's task on a manager to a service's task on a node in another
 * zone.
 *
 * @returns the MTU in bytes of Traefik's interface, whether a packet of that size gets through, and whether one a byte
 *   larger does.
 */
export async function overlayPath(
  access: ClusterAccess,
  service: string,
): Promise<{ mtu: number; largest: boolean; larger: boolean }> {
  const {
    name,
    addresses: [address],
  } = await tasksElsewhere(access, service);
  const output = await onManager(
    access,
    `pid=${traefikProcess}
    mtu=$(nsenter -t "$pid" -n ip -o link show dev "$(nsenter -t "$pid" -n ip -o route get ${address} | sed 's/.* dev \\([^ ]*\\) .*/\\1/')" | sed 's/.* mtu \\([0-9]*\\) .*/\\1/')
    echo "$mtu"
    # 28 bytes are of the headers of IP and ICMP
    for more in 0 1; do nsenter -t "$pid" -n ping -q -c 3 -W 10 -M do -s $((mtu - 28 + more)) ${address} >/dev/null 2>&1 && echo yes || echo no; done`,
    { name },
  );
  const [mtu, largest, larger] = output.trim().split("\n");
  return { mtu: Number(mtu), largest: largest === "yes", larger: larger === "yes" };
}

/** The kernel settings of user data that a manager has otherwise. */
export async function otherKernelSettings(access: ClusterAccess): Promise<string[]> {
  const wanted = readFileSync(join(root, "cloudinit", "files", "sysctl.conf"), "utf8")
    .split("\n")
    .filter((line) => line.includes(" = "));
  const settings = (await onManager(access, `sysctl ${wanted.map((line) => line.split(" = ")[0]).join(" ")}`)).split(
    "\n",
  );
  return wanted.filter((line) => !settings.includes(line));
}
