import { parseDocument } from "yaml";
import { traefikVersion } from "../settings/traefik-version";
import { monitoringNetwork } from "./monitoring";
import { dashboardPort } from "./firewall-rules";

/** What Traefik's stack depends on. */
export interface TraefikOptions {
  /** Image references. */
  readonly images: { readonly traefik: string; readonly socketProxy: string };
  /** Seconds for a whole request, its body included; 0: no limit. */
  readonly readTimeoutSeconds: number;
  /** Serve the dashboard on the managers' own port. */
  readonly dashboard: boolean;
  /** Give figures to Prometheus, on a port of the monitoring's network. */
  readonly metrics: boolean;
  /** IPv4 networks whose PROXY protocol header is believed: where the load balancer is. */
  readonly proxyProtocolFrom: readonly string[];
}

/**
 * Text of Traefik's stack: the compose file with the flags that follow from the options.
 *
 * @param text stacks/traefik/compose.yml.
 */
export function traefikCompose(text: string, options: TraefikOptions): string {
  const compose = parseDocument(text);
  compose.setIn(["services", "traefik", "image"], options.images.traefik);
  compose.setIn(["services", "socket-proxy", "image"], options.images.socketProxy);
  for (const flag of traefikFlags(options)) compose.addIn(["services", "traefik", "command"], flag);
  if (options.metrics) {
    compose.addIn(["services", "traefik", "networks"], monitoringNetwork);
    compose.setIn(["networks", monitoringNetwork], { name: monitoringNetwork, external: true });
    for (const [label, value] of Object.entries({ port: String(metricsPort), job: "traefik" })) {
      compose.setIn(["services", "traefik", "deploy", "labels", `prometheus.${label}`], value);
    }
  }
  if (options.dashboard) {
    compose.addIn(["services", "traefik", "ports"], {
      target: dashboardPort,
      published: dashboardPort,
      protocol: "tcp",
      mode: "host",
    });
  }
  return compose.toString({ lineWidth: 0 });
}

/** Port of the entrypoint for Prometheus; it is published nowhere. */
const metricsPort = 8082;

function traefikFlags({ images, readTimeoutSeconds, dashboard, metrics, proxyProtocolFrom }: TraefikOptions): string[] {
  return [
    ...providerFlags(images.traefik),
    ...(dashboard ? ["--api.dashboard=true", "--api.insecure=true"] : []),
    ...(metrics
      ? [
          `--entrypoints.metrics.address=:${metricsPort}`,
          "--metrics.prometheus=true",
          "--metrics.prometheus.entryPoint=metrics",
        ]
      : []),
    ...["web", "websecure"].flatMap((entrypoint) => [
      `--entrypoints.${entrypoint}.transport.respondingTimeouts.readTimeout=${readTimeoutSeconds}s`,
      // told to stop, Traefik goes on serving while its ping says 503: whoever holds the address for it passes it on
      // meanwhile
      `--entrypoints.${entrypoint}.transport.lifeCycle.requestAcceptGraceTimeout=${leaveSeconds}s`,
      ...(proxyProtocolFrom.length === 0
        ? []
        : [`--entrypoints.${entrypoint}.proxyProtocol.trustedIPs=${proxyProtocolFrom.join(",")}`]),
    ]),
  ];
}

/**
 * Seconds that Traefik goes on accepting connections after it was told to stop. keepalived moves the address after
 * three bad answers, 5 s apart and up to 5 s late, and 4 s for the others to notice (cloudinit/files/keepalived.conf);
 * the load balancer after three, as often (components/ingress.ts). `stop_grace_period` of the compose file has 15 s
 * more, for requests in flight.
 */
export const leaveSeconds = 30;

/** Seconds for an answer of Docker's; its managers give up a question to their leader after 20. */
const lookSeconds = 30;

/**
 * What differs between Traefik's major versions: v2 reads services of a swarm with its docker provider in swarm mode,
 * v3 has a provider of its own.
 */
function providerFlags(image: string): string[] {
  const [major] = traefikVersion(image);
  const [provider, own] = major < 3 ? ["docker", ["--providers.docker.swarmMode=true"]] : ["swarm", []];
  return [
    ...own,
    // a look that hangs, at a manager whose engine does, would be its last
    `--providers.${provider}.httpClientTimeout=${lookSeconds}s`,
    `--providers.${provider}.endpoint=unix:///run/docker/docker.sock`,
    `--providers.${provider}.exposedByDefault=false`,
    `--providers.${provider}.network=proxy`,
  ];
}
