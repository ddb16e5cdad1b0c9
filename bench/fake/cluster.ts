import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { StackPort } from "../../autoscaler/loop/ports";
import { testedApi } from "../../ops/connection/api-version";
import { DockerNode } from "../../ops/connection/docker";
import type { SshConnection } from "../../ops/connection/ssh";
import type { ClusterOutputs } from "../../settings/outputs";
import { nodesOf, outputsOf, pendingTasksOf, servicesOf, tasksOf } from "./docker-answers";

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
