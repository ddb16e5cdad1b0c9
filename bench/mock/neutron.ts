import ipaddr from "ipaddr.js";
import { gone, notFound, Things, type Answer, type Call, type Thing } from "./store";

/** Collections of the Networking API v2.0 that the program uses: name in the path → name of one. */
const kinds = {
  networks: "network",
  subnets: "subnet",
  routers: "router",
  ports: "port",
  "security-groups": "security_group",
  "security-group-rules": "security_group_rule",
  floatingips: "floatingip",
} as const;
type Kind = keyof typeof kinds;

/** What a list is asked to be like, not which of its things are wanted. */
const listWords: ReadonlySet<string> = new Set(["limit", "marker", "fields", "sort_key", "sort_dir"]);

/** Neutron, as far as the provider and the bound look: names, addresses, tags; nothing is carried anywhere. */
export class Neutron {
  private readonly things: Readonly<Record<Kind, Things>>;
  private lastPort = 0;
  private lastWorker = 0;
  private lastFloating = 0;

  constructor(externalNetwork: string) {
    this.things = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, new Things()])) as Record<Kind, Things>;
    this.things.networks.add({ ...networkDefaults, name: externalNetwork, "router:external": true });
  }

  answer({ method, path: [version, kind = "", id, verb], query, body }: Call): Answer | undefined {
    if (version !== "v2.0" || !(kind in kinds)) return undefined;
    const [things, one] = [this.things[kind as Kind], kinds[kind as Kind]];
    if (id === undefined) {
      if (method === "POST")
        return { status: 201, body: { [one]: this.create(kind as Kind, body[one] as Record<string, unknown>) } };
      const wanted = Object.fromEntries([...query].filter(([key]) => !listWords.has(key)));
      return { status: 200, body: { [kind.replaceAll("-", "_")]: things.where(wanted) } };
    }
    const thing = things.get(id);
    if (thing === undefined) return notFound;
    if (verb !== undefined) return this.act(things, thing, method, verb, body);
    switch (method) {
      case "GET":
        return { status: 200, body: { [one]: thing } };
      case "PUT":
        return { status: 200, body: { [one]: things.change(id, body[one] as Record<string, unknown>) } };
      case "DELETE":
        this.delete(kind as Kind, id);
        return gone;
      default:
        return undefined;
    }
  }

  /** Gives a server its ports; hands over what Nova then says of its addresses: network's name → addresses. */
  bind(ports: readonly string[], deviceId: string): Record<string, unknown> {
    const bound = ports.flatMap(
      (port) =>
        this.things.ports.change(port, { device_id: deviceId, device_owner: "compute:az1", status: "ACTIVE" }) ?? [],
    );
    return Object.fromEntries(
      bound.map((port) => [
        String(this.things.networks.get(String(port["network_id"]))?.["name"]),
        (port["fixed_ips"] as { ip_address: string }[]).map(({ ip_address: addr }) => ({
          addr,
          version: 4,
          "OS-EXT-IPS:type": "fixed",
          "OS-EXT-IPS-MAC:mac_addr": port["mac_address"],
        })),
      ]),
    );
  }

  unbind(deviceId: string): void {
    for (const { id } of this.things.ports.where({ device_id: deviceId }))
      this.things.ports.change(id, { device_id: "", device_owner: "" });
  }

  private act(
    things: Things,
    thing: Thing,
    method: string,
    verb: string,
    body: Readonly<Record<string, unknown>>,
  ): Answer | undefined {
    if (verb === "tags") {
      const tags = method === "PUT" ? things.change(thing.id, { tags: body["tags"] })?.["tags"] : thing["tags"];
      return { status: 200, body: { tags } };
    }
    if (verb === "add_router_interface") {
      const fixedIps = [
        {
          subnet_id: body["subnet_id"],
          ip_address: this.things.subnets.get(String(body["subnet_id"]))?.["gateway_ip"],
        },
      ];
      const port = this.things.ports.add({
        ...portDefaults,
        device_id: thing.id,
        device_owner: "network:router_interface",
        status: "ACTIVE",
        fixed_ips: fixedIps,
      });
      return { status: 200, body: { id: thing.id, subnet_id: body["subnet_id"], port_id: port.id } };
    }
    if (verb === "remove_router_interface") {
      for (const port of this.things.ports.where({ device_id: thing.id })) this.things.ports.remove(port.id);
      return { status: 200, body: { id: thing.id } };
    }
    return undefined;
  }

  private create(kind: Kind, given: Readonly<Record<string, unknown>>): Thing {
    const things = this.things[kind];
    switch (kind) {
      case "networks":
        return things.add({ ...networkDefaults, ...given });
      case "subnets":
        return things.add({ ...subnetDefaults, ...given });
      case "routers":
        return things.add({ ...routerDefaults, ...given });
      case "ports": {
        this.lastPort += 1;
        const mac = `fa:16:3e:${this.lastPort
          .toString(16)
          .padStart(6, "0")
          .replace(/..(?=.)/g, "$&:")}`;
        return things.add({
          ...portDefaults,
          ...given,
          mac_address: mac,
          fixed_ips: this.addresses(given["fixed_ips"]),
        });
      }
      case "security-groups": {
        const group = things.add({ ...groupDefaults, ...given });
        const rules = ["IPv4", "IPv6"].map((ethertype) =>
          this.create("security-group-rules", { direction: "egress", ethertype, security_group_id: group.id }),
        );
        return { ...group, security_group_rules: rules };
      }
      case "security-group-rules":
        return things.add({ ...ruleDefaults, ...given });
      case "floatingips": {
        this.lastFloating += 1;
        return things.add({
          ...floatingDefaults,
          ...given,
          floating_ip_address: address("203.0.112.0", this.lastFloating),
        });
      }
    }
  }

  /** Gives a port that names no address the next one of its subnet's pool. */
  private addresses(fixedIps: unknown): unknown {
    return (fixedIps as { subnet_id: string; ip_address?: string }[]).map((fixed) => {
      const [pool] = (this.things.subnets.get(fixed.subnet_id)?.["allocation_pools"] ?? []) as { start: string }[];
      return { ...fixed, ip_address: fixed.ip_address ?? address(pool?.start ?? "10.0.0.20", this.lastWorker++) };
    });
  }

  private delete(kind: Kind, id: string): void {
    this.things[kind].remove(id);
    if (kind !== "security-groups") return;
    for (const rule of this.things["security-group-rules"].where({ security_group_id: id }))
      this.things["security-group-rules"].remove(rule.id);
  }
}

/** The address so many places after another. */
function address(first: string, places: number): string {
  const value =
    ipaddr.IPv4.parse(first)
      .toByteArray()
      .reduce((sum, byte) => sum * 256 + byte, 0) + places;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

const common = {
  tenant_id: "mock",
  project_id: "mock",
  description: "",
  tags: [],
  status: "ACTIVE",
  admin_state_up: true,
};
const networkDefaults = {
  ...common,
  mtu: 1450,
  shared: false,
  "router:external": false,
  subnets: [],
  availability_zone_hints: [],
  port_security_enabled: true,
  dns_domain: "",
};
const subnetDefaults = {
  ...common,
  enable_dhcp: true,
  host_routes: [],
  dns_nameservers: [],
  allocation_pools: [],
  ipv6_address_mode: "",
  ipv6_ra_mode: "",
  subnetpool_id: "",
};
const routerDefaults = {
  ...common,
  distributed: false,
  routes: [],
  availability_zone_hints: [],
  external_gateway_info: null,
};
const portDefaults = {
  ...common,
  device_id: "",
  device_owner: "",
  mac_address: "fa:16:3e:00:00:01",
  security_groups: [],
  allowed_address_pairs: [],
  extra_dhcp_opts: [],
  port_security_enabled: true,
  "binding:vnic_type": "normal",
  "binding:host_id": "",
  "binding:profile": {},
  "binding:vif_type": "ovs",
  "binding:vif_details": {},
  dns_name: "",
  qos_policy_id: "",
};
const groupDefaults = { ...common, security_group_rules: [], stateful: true };
const ruleDefaults = {
  ...common,
  protocol: null,
  port_range_min: null,
  port_range_max: null,
  remote_group_id: null,
  remote_ip_prefix: null,
};
const floatingDefaults = {
  ...common,
  fixed_ip_address: null,
  router_id: "router",
  port_id: null,
  dns_name: "",
  dns_domain: "",
};
