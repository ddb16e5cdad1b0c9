import { autoscale, completeAutoscale } from "../../settings/autoscale";
import { outputsVersion, type ClusterOutputs } from "../../settings/outputs";

// What Docker's API answers about a cluster of the benchmark.

/** Tasks of each worker, and the services that they are of. */
const [tasksPerNode, services] = [10, 50];
export const zones = Array.from({ length: 10 }, (_, index) => `az${index + 1}`);
const day = "2026-01-01T00:00:00.000000000Z";

/** The outputs of a stack with so many workers, spread over the zones. */
export function outputsOf(workers: number): ClusterOutputs {
  const sets = Object.fromEntries(
    zones.map((zone, place) => [
      zone,
      Array.from({ length: Math.ceil((workers - place) / zones.length) }, (_, ordinal) => ordinal),
    ]),
  );
  const workerGroups = Object.fromEntries(zones.map((zone) => [zone, { zone, min: 0, max: 200, labels: {} }]));
  const deadlines = { nodeReadyMinutes: 5, drainMinutes: 5, stackReadyMinutes: 5 };
  return {
    version: outputsVersion,
    clusterName: "bench",
    clusterId: "cluster-id",
    program: "bench",
    workerSets: sets,
    staleNodes: 0,
    madeWith,
    workerGroups,
    autoscale: completeAutoscale(autoscale.parse({ maxNodes: 2000, maxStep: 10 }), { workerGroups, deadlines }),
    deadlines,
    nodes: [
      ...zones.slice(0, 3).map((zone) => nodeOutput("manager", zone, "managers", 0)),
      ...Object.entries(sets).flatMap(([zone, ordinals]) =>
        ordinals.map((ordinal) => nodeOutput("worker", zone, zone, ordinal)),
      ),
    ],
    access: { user: "swarm", privateKey: "", managers: [] },
    joinTokens: { manager: "", worker: "" },
  };
}

const madeWith: ClusterOutputs["madeWith"] = {
  clusterName: "bench",
  networkCidr: "10.0.0.0/16",
  overlayPools: [],
  overlayPrefix: 24,
  overlayEncryption: false,
};

function nodeOutput(
  role: "manager" | "worker",
  zone: string,
  group: string,
  ordinal: number,
): ClusterOutputs["nodes"][number] {
  return {
    name: `bench-${role}-${role === "manager" ? zone : group}-${ordinal}`,
    role,
    zone,
    group,
    ordinal,
    address: "10.0.0.1",
    stale: false,
  };
}

/** Nodes as large as Docker's own answers: a node with its plugins and certificates is some 5 kB. */
export function nodesOf({ nodes }: ClusterOutputs): { readonly ID: string }[] {
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

export function tasksOf({ nodes }: ClusterOutputs): object[] {
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

/** Tasks that find no node, with the words of swarmkit (manager/scheduler/filter.go). */
export function pendingTasksOf(number: number): object[] {
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

export function servicesOf(workers: number): object[] {
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
