import ipaddr from "ipaddr.js";
import { z } from "zod";
import { autoscale, autoscaleDescription, type AutoscaleSettings } from "./autoscale";
import {
  autoscalerService,
  autoscalerServiceDescription,
  serviceClouds,
  servicePassphrase,
  serviceStateKey,
} from "./autoscaler-service";
import { hookUrl, monitoring, monitoringDescription } from "./monitoring";
import {
  allow,
  allowDescription,
  flavorPrices,
  flavorPricesDescription,
  planGuard,
  planGuardDescription,
} from "./plan-guard";
import type { SecretKey } from "./secrets";
import { allowed, integer, list, pem, text } from "./values";

/** Name of the Pulumi project: of its keys in a stack's configuration, and in the state's path. */
export const projectName = "swarm";

/** True for an IPv4 network whose host bits are all zero, e.g. "10.20.0.0/24". */
export function isIpv4Network(value: string): boolean {
  try {
    const [address, prefix] = ipaddr.IPv4.parseCIDR(value);
    return ipaddr.IPv4.networkAddressFromCIDR(value).toString() === address.toString() && value.endsWith(`/${prefix}`);
  } catch {
    return false;
  }
}

const cidrWords = `an IPv4 network with its host bits zero, e.g. "10.20.0.0/24"`;
const cidr = z.string(allowed(cidrWords)).refine(isIpv4Network, allowed(cidrWords));
const addressWords = `an IPv4 address, e.g. "10.0.0.53"`;
const address = z
  .string(allowed(addressWords))
  .refine((value) => ipaddr.IPv4.isValidFourPartDecimal(value), allowed(addressWords));

/** A DNS label (RFC 1123, section 2.1) of at most `length` characters that starts with a letter. */
function label(length: number) {
  return text(
    new RegExp(`^[a-z](?:[a-z0-9-]{0,${length - 2}}[a-z0-9])?$`),
    `a name of lower-case letters, digits and inner hyphens that starts with a letter, ${length} characters at most`,
  );
}

const nonEmpty = text(/^\S(.*\S)?$/, "a name, not empty");
const imageWords = `an image reference with a tag or digest, e.g. "traefik:v3.6.12"`;
const containerImage = text(/^[a-z0-9][a-z0-9._:/-]*(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$/, imageWords);

const workerGroup = z.strictObject(
  {
    zone: nonEmpty.optional(),
    flavor: nonEmpty.optional(),
    min: integer(0, 1000, "workers"),
    max: integer(0, 1000, "workers"),
    labels: z.record(label(40), z.string(allowed("text")), allowed("a map of label to text")).default({}),
  },
  allowed("{zone, flavor, min, max, labels}, of which min and max are required"),
);

export const deadlines = z.strictObject(
  {
    nodeReadyMinutes: integer(1, 120, "minutes").default(5),
    drainMinutes: integer(1, 120, "minutes").default(5),
    stackReadyMinutes: integer(1, 120, "minutes").default(5),
  },
  allowed("{nodeReadyMinutes, drainMinutes, stackReadyMinutes}"),
);

/**
 * Each digest is that of the image's index, as public repositories pin it (docs/decisions/0024-images-by-digest.md).
 */
const images = z.strictObject(
  {
    traefik: containerImage.default(
      "traefik:v3.6.12@sha256:171c9c3565b29f6c133f1c1b43c5d4e5853415198e9e1078c001f8702ff66aec",
    ),
    socketProxy: containerImage.default(
      "wollomatic/socket-proxy:1.13.1@sha256:3935b709275e4ec35d6ed5a5c4a1f0d01ed31eec5e7234efc3357ecd47689002",
    ),
    whoami: containerImage.default(
      "traefik/whoami:v1.11.0@sha256:200689790a0a0ea48ca45992e0450bc26ccab5307375b41c84dfc4f2475937ab",
    ),
    prometheus: containerImage.default(
      "prom/prometheus:v2.55.1@sha256:2659f4c2ebb718e7695cb9b25ffa7d6be64db013daba13e05c875451cf51b0d3",
    ),
    alertmanager: containerImage.default(
      "prom/alertmanager:v0.28.1@sha256:27c475db5fb156cab31d5c18a4251ac7ed567746a2483ff264516437a39b15ba",
    ),
    nodeExporter: containerImage.default(
      "prom/node-exporter:v1.9.1@sha256:d00a542e409ee618a4edc67da14dd48c5da66726bbd5537ab2af9c1dfc442c8a",
    ),
    cadvisor: containerImage.default(
      "ghcr.io/google/cadvisor:v0.57.0@sha256:1742bab953d9d9ab166cba24604a9488efdff7d73dc6d18a087c09a1bcd6cb9d",
    ),
    node: containerImage.default(
      "node:22.22.0-alpine3.23@sha256:e4bf2a82ad0a4037d28035ae71529873c069b13eb0455466ae0bc13363826e34",
    ),
    grafana: containerImage.default(
      "grafana/grafana:11.6.0@sha256:62d2b9d20a19714ebfe48d1bb405086081bc602aa053e28cf6d73c7537640dfb",
    ),
  },
  allowed(
    "{traefik, socketProxy, whoami, prometheus, alertmanager, nodeExporter, cadvisor, node, grafana}, each an image reference",
  ),
);

const proxyUrl = text(/^https?:\/\/[^\s/]+\/?$/, `the URL of a proxy, e.g. "http://proxy.example:3128"`);
const proxy = z.strictObject(
  {
    http: proxyUrl.optional(),
    https: proxyUrl.optional(),
    exceptions: z.array(nonEmpty, allowed("a list of host names, domains and IPv4 networks")).default([]),
  },
  allowed("{http, https, exceptions}"),
);

const registry = text(/^[a-z0-9.-]+(:[0-9]+)?$/, `host or host:port, e.g. "registry.example:5000"`);
const hostName = text(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, `a host name or IPv4 address, e.g. "ntp.example"`);

const url = text(/^https?:\/\/[^\s/]+$/, `the URL of a registry without a path, e.g. "https://mirror.example"`);

/**
 * Shape, default and one-line description of every key of the stack's configuration (`swarm:<key>`). `Pulumi.yaml` and
 * `docs/configuration.md` are made from it (`npm run describe`). A key without a default is required.
 */
export const settingsShape = {
  clusterName: label(30).describe("Name of the cluster; every server, port, network and group of it starts with it."),
  zones: list(nonEmpty, "availability zones")
    .min(1, allowed("at least one availability zone"))
    .describe("Nova availability zones; the managers are spread over them in this order."),
  managers: z
    .union([z.literal(1), z.literal(3), z.literal(5), z.literal(7)], allowed("1, 3, 5 or 7"))
    .default(3)
    .describe("Number of managers: 1, 3, 5 or 7. Three survive the loss of one, five of two; one survives none."),
  managerFlavor: nonEmpty.describe("Nova flavor of the managers."),
  managerAntiAffinity: z
    .enum(["soft", "hard"], allowed(`"soft" or "hard"`))
    .default("soft")
    .describe(`Managers of a zone on different hosts: "soft" as far as possible, "hard" or the update fails.`),
  workerGroups: z
    .record(label(20), workerGroup, allowed("a map of group name to {zone, flavor, min, max, labels}"))
    .describe(
      "Worker groups by name: zone (default: the group's name), flavor (default: workerFlavor), min and max number of workers, labels.",
    ),
  workerFlavor: nonEmpty.describe("Nova flavor of the workers of a group that names none."),
  image: nonEmpty.describe(
    "Glance image of every server: Debian or Ubuntu with cloud-init. Docker and keepalived are installed at the first boot where they are not on it.",
  ),
  networkName: nonEmpty
    .optional()
    .describe(
      "Neutron network that exists already, holds a subnet of networkCidr and has a router to externalNetwork; without it the program makes all three.",
    ),
  networkCidr: cidr.default("10.20.0.0/24").describe("Network of the cluster's servers, IPv4, /16 to /27."),
  externalNetwork: nonEmpty.describe("Neutron network that floating IPs come from."),
  adminCidrs: list(cidr, "IPv4 networks")
    .min(1, allowed("at least one IPv4 network"))
    .describe("Networks that may reach SSH on the managers, each /8 or smaller, together two /8 at most."),
  ingressCidrs: list(cidr, "IPv4 networks")
    .default(["0.0.0.0/0"])
    .describe("Networks that may reach the ingress address."),
  ingressMode: z
    .enum(["vip", "octavia", "none"], allowed(`"vip", "octavia" or "none"`))
    .default("vip")
    .describe(
      `The one address of the services: "vip" passes a floating IP among the managers by VRRP, "octavia" makes a load balancer, "none" leaves it to you.`,
    ),
  ingressReadTimeoutSeconds: integer(0, 86_400, "seconds")
    .default(600)
    .describe(
      "Seconds within which Traefik must have read a whole request, including an upload's body; 0: no limit. Traefik's own default of 60 aborts large uploads.",
    ),
  dashboard: z
    .boolean(allowed("true or false"))
    .default(false)
    .describe("Traefik's dashboard on port 8080 of the managers, for adminCidrs."),
  keyPair: nonEmpty
    .optional()
    .describe("Nova key pair given to every server for people; the program makes a key of its own."),
  dnsServers: list(address, "IPv4 addresses")
    .default([])
    .describe("DNS servers of the network; empty: the cloud's own."),
  images: images
    .prefault({})
    .describe(
      "Container images in place of the defaults: traefik, socketProxy, whoami; of the monitoring: prometheus, alertmanager, nodeExporter, cadvisor, node (Node.js), grafana.",
    ),
  registryMirrors: list(url, "registry URLs").default([]).describe("Registries asked before Docker Hub, as URLs."),
  registryPrefix: text(
    /^[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._\/-]*[a-z0-9])?$/,
    `host[:port][/path], e.g. "registry.example:5000/mirror"`,
  )
    .optional()
    .describe("Put before every image that names no registry itself, for sites without Docker Hub."),
  registryCertificates: z
    .record(registry, pem, allowed("a map of registry (host or host:port) to certificates"))
    .default({})
    .describe("Certificates (PEM) of the authorities that registries are signed by, by registry."),
  insecureRegistries: list(registry, "host:port").default([]).describe("Registries that are spoken to without TLS."),
  overlayPools: list(cidr, "IPv4 networks")
    .min(1, allowed("at least one IPv4 network"))
    .default(["10.200.0.0/16"])
    .describe("Addresses that overlay networks are cut from; set when the swarm is made."),
  bridgePool: cidr
    .default("172.29.0.0/16")
    .describe(
      "Range of Docker's bridges on each node, /19 or larger; nodes cannot reach other hosts in this range. New nodes get it.",
    ),
  overlayPrefix: integer(16, 29, "bits")
    .default(24)
    .describe(
      "Prefix length of each overlay network: /24 holds some 250 tasks. ingress, proxy and monitoring are larger if the groups' max needs it.",
    ),
  overlayEncryption: z
    .boolean(allowed("true or false"))
    .default(false)
    .describe("Encrypt the overlay networks that the program makes, including ingress (IPsec between the nodes)."),
  proxy: proxy
    .optional()
    .describe(
      "HTTP proxy of the nodes, for images and packages: http, https, and exceptions that are reached without it.",
    ),
  ntpServers: list(hostName, "host names").default([]).describe("Time servers of the nodes; empty: the image's own."),
  dispatcherHeartbeatSeconds: integer(2, 60, "seconds")
    .default(5)
    .describe("Heartbeat of the nodes to the managers in seconds; a node is down after three missed ones."),
  autoscale: autoscale.optional().describe(autoscaleDescription),
  monitoring: monitoring.optional().describe(monitoringDescription),
  slackWebhook: hookUrl
    .optional()
    .describe(
      "Slack's incoming webhook for alerts and scale events; a secret: `pulumi config set --secret swarm:slackWebhook URL`. Needs monitoring.",
    ),
  deadMansSwitchUrl: hookUrl
    .optional()
    .describe(
      "Hook that is called once a minute while the alerting works, of a service that tells you when it is not; a secret. Needs monitoring.",
    ),
  autoscalerService: autoscalerService.optional().describe(autoscalerServiceDescription),
  autoscalerCloud: serviceClouds
    .optional()
    .describe("clouds.yaml of the autoscaler's service, with its application credential; a secret."),
  autoscalerStateKey: serviceStateKey
    .optional()
    .describe("The service's key to the bucket of states, as a file of AWS's shared credentials; a secret."),
  autoscalerPassphrase: servicePassphrase
    .optional()
    .describe("The passphrase that the stack's secrets are encrypted with, for the service; a secret."),
  demo: z.boolean(allowed("true or false")).default(false).describe("Run the demo service whoami at /whoami."),
  deadlines: deadlines
    .prefault({})
    .describe(
      "Minutes: nodeReadyMinutes from a server's creation to Ready, drainMinutes for tasks to leave a node, stackReadyMinutes for a stack to run.",
    ),
  planGuard: planGuard.prefault({}).describe(planGuardDescription),
  allow: allow.default([]).describe(allowDescription),
  flavorPrices: flavorPrices.default({}).describe(flavorPricesDescription),
};

/** The values key by key, before defaults that hang on other keys are filled in. */
export type ShapedSettings = Readonly<z.output<z.ZodObject<typeof settingsShape>>>;
/** The validated configuration, plain and complete: every default is filled in, secrets are left out. */
export type Settings = Omit<ShapedSettings, "autoscale" | SecretKey> & { readonly autoscale?: AutoscaleSettings };
export type SettingsKey = keyof typeof settingsShape;
export type WorkerGroupSettings = Settings["workerGroups"][string];

export const settingsKeys = Object.keys(settingsShape) as readonly SettingsKey[];

/** True for a key whose value is text; every other value is a number, a truth value, a list or a map. */
export function isTextKey(key: string): boolean {
  let schema: unknown = settingsShape[key as SettingsKey];
  while (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault)
    schema = schema.unwrap();
  return schema instanceof z.ZodString || schema instanceof z.ZodEnum;
}
