import { expect } from "chai";
import { failuresUnderLoad } from "./autoscaling-faults";
import { insideTheCluster } from "./autoscaling-service";
import type { Autoscaler, DecisionLine } from "./support/autoscaler";
import { secondsUntil } from "./support/faults";
import { servers } from "./support/lab";
import { firstTasks, makeService, removeService } from "./support/load";
import { say } from "./support/run";
import { Stage, threshold } from "./support/stage";
import { labConfiguration, LabStack } from "./support/stack";
import { endsWithCluster, startsOnNewCloud, tellsOfFailures } from "./support/suite";
import { failures, underTraffic } from "./support/traffic";
import { terminal } from "./terminal";

/**
 * One manager and two workers: emulated on two cores, three managers that keep a quorum beside the monitoring, a load
 * that fills every worker and a server that boots are more than there is of them, and what one would see is a swarm
 * without a leader.
 */
const cluster = new LabStack("lab", { ...labConfiguration(), "swarm:managers": 1, "swarm:managerFlavor": "c1.medium" });

describe("capacity on the lab", () => {
  const stage = new Stage(cluster);
  let restore: () => void = () => undefined;
  before(() => {
    restore = cluster.editConfig(() => undefined);
  });
  tellsOfFailures(cluster, () => stage.close());

  startsOnNewCloud();

  it("is of a cluster with monitoring, Slack and limits for its autoscaler", async () => {
    await stage.open();
    const { prometheus, hooks } = stage;
    const seconds = await secondsUntil(
      "figures of every node",
      15,
      async () =>
        (await prometheus.value('count(up{job="node-exporter"} == 1)')) === 3 &&
        (await prometheus.value("cluster:swarm_worker_cpu_nodes:count")) === 2 &&
        (await prometheus.value("count(count by (node) (container_cpu_usage_seconds_total))")) === 3,
    );
    let down: readonly string[] = [];
    await secondsUntil("every target to be measured", 15, async () => {
      down = (await prometheus.now("up == 0")).map(
        ({ labels }) => `${labels["job"] ?? ""} ${labels["instance"] ?? ""}`,
      );
      return down.length === 0;
    }).catch((error: unknown) => {
      throw new Error(`not measured: ${down.join(", ")}`, { cause: error });
    });
    say(
      `monitoring: figures of every node: ${Math.round(seconds)} s later; CPU of the workers at rest: ${(100 * ((await prometheus.value("cluster:swarm_worker_cpu_utilisation:ratio")) ?? NaN)).toFixed(0)} %`,
    );
    await secondsUntil("the dead man's switch", 10, () =>
      Promise.resolve(hooks.received.some(({ path }) => path === "/alive")),
    );
  });

  it("adds a worker where the fewest are while CPU is above its threshold, and it gets tasks; without the load it goes: no request fails", async () => {
    const before = (await servers()).map(({ name }) => name);
    const autoscaler = stage.autoscaler();
    await autoscaler.decided("the first decision", 5, ({ verdict, active }) => verdict === "hold" && active);
    const tally = await underTraffic(stage.demoUrl, "a scale-out and a scale-in", async () => {
      const begun = Date.now();
      // four tasks of 0.38 cores are 76 % of two workers, and 51 % of three; what a worker needs for itself comes on
      // top
      await makeService(stage.access, "burner", "for (;;);", 4, [["--limit-cpu", "0.38"]]);
      const out = await autoscaler.decided("a scale-out", 15, ({ verdict }) => verdict === "scale-out");
      await followScaleOut(stage, out, begun);
      await removeService(stage.access, "burner");
      await followScaleIn(stage, autoscaler, out, before);
    });
    expect(failures(tally), JSON.stringify(tally.failures)).to.equal(0);
  });

  terminal(cluster);
  failuresUnderLoad(stage);
  insideTheCluster(stage);

  it("loses its monitoring and its autoscaler by the next edit", async () => {
    await stage.close();
    restore();
    await cluster.up();
    expect((await cluster.nodes()).map(({ Spec }) => Spec.Availability)).to.deep.equal(
      Array.from({ length: 4 }, () => "active"),
    );
    await cluster.pulumi("preview", "--expect-no-changes");
  });

  endsWithCluster(cluster);
});

/** Prints how long each step of a scale-out took, to the first task of the burner on the new worker. */
async function followScaleOut(stage: Stage, out: DecisionLine, begun: number): Promise<void> {
  expect(out.why).to.match(/CPU/);
  expect(out.add, "workers that come").to.have.length(1);
  const name = stage.nameOf(out.add);
  const crossed =
    (await stage.prometheus.firstTime(
      `cluster:swarm_worker_cpu_utilisation:ratio > ${threshold / 100}`,
      begun,
      out.at,
    )) ?? expect.fail("the load did not cross the threshold");
  const { createdAt, activeAt } = await stage.server(name);
  const { ID } = await stage.ready(name);
  const readyAt = Date.now();
  let task = 0;
  await secondsUntil(`a task of the burner on ${name}`, 30, async () => {
    task = (await stage.use(async (manager) => firstTasks(manager, "burner"))).get(ID) ?? 0;
    return task > 0;
  });
  const steps = [
    ["crossing → decision", crossed, out.at],
    ["decision → API call", out.at, createdAt],
    ["API → ACTIVE", createdAt, activeAt],
    ["ACTIVE → Ready", activeAt, readyAt],
    ["Ready → first task", readyAt, task],
  ] as const;
  say(
    `scale-out of ${name}: ${steps.map(([what, from, to]) => `${what}: ${((to - from) / 1000).toFixed(1)} s`).join(", ")}; in all ${((task - begun) / 1000).toFixed(0)} s after the load began`,
  );
  await secondsUntil("Slack to hear of the scale-out", 5, () =>
    Promise.resolve(stage.events("out", "done").length === 1),
  );
  expect(stage.events("out", "started"), "what Slack hears when it begins").to.have.length(1);
  expect(stage.events("out", "done")[0]?.title).to.match(/: 2 → 3 workers$/);
  expect(stage.events("out", "done")[0]?.text).to.match(/^CPU[^]*nodes: az\d-\d\ntook \d+ s$/);
}

/** The worker that came is the one that goes: the others are their groups' minimum. */
async function followScaleIn(
  stage: Stage,
  autoscaler: Autoscaler,
  out: DecisionLine,
  before: readonly string[],
): Promise<void> {
  const idle = Date.now();
  const decision = await autoscaler.decided("a scale-in", 15, ({ verdict, at }) => verdict === "scale-in" && at > idle);
  expect(decision.remove.map(({ group, ordinal }) => ({ group, ordinal }))).to.deep.equal(out.add);
  const gone = await stage.settled(before);
  say(
    `scale-in: decided ${((decision.at - idle) / 1000).toFixed(0)} s after the load fell, the worker gone ${gone.toFixed(0)} s after that`,
  );
  await secondsUntil("Slack to hear of the scale-in", 5, () =>
    Promise.resolve(stage.events("in", "done").length === 1),
  );
}
