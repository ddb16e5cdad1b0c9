/** Each row: what is changed in a good configuration, and the faults that it gets. */
export const badConfigurations: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
  ["an even number of managers", { managers: 4 }, ["settings.managers: 4 is not allowed; use 1, 3, 5 or 7."]],
  [
    "a cluster name in capitals",
    { clusterName: "Prod" },
    [
      `settings.clusterName: "Prod" is not allowed; use a name of lower-case letters, digits and inner hyphens that starts with a letter, 30 characters at most.`,
    ],
  ],
  [
    "a zone twice",
    { zones: ["az1", "az2", "az3", "az1"] },
    [`settings.zones: "az1" stands there twice; name each zone once.`],
  ],
  [
    "no zone",
    { zones: [], workerGroups: {} },
    ["settings.zones: [] is not allowed; use at least one availability zone."],
  ],
  ["an unknown key", { workers: 3 }, [/^settings\.workers: unknown; known are clusterName, zones, /.source]],
  [
    "a group in no zone",
    { workerGroups: { gpu: { min: 0, max: 1 } } },
    [`settings.workerGroups.gpu.zone: "gpu" is not among settings.zones; use "az1", "az2", "az3".`],
  ],
  [
    "a group with min above max",
    { workerGroups: { az1: { min: 5, max: 4 } } },
    ["settings.workerGroups.az1.min: 5 is above max 4; use 4 at most, or raise max."],
  ],
  [
    "a group with a negative min",
    { workerGroups: { az1: { min: -1, max: 4 } } },
    ["settings.workerGroups.az1.min: -1 is not allowed; use a whole number of workers from 0 to 1000."],
  ],
  [
    "a group without max",
    { workerGroups: { az1: { min: 1 } } },
    ["settings.workerGroups.az1.max: missing; use a whole number of workers from 0 to 1000."],
  ],
  [
    "a misspelt key of a group",
    { workerGroups: { az1: { min: 1, max: 1, flavour: "x" } } },
    [
      `settings.workerGroups.az1: unknown "flavour"; use {zone, flavor, min, max, labels}, of which min and max are required.`,
    ],
  ],
  [
    "a group's name in capitals",
    { workerGroups: { AZ1: { zone: "az1", min: 1, max: 1 } } },
    [/^settings\.workerGroups\.AZ1: .*as a key use a name of lower-case letters/.source],
  ],
  [
    "a network with host bits",
    { networkCidr: "10.20.0.1/24" },
    [
      `settings.networkCidr: "10.20.0.1/24" is not allowed; use an IPv4 network with its host bits zero, e.g. "10.20.0.0/24".`,
    ],
  ],
  [
    "a network that is too small",
    { networkCidr: "10.20.0.0/28" },
    [`settings.networkCidr: "10.20.0.0/28" has the prefix /28; use /16 to /27.`],
  ],
  [
    "a network without room for the groups",
    { networkCidr: "10.20.0.0/27", workerGroups: { az1: { min: 1, max: 12 } } },
    [
      `settings.networkCidr: "10.20.0.0/27" has room for 11 workers, the groups may grow to 12; use a larger network or a smaller max.`,
    ],
  ],
  [
    "an overlay pool in the network",
    { overlayPools: ["10.200.0.0/16", "10.20.0.0/16"] },
    [
      `settings.overlayPools.1: "10.20.0.0/16" overlaps settings.networkCidr "10.20.0.0/24"; use networks that do not overlap: "10.20.0.0/24" is the default of swarm:networkCidr; a new cluster may set it to a free range, e.g. \`pulumi config set swarm:networkCidr 172.16.0.0/24\`.`,
    ],
  ],
  [
    "overlay pools that overlap",
    { overlayPools: ["10.200.0.0/16", "10.200.128.0/17"] },
    [
      `settings.overlayPools.1: "10.200.128.0/17" overlaps settings.overlayPools.0 "10.200.0.0/16"; use networks that do not overlap.`,
    ],
  ],
  [
    "an overlay pool smaller than a network",
    { overlayPools: ["10.200.0.0/25"] },
    [
      `settings.overlayPools.0: "10.200.0.0/25" is smaller than one overlay network of settings.overlayPrefix /24; use /24 or larger.`,
    ],
  ],
  [
    "networks that no host has",
    { networkCidr: "169.254.0.0/16", overlayPools: ["224.0.0.0/8"], bridgePool: "127.0.0.0/16" },
    [
      `settings.networkCidr: "169.254.0.0/16" overlaps link-local addresses, where the metadata service is, "169.254.0.0/16"; use networks that do not overlap.`,
      `settings.overlayPools.0: "224.0.0.0/8" overlaps multicast "224.0.0.0/4"; use networks that do not overlap.`,
      `settings.bridgePool: "127.0.0.0/16" overlaps loopback "127.0.0.0/8"; use networks that do not overlap.`,
    ],
  ],
  [
    "bridges in an overlay pool, and too few",
    { bridgePool: "10.200.16.0/20" },
    [
      `settings.bridgePool: "10.200.16.0/20" overlaps settings.overlayPools.0 "10.200.0.0/16"; use networks that do not overlap: "10.200.0.0/16" is the default of swarm:overlayPools; a new cluster may set it to a free range, e.g. \`pulumi config set swarm:overlayPools '["172.17.0.0/16"]'\`.`,
      `settings.bridgePool: "10.200.16.0/20" has no room for two bridges of /20; use /19 or larger.`,
    ],
  ],
  [
    "a network in the default range of the bridges",
    { networkCidr: "172.29.4.0/24" },
    [
      `settings.bridgePool: "172.29.0.0/16" overlaps settings.networkCidr "172.29.4.0/24"; use networks that do not overlap: "172.29.0.0/16" is the default of swarm:bridgePool; set it to a free range, e.g. \`pulumi config set swarm:bridgePool 172.17.0.0/16\`.`,
    ],
  ],
  [
    "a time server in the default range of the bridges",
    { ntpServers: ["172.29.0.4"], adminCidrs: ["172.16.0.0/15"] },
    [
      `settings.ntpServers.0: "172.29.0.4" lies in settings.bridgePool "172.29.0.0/16", so nodes cannot reach it; use networks that do not overlap: "172.29.0.0/16" is the default of swarm:bridgePool; set it to a free range, e.g. \`pulumi config set swarm:bridgePool 172.20.0.0/16\`.`,
    ],
  ],
  [
    "overlay pools over the defaults of the network and the bridges",
    { overlayPools: ["10.0.0.0/8", "172.16.0.0/12"] },
    [
      `settings.overlayPools.0: "10.0.0.0/8" overlaps settings.networkCidr "10.20.0.0/24"; use networks that do not overlap: "10.20.0.0/24" is the default of swarm:networkCidr; a new cluster may set it to a free range, e.g. \`pulumi config set swarm:networkCidr 192.168.0.0/24\`.`,
      `settings.bridgePool: "172.29.0.0/16" overlaps settings.overlayPools.1 "172.16.0.0/12"; use networks that do not overlap: "172.29.0.0/16" is the default of swarm:bridgePool; set it to a free range.`,
    ],
  ],
  [
    "what nodes must reach, behind their own bridges",
    {
      bridgePool: "172.16.0.0/14",
      adminCidrs: ["172.17.5.0/24"],
      ntpServers: ["172.18.0.4", "ntp.example"],
      proxy: { http: "http://172.18.0.5:3128" },
      registryMirrors: ["http://172.18.0.6:5000"],
    },
    [
      `settings.adminCidrs.0: "172.17.5.0/24" lies in settings.bridgePool "172.16.0.0/14", so nodes cannot reach it; use networks that do not overlap.`,
      `settings.ntpServers.0: "172.18.0.4" lies in settings.bridgePool "172.16.0.0/14", so nodes cannot reach it; use networks that do not overlap.`,
      `settings.registryMirrors.0: "172.18.0.6" lies in settings.bridgePool "172.16.0.0/14", so nodes cannot reach it; use networks that do not overlap.`,
      `settings.proxy.http: "172.18.0.5" lies in settings.bridgePool "172.16.0.0/14", so nodes cannot reach it; use networks that do not overlap.`,
    ],
  ],
  [
    "no overlay pool",
    { overlayPools: [] },
    ["settings.overlayPools: [] is not allowed; use at least one IPv4 network."],
  ],
  [
    "an overlay prefix of a host",
    { overlayPrefix: 32 },
    ["settings.overlayPrefix: 32 is not allowed; use a whole number of bits from 16 to 29."],
  ],
  [
    "an unknown ingress mode",
    { ingressMode: "keepalived" },
    [`settings.ingressMode: "keepalived" is not allowed; use "vip", "octavia" or "none".`],
  ],
  [
    "a proxy without a scheme",
    { proxy: { http: "proxy:3128" } },
    [`settings.proxy.http: "proxy:3128" is not allowed; use the URL of a proxy, e.g. "http://proxy.example:3128".`],
  ],
  [
    "a time server with a scheme",
    { ntpServers: ["ntp://one"] },
    [`settings.ntpServers.0: "ntp://one" is not allowed; use a host name or IPv4 address, e.g. "ntp.example".`],
  ],
  [
    "a registry's certificate that is none",
    { registryCertificates: { "registry.example": "hunter2" } },
    [`settings.registryCertificates.registry.example: "hunter2" is not allowed; use certificates in PEM format.`],
  ],
  [
    "a registry prefix with a scheme",
    { registryPrefix: "https://registry.example" },
    [
      `settings.registryPrefix: "https://registry.example" is not allowed; use host[:port][/path], e.g. "registry.example:5000/mirror".`,
    ],
  ],
  [
    "DNS servers for a network of somebody else",
    { networkName: "shared", dnsServers: ["10.0.0.53"] },
    [
      `settings.dnsServers: are part of the network that the program makes; the subnet of "shared" has its own: leave them away.`,
    ],
  ],
  [
    "administration for everyone",
    { adminCidrs: ["0.0.0.0/0"] },
    [
      `settings.adminCidrs: "0.0.0.0/0" is wider than /8 and opens SSH to strangers; name the networks of the administrators, /8 or smaller.`,
    ],
  ],
  [
    "administration for everyone in two halves",
    { adminCidrs: ["0.0.0.0/1", "198.51.100.0/24", "128.0.0.0/1"] },
    ["0.0.0.0/1", "128.0.0.0/1"].map(
      (half) =>
        `settings.adminCidrs: "${half}" is wider than /8 and opens SSH to strangers; name the networks of the administrators, /8 or smaller.`,
    ),
  ],
  [
    "administration for everyone in many parts",
    { adminCidrs: Array.from({ length: 256 }, (_, part) => `${part}.0.0.0/8`) },
    [
      "settings.adminCidrs: together they hold 4294967296 addresses and open SSH to strangers; name the networks of the administrators, 33554432 addresses (two /8) at most.",
    ],
  ],
  [
    "no administrators",
    { adminCidrs: undefined },
    [
      "settings.adminCidrs: missing; Networks that may reach SSH on the managers, each /8 or smaller, together two /8 at most.",
    ],
  ],
  [
    "an image without a tag",
    { images: { traefik: "traefik" } },
    [
      `settings.images.traefik: "traefik" is not allowed; use an image reference with a tag or digest, e.g. "traefik:v3.6.12".`,
    ],
  ],
  [
    "an image of nobody",
    { images: { nginx: "nginx:1" } },
    [
      `settings.images: unknown "nginx"; use {traefik, socketProxy, whoami, prometheus, alertmanager, nodeExporter, cadvisor, node, grafana}, each an image reference.`,
    ],
  ],
  [
    "a mirror without a scheme",
    { registryMirrors: ["mirror:5000"] },
    [
      `settings.registryMirrors.0: "mirror:5000" is not allowed; use the URL of a registry without a path, e.g. "https://mirror.example".`,
    ],
  ],
  [
    "a DNS server by name",
    { dnsServers: ["one.example"] },
    [`settings.dnsServers.0: "one.example" is not allowed; use an IPv4 address, e.g. "10.0.0.53".`],
  ],
  ["a truth value as text", { demo: "yes" }, [`settings.demo: "yes" is not allowed; use true or false.`]],
  [
    "a demo without workers",
    { demo: true, workerGroups: { az1: { min: 0, max: 3 } } },
    [
      "settings.demo: true, but the demo runs on workers and every group's min is 0; raise a min or leave the demo away.",
    ],
  ],
  [
    "a deadline of no time",
    { deadlines: { drainMinutes: 0 } },
    ["settings.deadlines.drainMinutes: 0 is not allowed; use a whole number of minutes from 1 to 120."],
  ],
  [
    "an unknown kind of anti-affinity",
    { managerAntiAffinity: "strict" },
    [`settings.managerAntiAffinity: "strict" is not allowed; use "soft" or "hard".`],
  ],
  [
    "a scale-in threshold that is not below the other",
    { autoscale: { cpuThreshold: 40 } },
    ["settings.autoscale.scaleInCpuThreshold: 45 is not below cpuThreshold 40; use 39 at most, or raise cpuThreshold."],
  ],
  [
    "a threshold above all",
    { autoscale: { cpuThreshold: 101 } },
    ["settings.autoscale.cpuThreshold: 101 is not allowed; use a whole number of percent from 1 to 100."],
  ],
  [
    "a misspelt key of autoscale",
    { autoscale: { cpuTreshold: 75 } },
    [/^settings\.autoscale: unknown "cpuTreshold"; use \{cpuThreshold, scaleInCpuThreshold, /.source],
  ],
  [
    "more nodes than the groups may have",
    { autoscale: { maxNodes: 12, minNodes: 11 } },
    [
      "settings.autoscale.maxNodes: 12 is above 10, the sum of the groups' max (az1 4, az2 3, az3 3); use 10 at most, or raise max of a group in settings.workerGroups.",
      "settings.autoscale.minNodes: 11 is above 10, the sum of the groups' max (az1 4, az2 3, az3 3); use 10 at most, or raise max of a group in settings.workerGroups.",
    ],
  ],
  [
    "fewer nodes than the groups must have",
    { autoscale: { maxNodes: 2 } },
    [
      "settings.autoscale.maxNodes: 2 is below 3, the sum of the groups' min (az1 1, az2 1, az3 1); use 3 or more, or lower min of a group in settings.workerGroups.",
    ],
  ],
  [
    "a maximum below the minimum",
    { autoscale: { maxNodes: 5, minNodes: 6 } },
    ["settings.autoscale.maxNodes: 5 is below minNodes 6; use 6 or more, or lower minNodes."],
  ],
  [
    "a schedule that is none",
    {
      autoscale: {
        schedules: [{ days: ["monday", "tue"], from: "7:00", to: "24:01", timeZone: "+02:00", minNodes: 1 }],
      },
    },
    [
      `settings.autoscale.schedules.0.days.0: "monday" is not allowed; use a day: "mon", "tue", "wed", "thu", "fri", "sat", "sun".`,
      `settings.autoscale.schedules.0.from: "7:00" is not allowed; use a time of day from "00:00" to "23:59".`,
      `settings.autoscale.schedules.0.to: "24:01" is not allowed; use a time of day from "00:00" to "24:00".`,
      `settings.autoscale.schedules.0.timeZone: "+02:00" is not allowed; use a time zone of the IANA database, e.g. "Europe/Zurich" or "UTC".`,
    ],
  ],
  [
    "a schedule of no time, of a day twice, above the maximum",
    {
      autoscale: {
        maxNodes: 4,
        schedules: [{ days: ["mon", "mon"], from: "07:00", to: "07:00", timeZone: "UTC", minNodes: 5 }],
      },
    },
    [
      "settings.autoscale.schedules.0.minNodes: 5 is above maxNodes 4; use 4 at most, or raise maxNodes.",
      `settings.autoscale.schedules.0.days: "mon" stands there twice; name each day once.`,
      `settings.autoscale.schedules.0.to: "07:00" is from itself, a window of no time; use a later time, or "00:00" to "24:00" for a day.`,
    ],
  ],
  [
    "three of each of the monitoring",
    { monitoring: { replicas: 3, retentionDays: 0, grafana: "yes", slack: "x" } },
    [
      "settings.monitoring.replicas: 3 is not allowed; use 1 or 2.",
      "settings.monitoring.retentionDays: 0 is not allowed; use a whole number of days from 1 to 365.",
      `settings.monitoring.grafana: "yes" is not allowed; use true or false.`,
      `settings.monitoring: unknown "slack"; use {replicas, retentionDays, retentionGigabytes, runbookUrl, grafana}.`,
    ],
  ],
  [
    "two of each of the monitoring in one zone",
    { monitoring: { replicas: 2 }, zones: ["az1"], workerGroups: {} },
    ["settings.monitoring.replicas: 2 stand in two zones, of which there is 1; use 1, or more zones."],
  ],
  [
    "two of each of the monitoring on one manager",
    { monitoring: { replicas: 2 }, managers: 1 },
    ["settings.monitoring.replicas: 2 stand on two managers, of which there is 1; use 1, or more managers."],
  ],
  [
    "hooks that nothing calls",
    { slackWebhook: "https://hooks.slack.com/services/T/B/secret", deadMansSwitchUrl: "https://hc.example/1" },
    [
      "settings.slackWebhook: nothing would call it; set settings.monitoring, {} for its defaults, or leave it away.",
      "settings.deadMansSwitchUrl: nothing would call it; set settings.monitoring, {} for its defaults, or leave it away.",
    ],
  ],
  [
    "a service that lacks what it needs, on a state that managers do not reach",
    { autoscalerService: { backendUrl: "file:///srv/states", image: "registry.example/autoscaler:1", on: true } },
    [
      `settings.autoscalerService.backendUrl: "file:///srv/states" is not allowed; use the URL of a bucket as Pulumi takes it, e.g. "s3://states?region=eu-central-1".`,
      `settings.autoscalerService.image: "registry.example/autoscaler:1" is not allowed; use an image without tag or digest, e.g. "registry.example/swarm-autoscaler": the tag is the program's own.`,
      `settings.autoscalerService: unknown "on"; use {backendUrl, image, caCertificates}, of which backendUrl is required.`,
    ],
  ],
  [
    "a service without limits and metrics",
    { autoscalerService: { backendUrl: "s3://states" } },
    [
      "settings.autoscalerService: needs settings.autoscale, which is not set; use {} for its defaults, or leave the service away.",
      "settings.autoscalerService: needs settings.monitoring, which is not set; use {} for its defaults, or leave the service away.",
    ],
  ],
  [
    "secrets of a service that is not wanted",
    { autoscalerPassphrase: "hunter2" },
    ["settings.autoscalerPassphrase: nothing would use it; set settings.autoscalerService, or leave it away."],
  ],
  [
    "a person's password and a key without a secret for the service, which are not shown",
    {
      autoscale: {},
      monitoring: {},
      autoscalerService: { backendUrl: "s3://states" },
      autoscalerCloud: "clouds: {autoscaler: {auth: {auth_url: x, username: ann, password: hunter2}}}",
      autoscalerStateKey: "[default]\naws_access_key_id = hunter2\n",
      autoscalerPassphrase: "two\nlines",
    },
    [
      'settings.autoscalerCloud: the value, a secret, is not allowed; use the text of a clouds.yaml with one cloud, "autoscaler", of auth_type v3applicationcredential with auth_url, application_credential_id and application_credential_secret, without cacert: what that holds is for autoscalerService.caCertificates.',
      "settings.autoscalerStateKey: the value, a secret, is not allowed; use the text of AWS's shared credentials file: [default], aws_access_key_id and aws_secret_access_key, a line each.",
      "settings.autoscalerPassphrase: the value, a secret, is not allowed; use a passphrase, one line.",
    ],
  ],
  [
    "a file of certificates that the service has not, and certificates that are none",
    {
      autoscale: {},
      monitoring: {},
      autoscalerService: { backendUrl: "s3://states", caCertificates: "/etc/ssl/site.pem" },
      autoscalerCloud:
        "clouds: {autoscaler: {auth_type: v3applicationcredential, cacert: /etc/ssl/site.pem, auth: {auth_url: x, application_credential_id: a, application_credential_secret: b}}}",
    },
    [
      `settings.autoscalerService.caCertificates: "/etc/ssl/site.pem" is not allowed; use certificates in PEM format.`,
      /^settings\.autoscalerCloud: the value, a secret, is not allowed; .* without cacert: what that holds is for autoscalerService\.caCertificates\.$/
        .source,
    ],
  ],
  [
    "a secret that is no URL, which is not shown",
    { monitoring: {}, slackWebhook: "hunter2" },
    [
      `settings.slackWebhook: the value, a secret, is not allowed; use the URL of a hook, e.g. "https://hooks.slack.com/services/…".`,
    ],
  ],
  [
    "a group's name that makes a host name too long",
    { clusterName: "a".repeat(30), zones: [`az${"1".repeat(30)}`], workerGroups: {} },
    [
      `settings.zones: gives the host name "${"a".repeat(30)}-manager-az${"1".repeat(30)}-0"; a host name has 63 lower-case letters, digits and hyphens at most.`,
    ],
  ],
  [
    "a limit of the plan guard above all",
    { planGuard: { zonePercent: 101 } },
    ["settings.planGuard.zonePercent: 101 is not allowed; use a whole number of percent from 0 to 100."],
  ],
  [
    "an allowance of nothing known",
    { allow: [{ what: "anything", until: "2026-12-05", why: "the zone moves" }] },
    [/^settings\.allow\.0\.what: "anything" is not allowed; use one of "replace-managers", "lose-quorum", /.source],
  ],
  [
    "an allowance for ever",
    { allow: [{ what: "lose-workers", why: "the zone moves" }] },
    [`settings.allow.0.until: missing; use a day as YYYY-MM-DD, e.g. "2026-12-05".`],
  ],
  [
    "an allowance up to a day that there is not",
    { allow: [{ what: "lose-workers", until: "2026-02-30", why: "the zone moves" }] },
    [`settings.allow.0.until: "2026-02-30" is not allowed; use a day as YYYY-MM-DD, e.g. "2026-12-05".`],
  ],
  [
    "an allowance whose reason was left as printed",
    { allow: [{ what: "lose-workers", until: "2026-12-05", why: "…" }] },
    [`settings.allow.0.why: "…" is not allowed; use the reason, in words.`],
  ],
  [
    "an allowance for a zone of what has none",
    { allow: [{ what: "raise-price", zone: "az1", until: "2026-12-05", why: "the zone grows" }] },
    [`settings.allow.0.zone: "az1" is not allowed; leave it out: only "lose-workers" is judged by zone.`],
  ],
  [
    "a price below nothing",
    { flavorPrices: { "m1.small": -1 } },
    ["settings.flavorPrices.m1.small: -1 is not allowed; use a price per hour, 0 or more."],
  ],
];
