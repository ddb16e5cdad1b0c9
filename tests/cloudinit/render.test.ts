import { expect } from "chai";
import { parse } from "yaml";
import { renderUserData, type NodeFacts } from "../../cloudinit/render";

const facts: NodeFacts = {
  name: "c-worker-az1-0",
  address: "10.20.0.20",
  managers: ["10.20.0.10", "10.20.0.11"],
  mtu: 1450,
  hostKey: { privateKey: "PRIVATE", publicKey: "ssh-ed25519 HOST" },
  adminKey: "ssh-ed25519 ADMIN",
  bridges: { base: "172.29.0.0/16", size: 20 },
  registryMirrors: ["http://mirror:5000"],
  insecureRegistries: [],
  registryCertificates: {},
  ntpServers: [],
};

interface CloudConfig {
  readonly ntp?: unknown;
  readonly runcmd: readonly (readonly string[])[];
  readonly ssh_keys: unknown;
  readonly users: readonly unknown[];
  readonly write_files: readonly { readonly path: string; readonly permissions: string; readonly content: string }[];
}

function render(changes: Partial<NodeFacts> = {}): CloudConfig {
  const text = renderUserData({ ...facts, ...changes });
  expect(text.split("\n")[0]).to.equal("#cloud-config");
  return parse(text) as CloudConfig;
}

function file(config: CloudConfig, path: string): CloudConfig["write_files"][number] | undefined {
  return config.write_files.find((one) => one.path === path);
}

describe("renderUserData", () => {
  it("pins the host key and lets the program's login in by key alone", () => {
    const config = render();
    expect(config.ssh_keys).to.deep.equal({ ed25519_private: "PRIVATE", ed25519_public: "ssh-ed25519 HOST" });
    expect(config.users[1]).to.deep.include({
      name: "swarm",
      lock_passwd: true,
      ssh_authorized_keys: ["ssh-ed25519 ADMIN"],
    });
  });

  it("tells the node its address, the managers and the MTU", () => {
    expect(file(render(), "/etc/swarm/node.env")?.content).to.equal(
      `ADDRESS=10.20.0.20\nMANAGERS="10.20.0.10 10.20.0.11"\nMTU=1450\n`,
    );
  });

  it("gives the kernel the same settings on every image, before keepalived needs them", () => {
    const settings = file(render(), "/etc/sysctl.d/60-swarm.conf");
    expect(settings?.permissions).to.equal("0644");
    for (const line of settings?.content.trimEnd().split("\n") ?? [])
      expect(line).to.match(/^(# .*|[a-z0-9_.-]+ = \d+)$/);
    expect(settings?.content).to.include("\nnet.ipv4.ip_nonlocal_bind = 1\n");
    const script = file(render(), "/usr/local/sbin/swarm-node")?.content ?? "";
    expect(script.indexOf("sysctl -q -e -p /etc/sysctl.d/60-swarm.conf\n")).to.be.within(
      1,
      script.indexOf("systemctl restart --no-block keepalived"),
    );
  });

  it("leaves half of what Nova takes to the settings, for a manager, too", () => {
    const text = renderUserData({
      ...facts,
      joinToken: "SWMTKN-1",
      vip: { address: "10.20.0.5", prefix: 24, priority: 254 },
    });
    expect(Buffer.byteLength(text)).to.be.below(49_151 / 2);
  });

  it("configures Docker's registries and bridges", () => {
    expect(JSON.parse(file(render(), "/etc/docker/daemon.json")?.content ?? "")).to.deep.include({
      mtu: 1450,
      "default-address-pools": [{ base: "172.29.0.0/16", size: 20 }],
      "cgroup-parent": "containers.slice",
      "registry-mirrors": ["http://mirror:5000"],
    });
  });

  it("lets the engine have the processor before its containers", () => {
    expect(file(render(), "/etc/systemd/system/containers.slice")?.content).to.match(/^\[Slice\]\nCPUWeight=20$/m);
  });

  it("writes a token only where there is one, for root's eyes", () => {
    expect(file(render(), "/etc/swarm/join-token")).to.equal(undefined);
    expect(file(render({ joinToken: "SWMTKN-1-x" }), "/etc/swarm/join-token")).to.deep.include({
      permissions: "0600",
      content: "SWMTKN-1-x",
    });
  });

  it("gives a manager the virtual address, with the other managers as peers", () => {
    const text =
      file(
        render({ address: "10.20.0.10", vip: { address: "10.20.0.5", prefix: 24, priority: 254 } }),
        "/etc/swarm/keepalived.conf",
      )?.content ?? "";
    expect(text).to.match(/unicast_src_ip 10\.20\.0\.10\n {4}unicast_peer {\n {8}10\.20\.0\.11\n {4}}/);
    expect(text).to.include("10.20.0.5/24").and.include("priority 254");
    expect(text.match(/@[A-Z]+@/g)).to.deep.equal(["@INTERFACE@"]);
    expect(file(render(), "/etc/swarm/keepalived.conf")).to.equal(undefined);
  });

  it("installs what the image lacks before anything needs it", () => {
    expect(render().runcmd[0]).to.deep.equal(["/usr/local/sbin/swarm-install"]);
    expect(file(render(), "/usr/local/sbin/swarm-install")?.permissions).to.equal("0755");
  });

  it("trusts the authorities that registries are signed by", () => {
    const config = render({ registryCertificates: { "registry.example:5000": "PEM" } });
    expect(file(config, "/etc/docker/certs.d/registry.example:5000/ca.crt")?.content).to.equal("PEM");
  });

  it("sends Docker and apt through a proxy only where there is one", () => {
    const config = render({ proxy: { http: "http://proxy:3128", exceptions: ["10.0.0.0/8", ".example"] } });
    expect(file(config, "/etc/systemd/system/docker.service.d/proxy.conf")?.content).to.equal(
      `[Service]\nEnvironment="HTTP_PROXY=http://proxy:3128"\nEnvironment="NO_PROXY=10.0.0.0/8,.example"\n`,
    );
    expect(file(config, "/etc/apt/apt.conf.d/90swarm-proxy")?.content).to.equal(
      `Acquire::http::Proxy "http://proxy:3128";\n`,
    );
    expect(config.runcmd).to.deep.include(["systemctl", "restart", "docker"]);
    expect(render().runcmd).not.to.deep.include(["systemctl", "restart", "docker"]);
    expect(render().write_files.filter(({ path }) => path.includes("proxy"))).to.deep.equal([]);
  });

  it("names time servers only where there are some", () => {
    expect(render({ ntpServers: ["ntp.example"] }).ntp).to.deep.equal({ enabled: true, servers: ["ntp.example"] });
    expect(render()).not.to.have.property("ntp");
  });

  it("refuses more than Nova takes", () => {
    expect(() => render({ registryMirrors: ["x".repeat(50_000)] })).to.throw(
      /^c-worker-az1-0: user data of \d+ bytes; Nova takes 49151\.$/,
    );
  });
});
