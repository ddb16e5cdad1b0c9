import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { listNodes, unreadiness } from "../../ops/swarm/nodes";
import { planAddresses } from "../../settings/addresses";
import { parseSettings } from "../../settings/parse";
import { proveBackend } from "../support/backend";
import { proveOneName } from "../support/one-name";
import { badConfigurations } from "../support/bad-configurations";
import { goodConfiguration } from "../support/settings";
import { repairs } from "./repairs";
import { planGuard } from "./plan-guard";
import { rollout } from "./rollout";
import { secondCluster } from "./second-cluster";
import {
  giveAddressTo,
  killPulumi,
  leaderOf,
  nameOf,
  notReady,
  runningOn,
  secondsUntil,
  secondsUntilHeld,
  secondsUntilSwarm,
  stopDockerForced,
  whileStalled,
  whileUnreachable,
  without,
  write,
} from "./support/faults";
import { cloud, holdings, lab, servers } from "./support/lab";
import { lookAtMachine, type Machine } from "./support/machine";
import { onManager } from "./support/on-manager";
import { logFolder, refusal, say } from "./support/run";
import { commandLinesDuring, exposures } from "./support/secrets";
import { labBackend, labConfiguration, LabStack } from "./support/stack";
import { expectNothing, tellsOfFailures } from "./support/suite";
import { ask, failures, underTraffic } from "./support/traffic";
import {
  metadataAnswers,
  openPorts,
  overlayPath,
  socketProxyAnswers,
  traefikContainer,
  whileOutOfReach,
} from "./support/wire";

/** `make soak` proves all, `make test` what fits into an hour. */
const isSoak = process.env["SOAK"] === "1";

/** `make soak` begins with the dashboard on, which an edit takes away under traffic. */
const cluster = new LabStack("lab", { ...labConfiguration(), "swarm:dashboard": isSoak });

/** Its nodes: name → zone. */
const nodes: Readonly<Record<string, string>> = {
  "lab-manager-az1-0": "az1",
  "lab-manager-az2-0": "az2",
  "lab-manager-az3-0": "az3",
  "lab-worker-az1-0": "az1",
  "lab-worker-az2-0": "az2",
  "lab-worker-az3-0": "az3",
};

/** The client namespace's address, which no administrator has. */
const clientAddress = "172.24.4.2";

async function demoUrl(): Promise<string> {
  return (await cluster.outputs()).demoUrl ?? "";
}

/** Period of the nodes' heartbeats, as Docker writes it. */
async function heartbeat(): Promise<string> {
  return (
    await onManager(
      (await cluster.outputs()).access,
      "docker info --format '{{.Swarm.Cluster.Spec.Dispatcher.HeartbeatPeriod}}'",
    )
  ).trim();
}

/** Name, version and image of every service of the swarm, a line each. */
async function serviceVersions(): Promise<string> {
  const format = "{{.Spec.Name}} {{.Version.Index}} {{.Spec.TaskTemplate.ContainerSpec.Image}}";
  return onManager((await cluster.outputs()).access, `docker service inspect -f '${format}' $(docker service ls -q)`);
}

/** What the whole cluster holds on the cloud, each once. */
async function expectNothingTwice(): Promise<void> {
  const held = await holdings();
  expect(held["servers"], "servers").to.have.members(Object.keys(nodes));
  expect(
    held["ports"]?.filter((name) => name !== ""),
    "named ports",
  ).to.have.members([...Object.keys(nodes), "lab-ingress"]);
  expect(held["floatingips"], "floating IPs").to.have.length(4);
  expect(held["security-groups"], "security groups").to.have.members(["lab-nodes", "lab-managers", "lab-workers"]);
  for (const kind of ["networks", "subnets", "routers"]) expect(held[kind], kind).to.deep.equal(["lab"]);
  expect(held["server groups"], "server groups").to.have.length(1);
}

/**
 * When an update is killed, in the order of its progress: what it shows just before. The whole list is for `make soak`.
 */
const killedWhile = (
  [
    ["the network is being made", /networking:Network lab-network creating/, "make test"],
    ["ports are there", /networking:Port lab-\S+ created/, "make soak"],
    ["servers are being made", /compute:Instance lab-\S+ creating/, "make soak"],
    ["a server is there", /compute:Instance lab-\S+ created/, "make test"],
    ["more servers are there", /(compute:Instance lab-\S+ created[\s\S]*){2}|lab-managers-init creating/, "make soak"],
    ["the swarm is being made", /command:local:Command lab-managers-init creating/, "make soak"],
    ["the swarm's network is being made", /docker:index:Network lab-overlay-proxy creating/, "make soak"],
  ] as const
).filter(([, , command]) => isSoak || command === "make test");

const vip = planAddresses(parseSettings(goodConfiguration).networkCidr, 3).vip;

describe("a cluster on the lab", () => {
  let before: Machine;
  let commandLines: ReadonlySet<string> = new Set();
  tellsOfFailures(cluster);

  it("starts from zero: nothing of an earlier lab runs", async () => {
    await lab("down", "--wipe");
    before = await lookAtMachine();
    expect(before["processes"]).to.deep.equal([]);
  });

  it("brings a cloud up", async () => {
    const { seconds, output } = await lab("up");
    say(output.trim().split("\n").slice(-4).join("\n      "));
    say(`lab up: ${Math.round(seconds)} s`);
    expect((await lab("status")).output).to.include("az3");
    expect((await lookAtMachine())["processes"], "the lab's daemons").to.have.length.above(20);
  });

  it("keeps states in a bucket, whose locks of the dead are broken", async () => {
    await proveBackend(labBackend());
  });

  it("lets two containers with one host name use that bucket, and neither breaks the other's live lock", async () => {
    await proveOneName(labBackend());
  });

  it("plans the cluster before it is there", async () => {
    const { output, seconds } = await cluster.pulumi("preview");
    say(`preview: ${Math.round(seconds)} s`);
    expect(output)
      .to.match(/\+ \d+ to create/)
      .and.not.to.include("errored");
    expect(await servers()).to.deep.equal([]);
  });

  // the unit tests have them all; here each costs a start of Pulumi
  it("refuses 25 bad configurations, each with its faults, and touches nothing", async () => {
    for (const [what, change, faults] of badConfigurations.slice(0, 25)) {
      const good = cluster.editConfig((config) => {
        for (const key of Object.keys(config)) Reflect.deleteProperty(config, key);
        for (const [key, value] of Object.entries({ ...goodConfiguration, ...change })) config[`swarm:${key}`] = value;
      });
      const refused = await refusal(cluster.up());
      for (const fault of faults) {
        if (fault.startsWith("^")) expect(refused, what).to.match(new RegExp(fault.slice(1)));
        else expect(refused, what).to.include(fault);
      }
      good();
    }
    await expectNothing();
  });

  for (const [when, sign] of killedWhile) {
    it(`is killed while ${when}`, async () => {
      await killPulumi(cluster, "up", sign);
    });
  }

  it("builds it: three managers in three zones, a ready and labelled worker in each", async () => {
    const { seconds } = await cluster.up();
    say(`up: ${Math.round(seconds)} s`);
    expect(Object.fromEntries((await servers()).map(({ name, zone }) => [name, zone]))).to.deep.equal(nodes);
    await expectNothingTwice();
    const states = await cluster.nodes();
    const reachability = states
      .filter(({ Spec }) => Spec.Role === "manager")
      .map(({ ManagerStatus }) => (ManagerStatus?.Leader === true ? "leader" : ManagerStatus?.Reachability));
    expect(reachability.sort()).to.deep.equal(["leader", "reachable", "reachable"]);
    for (const [name, zone] of Object.entries(nodes)) {
      const named = states.filter(({ Description }) => Description?.Hostname === name);
      const role = name.includes("manager") ? "manager" : "worker";
      expect(unreadiness(role, named), name).to.equal(undefined);
      expect(named[0]?.Spec.Labels, name).to.deep.equal({
        az: zone,
        ordinal: "0",
        ...(role === "manager" ? { group: "managers", monitoring: "false" } : { group: zone }),
      });
    }
    const { access, madeWith } = await cluster.outputs();
    const bridges = await onManager(
      access,
      "docker network inspect --format '{{(index .IPAM.Config 0).Subnet}}' bridge docker_gwbridge",
    );
    for (const subnet of bridges.trim().split("\n")) expect(subnet).to.match(/^172\.29\.\d+\.0\/20$/);
    const subnets = await onManager(
      access,
      "docker network inspect --format '{{.Name}} {{(index .IPAM.Config 0).Subnet}}' ingress proxy",
    );
    expect(subnets.trim().split("\n")).to.deep.equal([
      `ingress ${madeWith.sharedSubnets?.ingress ?? ""}`,
      `proxy ${madeWith.sharedSubnets?.proxy ?? ""}`,
    ]);
  });

  it("answers 500 requests, from at least two nodes", async () => {
    const tally = await ask(await demoUrl(), 500);
    say(`500 requests: ${tally.seconds.toFixed(1)} s, ${JSON.stringify(tally.hosts)}`);
    expect(tally.clients, "addresses that the service sees").to.deep.equal({ [clientAddress]: 500 });
    expect(tally.failures).to.deep.equal({});
    expect(tally.answered).to.equal(500);
    expect(Object.keys(tally.hosts)).to.have.length.of.at.least(2);
  });

  it("has nothing to change after an update", async () => {
    const { seconds } = await cluster.pulumi("preview", "--expect-no-changes");
    say(`preview without changes: ${Math.round(seconds)} s`);
  });

  if (isSoak) {
    // in one update: the dashboard's flag is Traefik's alone, and the deadline is an input of every stack
    it("rolls Traefik out while the registry is away: of 1,000 requests none fails, and an edit of a deadline touches no service", async () => {
      const before = await serviceVersions();
      expect(before, "every image by digest").to.match(/^(\S+ \d+ \S+@sha256:[0-9a-f]{64}\n)+$/);
      cluster.editConfig((config) => {
        config["swarm:dashboard"] = false;
        config["swarm:deadlines"] = { ...(config["swarm:deadlines"] as object), stackReadyMinutes: 21 };
      });
      const url = await demoUrl();
      const tally = await underTraffic(
        url,
        "an update of Traefik",
        async () => {
          await whileStalled("docker-registry", 1200, async () => {
            const { seconds } = await cluster.up();
            say(`Traefik rolled out on three managers: ${Math.round(seconds)} s`);
          });
        },
        200,
      );
      expect(failures(tally), JSON.stringify(tally.failures)).to.equal(0);
      const rest = await ask(url, Math.max(1000 - tally.answered, 1));
      expect(rest.failures).to.deep.equal({});
      const after = await serviceVersions();
      const others = (text: string): string[] => text.split("\n").filter((line) => !line.startsWith("traefik_"));
      expect(others(after), "the services of the other stacks").to.deep.equal(others(before));
      expect(after).not.to.equal(before);
    });
  }

  it("touches nothing for an image that the registry does not have", async () => {
    const before = await serviceVersions();
    const restore = cluster.editConfig((config) => {
      config["swarm:images"] = { ...(config["swarm:images"] as object), whoami: "traefik/whoami:v0" };
    });
    expect(await refusal(cluster.up())).to.include('stack demo: image "traefik/whoami:v0" cannot be resolved');
    expect(await serviceVersions()).to.equal(before);
    restore();
  });

  it("tells of a version that does not run, and stays with the one before: no request fails", async () => {
    // an image that the registry has, and that ends at once: it finds no configuration
    const restore = cluster.editConfig((config) => {
      config["swarm:images"] = { ...(config["swarm:images"] as object), whoami: "prom/alertmanager:v0.28.1" };
    });
    const tally = await underTraffic(await demoUrl(), "a version that does not run", async () => {
      const begun = Date.now();
      const refused = await refusal(cluster.up());
      say(`a version that does not run: refused after ${Math.round((Date.now() - begun) / 1000)} s`);
      expect(refused)
        .to.include("demo_whoami: its new version does not run, and the one before is back")
        .and.match(/prom\/alertmanager:v0\S* on \S+: failed /);
    });
    expect(failures(tally), JSON.stringify(tally.failures)).to.equal(0);
    restore();
    await cluster.up();
    await cluster.pulumi("preview", "--expect-no-changes");
  });

  it("plans while every node is unreachable", async () => {
    await whileUnreachable(await cluster.outputs(), async () => {
      const { seconds } = await cluster.pulumi("preview", "--expect-no-changes");
      say(`preview with no node reachable: ${Math.round(seconds)} s`);
    });
  });

  it("plans while OpenStack's API is slow", async () => {
    await whileStalled("neutron-server", 20, async () => {
      const { seconds } = await cluster.pulumi("preview", "--expect-no-changes");
      say(`preview with Neutron silent for 20 s: ${Math.round(seconds)} s`);
    });
  });

  it("touches no running node when image, flavor, user data or key change, and counts the stale ones", async () => {
    const before = (await servers()).map(({ id }) => id).sort();
    const restore = cluster.editConfig((config) => {
      Object.assign(config, {
        "swarm:managerFlavor": "m1.large",
        "swarm:workerFlavor": "m1.medium",
        "swarm:image": "another",
        "swarm:keyPair": "another",
        "swarm:ntpServers": ["ntp.example"],
      });
    });
    await cluster.pulumi("preview", "--expect-no-changes");
    await cluster.up();
    expect((await servers()).map(({ id }) => id).sort()).to.deep.equal(before);
    const stale = await cluster.outputs();
    expect({ staleNodes: stale.staleNodes, nodes: stale.nodes.map((node) => node.stale) }).to.deep.equal({
      staleNodes: 6,
      nodes: Array.from({ length: 6 }, () => true),
    });
    restore();
    await cluster.up();
    expect((await cluster.outputs()).staleNodes).to.equal(0);
  });

  it("refuses edits that would make the cluster anew", async () => {
    const restore = cluster.editConfig((config) => {
      Object.assign(config, { "swarm:networkCidr": "10.30.0.0/24", "swarm:clusterName": "lab2" });
    });
    const refused = await refusal(cluster.up());
    for (const key of ["networkCidr", "clusterName"])
      expect(refused).to.match(new RegExp(`settings\\.${key}: .*, but the cluster was made with `));
    restore();
    await expectNothingTwice();
  });

  it("opens SSH to administrators and the ingress to its clients, and nothing else", async () => {
    const { access, ingressAddress = "" } = await cluster.outputs();
    const [manager = expect.fail("no manager")] = access.managers;
    for (const host of [manager.host, ingressAddress]) {
      expect(await openPorts("client", host), `${host} from outside`).to.deep.equal([80, 443]);
    }
    // the machine is in both networks
    expect(await openPorts("administrator", manager.host), "from an administrator's network").to.deep.equal([
      22, 80, 443,
    ]);
  });

  it("keeps containers from the metadata service, and everybody from changing Docker through the socket proxy", async () => {
    const { access } = await cluster.outputs();
    expect(await metadataAnswers(access), "of the metadata service").to.deep.equal({
      node: true,
      container: false,
      hostNetwork: false,
    });
    expect(await socketProxyAnswers(access), "of the socket proxy").to.deep.equal({ read: 200, write: 405 });
  });

  it("carries packets of the overlay's full size between zones, unfragmented", async () => {
    const { access } = await cluster.outputs();
    const { mtu, largest, larger } = await overlayPath(access, "demo_whoami");
    say(`overlay: MTU ${mtu} bytes`);
    expect({ largest, larger }).to.deep.equal({ largest: true, larger: false });
  });

  it("answers every request while Traefik cannot reach a task that it has in its list", async () => {
    const { access, demoUrl: url = "" } = await cluster.outputs();
    await whileOutOfReach(access, "demo_whoami", async (node) => {
      const tally = await underTraffic(url, "a task out of reach", () => sleep(45_000), 200);
      expect(failures(tally), JSON.stringify(tally.failures)).to.equal(0);
      expect(tally.hosts).not.to.have.property(node);
    });
  });

  const [olderState, newestState] = [join(logFolder, "older-state.json"), join(logFolder, "newest-state.json")];

  it("adds a worker by an edit of the configuration, and lets no second update in meanwhile", async () => {
    await cluster.pulumi("stack", "export", "--file", olderState);
    cluster.editConfig((config) => {
      config["swarm:dispatcherHeartbeatSeconds"] = 20;
      Object.assign(config["swarm:workerGroups"] as object, { az1: { min: 2, max: 2, labels: { disk: "ssd" } } });
    });
    let second = "";
    const tally = await underTraffic(await demoUrl(), "growing", async () => {
      commandLines = await commandLinesDuring(async () => {
        const first = cluster.up();
        await secondsUntil("the lock of the first update", 5, () => cluster.isLocked());
        second = await refusal(cluster.up());
        const { seconds } = await first;
        say(`one more worker: ${Math.round(seconds)} s`);
      });
    });
    expect(second, "what a second update says meanwhile").to.match(
      /stack lab: locked by \S+@\S+'s update of \S+ \(process \d+\); try again when it is done/,
    );
    expect(failures(tally), JSON.stringify(tally.failures)).to.equal(0);
    const added = (await cluster.nodes()).filter((node) => nameOf(node) === "lab-worker-az1-1");
    expect(unreadiness("worker", added)).to.equal(undefined);
    expect(added[0]?.Spec.Labels).to.deep.equal({ az: "az1", group: "az1", ordinal: "1", disk: "ssd" });
    expect(await heartbeat(), "the swarm's heartbeat").to.equal("20s");
    expect((await servers()).find(({ name }) => name === "lab-worker-az1-1")?.zone).to.equal("az1");
  });

  it("refuses the state of before, foretells it in the preview, and touches nothing", async () => {
    const swarm = async (): Promise<unknown> =>
      (await cluster.nodes())
        .map(({ ID, Spec, Status: { State } }) => ({ ID, Spec, State }))
        .sort((one, other) => one.ID.localeCompare(other.ID));
    const [held, before, inSwarm] = [await holdings(), await servers(), await swarm()];
    await cluster.pulumi("stack", "export", "--file", newestState);
    await cluster.pulumi("stack", "import", "--file", olderState);
    try {
      expect((await cluster.pulumi("preview")).output).to.include("The update will be refused");
      expect(await refusal(cluster.up()))
        .to.match(/the state is older than the cloud/)
        .and.match(/server lab-worker-az1-1 \(\S+\)/);
      expect(await servers()).to.deep.equal(before);
      expect(await holdings()).to.deep.equal(held);
    } finally {
      await cluster.pulumi("stack", "import", "--file", newestState);
    }
    expect(await swarm()).to.deep.equal(inSwarm);
    await cluster.pulumi("preview", "--expect-no-changes");
  });

  it("shows no token or key in a process list, a log, the state or a file that others may read", async () => {
    expect(
      [...commandLines].some((line) => line.includes("admit-node")),
      "the join was watched",
    ).to.equal(true);
    expect(await exposures(await cluster.outputs(), commandLines)).to.deep.equal([]);
  });

  it("takes it away by the next edit, drained: no request fails, and no server, port or swarm node is left", async () => {
    const { access } = await cluster.outputs();
    // new replicas go to the worker that is to leave, wherever the old ones are: a worker that was not Ready once lost
    // its own to others
    const others = Object.keys(nodes)
      .filter((name) => name.includes("worker"))
      .join(" ");
    await onManager(
      access,
      `for node in ${others}; do docker node update --availability pause $node; done
docker service scale --detach demo_whoami=5`,
    );
    await secondsUntilSwarm(access, "a replica on the worker that is to leave", 15, async (manager) =>
      (await runningOn(manager, "demo_whoami")).includes("lab-worker-az1-1"),
    );
    await onManager(access, `for node in ${others}; do docker node update --availability active $node; done`);
    const url = await demoUrl();
    await secondsUntil(
      "an answer of the worker that is to leave",
      5,
      async () => "lab-worker-az1-1" in (await ask(url, 30)).hosts,
    );
    cluster.editConfig((config) => {
      config["swarm:dispatcherHeartbeatSeconds"] = 15;
      Object.assign(config["swarm:workerGroups"] as object, { az1: { min: 1, max: 1 } });
    });
    const tally = await underTraffic(url, "shrinking", async () => {
      const { seconds } = await cluster.up();
      say(`one worker less: ${Math.round(seconds)} s`);
    });
    expect(failures(tally), JSON.stringify(tally.failures)).to.equal(0);
    await expectNothingTwice();
    const left = await cluster.nodes();
    expect(left.map(nameOf)).to.have.members(Object.keys(nodes));
    expect(left.find((node) => nameOf(node) === "lab-worker-az1-0")?.Spec.Labels).to.deep.equal({
      az: "az1",
      group: "az1",
      ordinal: "0",
    });
    expect(await heartbeat(), "the swarm's heartbeat").to.equal("15s");
    await onManager(access, "docker service scale --detach demo_whoami=3");
  });

  it("goes on when the leader's machine dies, and takes it back", async () => {
    const { access, demoUrl: url = "" } = await cluster.outputs();
    const leader = await leaderOf(access);
    const { id } = (await servers()).find(({ name }) => name === leader) ?? expect.fail(`no server ${leader}`);
    const others = without(access, leader);
    await giveAddressTo(access, leader, vip);
    const tally = await underTraffic(url, `the death of ${leader}`, async () => {
      // Nova pulls the plug and starts it anew
      await (await cloud()).act(id, { reboot: { type: "HARD" } });
      const dead = Date.now();
      const since = (): string => `${((Date.now() - dead) / 1000).toFixed(1)} s after its death`;
      const moved = secondsUntilHeld(
        others,
        vip,
        "the ingress address to be another manager's",
        10,
        (holders) => holders.length === 1,
      ).then(() => {
        say(`the ingress address has moved: ${since()}`);
      });
      await secondsUntilSwarm(others, "a write to the swarm", 10, async (manager) => {
        await write(manager);
        return true;
      });
      say(`the swarm takes writes again: ${since()}`);
      await moved;
      await secondsUntilSwarm(others, `${leader} to be seen as down`, 10, async (manager) =>
        (await notReady(manager)).includes(leader),
      );
      say(`${leader} is seen as down: ${since()}`);
      await secondsUntilSwarm(
        others,
        `${leader} to be back`,
        30,
        async (manager) =>
          unreadiness(
            "manager",
            (await listNodes(manager)).filter((node) => nameOf(node) === leader),
          ) === undefined,
      );
      say(`${leader} is back: ${since()}`);
    });
    expect(tally.longestGap, "seconds without an answer").to.be.below(180);
  });

  for (const [what, stop, start] of [
    ["Traefik hangs", `docker pause ${traefikContainer}`, `docker unpause ${traefikContainer} || true`],
    [
      "Docker dies and leaves its networks' devices behind",
      stopDockerForced,
      "systemctl start docker.socket docker.service",
    ],
  ] as const) {
    it(`moves the ingress address when ${what} on its holder, and back`, async () => {
      const { access, demoUrl: url = "" } = await cluster.outputs();
      const first = access.managers[0]?.name ?? "";
      await secondsUntilHeld(
        access,
        vip,
        `the address to be with ${first}, whose priority is the highest`,
        20,
        (holders) => holders.join() === first,
      );
      await underTraffic(url, what, async () => {
        await onManager(access, stop, { name: first });
        const moved = await secondsUntilHeld(
          access,
          vip,
          "another manager to hold it",
          10,
          (holders) => holders.length === 1 && holders[0] !== first,
        );
        const tally = await ask(url, 50);
        expect(tally.answered, JSON.stringify(tally.failures)).to.equal(50);
        await onManager(access, start, { name: first });
        const back = await secondsUntilHeld(
          access,
          vip,
          `${first} to hold it again`,
          15,
          (holders) => holders.join() === first,
        );
        say(`the address has moved: ${moved.toFixed(1)} s; it is back: ${back.toFixed(1)} s after the end of it`);
      });
      await onManager(access, "! ip -o link show type vxlan | grep vx-", { name: first });
      await secondsUntilSwarm(
        access,
        `${first} to be Ready`,
        15,
        async (manager) => (await notReady(manager)).length === 0,
      );
    });
  }

  it("loses with a zone only what is in it, and gets it back", async () => {
    const { access, demoUrl: url = "" } = await cluster.outputs();
    const zone = "az2";
    const gone = Object.entries(nodes)
      .filter(([, place]) => place === zone)
      .map(([name]) => name)
      .sort();
    const others = without(access, `lab-manager-${zone}-0`);
    await underTraffic(url, `the loss of ${zone}`, async () => {
      await lab("zone", "down", zone);
      const seen = await secondsUntilSwarm(
        others,
        `${zone}'s nodes, and no others, to be down`,
        15,
        async (manager) => (await notReady(manager)).join() === gone.join(),
      );
      const whole = await secondsUntilSwarm(others, "all replicas elsewhere", 15, async (manager) => {
        const on = await runningOn(manager, "demo_whoami");
        return on.length === 3 && on.every((node) => !gone.includes(node));
      });
      // Traefik asks for the tasks every few seconds, and a leader may have been in the zone
      const served = await secondsUntil(
        "50 requests in a row to be answered",
        5,
        async () => (await ask(url, 50)).answered === 50,
      );
      say(
        `nodes of ${zone} are seen as down: ${seen.toFixed(1)} s; all replicas run elsewhere: ${(seen + whole).toFixed(1)} s; every request is answered: ${(seen + whole + served).toFixed(1)} s`,
      );
      await lab("zone", "up", zone);
      const back = await secondsUntilSwarm(
        others,
        `${zone}'s nodes to be back`,
        40,
        async (manager) => (await notReady(manager)).length === 0,
      );
      say(`nodes of ${zone} are Ready again: ${Math.round(back)} s`);
    });
  });

  if (isSoak) {
    repairs(cluster);
    planGuard(cluster);
    secondCluster(cluster);
    // last: the workers are others after it
    rollout(cluster);
  }

  for (const [when, sign] of [
    ["it is being destroyed", /compute:Instance lab-\S+ deleted/],
    ...(isSoak
      ? ([["its network is being deleted", /networking:(Port|RouterInterface) lab-\S+ deleted/]] as const)
      : []),
  ] as const) {
    it(`is killed while ${when}`, async () => {
      await killPulumi(cluster, "destroy", sign);
    });
  }

  it("is destroyed: the cloud holds nothing of it", async () => {
    const { seconds } = await cluster.pulumi("destroy", "--yes", "--skip-preview");
    say(`destroy: ${Math.round(seconds)} s`);
    await expectNothing();
  });

  it("takes the cloud down: the machine is as before", async () => {
    const { seconds } = await lab("down");
    say(`lab down: ${Math.round(seconds)} s`);
    expect(await lookAtMachine()).to.deep.equal(before);
  });
});
