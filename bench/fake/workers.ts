import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ClusterOutputs } from "../../settings/outputs";
import { busySeconds, type LoadStep } from "../load";

/** What the busiest worker is busier than the mean, and the idlest is less; the others lie between. */
export const spreadBusy = 0.08;

/**
 * The workers of a cluster as Prometheus finds and scrapes them: the answers of the socket proxy, by which they are
 * found, and one node exporter a worker, whose core is as busy as it is told, to the moment. Over HTTP on the loopback
 * address.
 */
export class FakeWorkers {
  /** Of all workers in the mean; the counters count from its first step on. */
  load: readonly LoadStep[];
  private readonly server: Server;
  private readonly found: Readonly<Record<string, unknown>>;
  private readonly differences: readonly number[];

  constructor({ nodes }: Pick<ClusterOutputs, "nodes">, load: readonly LoadStep[]) {
    this.load = load;
    const workers = nodes.filter(({ role }) => role === "worker");
    this.differences = workers.map((_, index) =>
      workers.length === 1 ? 0 : spreadBusy * ((2 * index) / (workers.length - 1) - 1),
    );
    this.server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "", "http://workers");
      const worker = /^\/workers\/(\d+)$/.exec(pathname)?.[1];
      if (worker !== undefined) {
        response.end(this.metrics(Number(worker), Date.now()));
        return;
      }
      response.setHeader("Api-Version", "1.45");
      response.setHeader("Content-Type", "application/json");
      response.end(pathname === "/_ping" ? "OK" : JSON.stringify(this.answer(pathname.replace(/^\/v1\.\d+/, ""))));
    });
    this.found = {
      "/tasks": workers.map(({ name }, index) => ({
        ID: `task-${index}`,
        ServiceID: `exporter-${index}`,
        NodeID: name,
        DesiredState: "running",
        Status: { State: "running", ContainerStatus: { ContainerID: `task-${index}` } },
        Spec: { ContainerSpec: {} },
        NetworksAttachments: [{ Network: { ID: "monitoring-id" }, Addresses: ["127.0.0.1/24"] }],
      })),
      "/nodes": workers.map(({ name, zone, group, ordinal }) => ({
        ID: name,
        Spec: { Role: "worker", Availability: "active", Labels: { az: zone, group, ordinal: String(ordinal) } },
        Description: { Hostname: name },
        Status: { State: "ready", Addr: "127.0.0.1" },
      })),
      "/networks": [{ Id: "monitoring-id", Name: "monitoring", Scope: "swarm", Labels: {} }],
    };
  }

  /** @returns the address of the socket proxy. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, "127.0.0.1", resolve);
    });
    return `http://127.0.0.1:${this.port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  get size(): number {
    return this.differences.length;
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** A service a worker: all tasks of one have the same port and path, and here all have one address. */
  private answer(path: string): unknown {
    return path !== "/services"
      ? (this.found[path] ?? {})
      : this.differences.map((_, index) => ({
          ID: `exporter-${index}`,
          Endpoint: {},
          Spec: {
            Name: "monitoring_node-exporter",
            Mode: { Global: {} },
            Labels: {
              "prometheus.port": String(this.port),
              "prometheus.path": `/workers/${index}`,
              "prometheus.job": "node-exporter",
              "prometheus.interval": "5s",
            },
          },
        }));
  }

  /** What node_exporter says of a machine of one core at an instant. */
  metrics(worker: number, at: number): string {
    const seconds = (at - (this.load[0]?.at ?? at)) / 1000;
    const busy = busySeconds(this.load, at) + (this.differences[worker] ?? 0) * seconds;
    return `node_cpu_seconds_total{cpu="0",mode="user"} ${busy}\nnode_cpu_seconds_total{cpu="0",mode="idle"} ${seconds - busy}\n`;
  }
}
