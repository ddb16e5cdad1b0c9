import { expect } from "chai";
import { unreadiness } from "../../ops/swarm/nodes";
import { nameOf } from "./support/faults";
import { cloud, holdings, lab, servers } from "./support/lab";
import { makeNetwork, removeNetwork } from "./support/network";
import { onManager } from "./support/on-manager";
import { say } from "./support/run";
import { labConfiguration, LabStack } from "./support/stack";
import { ask } from "./support/traffic";
import { encryptedPaths, openPorts, otherKernelSettings, overlayPath } from "./support/wire";

const cidr = "10.30.0.0/24";
const network = "elsewhere";

/** In as much as it can be unlike the first one: what that leaves unproven, this one proves. */
const other = new LabStack("other", {
  ...labConfiguration(),
  "swarm:clusterName": "other",
  "swarm:managers": 1,
  // Debian as it comes: the nodes install Docker, keepalived and curl themselves, through the lab's package proxy
  "swarm:image": "debian-stock",
  "swarm:proxy": { http: "http://172.24.4.3:3142", exceptions: ["172.24.4.0/24"] },
  "swarm:workerGroups": { edge: { zone: "az2", min: 1, max: 1, labels: { tier: "edge" } } },
  "swarm:networkName": network,
  "swarm:networkCidr": cidr,
  "swarm:ingressMode": "none",
  "swarm:images": { ...(labConfiguration()["swarm:images"] as object), traefik: "traefik:v2.9" },
  "swarm:dashboard": true,
  "swarm:overlayEncryption": true,
  "swarm:deadlines": { nodeReadyMinutes: 60, stackReadyMinutes: 40 },
});

/** Registers the steps that prove a second cluster beside the first one, in the same project. */
export function secondCluster(first: LabStack): void {
  let before: Record<string, string[]>;
  let ids: string[];

  it("gets a neighbour: stock image, a network that was there, one manager, the seed's Traefik 2.9, encrypted overlays", async () => {
    before = await holdings();
    ids = (await servers()).map(({ id }) => id);
    await lab("image", "build", "--stock");
    await lab("up");
    await makeNetwork(await cloud(), network, cidr, "external");
    const { seconds } = await other.up();
    say(`up of the second cluster: ${Math.round(seconds)} s`);
    const nodes = await other.nodes();
    for (const [name, role] of [
      ["other-manager-az1-0", "manager"],
      ["other-worker-edge-0", "worker"],
    ] as const) {
      expect(
        unreadiness(
          role,
          nodes.filter((node) => nameOf(node) === name),
        ),
        name,
      ).to.equal(undefined);
    }
    expect(nodes.find((node) => nameOf(node) === "other-worker-edge-0")?.Spec.Labels).to.deep.equal({
      az: "az2",
      group: "edge",
      ordinal: "0",
      tier: "edge",
    });
    expect(
      await otherKernelSettings((await other.outputs()).access),
      "kernel settings that are otherwise",
    ).to.deep.equal([]);
  });

  it("gives its neighbour an ingress address by an edit: the manager that runs gets keepalived and holds it", async () => {
    other.editConfig((config) => {
      config["swarm:ingressMode"] = "vip";
    });
    const { seconds } = await other.up();
    say(`ingressMode none to vip: ${Math.round(seconds)} s`);
    const { access } = await other.outputs();
    expect(await onManager(access, "ip -4 -o address show to 10.30.0.5/32")).to.include("10.30.0.5/");
  });

  it("has a neighbour with another engine than its own, held, within reach of the program", async () => {
    const engines = async (stack: LabStack): Promise<string[]> => [
      ...new Set((await stack.nodes()).map(({ Description }) => Description?.Engine?.EngineVersion ?? "")),
    ];
    const [[own = "", ...mixed], [stock = ""]] = [await engines(first), await engines(other)];
    say(`engines: ${own} on the lab's image, ${stock} on the stock image`);
    expect(mixed, "other engines on the lab's image").to.deep.equal([]);
    const { access } = await other.outputs();
    expect((await onManager(access, "apt-mark showhold")).trim().split("\n").sort()).to.deep.equal([
      "containerd",
      "docker-cli",
      "docker.io",
      "runc",
    ]);
    for (const stack of [first, other]) {
      expect(
        (await onManager((await stack.outputs()).access, "systemctl is-active swarm-images.timer")).trim(),
      ).to.equal("active");
    }
  });

  it("has a neighbour that answers, by Traefik 2.9 and with its dashboard for administrators alone", async () => {
    const { access, demoUrl = "", ingressAddress = "" } = await other.outputs();
    const tally = await ask(demoUrl, 100);
    expect(tally.answered, JSON.stringify(tally.failures)).to.equal(100);
    expect(tally.clients, "addresses that the service sees").to.deep.equal({ "172.24.4.2": 100 });
    const image = await onManager(
      access,
      "docker service inspect -f '{{.Spec.TaskTemplate.ContainerSpec.Image}}' traefik_traefik",
    );
    expect(image).to.match(/^traefik:v2\.9@/);
    const [manager = expect.fail("no manager")] = access.managers;
    expect(await openPorts("client", manager.host), "from outside").to.deep.equal([80, 443]);
    expect(await openPorts("client", ingressAddress), "the ingress from outside").to.deep.equal([80, 443]);
    expect(await openPorts("administrator", manager.host), "from an administrator's network").to.deep.equal([
      22, 80, 443, 8080,
    ]);
  });

  it("has a neighbour whose encrypted overlay carries packets of its full size between zones", async () => {
    const { access } = await other.outputs();
    expect(await encryptedPaths(access), "IPsec states").to.be.greaterThan(0);
    const { mtu, largest, larger } = await overlayPath(access, "demo_whoami");
    say(`encrypted overlay: MTU ${mtu} bytes`);
    expect({ largest, larger }).to.deep.equal({ largest: true, larger: false });
  });

  it("stays as it was beside its neighbour, and the other way round", async () => {
    await first.pulumi("preview", "--expect-no-changes");
    await first.up();
    await other.pulumi("preview", "--expect-no-changes");
    const all = (await servers()).map(({ id }) => id);
    expect(all).to.include.members(ids);
    expect(all).to.have.length(ids.length + 2);
  });

  it("is whole when its neighbour has been destroyed", async () => {
    await other.pulumi("destroy", "--yes", "--skip-preview");
    await removeNetwork(await cloud(), network);
    const held = await holdings();
    for (const [kind, names] of Object.entries(before)) expect(held[kind]?.sort(), kind).to.deep.equal(names.sort());
    const tally = await ask((await first.outputs()).demoUrl ?? "", 100);
    expect(tally.answered, JSON.stringify(tally.failures)).to.equal(100);
    await first.pulumi("preview", "--expect-no-changes");
  });
}
