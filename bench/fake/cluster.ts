import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { StackPort } from "../../autoscaler/loop/ports";
import { testedApi } from "../../ops/connection/api-version";
import { DockerNode } from "../../ops/connection/docker";
import type { SshConnection } from "../../ops/connection/ssh";
import { autoscale, completeAutoscale } from "../../settings/autoscale";
import { outputsVersion, type ClusterOutputs } from "../../settings/outputs";

/** Tasks of each worker, and the services that they are of. */
const [tasksPerNode, services] = [10, 50];
export const zones = Array.from({ length: 10 }, (_, index) => `az${index + 1}`);
const day = "2026-01-01T00:00:00.000000000Z";

/** What a cluster has beside its workers and their tasks. */
export interface FakeClusterOptions {
  /** Tasks that lack CPU and memory; each reserves a whole worker. */
  readonly pending?: number;
  /** Text of the autoscaler's record. */
  readonly record?: string;
}

/** A cluster that answers as a manager's Docker API does, over HTTP on the loopback address. */
export class FakeCluster {
  readonly outputs: ClusterOutputs;
  /** How often the autoscaler's record was written, and nodes were. */
  readonly writes = { record: 0, nodes: 0 };
  private readonly answers: Readonly<Record<string, string>>;
  private record: { version: number; labels: Record<string, string> } | undefined;
  private readonly docker: Server;

  constructor(workers: number, { pending = 0, record }: FakeClusterOptions = {}) {
    this.outputs = outputsOf(workers);
    const nodes = nodesOf(this.outputs);
    this.answers = {
      "/swarm": JSON.stringify({ ID: "cluster-id" }),
      "/nodes": JSON.stringify(nodes),
      "/tasks": JSON.stringify([...tasksOf(this.outputs), ...pendingTasksOf(pending)]),
      "/services": JSON.stringify(servicesOf(workers)),
      ...Object.fromEntries(nodes.map((node) => [`/nodes/${node.ID}`, JSON.stringify(node)])),
    };
    this.remember(record);
    this.docker = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => {
        body += part.toString();
      });
      request.on("end", () => {
        response.setHeader("Content-Type", "application/json");
        response.setHeader("Api-Version", testedApi.newest);
        response.end(
          this.answer(new URL(request.url ?? "/", "http://docker").pathname.replace(/^\/v1\.\d+/, ""), body),
        );
      });
    });
  }

  /** Puts a record in the place of the one that there is; without a text there is none. */
  remember(text?: string): void {
    this.record = text === undefined ? undefined : { version: 1, labels: { record: text } };
  }

  private answer(path: string, body: string): string {
    if (/^\/nodes\/[^/]+\/update$/.test(path)) {
      this.writes.nodes += 1;
      return "";
    }
    if (!path.startsWith("/configs")) return this.answers[path] ?? "{}";
    if (body !== "") {
      const { Labels } = JSON.parse(body) as { Labels: Record<string, string> };
      this.record = { version: (this.record?.version ?? 0) + 1, labels: Labels };
      this.writes.record += 1;
    }
    if (path !== "/configs") return JSON.stringify({ ID: "id" });
    return JSON.stringify(
      this.record === undefined
        ? []
        : [
            {
              ID: "id",
              Version: { Index: this.record.version },
              Spec: { Name: "swarm-autoscaler", Labels: this.record.labels },
            },
          ],
    );
  }

  /** The stack that it is of, of which nobody says anything; what an update does is the caller's. */
  stack(update: StackPort["update"]): StackPort {
    return {
      program: this.outputs.program,
      update,
      outputs: async () => Promise.resolve(this.outputs),
      unavailableZones: async () => Promise.resolve([]),
      lockHolder: async () => Promise.resolve(undefined),
    };
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.docker.listen(0, "127.0.0.1", resolve);
    });
  }

  /** A connection to its Docker API. */
  readonly find = async (): Promise<DockerNode> => {
    const { port } = this.docker.address() as AddressInfo;
    const ssh: Pick<SshConnection, "target" | "forwardUnix" | "close"> = {
      target: { name: "bench-manager-az1-0", host: "127.0.0.1", user: "", privateKey: "", hostKey: "" },
      forwardUnix: async () => Promise.resolve(connect(port, "127.0.0.1")),
      close: () => undefined,
    };
    return DockerNode.open(ssh as SshConnection);
  };

  stop(): void {
    this.docker.close();
    this.docker.closeAllConnections();
  }
}

function outputsOf(workers: number): ClusterOutputs {
  const sets = Object.fromEntries(
    zones.map((zone, place) => [
      zone,
      Array.from({ length: Math.ceil((workers - place) / zones.length) }, (_, ordinal) => ordinal),
    ]),
  );
  const node = (role: "manager" | "worker", zone: string, group: string, ordinal: number) => ({
    name: `bench-${role}-${role === "manager" ? zone : group}-${ordinal}`,
    role,
    zone,
    group,
    ordinal,
    address: "10.0.0.1",
    stale: false,
  });
  const workerGroups = Object.fromEntries(zones.map((zone) => [zone, { zone, min: 0, max: 200, labels: {} }]));
  const deadlines = { nodeReadyMinutes: 5, drainMinutes: 5, stackReadyMinutes: 5 };
  return {
    version: outputsVersion,
    clusterName: "bench",
    clusterId: "cluster-id",
    program: "bench",
    workerSets: sets,
    staleNodes: 0,
    madeWith: {
      clusterName: "bench",
      networkCidr: "10.0.0.0/16",
      overlayPools: [],
      overlayPrefix: 24,
      overlayEncryption: false,
    },
    workerGroups,
    autoscale: completeAutoscale(autoscale.parse({ maxNodes: 2000, maxStep: 10 }), { workerGroups, deadlines }),
    deadlines,
    nodes: [
      ...zones.slice(0, 3).map((zone) => node("manager", zone, "managers", 0)),
      ...Object.entries(sets).flatMap(([zone, ordinals]) =>
        ordinals.map((ordinal) => node("worker", zone, zone, ordinal)),
      ),
    ],
    access: { user: "swarm", privateKey: "", managers: [] },
    joinTokens: { manager: "", worker: "" },
  };
}

/** Of the size that Docker's own answers have: engine, plugins and certificates of a node are some 5 kB. */
function nodesOf({ nodes }: ClusterOutputs): { readonly ID: string }[] {
  const plugins = Array.from({ length: 30 }, (_, index) => ({ Type: "Log", Name: `plugin-${index}-of-the-engine` }));
  return nodes.map(({ name, role, zone, group, ordinal }, index) => ({
    ID: `node-${name}`,
    Version: { Index: index },
    CreatedAt: day,
    UpdatedAt: day,
    Spec: { Labels: { az: zone, group, ordinal: String(ordinal) }, Role: role, Availability: "active" },
    Description: {
      Hostname: name,
      Platform: { Architecture: "x86_64", OS: "linux" },
      Resources: { NanoCPUs: 4e9, MemoryBytes: 8 * 2 ** 30 },
      Engine: { EngineVersion: "20.10.24", Plugins: plugins },
      TLSInfo: { TrustRoot: "x".repeat(800), CertIssuerPublicKey: "x".repeat(120) },
    },
    Status: { State: "ready", Addr: "10.0.0.1" },
    ...(role === "manager"
      ? { ManagerStatus: { Leader: index === 0, Reachability: "reachable", Addr: "10.0.0.1:2377" } }
      : {}),
  }));
}

function templateOf(service: number): object {
  return {
    ContainerSpec: {
      Image: `registry.example/team/service-${service}:1.2.3@sha256:${"0".repeat(64)}`,
      Labels: { "com.docker.stack.namespace": "bench" },
      Env: Array.from({ length: 20 }, (_, index) => `SETTING_${index}=${"v".repeat(20)}`),
      Mounts: [],
    },
    Resources: { Limits: { NanoCPUs: 5e8 }, Reservations: { NanoCPUs: 2e8, MemoryBytes: 2 ** 28 } },
    Placement: { Constraints: ["node.role==worker"] },
    ForceUpdate: 0,
    Networks: [{ Target: "n".repeat(25) }],
  };
}

function tasksOf({ nodes }: ClusterOutputs): object[] {
  const workers = nodes.filter(({ role }) => role === "worker");
  return workers.flatMap(({ name }, place) =>
    Array.from({ length: tasksPerNode }, (_, index) => ({
      ID: `task-${name}-${index}`,
      Version: { Index: 1 },
      CreatedAt: day,
      UpdatedAt: day,
      ServiceID: `service-${(place + index) % services}`,
      NodeID: `node-${name}`,
      Slot: index,
      DesiredState: "running",
      Spec: templateOf((place + index) % services),
      Status: {
        Timestamp: day,
        State: "running",
        Message: "started",
        ContainerStatus: { ContainerID: "c".repeat(64), PID: 1234 },
      },
      NetworksAttachments: [
        {
          Network: { ID: "n".repeat(25), Spec: { Name: "proxy", DriverConfiguration: { Name: "overlay" } } },
          Addresses: ["10.200.0.7/24"],
        },
      ],
    })),
  );
}

/** They wait for a node as Swarm says it (swarmkit, manager/scheduler/filter.go). */
function pendingTasksOf(number: number): object[] {
  const resources = { Reservations: { NanoCPUs: 4e9, MemoryBytes: 2 ** 30 } };
  return Array.from({ length: number }, (_, index) => ({
    ID: `pending-${index}`,
    Version: { Index: 1 },
    CreatedAt: day,
    UpdatedAt: day,
    ServiceID: `service-${index % services}`,
    Slot: index,
    DesiredState: "running",
    Spec: { ...templateOf(index % services), Resources: resources },
    Status: {
      Timestamp: day,
      State: "pending",
      Message: "pending task scheduling",
      Err: "no suitable node (insufficient resources on 3 nodes)",
    },
  }));
}

function servicesOf(workers: number): object[] {
  const replicas = (workers * tasksPerNode) / services;
  return Array.from({ length: services }, (_, index) => ({
    ID: `service-${index}`,
    Version: { Index: 1 },
    Spec: {
      Name: `service-${index}`,
      Labels: {},
      Mode: { Replicated: { Replicas: replicas } },
      TaskTemplate: templateOf(index),
      UpdateConfig: { Order: "start-first" },
    },
    ServiceStatus: { RunningTasks: replicas, DesiredTasks: replicas },
  }));
}
