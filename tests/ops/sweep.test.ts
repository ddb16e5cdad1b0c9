import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { OpenStack } from "../../ops/openstack";
import { parseState, type StateResource } from "../../ops/state";
import { knownBy, leftovers, sweep, type CloudThing } from "../../ops/sweep";
import { ownerMark } from "../../settings/names";

const owner: StateResource = { urn: "urn:pulumi:s::swarm::swarm:platform:Identity$command:local:Command::c-identity-owner", type: "command:local:Command", outputs: { stdout: "0a1b2c" } };

describe("knownBy", () => {
  it("reads the owner and the ids from the state", () => {
    const known = knownBy("c", [owner, { urn: "u", type: "openstack:compute/instance:Instance", id: "i-1" }, { urn: "v", type: "component" }]);
    expect(known).to.deep.equal({ cluster: "c", mark: "swarm c, owner 0a1b2c", owner: "0a1b2c", ids: new Set(["i-1"]) });
  });

  it("knows no mark in an empty state, and not another cluster's", () => {
    expect(knownBy("c", parseState(`{"version": 3, "deployment": {"resources": null}}`))).to.deep.equal({ cluster: "c", ids: new Set() });
    expect(knownBy("b", [owner])).not.to.have.property("mark");
  });
});

describe("leftovers", () => {
  it("are what the state does not know", () => {
    const things: CloudThing[] = [{ kind: "server", id: "i-1", name: "a" }, { kind: "server", id: "i-2", name: "a" }];
    expect(leftovers(things, knownBy("c", [owner, { urn: "u", type: "t", id: "i-1" }]))).to.deep.equal([things[1]]);
  });
});

/** A cloud of one page a list, in memory; remembers what was asked of it. */
class FakeCloud {
  readonly requests: string[] = [];
  private readonly server: Server;

  constructor(private readonly lists: Record<string, Record<string, unknown>[]>) {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? "", "http://cloud");
      if (request.method !== "GET") this.requests.push(`${request.method ?? ""} ${url.pathname}`);
      const answer = (status: number, body: unknown = {}, headers = {}): void => {
        response.writeHead(status, { "Content-Type": "application/json", ...headers });
        response.end(JSON.stringify(body));
      };
      if (url.pathname === "/identity/v3/auth/tokens") {
        const at = (service: string): unknown => ({ type: service, endpoints: [{ interface: "public", region: "r", url: `${this.url}/${service}` }] });
        answer(201, { token: { project: { id: "p" }, catalog: [at("compute"), at("network")] } }, { "X-Subject-Token": "t" });
      } else if (request.method === "GET") {
        const kind = url.pathname.replace("/detail", "").split("/").at(-1) ?? "";
        const wanted = [...url.searchParams].filter(([key]) => ["description", "device_id", "security_group_id"].includes(key));
        const key = kind === "os-server-groups" ? "server_groups" : kind.replaceAll("-", "_");
        answer(200, { [key]: (this.lists[kind] ?? []).filter((one) => wanted.every(([name, value]) => one[name] === value)) });
      } else {
        const id = url.pathname.split("/").at(-1);
        for (const [kind, list] of Object.entries(this.lists)) this.lists[kind] = list.filter((one) => one["id"] !== id);
        if (url.pathname.endsWith("/remove_router_interface")) this.lists["ports"] = (this.lists["ports"] ?? []).filter((one) => one["device_id"] !== url.pathname.split("/").at(-2));
        answer(request.method === "DELETE" ? 204 : 200);
      }
    });
  }

  get url(): string { return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; }

  async open(): Promise<OpenStack> {
    await new Promise<void>((resolve) => { this.server.listen(0, "127.0.0.1", resolve); });
    const file = join(mkdtempSync(join(tmpdir(), "swarm-test-cloud-")), "clouds.yaml");
    writeFileSync(file, JSON.stringify({ clouds: { fake: { auth: { auth_url: `${this.url}/identity`, username: "u", password: "p", project_name: "n" } } } }));
    return OpenStack.open({ OS_CLOUD: "fake", OS_CLIENT_CONFIG_FILE: file });
  }

  close(): void { this.server.close(); this.server.closeAllConnections(); }
}

describe("sweep", () => {
  const mark = ownerMark("c", "0a1b2c");
  const foreign = ownerMark("c", "ffffff");
  let cloud: FakeCloud;
  afterEach(() => { cloud.close(); });

  it("removes what bears the mark and is not known, users before what they use, and nothing else", async () => {
    cloud = new FakeCloud({
      "servers": [
        { id: "s-known", name: "c-worker-az1-0", metadata: { mark } }, { id: "s-lost", name: "c-worker-az1-0", metadata: { mark } },
        { id: "s-foreign", name: "c-worker-az1-0", metadata: { mark: foreign } }, { id: "s-bare", name: "c-worker-az1-1", metadata: {} },
      ],
      "floatingips": [{ id: "f-lost", floating_ip_address: "192.0.2.1", description: mark }, { id: "f-foreign", floating_ip_address: "192.0.2.2", description: foreign }],
      "ports": [
        { id: "p-known", name: "c-worker-az1-0", description: mark }, { id: "p-lost", name: "c-worker-az1-0", description: mark },
        { id: "i-lost", name: "", description: "", device_id: "r-known", device_owner: "network:router_interface" },
        { id: "i-gateway", name: "", description: "", device_id: "r-known", device_owner: "network:router_gateway" },
      ],
      "routers": [{ id: "r-known", name: "c", description: mark }],
      "subnets": [{ id: "n-lost", name: "c", description: mark }],
      "networks": [{ id: "n-known", name: "c", description: mark }],
      "security-groups": [{ id: "g-known", name: "c-nodes", description: mark }, { id: "g-lost", name: "c-nodes", description: mark }],
      "security-group-rules": [{ id: "u-known", security_group_id: "g-known" }, { id: "u-lost", security_group_id: "g-known" }, { id: "u-foreign", security_group_id: "default" }],
      "os-server-groups": [{ id: "sg-lost", name: "c-managers-0a1b2c" }, { id: "sg-foreign", name: "c-managers-ffffff" }],
    });
    const lines: string[] = [];
    const known = knownBy("c", [owner, ...["s-known", "p-known", "r-known", "n-known", "g-known", "u-known"].map((id) => ({ urn: "u", type: "t", id }))]);
    const swept = await sweep(await cloud.open(), known, (line) => lines.push(line));
    expect(swept.map(({ id }) => id)).to.deep.equal(["s-lost", "f-lost", "i-lost", "p-lost", "n-lost", "u-lost", "g-lost", "sg-lost"]);
    expect(cloud.requests.filter((line) => !line.includes("/auth/"))).to.deep.equal([
      "DELETE /compute/servers/s-lost", "DELETE /network/v2.0/floatingips/f-lost", "PUT /network/v2.0/routers/r-known/remove_router_interface",
      "DELETE /network/v2.0/ports/p-lost", "DELETE /network/v2.0/subnets/n-lost", "DELETE /network/v2.0/security-group-rules/u-lost",
      "DELETE /network/v2.0/security-groups/g-lost", "DELETE /compute/os-server-groups/sg-lost",
    ]);
    expect(lines[0]).to.equal("server c-worker-az1-0 (s-lost) was left behind by an update that was killed; it is removed.");
  });

  it("removes what alone is left, of the last kind too, and nothing where all is known", async () => {
    cloud = new FakeCloud({
      "ports": [{ id: "p-known", name: "c-worker-az1-0", description: mark }],
      "os-server-groups": [{ id: "sg-lost", name: "c-managers-0a1b2c" }],
    });
    const session = await cloud.open();
    const known = knownBy("c", [owner, { urn: "u", type: "t", id: "p-known" }]);
    const sweeping = (): Promise<CloudThing[]> => sweep(session, known, () => undefined);
    expect((await sweeping()).map(({ id }) => id)).to.deep.equal(["sg-lost"]);
    expect(await sweeping()).to.deep.equal([]);
    expect(cloud.requests.filter((line) => !line.includes("/auth/"))).to.deep.equal(["DELETE /compute/os-server-groups/sg-lost"]);
  });

  it("asks the cloud nothing before the stack has a mark", async () => {
    cloud = new FakeCloud({ servers: [{ id: "s", name: "c-worker-az1-0", metadata: {} }] });
    expect(await sweep(await cloud.open(), knownBy("c", []), () => undefined)).to.deep.equal([]);
  });
});
