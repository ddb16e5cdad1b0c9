import { expect } from "chai";
import { parse } from "yaml";
import { files } from "../../cloudinit/files";
import { readCompose, renderCompose } from "../../components/compose";
import { demoCompose } from "../../components/demo";
import { firewallTable, planFirewall } from "../../components/firewall-rules";
import { imageReference, planCluster } from "../../components/plan";
import { leaveSeconds, traefikCompose, type TraefikOptions } from "../../components/traefik";
import { templateHash } from "../../components/user-data";
import { goodSettings } from "../support/settings";

describe("the ingress' health", () => {
  it("is asked for by the managers at the path that Traefik answers once it knows the swarm's services", () => {
    const [, rule = ""] = /routers\.ready\.rule: Path\(`(.*)`\)/.exec(readCompose("traefik")) ?? [];
    expect(rule).not.to.equal("");
    expect(files.ingress).to.include(`GET ${rule} HTTP/`);
  });
});

describe("planFirewall", () => {
  const settings = goodSettings({ adminCidrs: ["198.51.100.0/24", "203.0.113.7/32"] });
  const planned = planFirewall(settings);
  const openTo = (source: string, changes: Record<string, unknown> = {}): (string | number | undefined)[] =>
    planFirewall(goodSettings(changes))
      .filter(({ rule }) => rule.from === source)
      .map(({ rule }) => rule.port ?? rule.protocol);

  it("opens SSH on managers to each administrators' network and to nobody else", () => {
    const ssh = planned.filter(({ rule }) => rule.port === 22);
    expect(ssh.map(({ rule, source }) => [rule.to, source])).to.deep.equal([
      ["managers", { cidr: "198.51.100.0/24" }],
      ["managers", { cidr: "203.0.113.7/32" }],
      ["workers", { group: "managers" }],
    ]);
  });

  it("opens nothing but the ingress to the ingress' networks", () => {
    expect(openTo("ingressCidrs")).to.deep.equal([80, 443]);
    expect(openTo("ingressCidrs", { ingressMode: "none" })).to.deep.equal([80, 443]);
  });

  it("opens the ingress to the cluster's network alone where a load balancer stands before it", () => {
    expect(openTo("ingressCidrs", { ingressMode: "octavia" })).to.deep.equal([]);
    expect(openTo("networkCidr", { ingressMode: "octavia" })).to.deep.equal([80, 443]);
    expect(openTo("networkCidr")).to.deep.equal([]);
  });

  it("opens VRRP, ESP and the dashboard only where they are used", () => {
    expect(openTo("managers")).to.include("vrrp");
    expect(openTo("managers", { ingressMode: "none" })).not.to.include("vrrp");
    expect(openTo("nodes")).not.to.include("esp");
    expect(openTo("nodes", { overlayEncryption: true })).to.include("esp");
    expect(openTo("adminCidrs")).to.deep.equal([22]);
    expect(openTo("adminCidrs", { dashboard: true })).to.deep.equal([22, 8080]);
  });

  it("gives each rule a name of its own and a reason", () => {
    expect(new Set(planned.map(({ key }) => key)).size).to.equal(planned.length);
    for (const rule of firewallTable) expect(rule.why).not.to.equal("");
  });
});

describe("planCluster", () => {
  it("places, addresses and labels every node", () => {
    const plan = planCluster(
      goodSettings({ workerGroups: { gpu: { zone: "az2", flavor: "g1", min: 1, max: 1, labels: { gpu: "yes" } } } }),
      {},
    );
    expect(plan.managers.map(({ place, address, priority }) => [place.name, address, priority])).to.deep.equal([
      ["test-manager-az1-0", "10.20.0.10", 254],
      ["test-manager-az2-0", "10.20.0.11", 253],
      ["test-manager-az3-0", "10.20.0.12", 252],
    ]);
    expect(plan.workers).to.deep.equal({
      gpu: [
        {
          place: { name: "test-worker-gpu-0", role: "worker", zone: "az2", group: "gpu", ordinal: 0 },
          flavor: "g1",
          labels: { gpu: "yes", az: "az2", group: "gpu", ordinal: "0" },
        },
      ],
    });
  });
});

describe("renderCompose", () => {
  it("fills in marks and leaves other dollar signs alone", () => {
    expect(renderCompose("image: ${A}\npath: $HOME", { A: "x:1" })).to.equal("image: x:1\npath: $HOME");
  });

  it("refuses a mark without a value and a value without a mark", () => {
    expect(() => renderCompose("${A}", {})).to.throw("compose: no value for ${A}");
    expect(() => renderCompose("", { B: "1" })).to.throw("compose: no mark for B");
  });
});

describe("the stacks that requests go through", () => {
  interface Service {
    healthcheck?: unknown;
    deploy: { update_config: { monitor: string; delay?: string } };
  }

  for (const stack of ["demo", "traefik"]) {
    it(`${stack}: a rollout reaches a second task only after the first is known to stay up`, () => {
      const { services } = parse(readCompose(stack)) as { services: Record<string, Service> };
      for (const [name, { healthcheck, deploy }] of Object.entries(services)) {
        if (healthcheck === undefined) expect(deploy.update_config.delay, name).to.equal(deploy.update_config.monitor);
      }
    });
  }
});

describe("demoCompose", () => {
  const demo = (traefik: string, workers: number): { labels: Record<string, string>; replicas: number } => {
    const compose = parse(demoCompose(readCompose("demo"), { images: { whoami: "whoami:1", traefik }, workers })) as {
      services: { whoami: { image: string; deploy: { labels: Record<string, string>; replicas: number } } };
    };
    expect(compose.services.whoami.image).to.equal("whoami:1");
    return compose.services.whoami.deploy;
  };

  it("leaves out a task that cannot be reached, where Traefik knows how", () => {
    const service = "traefik.http.services.whoami.loadbalancer.passivehealthcheck";
    expect(demo("traefik:v3.6.12", 3).labels).to.deep.include({
      [`${service}.maxfailedattempts`]: "1",
      [`${service}.failurewindow`]: "15s",
    });
    expect(Object.keys(demo("traefik:v2.9", 3).labels).filter((label) => label.includes("passive"))).to.deep.equal([]);
  });

  it("has three replicas, and no more than two a worker", () => {
    expect([0, 1, 2, 40].map((workers) => demo("traefik", workers).replicas)).to.deep.equal([0, 2, 3, 3]);
  });
});

describe("traefikCompose", () => {
  interface Compose {
    readonly services: Record<
      string,
      {
        image: string;
        command: string[];
        ports?: { published: number }[];
        networks: string[];
        volumes?: string[];
        stop_grace_period?: string;
      }
    >;
    readonly networks: Record<string, unknown>;
    readonly volumes: unknown;
  }
  const render = (changes: Partial<TraefikOptions> = {}): Compose =>
    parse(
      traefikCompose(readCompose("traefik"), {
        images: { traefik: "traefik:v2.9", socketProxy: "proxy:1" },
        readTimeoutSeconds: 600,
        dashboard: false,
        metrics: false,
        proxyProtocolFrom: [],
        ...changes,
      }),
    ) as Compose;
  const traefik = (changes: Partial<TraefikOptions> = {}): { image: string; command: string[]; ports: number[] } => {
    const { image = "", command = [], ports = [] } = render(changes).services["traefik"] ?? {};
    return { image, command, ports: ports.map(({ published }) => published) };
  };

  for (const [image, provider, flag] of [
    ["traefik:v2.9", "docker", "--providers.docker.swarmMode=true"],
    ["registry:5000/traefik:v3.1", "swarm", "--providers.swarm.network=proxy"],
    ["traefik:v3.6.12@sha256:171c", "swarm", "--providers.swarm.network=proxy"],
    ["traefik:v2.9@sha256:3333", "docker", "--providers.docker.swarmMode=true"],
    ["traefik@sha256:2123", "swarm", "--providers.swarm.network=proxy"],
  ] as const) {
    it(`gives ${image} the flags of its version`, () => {
      const { command, image: used } = traefik({ images: { traefik: image, socketProxy: "proxy:1" } });
      expect(used).to.equal(image);
      expect(command)
        .to.include(flag)
        .and.include(`--providers.${provider}.endpoint=unix:///run/docker/docker.sock`)
        .and.include(`--providers.${provider}.httpClientTimeout=30s`);
      expect(
        command
          .filter((one) => one.startsWith("--providers."))
          .every((one) => one.startsWith(`--providers.${provider}.`)),
      ).to.equal(true);
    });
  }

  it("reads Docker through the node's proxy only, by a socket: the proxy listens in no network", () => {
    const { services, networks, volumes } = render();
    expect(services["socket-proxy"]).to.deep.include({
      image: "proxy:1",
      networks: ["bridge"],
      volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro", "docker:/run/docker"],
    });
    expect(services["socket-proxy"]?.command)
      .to.include("-proxysocketendpoint=/run/docker/docker.sock")
      .and.not.satisfy((flags: string[]) => flags.some((flag) => flag.startsWith("-listenip")));
    expect(services["traefik"]?.volumes).to.deep.equal(["docker:/run/docker:ro"]);
    expect(networks["bridge"]).to.deep.equal({ name: "bridge", external: true });
    expect(volumes).to.deep.equal({ docker: {} });
  });

  it("has no dashboard unless it is asked for", () => {
    expect(traefik().ports).to.deep.equal([80, 443]);
    expect(traefik().command.join()).not.to.include("api");
    expect(traefik({ dashboard: true }).ports).to.deep.equal([80, 443, 8080]);
    expect(traefik({ dashboard: true }).command).to.include("--api.insecure=true");
  });

  it("leaves before it stops: it serves for longer than the address takes to move, and is not killed meanwhile", () => {
    const keepalived = files.keepalived;
    const [interval = 0, timeout = 0, fall = 0] = ["interval", "timeout", "fall"].map((word) =>
      Number(new RegExp(`^ +${word} (\\d+)$`, "m").exec(keepalived)?.[1]),
    );
    // the last check may be late by its timeout; three advertisements of a second, and the skew, until another one
    // takes over
    expect(leaveSeconds).to.be.at.least(interval * fall + timeout + 4);
    const { command } = traefik();
    for (const entrypoint of ["web", "websecure"])
      expect(command).to.include(
        `--entrypoints.${entrypoint}.transport.lifeCycle.requestAcceptGraceTimeout=${leaveSeconds}s`,
      );
    // Traefik's own 10 s for requests in flight come after that
    expect(Number.parseInt(render().services["traefik"]?.stop_grace_period ?? "", 10)).to.be.greaterThan(
      leaveSeconds + 10,
    );
  });

  it("limits the time of a request by the settings alone", () => {
    for (const entrypoint of ["web", "websecure"])
      expect(traefik({ readTimeoutSeconds: 0 }).command).to.include(
        `--entrypoints.${entrypoint}.transport.respondingTimeouts.readTimeout=0s`,
      );
  });

  it("believes a PROXY header from the load balancer's network alone", () => {
    expect(traefik().command.join()).not.to.include("proxyProtocol");
    expect(traefik({ proxyProtocolFrom: ["10.20.0.0/24"] }).command).to.include(
      "--entrypoints.web.proxyProtocol.trustedIPs=10.20.0.0/24",
    );
  });
});

describe("imageReference", () => {
  for (const [image, expected] of [
    ["traefik:v2.9", "r.example:5000/m/traefik:v2.9"],
    ["traefik/whoami:v1", "r.example:5000/m/traefik/whoami:v1"],
    ["ghcr.io/a/b:1", "ghcr.io/a/b:1"],
    ["localhost/a:1", "localhost/a:1"],
    ["mirror:5000/a:1", "mirror:5000/a:1"],
  ] as const) {
    it(`makes ${expected} of ${image}`, () => {
      expect(imageReference(image, "r.example:5000/m")).to.equal(expected);
    });
  }

  it("leaves an image alone without a prefix", () => {
    expect(imageReference("traefik:v2.9", undefined)).to.equal("traefik:v2.9");
  });
});

describe("templateHash", () => {
  const hash = (changes: Record<string, unknown> = {}, flavor = "small", mtu = 1450): string => {
    const settings = goodSettings(changes);
    return templateHash(settings, planCluster(settings, {}), mtu, flavor);
  };

  it("is the same for the same template, and follows whatever a new server would be made from", () => {
    expect(hash())
      .to.match(/^[0-9a-f]{12}$/)
      .and.to.equal(hash());
    const others = [
      hash({ image: "newer" }),
      hash({ keyPair: "people" }),
      hash({ registryMirrors: ["http://m:5000"] }),
      hash({}, "large"),
      hash({}, "small", 9000),
    ];
    expect(new Set([hash(), ...others]).size).to.equal(6);
  });

  it("does not follow the limits, the number of managers or the administrators", () => {
    const groups = { az1: { min: 2, max: 9 }, az2: { min: 1, max: 3 }, az3: { min: 1, max: 3 } };
    expect(hash({ workerGroups: groups, managers: 5, adminCidrs: ["203.0.113.0/24"] })).to.equal(hash());
  });
});
