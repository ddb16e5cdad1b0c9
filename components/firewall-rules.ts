import { ingressPorts } from "../settings/ports";
import type { Settings } from "../settings/schema";

/** The security groups: every node is in `nodes` and in the group of its role. */
export type FirewallGroup = "nodes" | "managers" | "workers";

/** Who may send: the members of a group, or IPv4 networks of the settings. */
export type FirewallSource = FirewallGroup | "adminCidrs" | "ingressCidrs" | "networkCidr";

/** What the rules depend on. */
export type FirewallSettings = Pick<
  Settings,
  | "adminCidrs"
  | "ingressCidrs"
  | "networkCidr"
  | "ingressMode"
  | "overlayEncryption"
  | "dashboard"
  | "autoscalerService"
>;

/** One line of the firewall's table. `port` is absent for a protocol without ports. */
export interface FirewallRule {
  readonly to: FirewallGroup;
  readonly protocol: "tcp" | "udp" | "vrrp" | "esp";
  readonly port?: number;
  readonly from: FirewallSource;
  readonly why: string;
  /** In words, when the rule is made; absent: always. */
  readonly when?: string;
  /** The same as a test; absent: always. */
  readonly applies?: (settings: FirewallSettings) => boolean;
}

/** Port of Traefik's dashboard on the managers. */
export const dashboardPort = 8080;

const octavia = {
  when: "`ingressMode: octavia`",
  applies: ({ ingressMode }: FirewallSettings) => ingressMode === "octavia",
};
const direct = {
  when: "`ingressMode: vip` or `none`",
  applies: ({ ingressMode }: FirewallSettings) => ingressMode !== "octavia",
};

/**
 * Everything that may reach a node. Ports of the swarm: https://docs.docker.com/engine/swarm/swarm-tutorial/
 * VRRP is IP protocol 112 (RFC 5798), ESP 50 (RFC 4303).
 */
export const firewallTable: readonly FirewallRule[] = [
  { to: "managers", protocol: "tcp", port: 2377, from: "nodes", why: "joining, raft and orders to the agents" },
  { to: "nodes", protocol: "tcp", port: 7946, from: "nodes", why: "gossip of overlay members" },
  { to: "nodes", protocol: "udp", port: 7946, from: "nodes", why: "gossip of overlay members" },
  { to: "nodes", protocol: "udp", port: 4789, from: "nodes", why: "overlay traffic (VXLAN)" },
  {
    to: "nodes",
    protocol: "esp",
    from: "nodes",
    why: "encrypted overlay traffic (IPsec)",
    when: "`overlayEncryption: true`",
    applies: ({ overlayEncryption }) => overlayEncryption,
  },
  {
    to: "managers",
    protocol: "vrrp",
    from: "managers",
    why: "who holds the ingress address",
    when: "`ingressMode: vip`",
    applies: ({ ingressMode }) => ingressMode === "vip",
  },
  { to: "managers", protocol: "tcp", port: 22, from: "adminCidrs", why: "administration" },
  { to: "workers", protocol: "tcp", port: 22, from: "managers", why: "administration, through a manager" },
  {
    to: "managers",
    protocol: "tcp",
    port: 22,
    from: "managers",
    why: "the autoscaler's service, as an administrator",
    when: "`autoscalerService`",
    applies: ({ autoscalerService }) => autoscalerService !== undefined,
  },
  ...ingressPorts.flatMap((port): FirewallRule[] => [
    { to: "managers", protocol: "tcp", port, from: "ingressCidrs", why: "ingress (Traefik)", ...direct },
    {
      to: "managers",
      protocol: "tcp",
      port,
      from: "networkCidr",
      why: "ingress (Traefik) from the load balancer, which admits ingressCidrs",
      ...octavia,
    },
  ]),
  {
    to: "managers",
    protocol: "tcp",
    port: dashboardPort,
    from: "adminCidrs",
    why: "Traefik's dashboard",
    when: "`dashboard: true`",
    applies: ({ dashboard }) => dashboard,
  },
];

/** A rule as Neutron takes it: one per network where the source is a list of networks. */
export interface PlannedRule {
  /** Part of the logical name, unique in the table, e.g. "managers-tcp-22-adminCidrs-10.0.0.0/8". */
  readonly key: string;
  readonly rule: FirewallRule;
  readonly source: { readonly group: FirewallGroup } | { readonly cidr: string };
}

/** The lines of the table that apply, spread over the settings' networks. */
export function planFirewall(settings: FirewallSettings): PlannedRule[] {
  return firewallTable
    .filter(({ applies }) => applies?.(settings) ?? true)
    .flatMap((rule): PlannedRule[] => {
      const key = [rule.to, rule.protocol, ...(rule.port === undefined ? [] : [String(rule.port)]), rule.from].join(
        "-",
      );
      const { from } = rule;
      if (from === "nodes" || from === "managers" || from === "workers")
        return [{ key, rule, source: { group: from } }];
      const networks = from === "networkCidr" ? [settings.networkCidr] : settings[from];
      return networks.map((cidr) => ({ key: `${key}-${cidr}`, rule, source: { cidr } }));
    });
}

/** Text of docs/firewall.md. */
export function firewallPage(): string {
  const rows = firewallTable.map(
    ({ to, protocol, port, from, why, when }) =>
      `| ${to} | ${protocol} | ${port ?? ""} | ${from} | ${why} | ${when ?? "always"} |`,
  );
  return [
    "# Firewall",
    "",
    "Made from `components/firewall-rules.ts` by `npm run describe`. Every server is in the security group `nodes` and in the one of",
    "its role; Neutron's default rules are removed, and nothing that is not in this table reaches a node. `nodes`, `managers` and",
    "`workers` as a source are the members of that group. Nodes may reach everything: registries, packages and time have no fixed addresses.",
    "",
    "| to | protocol | port | from | why | when |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
