import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { expect } from "chai";
import { testedApi } from "../../ops/connection/api-version";
import { Background, freePort } from "../support/tools";
import { until } from "../support/until";

const folder = mkdtempSync(join(tmpdir(), "swarm-exporter-"));
const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];

/** A certificate of its own authority, good for 30 days. */
function makeCertificate(): { key: string; cert: string; end: number } {
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "30",
      "-subj",
      "/CN=swarm-node",
      "-keyout",
      key,
      "-out",
      certificate,
    ],
    { stdio: "ignore" },
  );
  const end = execFileSync("openssl", ["x509", "-in", certificate, "-noout", "-enddate"])
    .toString()
    .trim()
    .replace("notAfter=", "");
  return { key: readFileSync(key, "utf8"), cert: readFileSync(certificate, "utf8"), end: Date.parse(end) / 1000 };
}

const node = (name: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  ID: `id-${name}`,
  Spec: {
    Role: name.startsWith("m") ? "manager" : "worker",
    Availability: "active",
    Labels: { az: `az${name.slice(-1)}`, group: name.startsWith("m") ? "managers" : "workers" },
  },
  Description: { Hostname: name },
  Status: { State: "ready" },
  ...changes,
});
const attached = (network: string, ...addresses: string[]): unknown => ({
  Network: { ID: network },
  Addresses: addresses,
});
const task = (service: string, state: string, changes: Record<string, unknown> = {}): unknown => ({
  ServiceID: service,
  NodeID: "id-w1",
  Status: { State: state },
  ...changes,
});

describe("the swarm exporter", function () {
  this.timeout(60_000);
  let docker: Server | undefined;
  let manager: Server | undefined;
  let exporter: Background | undefined;
  let url = "";
  let answers: Record<string, unknown> = {};
  let engineApi = "1.45";
  /** Versions of the API that were asked for. */
  const versions = new Set<string | undefined>();
  let secured: ReturnType<typeof makeCertificate>;

  before(async () => {
    secured = makeCertificate();
    const listening = createTlsServer({ key: secured.key, cert: secured.cert }, (socket) => socket.end());
    listening.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => {
      listening.listen(0, "127.0.0.1", resolve);
    });
    manager = listening as unknown as Server;
    const managerPort = (listening.address() as AddressInfo).port;
    const closedPort = await freePort();
    docker = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://docker");
      if (pathname === "/_ping") {
        response.setHeader("Api-Version", engineApi).end("OK");
        return;
      }
      versions.add(/^\/v([\d.]+)\//.exec(pathname)?.[1]);
      const answer = answers[`${pathname.replace(/^\/v1\.\d+/, "")} ${searchParams.get("filters") ?? ""}`.trim()];
      if (answer === undefined) {
        response.writeHead(503).end(`{"message":"The swarm does not have a leader."}`);
        return;
      }
      response.end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => {
      docker?.listen(0, "127.0.0.1", resolve);
    });
    answers = {
      "/nodes": [
        node("m1", {
          ManagerStatus: { Addr: `127.0.0.1:${managerPort}` },
          Description: { Hostname: "m1", TLSInfo: { TrustRoot: secured.cert } },
        }),
        node("m2", { ManagerStatus: { Addr: `127.0.0.1:${closedPort}` } }),
        node("w1"),
        node("w2", { Status: { State: "down" } }),
        node("w2", { ID: "old", Status: { State: "down" } }),
      ],
      "/services": [
        { ID: "web", Spec: { Name: "demo_web" }, Endpoint: { VirtualIPs: [{ NetworkID: "n1", Addr: "10.0.1.2/24" }] } },
        { ID: "big", Spec: { Name: "big" } },
        { ID: "gpu", Spec: { Name: "gpu" } },
      ],
      [`/tasks {"desired-state":["running"]}`]: [
        task("web", "running", { NetworksAttachments: [attached("n1", "10.0.1.5/24")] }),
        task("web", "running", { NetworksAttachments: [attached("n1", "10.0.1.6/24"), attached("n3", "10.0.0.9/28")] }),
        task("big", "pending", {
          NodeID: "",
          Status: { State: "pending", Err: "no suitable node (insufficient resources on 3 nodes)" },
        }),
        task("big", "pending", {
          NodeID: "",
          Status: {
            State: "pending",
            Err: "no suitable node (insufficient resources on 3 nodes; scheduling constraints not satisfied on 1 node)",
          },
        }),
        task("gpu", "pending", {
          NodeID: "",
          Status: { State: "pending", Err: "no suitable node (scheduling constraints not satisfied on 4 nodes)" },
        }),
      ],
      [`/networks {"driver":["overlay"]}`]: [
        { Id: "n1", Name: "proxy", IPAM: { Config: [{ Subnet: "10.0.1.0/24" }] } },
        { Id: "n2", Name: "empty", IPAM: { Config: [] } },
        { Id: "n3", Name: "ingress", Ingress: true, IPAM: { Config: [{ Subnet: "10.0.0.0/28" }] } },
      ],
    };
    const port = await freePort();
    exporter = new Background(
      process.execPath,
      [join(__dirname, "..", "..", "stacks", "monitoring", "swarm-exporter.mjs")],
      {
        DOCKER_API: `http://127.0.0.1:${(docker.address() as AddressInfo).port}`,
        PORT: String(port),
        LOOK_SECONDS: "0.2",
      },
    );
    url = `http://127.0.0.1:${port}/metrics`;
    await until("its start", () => exporter?.output.includes("on port"), { told: () => `: ${exporter?.output ?? ""}` });
  });

  after(async () => {
    await exporter?.stop();
    docker?.close();
    docker?.closeAllConnections();
    manager?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function samples(): Promise<string[]> {
    const answer = await fetch(url);
    return (answer.ok ? await answer.text() : "").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  }

  /** The samples of a look that found Docker to answer, or not to. */
  async function look(up: 0 | 1): Promise<string[]> {
    let seen: string[] = [];
    const found = async (): Promise<string[] | false> => {
      seen = await samples();
      return seen[0] === `swarm_api_up ${up}` && seen;
    };
    return until(`swarm_api_up ${up}`, found, { told: () => `: ${seen.join(", ")}; ${exporter?.output ?? ""}` });
  }

  it("says what the swarm is like", async () => {
    expect(await look(1)).to.deep.equal([
      "swarm_api_up 1",
      `swarm_node_info{node="m1",zone="az1",role="manager",group="managers",state="ready",availability="active"} 1`,
      `swarm_node_info{node="m2",zone="az2",role="manager",group="managers",state="ready",availability="active"} 1`,
      `swarm_node_info{node="w1",zone="az1",role="worker",group="workers",state="ready",availability="active"} 1`,
      `swarm_node_info{node="w2",zone="az2",role="worker",group="workers",state="down",availability="active"} 1`,
      `swarm_tasks{task_service="demo_web",state="running"} 2`,
      `swarm_tasks{task_service="big",state="pending"} 2`,
      `swarm_tasks{task_service="gpu",state="pending"} 1`,
      `swarm_tasks_pending{task_service="big",cause="insufficient-resources"} 2`,
      `swarm_tasks_pending{task_service="gpu",cause="constraints"} 1`,
      // of a /24: the service's, two tasks', a node's load balancer
      `swarm_overlay_addresses{network="proxy"} 253`,
      `swarm_overlay_addresses{network="ingress"} 13`,
      `swarm_overlay_addresses_used{network="proxy"} 4`,
      // the load balancer of every node, its old entry too, and one task that is published through the mesh
      `swarm_overlay_addresses_used{network="ingress"} 6`,
      `swarm_ca_certificate_expiry_timestamp_seconds ${secured.end}`,
      `swarm_manager_up{node="m1",zone="az1"} 1`,
      `swarm_manager_up{node="m2",zone="az2"} 0`,
      `swarm_node_certificate_expiry_timestamp_seconds{node="m1",zone="az1"} ${secured.end}`,
    ]);
  });

  it("asks by the newest version of the API that the engine and it know", async () => {
    expect([...versions]).to.deep.equal(["1.45"]);
    versions.clear();
    engineApi = "1.99";
    await until("a question to a newer engine", () => versions.has(testedApi.newest));
    expect([...versions].slice(-1)).to.deep.equal([testedApi.newest]);
  });

  it("still knows the managers when Docker answers no more", async () => {
    answers = {};
    expect(await look(0)).to.deep.equal([
      "swarm_api_up 0",
      `swarm_manager_up{node="m1",zone="az1"} 1`,
      `swarm_manager_up{node="m2",zone="az2"} 0`,
      `swarm_node_certificate_expiry_timestamp_seconds{node="m1",zone="az1"} ${secured.end}`,
    ]);
    expect(exporter?.output).to.include("503");
  });
});
