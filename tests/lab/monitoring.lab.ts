import { expect } from "chai";
import { listNodes } from "../../ops/swarm/nodes";
import type { ClusterAccess } from "../../settings/outputs";
import { HookRecorder } from "../support/slack";
import { leaderBy, leaderOf, nameOf, notReady, secondsUntil, secondsUntilSwarm, without } from "./support/faults";
import { Forward } from "./support/forward";
import { cloud, lab, machineAddress, servers } from "./support/lab";
import { ClusterPrometheus } from "./support/prometheus";
import { say } from "./support/run";
import { labBackend, labConfiguration, LabStack } from "./support/stack";
import { endsWithCluster, startsOnNewCloud, tellsOfFailures } from "./support/suite";

/** What keeps metrics stands on the last two managers; the first has the only worker beside it. */
const cluster = new LabStack("lab", {
  ...labConfiguration(),
  "swarm:managerFlavor": "c1.medium",
  "swarm:workerGroups": { az1: { min: 1, max: 1 } },
  "swarm:demo": false,
});
const [kept, lost] = ["lab-manager-az2-0", "lab-manager-az3-0"] as const;

describe("monitoring and the autoscaler of three managers on the lab", () => {
  const hooks = new HookRecorder();
  const open: Forward[] = [];
  tellsOfFailures(cluster, () => {
    for (const forward of open) forward.close();
    hooks.stop();
  });

  const prometheusOf = async (access: ClusterAccess, manager: string): Promise<ClusterPrometheus> => {
    const forward = await Forward.open(access, manager, 9090);
    open.push(forward);
    return new ClusterPrometheus(() => forward.url);
  };
  const isWhole = async (manager: string, prometheus: ClusterPrometheus): Promise<number> =>
    secondsUntil(
      `${manager} to measure all nodes, and two Alertmanagers that know each other`,
      20,
      async () =>
        (await prometheus.value('count(up{job="node-exporter"} == 1)')) === 4 &&
        (await prometheus.value("count(alertmanager_cluster_members == 2)")) === 2,
    );
  const calls = (): number => hooks.received.filter(({ path }) => path === "/alive").length;

  startsOnNewCloud();

  it("keeps metrics and alerts in two zones, each whole by itself", async () => {
    const url = await hooks.start(machineAddress);
    cluster.editConfig((config) => {
      Object.assign(config, {
        "swarm:monitoring": { replicas: 2 },
        "swarm:slackWebhook": `${url}/slack`,
        "swarm:deadMansSwitchUrl": `${url}/alive`,
      });
    });
    const { seconds } = await cluster.up();
    const { access } = await cluster.outputs();
    const places = (await cluster.nodes())
      .filter(({ Spec }) => Spec.Labels?.["monitoring"] === "true")
      .map(nameOf)
      .sort();
    expect(places).to.deep.equal([kept, lost]);
    for (const name of places) await isWhole(name, await prometheusOf(access, name));
    await secondsUntil("the dead man's switch", 10, () => Promise.resolve(calls() > 0));
    say(`two zones keep the metrics: up: ${Math.round(seconds)} s`);
  });

  it("loses one of them with its zone: the other goes on, Slack hears of it once and once of its end", async () => {
    const { access } = await cluster.outputs();
    const others = without(access, lost);
    const prometheus = await prometheusOf(access, kept);
    const alerts = (status: "firing" | "resolved"): string[] =>
      hooks.alerts("SwarmZoneLost", cluster.name, status).map(({ title }) => title);
    const begun = Date.now();
    await lab("zone", "down", "az3");
    const told = await secondsUntil("Slack to hear of the zone", 15, () =>
      Promise.resolve(alerts("firing").length > 0),
    );
    const called = calls();
    await secondsUntil("the dead man's switch without the zone", 10, () => Promise.resolve(calls() > called));
    await lab("zone", "up", "az3");
    const outage = Math.round((Date.now() - begun) / 1000);
    await secondsUntilSwarm(
      others,
      "the zone's node to be back",
      30,
      async (manager) => (await notReady(manager)).length === 0,
    );
    const over = await secondsUntil("Slack to hear that it is back", 15, () =>
      Promise.resolve(alerts("resolved").length > 0),
    );
    await isWhole(kept, prometheus);
    await isWhole(lost, await prometheusOf(access, lost));
    say(
      `az3 is lost: Slack hears after ${told.toFixed(0)} s; of its end ${over.toFixed(0)} s after its node was back; the zone was without power for ${outage} s`,
    );
    const gap = await prometheus.value(
      `max_over_time((time() - timestamp(up{job="prometheus",node="${kept}"}))[${Math.ceil((Date.now() - begun) / 1000)}s:5s])`,
    );
    expect(gap, "seconds without a figure on the other").to.be.below(60);
    expect([alerts("firing").length, alerts("resolved").length], "what Slack heard").to.deep.equal([1, 1]);
  });

  it("acts by the autoscaler of the raft leader alone, and by the next leader's when that one dies", async () => {
    await lab("image", "build", "--autoscaler");
    await lab("up");
    cluster.editConfig((config) => {
      Object.assign(config, {
        "swarm:autoscale": { cpuThreshold: 75 },
        "swarm:autoscalerService": { backendUrl: labBackend() },
      });
    });
    const { seconds } = await cluster.up();
    const { access } = await cluster.outputs();
    const leader = await leaderOf(access);
    const prometheus = await prometheusOf(access, [kept, lost].find((name) => name !== leader) ?? kept);
    const acting = async (): Promise<string[]> =>
      (await prometheus.now("swarm_autoscaler_active == 1")).map(({ labels }) => labels["node"] ?? "");
    const instances = async (): Promise<number | undefined> => prometheus.value("count(swarm_autoscaler_active)");
    const alone = await secondsUntil(
      "three instances, of which the leader's acts",
      20,
      async () => (await instances()) === 3 && (await acting()).join() === leader,
    );
    const { id } = (await servers()).find(({ name }) => name === leader) ?? expect.fail(`no server ${leader}`);
    await (await cloud()).act(id, { reboot: { type: "HARD" } });
    const others = without(access, leader);
    let next: string | undefined;
    const taken = await secondsUntilSwarm(
      others,
      "the next leader's instance to act, and no other",
      20,
      async (manager) => {
        next = await leaderBy(manager);
        return next !== undefined && next !== leader && (await acting()).join() === next;
      },
    );
    const back = await secondsUntilSwarm(
      others,
      `${leader} to be back`,
      30,
      async (manager) => (await notReady(manager)).length === 0 && (await listNodes(manager)).length === 4,
    );
    await secondsUntilSwarm(
      others,
      "three instances, of which the leader's acts",
      20,
      async (manager) => (await instances()) === 3 && (await acting()).join() === (await leaderBy(manager)),
    );
    say(
      `three autoscalers: up: ${Math.round(seconds)} s, the leader's acts ${alone.toFixed(0)} s later; ${leader} dies: ${next ?? ""}'s acts after ${taken.toFixed(0)} s, ${leader} is back after ${(taken + back).toFixed(0)} s`,
    );
  });

  endsWithCluster(cluster);
});
