import { createHash } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { History } from "../history";
import { OperationError } from "../../../ops/errors";
import type { Tick } from "../loop";
import type { LoopMetrics } from "./metrics";
import { statusPage } from "./status-page";

/**
 * Seconds after which a loop is taken for stuck: since a tick ended in whatever way, and since one ended well.
 * cluster-autoscaler's `--max-inactivity` and `--max-failing-time`. Docker then starts the service anew, which helps
 * against a loop that hangs; a backend or swarm that is slow is only burdened by it, and has AutoscalerStuck told long
 * before.
 */
const stuckSeconds = { inactive: 600, failing: 900 };

/** What is served: the state of a loop, which goes on beside it. */
export interface Served {
  readonly cluster: () => string;
  readonly metrics: LoopMetrics;
  readonly history: History;
  readonly last: () => Tick | undefined;
  /** When the last tick ended, and when the last one that could decide did; or the loop began. */
  readonly ended: () => { readonly at: number; readonly wellAt: number };
  readonly now: () => number;
  readonly intervalSeconds: number;
}

/**
 * Serves /metrics, /healthz (200, or 503 once a loop is stuck) and the status page.
 *
 * @param listen "address:port"; port 0 takes any.
 * @returns the server and the address that it listens on.
 * @throws OperationError when it cannot listen there.
 */
export async function serve(
  served: Served,
  listen: string,
): Promise<{ readonly server: Server; readonly address: string }> {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(listen) ?? [];
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    if (request.method !== "GET" && request.method !== "HEAD")
      answer(response, 405, "text/plain", "Only GET is answered.\n");
    else if (path === "/metrics") {
      served.metrics.registry.metrics().then(
        (text) => {
          answer(response, 200, served.metrics.registry.contentType, text);
        },
        (error: unknown) => {
          answer(response, 500, "text/plain", `${String(error)}\n`);
        },
      );
    } else if (path === "/healthz") health(response, served);
    else if (path === "/") page(response, served);
    else answer(response, 404, "text/plain", "Nothing here; there are /, /metrics and /healthz.\n");
  });
  // a client that sends nothing must not hold a connection for long
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new OperationError(`--listen: ${JSON.stringify(listen)} cannot be listened on; use another address:port.`, {
          cause,
        }),
      );
    });
    server.listen(Number(port), host.replace(/^\[|\]$/g, ""), resolve);
  });
  const { address, port: bound, family } = server.address() as AddressInfo;
  return { server, address: `${family === "IPv6" ? `[${address}]` : address}:${bound}` };
}

function health(response: ServerResponse, { ended, now, last }: Served): void {
  const { at, wellAt } = ended();
  const ago = (time: number): number => Math.round((now() - time) / 1000);
  const [age, wellAge] = [ago(at), ago(wellAt)];
  const isWell = age <= stuckSeconds.inactive && wellAge <= stuckSeconds.failing;
  const body = {
    status: isWell ? "ok" : "stuck",
    lastLoopSecondsAgo: age,
    lastGoodLoopSecondsAgo: wellAge,
    verdict: last()?.verdict.kind ?? null,
    active: last()?.active ?? false,
  };
  answer(response, isWell ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
}

function page(response: ServerResponse, { cluster, last, history, intervalSeconds }: Served): void {
  const tick = last();
  if (tick === undefined) {
    answer(response, 503, "text/plain", "The first look is not over yet.\n");
    return;
  }
  const html = statusPage({
    cluster: cluster(),
    tick,
    timeline: history.timeline(tick),
    refreshSeconds: Math.max(5, intervalSeconds),
  });
  const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(
    ([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
  );
  answer(response, 200, "text/html; charset=utf-8", html, {
    "Content-Security-Policy": `default-src 'none'; style-src ${styles.join(" ")}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  });
}

function answer(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    "Content-Type": type,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    ...headers,
  });
  response.end(body);
}
