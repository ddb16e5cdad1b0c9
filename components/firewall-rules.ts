/** The security groups: every node is in `nodes` and in the group of its role. */
export type FirewallGroup = "nodes" | "managers" | "workers";

/** Who may send: the members of a group, or IPv4 networks of the settings. */
export type FirewallSource = FirewallGroup | "adminCidrs" | "ingressCidrs";

/** One line of the firewall's table. `port` is absent for a protocol without ports. */
export interface FirewallRule {
  readonly to: FirewallGroup;
  readonly protocol: "tcp" | "udp" | "vrrp";
  readonly port?: number;
  readonly from: FirewallSource;
  readonly why: string;
}

/**
 * Everything that may reach a node. Ports of the swarm: https://docs.docker.com/engine/swarm/swarm-tutorial/
 * VRRP is IP protocol 112 (RFC 5798).
 */
export const firewallTable: readonly FirewallRule[] = [
  { to: "managers", protocol: "tcp", port: 2377, from: "nodes", why: "joining, raft and orders to the agents" },
  { to: "nodes", protocol: "tcp", port: 7946, from: "nodes", why: "gossip of overlay members" },
  { to: "nodes", protocol: "udp", port: 7946, from: "nodes", why: "gossip of overlay members" },
  { to: "nodes", protocol: "udp", port: 4789, from: "nodes", why: "overlay traffic (VXLAN)" },
  { to: "managers", protocol: "vrrp", from: "managers", why: "who holds the ingress address" },
  { to: "managers", protocol: "tcp", port: 22, from: "adminCidrs", why: "administration" },
  { to: "workers", protocol: "tcp", port: 22, from: "managers", why: "administration, through a manager" },
  { to: "managers", protocol: "tcp", port: 80, from: "ingressCidrs", why: "ingress (Traefik)" },
];

/** A rule as Neutron takes it: one per network where the source is a list of networks. */
export interface PlannedRule {
  /** Part of the logical name, unique in the table, e.g. "managers-tcp-22-adminCidrs-10.0.0.0/8". */
  readonly key: string;
  readonly rule: FirewallRule;
  readonly source: { readonly group: FirewallGroup } | { readonly cidr: string };
}

/** Spreads the table over the settings' networks. */
export function planFirewall(networks: { readonly adminCidrs: readonly string[]; readonly ingressCidrs: readonly string[] }): PlannedRule[] {
  return firewallTable.flatMap((rule): PlannedRule[] => {
    const key = [rule.to, rule.protocol, ...(rule.port === undefined ? [] : [String(rule.port)]), rule.from].join("-");
    if (rule.from === "adminCidrs" || rule.from === "ingressCidrs") {
      return networks[rule.from].map((cidr) => ({ key: `${key}-${cidr}`, rule, source: { cidr } }));
    }
    return [{ key, rule, source: { group: rule.from } }];
  });
}
