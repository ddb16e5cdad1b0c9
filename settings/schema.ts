import { z } from "zod";
import { autoscale, type AutoscaleSettings } from "./autoscale";
import { autoscalerService, serviceClouds, servicePassphrase, serviceStateKey } from "./autoscaler-service";
import { deadlines } from "./deadlines";
import { images } from "./images";
import { hookUrl, monitoring } from "./monitoring";
import { allow, allowDescription, flavorPrices, planGuard } from "./plan-guard";
import type { SecretKey } from "./secrets";
import { address, allowed, cidr, fields, integer, label, list, nonEmpty, onOff, pem, text } from "./values";
import { workerGroups } from "./worker-groups";

/** Name of the Pulumi project: of its keys in a stack's configuration, and in the state's path. */
export const projectName = "swarm";

const proxyUrl = text(/^https?:\/\/[^\s/]+\/?$/, `the URL of a proxy, e.g. "http://proxy.example:3128"`);
const proxy = fields({
  http: proxyUrl.optional().describe("Proxy for http:// URLs."),
  https: proxyUrl.optional().describe("Proxy for https:// URLs."),
  exceptions: z
    .array(nonEmpty, allowed("a list of host names, domains and IPv4 networks"))
    .default([])
    .describe("Host names, domains and IPv4 networks that are reached without the proxy."),
});

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
  workerGroups: workerGroups.describe("Worker groups by name."),
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
  dashboard: onOff.default(false).describe("Traefik's dashboard on port 8080 of the managers, for adminCidrs."),
  keyPair: nonEmpty
    .optional()
    .describe("Nova key pair given to every server for people; the program makes a key of its own."),
  dnsServers: list(address, "IPv4 addresses")
    .default([])
    .describe("DNS servers of the network; empty: the cloud's own."),
  images: images.prefault({}).describe("Container images in place of the defaults."),
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
  overlayEncryption: onOff
    .default(false)
    .describe("Encrypt the overlay networks that the program makes, including ingress (IPsec between the nodes)."),
  proxy: proxy.optional().describe("HTTP proxy of the nodes, for images and packages."),
  ntpServers: list(hostName, "host names").default([]).describe("Time servers of the nodes; empty: the image's own."),
  dispatcherHeartbeatSeconds: integer(2, 60, "seconds")
    .default(5)
    .describe("Heartbeat of the nodes to the managers in seconds; a node is down after three missed ones."),
  autoscale: autoscale.optional().describe("Workers come and go by load. Without it, by hand alone."),
  monitoring: monitoring
    .optional()
    .describe("Prometheus, Alertmanager and their exporters on the swarm. Without it, none."),
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
  autoscalerService: autoscalerService
    .optional()
    .describe(
      "The autoscaler as a service on the managers. Without it, none. Needs autoscale, monitoring, and the secrets autoscalerCloud, autoscalerStateKey and autoscalerPassphrase.",
    ),
  autoscalerCloud: serviceClouds
    .optional()
    .describe("clouds.yaml of the autoscaler's service, with its application credential; a secret."),
  autoscalerStateKey: serviceStateKey
    .optional()
    .describe("The service's key to the bucket of states, as a file of AWS's shared credentials; a secret."),
  autoscalerPassphrase: servicePassphrase
    .optional()
    .describe("The passphrase that the stack's secrets are encrypted with, for the service; a secret."),
  demo: onOff.default(false).describe("Run the demo service whoami at /whoami."),
  deadlines: deadlines.prefault({}).describe("Minutes after which an update gives up."),
  planGuard: planGuard.prefault({}).describe("Limits of one update; an update beyond them is refused."),
  allow: allow.default([]).describe(allowDescription),
  flavorPrices: flavorPrices
    .default({})
    .describe(
      "Price of a server per hour by flavor, in any one currency; with it the plan guard shows the difference in price.",
    ),
};

/** The values key by key, before defaults that hang on other keys are filled in. */
export type ShapedSettings = Readonly<z.output<z.ZodObject<typeof settingsShape>>>;
/** The validated configuration, plain and complete: every default is filled in, secrets are left out. */
export type Settings = Omit<ShapedSettings, "autoscale" | SecretKey> & { readonly autoscale?: AutoscaleSettings };
export type SettingsKey = keyof typeof settingsShape;
export type WorkerGroupSettings = Settings["workerGroups"][string];

export const settingsKeys = Object.keys(settingsShape) as readonly SettingsKey[];
