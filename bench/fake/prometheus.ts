import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { zones } from "./docker-answers";

/** Seconds between the newest sample and the question. */
const sampleAgeSeconds = 3;

/** A Prometheus that has the figures of so many workers at once, over HTTP on the loopback address. */
export class FakePrometheus {
  private readonly server: Server;

  /**
   * @param ratio utilisation of the workers.
   * @param now the time of the one who asks, in milliseconds since 1970.
   */
  constructor(workers: number, ratio: number, now: () => number) {
    this.server = createServer((_, response) => {
      response.end(figures(workers, ratio, now() / 1000));
    });
  }

  /** @returns its address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, "127.0.0.1", resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

function figures(workers: number, ratio: number, at: number): string {
  const of = (scope: string, labels: Record<string, string>, nodes: number) =>
    [
      ["utilisation:ratio", ratio],
      ["nodes:count", nodes],
      ["newest_sample:timestamp_seconds", at - sampleAgeSeconds],
    ].map(([name, value]) => ({
      metric: { __name__: `${scope}:swarm_worker_cpu_${name ?? ""}`, window: "60s", ...labels },
      value: [at, String(value)],
    }));
  return JSON.stringify({
    status: "success",
    data: {
      resultType: "vector",
      result: [...of("cluster", {}, workers), ...zones.flatMap((zone) => of("zone", { zone }, workers / zones.length))],
    },
  });
}
