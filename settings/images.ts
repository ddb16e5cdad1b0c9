import { fields, text } from "./values";

const containerImage = text(
  /^[a-z0-9][a-z0-9._:/-]*(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$/,
  `an image reference with a tag or digest, e.g. "traefik:v3.6.12"`,
);

/** Each digest is that of the image's index, as registries have it (docs/decisions/0024-images-by-digest.md). */
export const images = fields(
  {
    traefik: containerImage
      .default("traefik:v3.6.12@sha256:171c9c3565b29f6c133f1c1b43c5d4e5853415198e9e1078c001f8702ff66aec")
      .describe("Traefik."),
    socketProxy: containerImage
      .default("wollomatic/socket-proxy:1.13.1@sha256:3935b709275e4ec35d6ed5a5c4a1f0d01ed31eec5e7234efc3357ecd47689002")
      .describe("The read-only proxy of the Docker socket."),
    whoami: containerImage
      .default("traefik/whoami:v1.11.0@sha256:200689790a0a0ea48ca45992e0450bc26ccab5307375b41c84dfc4f2475937ab")
      .describe("The demo service."),
    prometheus: containerImage
      .default("prom/prometheus:v2.55.1@sha256:2659f4c2ebb718e7695cb9b25ffa7d6be64db013daba13e05c875451cf51b0d3")
      .describe("Prometheus."),
    alertmanager: containerImage
      .default("prom/alertmanager:v0.28.1@sha256:27c475db5fb156cab31d5c18a4251ac7ed567746a2483ff264516437a39b15ba")
      .describe("Alertmanager."),
    nodeExporter: containerImage
      .default("prom/node-exporter:v1.9.1@sha256:d00a542e409ee618a4edc67da14dd48c5da66726bbd5537ab2af9c1dfc442c8a")
      .describe("The exporter of a machine's metrics."),
    cadvisor: containerImage
      .default(
        "ghcr.io/google/cadvisor:v0.57.0@sha256:1742bab953d9d9ab166cba24604a9488efdff7d73dc6d18a087c09a1bcd6cb9d",
      )
      .describe("The exporter of containers' metrics."),
    node: containerImage
      .default("node:22.22.0-alpine3.23@sha256:e4bf2a82ad0a4037d28035ae71529873c069b13eb0455466ae0bc13363826e34")
      .describe("Node.js, which the exporter of the swarm's own metrics runs on."),
    grafana: containerImage
      .default("grafana/grafana:11.6.0@sha256:62d2b9d20a19714ebfe48d1bb405086081bc602aa053e28cf6d73c7537640dfb")
      .describe("Grafana."),
  },
  ", each an image reference",
);
