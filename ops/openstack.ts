import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { OperationError } from "./errors";

/** The part of clouds.yaml that a login needs (openstacksdk's configuration format). */
const cloudSchema = z.object({
  region_name: z.string().optional(),
  auth: z.object({
    auth_url: z.string(),
    username: z.string().optional(),
    password: z.string().optional(),
    project_name: z.string().optional(),
    project_id: z.string().optional(),
    user_domain_name: z.string().default("Default"),
    project_domain_name: z.string().default("Default"),
    application_credential_id: z.string().optional(),
    application_credential_secret: z.string().optional(),
  }),
});
type Cloud = z.output<typeof cloudSchema>;

const requestSeconds = 60;

/** A session with the OpenStack APIs, with the credentials of `OS_CLOUD` and clouds.yaml. */
export class OpenStack {
  private constructor(
    private readonly token: string,
    private readonly endpoints: ReadonlyMap<string, string>,
    /** Id of the project that the session is for. */
    readonly projectId: string,
  ) {}

  static async open(environment: NodeJS.ProcessEnv): Promise<OpenStack> {
    const { token, endpoints, projectId } = await login(await readCloud(environment));
    return new OpenStack(token, endpoints, projectId);
  }

  /**
   * Sends a request and hands over the answer's body.
   *
   * @param service type in Keystone's catalogue, e.g. "compute".
   * @param path path below the service's endpoint, e.g. "/servers/detail".
   */
  async request<T extends z.ZodType>(service: string, path: string, schema: T, body?: unknown): Promise<z.output<T>> {
    const endpoint = this.endpoints.get(service);
    if (endpoint === undefined) throw new OperationError(`keystone: no public endpoint for ${service} in the catalogue.`);
    const answer = await send(`${endpoint}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { "Content-Type": "application/json", "X-Auth-Token": this.token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return schema.parse(await answer.json());
  }

  /** The last lines of a server's console. */
  async consoleTail(serverId: string, lines = 40): Promise<string> {
    const { output } = await this.request("compute", `/servers/${serverId}/action`, z.object({ output: z.string() }),
      { "os-getConsoleOutput": { length: lines } });
    return output;
  }
}

async function readCloud(environment: NodeJS.ProcessEnv): Promise<Cloud> {
  const name = environment["OS_CLOUD"];
  if (name === undefined) throw new OperationError("OS_CLOUD: not set; name a cloud of clouds.yaml.");
  const path = environment["OS_CLIENT_CONFIG_FILE"] ?? join(homedir(), ".config", "openstack", "clouds.yaml");
  const content = parse(await readFile(path, "utf8")) as { clouds?: Record<string, unknown> };
  const cloud = cloudSchema.safeParse(content.clouds?.[name]);
  if (!cloud.success) throw new OperationError(`${path}: cloud ${JSON.stringify(name)} is not usable: ${z.prettifyError(cloud.error)}`);
  return cloud.data;
}

/** Keystone's login (Identity API v3, POST /auth/tokens): by application credential where there is one, else by password. */
async function login({ auth, region_name: region }: Cloud): Promise<{ token: string; endpoints: Map<string, string>; projectId: string }> {
  const byCredential = auth.application_credential_id !== undefined;
  const identity = byCredential
    ? {
        methods: ["application_credential"],
        application_credential: { id: auth.application_credential_id, secret: auth.application_credential_secret },
      }
    : { methods: ["password"], password: { user: { name: auth.username, password: auth.password, domain: { name: auth.user_domain_name } } } };
  const project = auth.project_id === undefined ? { name: auth.project_name, domain: { name: auth.project_domain_name } } : { id: auth.project_id };
  const base = auth.auth_url.replace(/\/$/, "");
  const answer = await send(`${base.endsWith("/v3") ? base : `${base}/v3`}/auth/tokens`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ auth: { identity, ...(byCredential ? {} : { scope: { project } }) } }),
  });
  const token = answer.headers.get("X-Subject-Token");
  if (token === null) throw new OperationError(`${base}: Keystone's answer has no token.`);
  const { token: { catalog, project: scoped } } = loginSchema.parse(await answer.json());
  const endpoints = catalog.flatMap(({ type, endpoints: all }) => all
    .filter((endpoint) => endpoint.interface === "public" && (region === undefined || endpoint.region === region))
    .map(({ url }): [string, string] => [type, url.replace(/\/$/, "")]));
  return { token, endpoints: new Map(endpoints), projectId: scoped.id };
}

const loginSchema = z.object({
  token: z.object({
    project: z.object({ id: z.string() }),
    catalog: z.array(z.object({
      type: z.string(), endpoints: z.array(z.object({ interface: z.string(), region: z.string().nullable(), url: z.string() })),
    })),
  }),
});

async function send(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(requestSeconds * 1000) });
  // the body of a refused login may repeat what was sent
  if (!answer.ok) throw new OperationError(`${url}: ${answer.status} ${answer.statusText}`);
  return answer;
}
