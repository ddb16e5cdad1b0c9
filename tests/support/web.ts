import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

/** A real HTTP server on the loopback address that answers as it is told, and knows what it was asked. */
export class WebServer {
  readonly asked: Asked[] = [];
  private readonly server = createServer((request, response) => {
    void this.serve(request, response);
  });
  address = "";

  /** @param answer status and body, or undefined to let the client wait. */
  constructor(
    private readonly answer: (asked: Asked) => { readonly status?: number; readonly body: string } | undefined,
  ) {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, "127.0.0.1", resolve);
    });
    this.address = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this.address;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = {
      method: request.method ?? "",
      url: new URL(request.url ?? "", "http://x"),
      body: await text(request),
    };
    this.asked.push(asked);
    const answer = this.answer(asked);
    if (answer === undefined) return;
    response.writeHead(answer.status ?? 200, { "Content-Type": "application/json" });
    response.end(answer.body);
  }
}

/** What Prometheus answers for the recording rules that the autoscaler reads. */
export function figuresAnswer(
  ratio: number,
  nodes: number,
  newestSampleAt: number,
  window = "60s",
  zones: readonly string[] = [],
): string {
  const at = Date.now() / 1000;
  const one = (scope: string, name: string, value: number, labels: Record<string, string>) => ({
    metric: { __name__: `${scope}:swarm_worker_cpu_${name}`, ...labels },
    value: [at, String(value)],
  });
  const of = (scope: string, labels: Record<string, string>, count: number) => [
    one(scope, "utilisation:ratio", ratio, { window, ...labels }),
    one(scope, "nodes:count", count, { window, ...labels }),
    one(scope, "newest_sample:timestamp_seconds", newestSampleAt / 1000, labels),
  ];
  const result = [
    ...of("cluster", {}, nodes),
    ...zones.flatMap((zone) => of("zone", { zone }, Math.round(nodes / zones.length))),
  ];
  return JSON.stringify({ status: "success", data: { resultType: "vector", result } });
}
