import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { stringify } from "yaml";
import { Neutron } from "./neutron";
import { Nova } from "./nova";
import type { Answer, Call } from "./store";

/** A cloud that answers at once and does nothing, so that what is left is the cost of who asks it. */
export interface MockCloud {
  /** Text of a clouds.yaml in which it is called "mock". */
  readonly cloudsYaml: string;
  /**
   * Requests that it has no answer to; the tools may go on after one, what they then do is not what is to be measured.
   */
  readonly unanswered: readonly string[];
  readonly close: () => Promise<void>;
}

export interface MockOptions {
  readonly externalNetwork: string;
  readonly flavors: readonly string[];
  readonly image: string;
  /** Asked before the mock itself: what a cloud that is not well answers. */
  readonly instead?: (service: string, call: Call) => Answer | undefined;
}

/** Starts the mock on a free port of the loopback address, and nowhere else. */
export async function startMockCloud({ externalNetwork, flavors, image, instead }: MockOptions): Promise<MockCloud> {
  const neutron = new Neutron(externalNetwork);
  const nova = new Nova(neutron, flavors);
  const unanswered: string[] = [];
  let base = "";
  const services: Readonly<Record<string, (call: Call) => Answer | undefined>> = {
    identity: (call) => keystone(call, base),
    image: (call) => glance(call, image),
    network: (call) => neutron.answer(call),
    compute: (call) => nova.answer(call),
    "load-balancer": octavia,
  };
  const server = createServer((request, response) => {
    void read(request)
      .then(({ service, call }) => {
        const answer = instead?.(service, call) ?? services[service]?.(call);
        if (answer === undefined) unanswered.push(`${call.method} /${[service, ...call.path].join("/")}`);
        const { status, body, headers = {} } = answer ?? { status: 501, body: { message: "the mock has no answer" } };
        response.writeHead(status, { "Content-Type": "application/json", ...headers });
        response.end(body === undefined ? "" : JSON.stringify(body));
      })
      .catch((error: unknown) => {
        response.destroy(error as Error);
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const auth = {
    auth_url: `${base}/identity/v3`,
    username: "mock",
    password: "mock",
    project_name: "mock",
    user_domain_name: "Default",
    project_domain_name: "Default",
  };
  return {
    cloudsYaml: stringify({ clouds: { mock: { region_name: "RegionOne", auth } } }),
    unanswered,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function read(request: IncomingMessage): Promise<{ service: string; call: Call }> {
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://mock");
  const [service = "", ...path] = pathname.split("/").filter((part) => part !== "");
  const hasBody = Number(request.headers["content-length"] ?? 0) > 0;
  return {
    service,
    call: {
      method: request.method ?? "GET",
      path,
      query,
      body: hasBody ? ((await json(request)) as Record<string, unknown>) : {},
    },
  };
}

/** Anyone may log in. Types and paths as in Keystone's catalogue (Identity API v3, POST /auth/tokens). */
function keystone({ method, path }: Call, base: string): Answer | undefined {
  if (method === "GET")
    return {
      status: 200,
      body: { version: { id: "v3.14", status: "stable", links: [{ rel: "self", href: `${base}/identity/v3/` }] } },
    };
  if (path.join("/") !== "v3/auth/tokens") return undefined;
  const service = (type: string, url: string): object => ({
    type,
    name: type,
    id: type,
    endpoints: [{ id: type, interface: "public", region: "RegionOne", region_id: "RegionOne", url }],
  });
  const domain = { id: "default", name: "Default" };
  return {
    status: 201,
    headers: { "X-Subject-Token": "mock" },
    body: {
      token: {
        expires_at: "2099-01-01T00:00:00.000000Z",
        issued_at: "2024-01-01T00:00:00.000000Z",
        methods: ["password"],
        roles: [{ id: "member", name: "member" }],
        user: { id: "mock", name: "mock", domain },
        project: { id: "mock", name: "mock", domain },
        catalog: [
          service("identity", `${base}/identity`),
          service("image", `${base}/image`),
          service("network", `${base}/network`),
          service("compute", `${base}/compute/v2.1`),
          service("load-balancer", `${base}/load-balancer`),
        ],
      },
    },
  };
}

/** Octavia without a load balancer. */
function octavia({ method, path: [, , kind, id] }: Call): Answer | undefined {
  return method === "GET" && kind !== undefined && id === undefined ? { status: 200, body: { [kind]: [] } } : undefined;
}

function glance({ method, path: [version, kind, id], query }: Call, name: string): Answer | undefined {
  if (method !== "GET" || version !== "v2" || kind !== "images") return undefined;
  const image = {
    id: "image",
    name,
    status: "active",
    visibility: "public",
    owner: "mock",
    container_format: "bare",
    disk_format: "raw",
    min_disk: 0,
    min_ram: 0,
    size: 1,
    tags: [],
    protected: false,
  };
  if (id !== undefined) return { status: 200, body: image };
  return { status: 200, body: { images: query.get("name") === name ? [image] : [] } };
}
