import { stringify } from "yaml";
import { files } from "./files";
import type { SshKeyPair } from "./ssh-keys";

/** The login that the program uses on every node. */
export const adminUser = "swarm";

/** Largest user data that Nova takes, in bytes before base64 (65535 after). */
const userDataLimit = 49_151;

/** What a node learns at its first boot. */
export interface NodeFacts {
  /** Host name. */
  readonly name: string;
  /** The node's own IPv4 address. */
  readonly address: string;
  /** IPv4 addresses of all managers. */
  readonly managers: readonly string[];
  /** MTU of the Neutron network, in bytes. */
  readonly mtu: number;
  /** Addresses of Docker's bridges: an IPv4 network, and the prefix length of each bridge. */
  readonly bridges: { readonly base: string; readonly size: number };
  /** The host key that the program pins for this node. */
  readonly hostKey: SshKeyPair;
  /** Public key that may log in as `adminUser`. */
  readonly adminKey: string;
  /** Join token of the node's role; absent where the swarm does not exist yet and the token comes later over SSH. */
  readonly joinToken?: string;
  readonly registryMirrors: readonly string[];
  readonly insecureRegistries: readonly string[];
  /** Certificates (PEM) of the authorities of registries, by host or host:port. */
  readonly registryCertificates: Readonly<Record<string, string>>;
  readonly proxy?: ProxyFacts;
  /** Time servers; empty: the image's own. */
  readonly ntpServers: readonly string[];
  /** Virtual address of the ingress; for managers only. */
  readonly vip?: VipFacts;
}

export interface VipFacts {
  readonly address: string;
  /** Prefix length of the network. */
  readonly prefix: number;
  /** VRRP priority, 1 to 254; the highest of the healthy ones starts as the holder. */
  readonly priority: number;
}

/** HTTP proxies as URLs, and the host names, domains and networks that are reached without them. */
export interface ProxyFacts {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  readonly exceptions: readonly string[];
}

interface WrittenFile {
  readonly path: string;
  readonly permissions: string;
  readonly content: string;
}

/**
 * Renders the user data of a node: login, pinned host key, Docker's configuration, the units that join the swarm and,
 * for a manager, the virtual address.
 *
 * @throws Error when the result is larger than Nova takes.
 */
export function renderUserData(facts: NodeFacts): string {
  const config = {
    hostname: facts.name,
    groups: ["docker"],
    users: ["default", login(facts.adminKey)],
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: facts.hostKey.privateKey, ed25519_public: facts.hostKey.publicKey },
    ...(facts.ntpServers.length === 0 ? {} : { ntp: { enabled: true, servers: facts.ntpServers } }),
    write_files: writtenFiles(facts),
    runcmd: [
      ["/usr/local/sbin/swarm-install"],
      ["systemctl", "daemon-reload"],
      // an engine of the image may run already, without the proxy
      ...(facts.proxy === undefined ? [] : [["systemctl", "restart", "docker"]]),
      [
        "systemctl",
        "enable",
        "--now",
        "--no-block",
        "swarm-guard.service",
        "swarm-node.service",
        "swarm-join.path",
        "swarm-overlays.service",
        "swarm-images.timer",
      ],
    ],
  };
  const text = `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
  if (Buffer.byteLength(text) > userDataLimit) {
    throw new Error(`${facts.name}: user data of ${Buffer.byteLength(text)} bytes; Nova takes ${userDataLimit}.`);
  }
  return text;
}

/** The login of the program, which takes its key alone. */
function login(key: string): unknown {
  return {
    name: adminUser,
    groups: ["docker"],
    shell: "/bin/bash",
    lock_passwd: true,
    sudo: "ALL=(ALL) NOPASSWD:ALL",
    ssh_authorized_keys: [key],
  };
}

function writtenFiles(facts: NodeFacts): WrittenFile[] {
  const environment = `ADDRESS=${facts.address}\nMANAGERS="${facts.managers.join(" ")}"\nMTU=${facts.mtu}\n`;
  return [
    { path: "/etc/docker/daemon.json", permissions: "0644", content: daemonJson(facts) },
    // Of containers and the system's own slice. However busy containers are, the engine with its part of the quorum,
    // keepalived and SSH have five sixths of the processor between them when they need it (100 to 20): an engine that
    // answers too late loses its node, the swarm starts the node's containers anew, and that costs more than they did.
    { path: "/etc/systemd/system/containers.slice", permissions: "0644", content: "[Slice]\nCPUWeight=20\n" },
    { path: "/etc/swarm/node.env", permissions: "0644", content: environment },
    ...Object.entries(facts.registryCertificates).map(([registry, content]) => ({
      path: `/etc/docker/certs.d/${registry}/ca.crt`,
      permissions: "0644",
      content,
    })),
    ...(facts.proxy === undefined ? [] : proxyFiles(facts.proxy)),
    // set at every boot by systemd, at the first one by swarm-node
    { path: "/etc/sysctl.d/60-swarm.conf", permissions: "0644", content: files.sysctl },
    { path: "/usr/local/sbin/swarm-install", permissions: "0755", content: files.install },
    { path: "/usr/local/sbin/swarm-guard", permissions: "0755", content: files.guard },
    { path: "/etc/systemd/system/swarm-guard.service", permissions: "0644", content: files.guardUnit },
    { path: "/usr/local/sbin/swarm-engine", permissions: "0755", content: files.engine },
    { path: "/etc/systemd/system/docker.service.d/swarm-node.conf", permissions: "0644", content: engineUnit },
    { path: "/usr/local/sbin/swarm-node", permissions: "0755", content: files.node },
    { path: "/usr/local/sbin/swarm-join", permissions: "0755", content: files.join },
    { path: "/etc/systemd/system/swarm-node.service", permissions: "0644", content: files.nodeUnit },
    { path: "/etc/systemd/system/swarm-join.service", permissions: "0644", content: files.joinUnit },
    { path: "/etc/systemd/system/swarm-join.path", permissions: "0644", content: files.joinPath },
    { path: "/usr/local/sbin/swarm-overlays", permissions: "0755", content: files.overlays },
    { path: "/etc/systemd/system/swarm-overlays.service", permissions: "0644", content: files.overlaysUnit },
    { path: "/usr/local/sbin/swarm-images", permissions: "0755", content: files.images },
    { path: "/etc/systemd/system/swarm-images.service", permissions: "0644", content: files.imagesUnit },
    { path: "/etc/systemd/system/swarm-images.timer", permissions: "0644", content: files.imagesTimer },
    ...(facts.vip === undefined ? [] : ingressFiles(facts, facts.vip)),
    ...(facts.joinToken === undefined
      ? []
      : [{ path: "/etc/swarm/join-token", permissions: "0600", content: facts.joinToken }]),
  ];
}

/** Docker starts behind the metadata guard, with a configuration that its version understands. */
const engineUnit =
  "[Unit]\nRequires=swarm-guard.service\nAfter=swarm-guard.service\n\n[Service]\nExecStartPre=/usr/local/sbin/swarm-engine\n";

function daemonJson(facts: NodeFacts): string {
  return `${JSON.stringify(
    {
      mtu: facts.mtu,
      // Docker's own choice, 172.17.0.0/16 and those that follow, may be where administrators are
      "default-address-pools": [facts.bridges],
      "registry-mirrors": facts.registryMirrors,
      "insecure-registries": facts.insecureRegistries,
      "cgroup-parent": "containers.slice",
      // A stack's own overlay networks take their MTU from the node that runs the task. Docker subtracts what VXLAN
      // needs.
      "default-network-opts": { overlay: { "com.docker.network.driver.mtu": String(facts.mtu) } },
      // kept on the node within bounds, readable by `docker logs`
      "log-driver": "local",
    },
    null,
    2,
  )}\n`;
}

/** Docker and apt each read a file of their own. */
function proxyFiles({ http, https, exceptions }: ProxyFacts): WrittenFile[] {
  const lines = Object.entries({ HTTP_PROXY: http, HTTPS_PROXY: https, NO_PROXY: exceptions.join(",") })
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value = ""]) => `Environment="${name}=${value}"\n`);
  const apt = Object.entries({ http, https })
    .filter(([, value]) => value !== undefined)
    .map(([scheme, value = ""]) => `Acquire::${scheme}::Proxy "${value}";\n`);
  return [
    {
      path: "/etc/systemd/system/docker.service.d/proxy.conf",
      permissions: "0644",
      content: `[Service]\n${lines.join("")}`,
    },
    { path: "/etc/apt/apt.conf.d/90swarm-proxy", permissions: "0644", content: apt.join("") },
  ];
}

/** Files by which a manager takes part in holding the virtual address; `hold-ingress` writes them to running ones. */
export function ingressFiles(facts: Pick<NodeFacts, "name" | "address" | "managers">, vip: VipFacts): WrittenFile[] {
  return [
    { path: "/usr/local/sbin/swarm-ingress", permissions: "0755", content: files.ingress },
    { path: "/etc/swarm/keepalived.conf", permissions: "0644", content: keepalivedConf(facts, vip) },
  ];
}

function keepalivedConf(facts: Pick<NodeFacts, "name" | "address" | "managers">, vip: VipFacts): string {
  const values: Record<string, string> = {
    NAME: facts.name,
    ADDRESS: facts.address,
    PEERS: facts.managers.filter((manager) => manager !== facts.address).join("\n        "),
    PRIORITY: String(vip.priority),
    VIP: vip.address,
    PREFIX: String(vip.prefix),
  };
  // the interface is filled in on the node
  return files.keepalived.replaceAll(/@([A-Z]+)@/g, (mark, key: string) => values[key] ?? mark);
}
