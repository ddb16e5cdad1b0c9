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

/** The last lines of a server's console, asked of Nova with the credentials of `OS_CLOUD` and clouds.yaml. */
export async function consoleTail(serverId: string, lines = 40): Promise<string> {
  const cloud = await readCloud(process.env);
  const { token, computeUrl } = await login(cloud);
  const answer = await request(`${computeUrl}/servers/${serverId}/action`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Auth-Token": token },
    body: JSON.stringify({ "os-getConsoleOutput": { length: lines } }),
  });
  return z.object({ output: z.string() }).parse(await answer.json()).output;
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
async function login({ auth, region_name: region }: Cloud): Promise<{ token: string; computeUrl: string }> {
  const identity = auth.application_credential_id !== undefined
    ? {
        methods: ["application_credential"],
        application_credential: { id: auth.application_credential_id, secret: auth.application_credential_secret },
      }
    : { methods: ["password"], password: { user: { name: auth.username, password: auth.password, domain: { name: auth.user_domain_name } } } };
  const project = auth.project_id !== undefined ? { id: auth.project_id } : { name: auth.project_name, domain: { name: auth.project_domain_name } };
  const scope = auth.application_credential_id !== undefined ? {} : { scope: { project } };
  const base = auth.auth_url.replace(/\/$/, "");
  const answer = await request(`${base.endsWith("/v3") ? base : `${base}/v3`}/auth/tokens`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ auth: { identity, ...scope } }),
  });
  const body = loginSchema.parse(await answer.json());
  const endpoint = body.token.catalog.find(({ type }) => type === "compute")?.endpoints
    .find((candidate) => candidate.interface === "public" && (region === undefined || candidate.region === region));
  const token = answer.headers.get("X-Subject-Token");
  if (endpoint === undefined || token === null) throw new OperationError("keystone: no token, or no public compute endpoint in the catalogue.");
  return { token, computeUrl: endpoint.url.replace(/\/$/, "") };
}

const loginSchema = z.object({
  token: z.object({
    catalog: z.array(z.object({
      type: z.string(), endpoints: z.array(z.object({ interface: z.string(), region: z.string().nullable(), url: z.string() })),
    })),
  }),
});

async function request(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(requestSeconds * 1000) });
  // the body of a refused login may repeat what was sent
  if (!answer.ok) throw new OperationError(`${url}: ${answer.status} ${answer.statusText}`);
  return answer;
}
