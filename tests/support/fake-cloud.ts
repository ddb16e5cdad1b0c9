import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";

/** A cloud of one page a list, in memory; remembers what was asked of it. */
export class FakeCloud {
  readonly requests: string[] = [];
  private readonly server: Server;

  environment: NodeJS.ProcessEnv = {};

  /** @param watch told each request but logins, before the answer. */
  constructor(
    readonly lists: Record<string, Record<string, unknown>[]>,
    watch: (method: string) => void = () => undefined,
  ) {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? "", "http://cloud");
      if (!url.pathname.includes("/auth/")) watch(request.method ?? "");
      if (request.method !== "GET" && !url.pathname.includes("/auth/"))
        this.requests.push(`${request.method ?? ""} ${url.pathname}`);
      const answer = (status: number, body: unknown = {}, headers = {}): void => {
        response.writeHead(status, { "Content-Type": "application/json", ...headers });
        response.end(JSON.stringify(body));
      };
      if (url.pathname === "/identity/v3/auth/tokens") {
        const at = (service: string): unknown => ({
          type: service,
          endpoints: [{ interface: "public", region: "r", url: `${this.url}/${service}` }],
        });
        answer(
          201,
          { token: { project: { id: "p" }, catalog: [at("compute"), at("network")] } },
          { "X-Subject-Token": "t" },
        );
      } else if (request.method === "GET") {
        const kind = url.pathname.replace("/detail", "").split("/").at(-1) ?? "";
        const wanted = [...url.searchParams].filter(([key]) =>
          ["description", "device_id", "security_group_id"].includes(key),
        );
        const key = kind === "os-server-groups" ? "server_groups" : kind.replaceAll("-", "_");
        answer(200, {
          [key]: (this.lists[kind] ?? []).filter((one) => wanted.every(([name, value]) => one[name] === value)),
        });
      } else if (url.pathname.endsWith("/tags")) {
        void json(request).then((body) => {
          Object.assign(
            this.lists["security-groups"]?.find(({ id }) => id === url.pathname.split("/").at(-2)) ?? {},
            body,
          );
          answer(200, body);
        });
      } else {
        const id = url.pathname.split("/").at(-1);
        for (const [kind, list] of Object.entries(this.lists))
          this.lists[kind] = list.filter((one) => one["id"] !== id);
        if (url.pathname.endsWith("/remove_router_interface"))
          this.lists["ports"] = (this.lists["ports"] ?? []).filter(
            (one) => one["device_id"] !== url.pathname.split("/").at(-2),
          );
        answer(request.method === "DELETE" ? 204 : 200);
      }
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Begins to listen; the environment in which it is the cloud. */
  async start(): Promise<NodeJS.ProcessEnv> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, "127.0.0.1", resolve);
    });
    const file = join(mkdtempSync(join(tmpdir(), "swarm-test-cloud-")), "clouds.yaml");
    writeFileSync(
      file,
      JSON.stringify({
        clouds: {
          fake: { auth: { auth_url: `${this.url}/identity`, username: "u", password: "p", project_name: "n" } },
        },
      }),
    );
    this.environment = { OS_CLOUD: "fake", OS_CLIENT_CONFIG_FILE: file };
    return this.environment;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
