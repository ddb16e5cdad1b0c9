import { expect } from "chai";
import { parse } from "yaml";
import { readCompose } from "../../components/compose";
import { monitoringCompose, monitoringPlaces, type MonitoringOptions } from "../../components/monitoring";
import { planCluster } from "../../components/plan";
import { traefikCompose } from "../../components/traefik";
import { placeManagers } from "../../settings/names";
import { everything, readFile } from "../support/monitoring";
import { goodSettings } from "../support/settings";

interface Service {
  readonly image: string;
  readonly networks: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly { readonly published: number; readonly mode: string }[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly secrets?: readonly unknown[];
  readonly deploy: {
    readonly mode?: string;
    readonly labels?: Record<string, string>;
    readonly placement?: unknown;
    readonly resources: { readonly limits: unknown };
    readonly update_config: { readonly failure_action: string };
    readonly rollback_config: unknown;
  };
}
interface Compose {
  readonly services: Record<string, Service>;
  readonly configs: Record<string, { readonly content: string }>;
  readonly secrets?: unknown;
  readonly networks: Record<
    string,
    { readonly internal?: boolean; readonly driver_opts?: unknown; readonly external?: boolean }
  >;
}

function render(changes: Partial<MonitoringOptions> = {}): Compose {
  return parse(monitoringCompose(readFile, { ...everything, ...changes })) as Compose;
}

describe("monitoringCompose", () => {
  it("gives every service its image, limits, a rollback and, where it is asked, the port for Prometheus", () => {
    const { services } = render();
    expect(Object.fromEntries(Object.entries(services).map(([name, { image }]) => [name, image]))).to.deep.equal(
      everything.images,
    );
    for (const [name, { deploy }] of Object.entries(services)) {
      expect(deploy.resources.limits, name).to.have.keys(["cpus", "memory"]);
      expect(deploy.update_config.failure_action, name).to.equal("rollback");
      expect(deploy.rollback_config, name).not.to.equal(undefined);
    }
    expect(
      Object.fromEntries(
        Object.entries(services).map(([name, { deploy }]) => [name, deploy.labels?.["prometheus.port"]]),
      ),
    ).to.deep.equal({
      prometheus: "9090",
      alertmanager: "9093",
      "node-exporter": "9100",
      cadvisor: "8080",
      "swarm-exporter": "9101",
      "socket-proxy": undefined,
      grafana: undefined,
    });
  });

  it("keeps what keeps data on the managers of the label, and exporters everywhere", () => {
    const everywhere = Object.entries(render().services)
      .filter(([, { deploy }]) => deploy.placement === undefined)
      .map(([name]) => name);
    expect(everywhere).to.have.members(["node-exporter", "cadvisor"]);
    expect(render().services["prometheus"]?.deploy).to.deep.include({
      mode: "global",
      placement: { constraints: ["node.role == manager", "node.labels.monitoring == true"] },
    });
  });

  it("reads Docker through a proxy only, which has no other network", () => {
    const { services, networks } = render();
    expect(services["socket-proxy"]?.networks).to.deep.equal(["control"]);
    expect(networks["control"]).to.deep.include({ internal: true, driver_opts: { mtu: "1450" } });
    const withSocket = Object.entries(services)
      .filter(([, { volumes = [] }]) => volumes.some((volume) => volume.includes("docker.sock")))
      .map(([name]) => name);
    expect(withSocket).to.have.members(["socket-proxy", "cadvisor"]);
    expect(
      Object.values(services)
        .flatMap(({ volumes = [] }) => volumes)
        .filter((volume) => volume.startsWith("/") && !/:ro(,|$)/.test(volume)),
    ).to.deep.equal([]);
  });

  it("publishes no port but on the node itself", () => {
    const ports = Object.values(render().services).flatMap(({ ports: ofService = [] }) => ofService);
    expect(ports.map(({ published }) => published)).to.have.members([9090, 9093, 3000]);
    expect(new Set(ports.map(({ mode }) => mode))).to.deep.equal(new Set(["host"]));
  });

  it("brings every config that a service names, with its marks filled in, and no other", () => {
    for (const changes of [{}, { grafana: false, autoscale: false }]) {
      const { services, configs } = render(changes);
      const named = Object.values(services).flatMap(({ configs: ofService = [] }) =>
        ofService.map(({ source }) => source),
      );
      expect(named).to.have.members(Object.keys(configs));
      for (const [name, { content }] of Object.entries(configs))
        if (name !== "swarm-exporter") expect(content, name).not.to.match(/\$\{[A-Z_]+\}/);
    }
    expect(render({ windowSeconds: 300 }).configs["rules-utilisation"]?.content)
      .to.include("[300s]")
      .and.to.include(`window: "300s"`);
    expect(render({ runbookUrl: "https://wiki.example/runbook" }).configs["rules-cluster"]?.content).to.include(
      "https://wiki.example/runbook#swarmnodedown",
    );
  });

  it("leaves Grafana and the autoscaler's rules out unless they are asked for", () => {
    const { services, configs } = render({ grafana: false, autoscale: false });
    expect(services).not.to.have.property("grafana");
    expect(Object.keys(configs).join()).not.to.match(/grafana|dashboard|autoscaler/);
  });

  it("names secrets by the variable that they come by, and none that is not set", () => {
    expect(render()).to.deep.include({
      secrets: {
        "slack-webhook": { environment: "SWARM_SECRET_SLACK_WEBHOOK" },
        "dead-mans-switch": { environment: "SWARM_SECRET_DEAD_MANS_SWITCH" },
      },
    });
    expect(render().services["alertmanager"]?.secrets).to.deep.equal(
      ["slack-webhook", "dead-mans-switch"].map((name) => ({
        source: name,
        target: name,
        uid: "65534",
        gid: "65534",
        mode: 0o400,
      })),
    );
    const quiet = render({ hooks: [] });
    expect(quiet).not.to.have.property("secrets");
    expect(quiet.services["alertmanager"]).not.to.have.property("secrets");
    expect(quiet.configs["alertmanager"]?.content).not.to.include("/run/secrets");
  });
});

describe("monitoringPlaces", () => {
  const settings = (replicas: 1 | 2): Parameters<typeof monitoringPlaces>[1] =>
    goodSettings({ monitoring: { replicas } }).monitoring;
  for (const [zones, managers, names] of [
    [["az1", "az2", "az3"], 3, ["c-manager-az2-0", "c-manager-az3-0"]],
    [["az1", "az2", "az3"], 5, ["c-manager-az1-1", "c-manager-az2-1"]],
    [["az1", "az2"], 3, ["c-manager-az2-0", "c-manager-az1-1"]],
  ] as const) {
    it(`of ${managers} managers in ${zones.length} zones are two in different ones`, () => {
      expect(monitoringPlaces(placeManagers("c", zones, managers), settings(2)).map(({ name }) => name)).to.deep.equal(
        names,
      );
      expect(monitoringPlaces(placeManagers("c", zones, managers), settings(1)).map(({ name }) => name)).to.deep.equal(
        names.slice(-1),
      );
    });
  }

  it("are labelled, and the others told that they are not", () => {
    const labels = (monitoring: Record<string, unknown>): string[] =>
      planCluster(goodSettings(monitoring), {}).managers.map((manager) => manager.labels["monitoring"] ?? "");
    expect(labels({})).to.deep.equal(["false", "false", "false"]);
    expect(labels({ monitoring: {} })).to.deep.equal(["false", "false", "true"]);
    expect(labels({ monitoring: { replicas: 2 } })).to.deep.equal(["false", "true", "true"]);
  });
});

describe("traefikCompose with metrics", () => {
  const traefik = (image: string, metrics: boolean): Service & { readonly command: string[] } =>
    (
      parse(
        traefikCompose(readCompose("traefik"), {
          images: { traefik: image, socketProxy: "proxy:1" },
          readTimeoutSeconds: 600,
          dashboard: false,
          metrics,
          proxyProtocolFrom: [],
        }),
      ) as { services: { traefik: Service & { command: string[] } } }
    ).services.traefik;

  for (const image of ["traefik:v2.9", "traefik:v3.1"]) {
    it(`gives figures of ${image} on a port that is not published, in the monitoring's network`, () => {
      const { command, networks, ports, deploy } = traefik(image, true);
      expect(command).to.include.members([
        "--entrypoints.metrics.address=:8082",
        "--metrics.prometheus=true",
        "--metrics.prometheus.entryPoint=metrics",
      ]);
      expect(networks).to.deep.equal(["proxy", "monitoring"]);
      expect(deploy.labels).to.deep.include({ "prometheus.port": "8082", "prometheus.job": "traefik" });
      expect(ports?.map(({ published }) => published)).to.deep.equal([80, 443]);
    });
  }

  it("is as it was without", () => {
    expect(traefik("traefik:v2.9", false).networks).to.deep.equal(["proxy"]);
  });
});
