import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { parse } from "yaml";
import { readFile, RenderedFiles, ruleFiles } from "../support/monitoring";
import { Background, freePort, runTool } from "../support/tools";
import { until } from "../support/until";

interface Sample {
  readonly metric: Record<string, string>;
  readonly value: readonly [number, string];
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** An exporter whose core is as busy as it is told, by the clock, and that has a container or two. */
function exporter(): Server {
  const begun = Date.now() / 1000;
  return createServer((_, response) => {
    const seconds = Date.now() / 1000 - begun;
    response.end(
      [
        `node_cpu_seconds_total{cpu="0",mode="user"} ${seconds * 0.8}`,
        `node_cpu_seconds_total{cpu="0",mode="idle"} ${seconds * 0.2}`,
        `container_cpu_usage_seconds_total{id="/x",image="a",name="demo.1",container_label_com_docker_swarm_service_name="demo_web"} ${seconds * 0.5}`,
        `container_cpu_usage_seconds_total{id="/y",image="b",name="by-hand",container_label_com_docker_swarm_service_name=""} ${seconds}`,
        `swarm_autoscaler_nodes{zone="az9",state="ready"} 3`,
        "",
      ].join("\n"),
    );
  });
}

describe("Prometheus with the stack's configuration", function () {
  this.timeout(300_000);
  const asked = new Set<string>();
  const servers: Server[] = [];
  let files: RenderedFiles | undefined;
  let prometheus: Background | undefined;
  let url = "";
  let startedAt = 0;

  before(async () => {
    await runTool("prometheus", ["--version"]);
    const measured = exporter();
    const port = await listen(measured);
    const service = (id: string, labels: Record<string, string>): unknown => ({
      ID: id,
      Spec: { Name: id, Labels: labels, Mode: { Global: {} } },
      Endpoint: {},
    });
    const task = (id: string, serviceId: string, node: string, network: string, slot?: number): unknown => ({
      ID: id,
      ServiceID: serviceId,
      NodeID: node,
      DesiredState: "running",
      Status: { State: "running", ContainerStatus: { ContainerID: id } },
      ...(slot === undefined ? {} : { Slot: slot }),
      Spec: { ContainerSpec: {} },
      NetworksAttachments: [{ Network: { ID: network }, Addresses: ["127.0.0.1/24"] }],
    });
    const node = (id: string, role: string, group: string): unknown => ({
      ID: id,
      Spec: { Role: role, Availability: "active", Labels: { az: "az1", group, ordinal: "0" } },
      Description: { Hostname: `test-${id}` },
      Status: { State: "ready", Addr: "127.0.0.1" },
    });
    const given: Record<string, unknown> = {
      "/services": [
        service("monitoring_node-exporter", {
          "prometheus.port": String(port),
          "prometheus.job": "node-exporter",
          "prometheus.interval": "5s",
        }),
        service("monitoring_cadvisor", { "prometheus.port": String(port), "prometheus.job": "cadvisor" }),
        service("shop_api", { "prometheus.port": String(port), "prometheus.path": "/own" }),
        service("shop_silent", {}),
      ],
      "/tasks": [
        task("t1", "monitoring_node-exporter", "w1", "monitoring-id"),
        task("t2", "monitoring_node-exporter", "m1", "monitoring-id"),
        task("t3", "monitoring_cadvisor", "w1", "monitoring-id"),
        task("t4", "shop_api", "w1", "monitoring-id", 1),
        task("t5", "shop_api", "w1", "monitoring-id", 2),
        task("t6", "shop_silent", "w1", "monitoring-id"),
        task("t7", "shop_api", "w1", "other-id", 1),
      ],
      "/nodes": [node("w1", "worker", "az1"), node("m1", "manager", "managers")],
      "/networks": [
        { Id: "monitoring-id", Name: "monitoring", Scope: "swarm", Labels: {} },
        { Id: "other-id", Name: "other", Scope: "swarm", Labels: {} },
      ],
    };
    const docker = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "", "http://docker");
      asked.add(`${request.method ?? ""} ${pathname}`);
      response.setHeader("Api-Version", "1.45");
      response.setHeader("Content-Type", "application/json");
      response.end(pathname === "/_ping" ? "OK" : JSON.stringify(given[pathname.replace(/^\/v1\.\d+/, "")] ?? {}));
    });
    servers.push(measured, docker);
    files = new RenderedFiles([...ruleFiles, "prometheus.yml"]);
    const path = `${files.path}/prometheus.yml`;
    files.write(
      "prometheus.yml",
      readFileSync(path, "utf8")
        .replaceAll("/etc/prometheus/", `${files.path}/`)
        .replace("http://socket-proxy:2375", `http://127.0.0.1:${await listen(docker)}`),
    );
    const own = await freePort();
    url = `http://127.0.0.1:${own}`;
    startedAt = Date.now();
    prometheus = new Background("prometheus", [
      `--config.file=${path}`,
      `--storage.tsdb.path=${files.path}/data`,
      `--web.listen-address=127.0.0.1:${own}`,
    ]);
  });

  after(async () => {
    await prometheus?.stop();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    files?.remove();
  });

  async function query(text: string): Promise<readonly Sample[]> {
    const answer = (await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`).then(
      async (response) => response.json(),
      () => undefined,
    )) as { data?: { result: Sample[] } } | undefined;
    return answer?.data?.result ?? [];
  }

  /** The samples of a query, as soon as there are so many. */
  async function samples(text: string, number: number, seconds = 90): Promise<readonly Sample[]> {
    let result: readonly Sample[] = [];
    const enough = async (): Promise<readonly Sample[] | false> => {
      result = await query(text);
      return result.length >= number && result;
    };
    return until(`${number} of ${text}`, enough, {
      seconds,
      told: () => `: ${JSON.stringify(result)}\n${prometheus?.output ?? ""}`,
    });
  }

  it("finds what has the label in the network, and gives it node, zone, role and group", async () => {
    const targets = (await samples("up", 5)).map(({ metric }) => metric);
    const [worker, manager] = [
      { node: "test-w1", zone: "az1", role: "worker", group: "az1" },
      { node: "test-m1", zone: "az1", role: "manager", group: "managers" },
    ];
    const port = targets.find(({ job }) => job === "cadvisor")?.["instance"]?.split(":")[1] ?? "";
    expect(
      targets.map((labels) => Object.fromEntries(Object.entries(labels).filter(([label]) => label !== "__name__"))),
    ).to.have.deep.members([
      { ...worker, job: "node-exporter", service: "monitoring_node-exporter", instance: `test-w1:${port}` },
      { ...manager, job: "node-exporter", service: "monitoring_node-exporter", instance: `test-m1:${port}` },
      { ...worker, job: "cadvisor", service: "monitoring_cadvisor", instance: `test-w1:${port}` },
      { ...worker, job: "shop_api", service: "shop_api", instance: "shop_api.1" },
      { ...worker, job: "shop_api", service: "shop_api", instance: "shop_api.2" },
    ]);
  });

  it("records what the autoscaler reads, 15 s after the first look", async () => {
    const found = await samples(`{__name__=~"(cluster|zone):swarm_worker_cpu_.+"}`, 6);
    const seconds = (Date.now() - startedAt) / 1000;
    const value = (name: string): number => Number(found.find(({ metric }) => metric["__name__"] === name)?.value[1]);
    expect(value("cluster:swarm_worker_cpu_utilisation:ratio")).to.be.closeTo(0.8, 0.02);
    expect(value("zone:swarm_worker_cpu_utilisation:ratio")).to.be.closeTo(0.8, 0.02);
    expect(value("cluster:swarm_worker_cpu_nodes:count")).to.equal(1);
    expect(Date.now() / 1000 - value("cluster:swarm_worker_cpu_newest_sample:timestamp_seconds")).to.be.lessThan(20);
    expect(
      found.find(({ metric }) => metric["__name__"] === "cluster:swarm_worker_cpu_utilisation:ratio")?.metric,
    ).to.deep.include({ window: "60s" });
    // discovery, two samples and an evaluation, each 5 s apart, and Prometheus' own start
    expect(seconds).to.be.lessThan(60);
    await samples("service:swarm_cpu_usage:cores", 1);
  });

  it("has containers of services by the service's name, and no others", async () => {
    const [one, ...more] = await samples(`container_cpu_usage_seconds_total{job="cadvisor"}`, 1);
    expect(more).to.deep.equal([]);
    expect(one?.metric)
      .to.deep.include({ service: "demo_web", name: "demo.1", node: "test-w1" })
      .and.not.to.have.any.keys("id", "image", "container_label_com_docker_swarm_service_name");
  });

  it("leaves a service its own labels", async () => {
    const [one] = await samples(`swarm_autoscaler_nodes{job="shop_api"}`, 2);
    expect(one?.metric).to.deep.include({ zone: "az9", node: "test-w1" });
  });

  it("asks Docker for nothing that the proxy does not let through", () => {
    const { services } = parse(readFile("compose.yml")) as { services: Record<string, { command?: string[] }> };
    const allowed = (services["socket-proxy"]?.command ?? [])
      .map((flag) => /^-allow(GET|HEAD)=(.*)$/.exec(flag))
      .filter((match) => match !== null)
      .map(([, method = "", pattern = ""]) => new RegExp(`^${method} ${pattern}$`));
    expect([...asked].filter((request) => !allowed.some((pattern) => pattern.test(request)))).to.deep.equal([]);
    expect([...asked].join())
      .to.include("/tasks")
      .and.to.include("/nodes");
  });
});
