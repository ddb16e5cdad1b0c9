import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { readCloud, type Cloud } from "./clouds-yaml";
import { OperationError } from "../errors";
import { exchange, type HttpAnswer } from "../connection/http";

type Trust = Pick<Cloud, "ca" | "verify">;

const requestSeconds = 60;

/** A session with the OpenStack APIs, with the credentials of `OS_CLOUD` and clouds.yaml. */
export class OpenStack {
  private constructor(
    private readonly token: string,
    private readonly endpoints: ReadonlyMap<string, string>,
    private readonly trust: Trust,
    /** Id of the project that the session is for. */
    readonly projectId: string,
  ) {}

  static async open(environment: NodeJS.ProcessEnv): Promise<OpenStack> {
    const cloud = await readCloud(environment);
    const { token, endpoints, projectId } = await login(cloud);
    return new OpenStack(token, endpoints, cloud, projectId);
  }

  /**
   * Sends a request and returns the body of the answer.
   *
   * @param service type in Keystone's catalogue, e.g. "compute".
   * @param path path below the service's endpoint, e.g. "/servers/detail".
   */
  async request<T extends z.ZodType>(service: string, path: string, schema: T, body?: unknown): Promise<z.output<T>> {
    const answer = await this.send(body === undefined ? "GET" : "POST", service, path, body);
    return schema.parse(JSON.parse(answer.text));
  }

  /**
   * Collects a list page by page.
   *
   * @param key field of the answer that holds the list, e.g. "servers"; `<key>_links` leads to the next page.
   */
  async list<T extends z.ZodType>(service: string, path: string, key: string, item: T): Promise<z.output<T>[]> {
    const found: z.output<T>[] = [];
    const link = z.object({ rel: z.string(), href: z.string() });
    for (let next: string | undefined = path; next !== undefined;) {
      const body: Record<string, unknown> = await this.request(service, next, z.record(z.string(), z.unknown()));
      found.push(...z.array(item).parse(body[key]));
      const { href } =
        z
          .array(link)
          .parse(body[`${key}_links`] ?? [])
          .find(({ rel }) => rel === "next") ?? {};
      const marker: string | null = href === undefined ? null : new URL(href).searchParams.get("marker");
      next = marker === null ? undefined : `${path}${path.includes("?") ? "&" : "?"}marker=${marker}`;
    }
    return found;
  }

  /** Runs an action of Nova on a server, e.g. `{ reboot: { type: "HARD" } }`; the answer has no body. */
  async act(serverId: string, action: unknown): Promise<void> {
    await this.send("POST", "compute", `/servers/${serverId}/action`, action);
  }

  /** Deletes a resource; one that is gone counts as deleted. */
  async delete(service: string, path: string): Promise<void> {
    await this.send("DELETE", service, path, undefined, [404]);
  }

  /** Sends a change; ignores the body of the answer. */
  async put(service: string, path: string, body: unknown): Promise<void> {
    await this.send("PUT", service, path, body);
  }

  /** True where the cloud has a service of this type. */
  has(service: string): boolean {
    return this.endpoints.has(service);
  }

  private async send(
    method: string,
    service: string,
    path: string,
    body?: unknown,
    tolerated: readonly number[] = [],
  ): Promise<HttpAnswer> {
    const endpoint = this.endpoints.get(service);
    if (endpoint === undefined)
      throw new OperationError(`keystone: no public endpoint for ${service} in the catalogue.`);
    return send(
      `${endpoint}${path}`,
      { method, headers: { "X-Auth-Token": this.token }, body, ...this.trust },
      tolerated,
    );
  }

  /** Nova's fault message for a server that it could not start; undefined when there is none. */
  async serverFault(serverId: string): Promise<string | undefined> {
    const { server } = await this.request(
      "compute",
      `/servers/${serverId}`,
      z.object({ server: z.object({ fault: z.object({ message: z.string() }).optional() }) }),
    );
    return server.fault?.message;
  }

  /** Availability zones of Nova that take no servers, by name. */
  async unavailableZones(): Promise<string[]> {
    const zone = z.object({ zoneName: z.string(), zoneState: z.object({ available: z.boolean() }) });
    const { availabilityZoneInfo: zones } = await this.request(
      "compute",
      "/os-availability-zone",
      z.object({ availabilityZoneInfo: z.array(zone) }),
    );
    return zones.filter(({ zoneState }) => !zoneState.available).map(({ zoneName }) => zoneName);
  }

  /** The last lines of a server's console. */
  async consoleTail(serverId: string, lines = 40): Promise<string> {
    const { output } = await this.request("compute", `/servers/${serverId}/action`, z.object({ output: z.string() }), {
      "os-getConsoleOutput": { length: lines },
    });
    return output;
  }
}

interface Login {
  readonly token: string;
  /** Public endpoints by service type. */
  readonly endpoints: ReadonlyMap<string, string>;
  readonly projectId: string;
}

/** Logs in at Keystone (Identity API v3, POST /auth/tokens). */
async function login({ auth, region_name: region, ...trust }: Cloud): Promise<Login> {
  const base = auth.auth_url.replace(/\/$/, "");
  const answer = await send(`${base.endsWith("/v3") ? base : `${base}/v3`}/auth/tokens`, {
    method: "POST",
    body: { auth: credentials(auth) },
    ...trust,
    // a second token does no harm
    repeatable: true,
  });
  const token = answer.headers["x-subject-token"];
  if (typeof token !== "string") throw new OperationError(`${base}: Keystone's answer has no token.`);
  const {
    token: { catalog, project },
  } = loginSchema.parse(JSON.parse(answer.text));
  const endpoints = catalog.flatMap(({ type, endpoints: all }) =>
    all
      .filter((endpoint) => endpoint.interface === "public" && (region === undefined || endpoint.region === region))
      .map(({ url }): [string, string] => [type, url.replace(/\/$/, "")]),
  );
  return { token, endpoints: new Map(endpoints), projectId: project.id };
}

/** The identity and scope of a login: by application credential if there is one, otherwise by password. Pure. */
function credentials(auth: Cloud["auth"]): object {
  if (auth.application_credential_id !== undefined)
    return {
      identity: {
        methods: ["application_credential"],
        application_credential: { id: auth.application_credential_id, secret: auth.application_credential_secret },
      },
    };
  const user =
    auth.user_id === undefined
      ? { name: auth.username, domain: domain(auth.user_domain_id, auth.user_domain_name) }
      : { id: auth.user_id };
  const project =
    auth.project_id === undefined
      ? { name: auth.project_name, domain: domain(auth.project_domain_id, auth.project_domain_name) }
      : { id: auth.project_id };
  return {
    identity: { methods: ["password"], password: { user: { ...user, password: auth.password } } },
    scope: { project },
  };
}

function domain(id: string | undefined, name: string): { readonly id: string } | { readonly name: string } {
  return id === undefined ? { name } : { id };
}

const loginSchema = z.object({
  token: z.object({
    project: z.object({ id: z.string() }),
    catalog: z.array(
      z.object({
        type: z.string(),
        endpoints: z.array(z.object({ interface: z.string(), region: z.string().nullable(), url: z.string() })),
      }),
    ),
  }),
});

/** Seconds before each retry of a request that may be repeated. */
const pauses = [1, 4, 10];
/** Longest pause that a cloud may ask for, in seconds. */
const longestPause = 60;

interface Sent extends Trust {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** True if sending the request twice does no harm; by default for GET and DELETE. */
  readonly repeatable?: boolean;
}

/**
 * Sends a request. Repeats it after a server error if that does no harm, and after a rate limit (429, which changed
 * nothing) once the time that the cloud names has passed.
 */
async function send(
  url: string,
  { repeatable, ...request }: Sent,
  tolerated: readonly number[] = [],
): Promise<HttpAnswer> {
  const { method } = request;
  const mayRepeat = repeatable ?? (method === "GET" || method === "DELETE");
  for (const pause of [...pauses, undefined]) {
    const answer = await exchange(new URL(url), { ...request, timeoutSeconds: requestSeconds }).catch(
      (error: unknown) => {
        if (error instanceof OperationError) return error;
        throw error;
      },
    );
    if (answer instanceof OperationError) {
      if (!mayRepeat || pause === undefined) throw answer;
      await sleep(pause * 1000);
      continue;
    }
    if ((answer.status >= 200 && answer.status < 300) || tolerated.includes(answer.status)) return answer;
    const isBusy = answer.status === 429;
    // the body of a refused login may repeat what was sent
    if (pause === undefined || !(isBusy || (mayRepeat && answer.status >= 500)))
      throw new OperationError(`${method} ${url}: ${answer.status} ${answer.statusText}`);
    const asked = isBusy ? Number(answer.headers["retry-after"] ?? Number.NaN) : Number.NaN;
    await sleep(Math.min(longestPause, Number.isFinite(asked) ? asked : pause) * 1000);
  }
  throw new Error("the last try throws or returns");
}
