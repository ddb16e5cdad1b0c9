import type { Neutron } from "./neutron";
import { gone, notFound, Things, type Answer, type Call, type Thing } from "./store";

const made = "2024-01-01T00:00:00Z";

/** Nova, whose servers are ACTIVE at once and never boot. */
export class Nova {
  private readonly servers = new Things();
  private readonly groups = new Things();
  private readonly flavors: readonly { readonly id: string; readonly name: string }[];

  constructor(
    private readonly neutron: Neutron,
    flavors: readonly string[],
  ) {
    this.flavors = flavors.map((name) => ({
      id: `flavor-${name}`,
      name,
      ram: 1024,
      vcpus: 1,
      disk: 10,
      swap: "",
      rxtx_factor: 1,
      "os-flavor-access:is_public": true,
    }));
  }

  answer({ method, path: [version, kind, id, verb], body }: Call): Answer | undefined {
    if (version !== "v2.1") return undefined;
    switch (kind) {
      case "flavors": {
        const flavor = this.flavors.find((one) => one.id === id);
        if (id === "detail") return { status: 200, body: { flavors: this.flavors } };
        return flavor === undefined ? notFound : { status: 200, body: { flavor } };
      }
      case "os-server-groups":
        return this.group(method, id, body);
      case "servers":
        return this.server(method, id, verb, body);
      default:
        return undefined;
    }
  }

  private group(method: string, id: string | undefined, body: Readonly<Record<string, unknown>>): Answer | undefined {
    if (method === "POST")
      return {
        status: 200,
        body: { server_group: this.groups.add({ members: [], metadata: {}, ...(body["server_group"] as object) }) },
      };
    if (id === undefined) return { status: 200, body: { server_groups: this.groups.where({}) } };
    if (method === "DELETE") return this.groups.remove(id) ? gone : notFound;
    const found = this.groups.get(id);
    return found === undefined ? notFound : { status: 200, body: { server_group: found } };
  }

  private server(
    method: string,
    id: string | undefined,
    verb: string | undefined,
    body: Readonly<Record<string, unknown>>,
  ): Answer | undefined {
    if (method === "POST" && id === undefined)
      return { status: 202, body: { server: { id: this.create(body["server"] as Asked).id, adminPass: "mock" } } };
    if (id === undefined || id === "detail") return { status: 200, body: { servers: this.servers.where({}) } };
    const server = this.servers.get(id);
    if (server === undefined) return notFound;
    if (verb === "tags") return { status: 200, body: { tags: [] } };
    if (method === "DELETE") {
      this.servers.remove(id);
      this.neutron.unbind(id);
      return gone;
    }
    return verb === undefined ? { status: 200, body: { server } } : undefined;
  }

  /** User data is not kept, as Nova does not show it. */
  private create({ name, flavorRef, imageRef, metadata = {}, availability_zone: zone, networks = [] }: Asked): Thing {
    const server = this.servers.add({
      name,
      metadata,
      status: "ACTIVE",
      flavor: { id: flavorRef },
      image: { id: imageRef },
      created: made,
      updated: made,
      tenant_id: "mock",
      user_id: "mock",
      "OS-EXT-AZ:availability_zone": zone,
      security_groups: [],
      key_name: null,
      accessIPv4: "",
      accessIPv6: "",
      config_drive: "True",
      links: [],
      hostId: "",
    });
    const addresses = this.neutron.bind(
      networks.flatMap(({ port }) => port ?? []),
      server.id,
    );
    return this.servers.change(server.id, { addresses }) ?? server;
  }
}

/** What a request for a server names (Compute API v2.1, POST /servers). */
interface Asked {
  readonly name: string;
  readonly flavorRef: string;
  readonly imageRef: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly availability_zone?: string;
  readonly networks?: readonly { readonly port?: string }[];
}
