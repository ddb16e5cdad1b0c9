import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { OpenStack } from "../../ops/openstack/client";
import { nameOf, secondsUntil } from "./support/faults";
import { lab, servers } from "./support/lab";
import { fillWorkers, filler, removeService, scaleService } from "./support/load";
import { say } from "./support/run";
import type { Stage } from "./support/stage";
import { labBackend, labState } from "./support/stack";
import { swarmctl } from "./support/swarmctl";

const explained = z.object({
  verdict: z.object({ kind: z.string(), why: z.string() }),
  gates: z.array(z.object({ name: z.string(), passed: z.boolean(), value: z.string() })),
});

/** Registers the steps that prove the autoscaler as a service on the managers. */
export function insideTheCluster(stage: Stage): void {
  const { cluster } = stage;
  let before: readonly string[] = [];

  it("runs the autoscaler as a service on the manager", async () => {
    await stage.autoscaler().stop();
    await lab("image", "build", "--autoscaler");
    await lab("up");
    before = (await servers()).map(({ name }) => name);
    cluster.editConfig((config) => {
      config["swarm:autoscalerService"] = { backendUrl: labBackend() };
    });
    const { seconds } = await cluster.up();
    const active = await secondsUntil(
      "an active instance",
      20,
      async () =>
        (await stage.prometheus.value("count(swarm_autoscaler_active)")) === 1 &&
        (await stage.prometheus.value("sum(swarm_autoscaler_active)")) === 1,
    );
    say(`the autoscaler as a service: up: ${Math.round(seconds)} s, it acts: ${Math.round(active)} s later`);
    await secondsUntil(
      "figures of CPU",
      10,
      async () => (await stage.prometheus.value("max(swarm_autoscaler_metrics_usable)")) === 1,
    );
  });

  it("has a credential for the cloud that may do what a scale-out needs and nothing else", async () => {
    const restricted = await OpenStack.open({
      OS_CLIENT_CONFIG_FILE: join(labState, "state", "pulumi", "autoscaler-clouds.yaml"),
      OS_CLOUD: "autoscaler",
    });
    expect(
      (await restricted.request("compute", "/servers/detail", z.object({ servers: z.array(z.unknown()) }))).servers,
    ).to.have.length(before.length);
    const [{ id } = expect.fail("no server")] = await servers();
    const refusals: readonly (readonly [what: string, deed: () => Promise<unknown>])[] = [
      ["a reboot", () => restricted.act(id, { reboot: { type: "SOFT" } })],
      ["key pairs", () => restricted.request("compute", "/os-keypairs", z.unknown())],
      [
        "a network",
        () => restricted.request("network", "/v2.0/networks", z.unknown(), { network: { name: "refused" } }),
      ],
      ["a rule of the firewall", () => restricted.request("network", "/v2.0/security-group-rules", z.unknown(), {})],
      ["a network's end", () => restricted.delete("network", `/v2.0/networks/${id}`)],
      ["the bucket", () => restricted.request("object-store", "", z.unknown())],
    ];
    for (const [what, deed] of refusals) {
      const error = await deed().then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(error instanceof Error ? error.message : "it was done", what).to.match(/40[13]/);
    }
  });

  it("adds a worker by the service: decided, made and joined from inside the cluster", async () => {
    const begun = Date.now();
    await fillWorkers(stage.access, 3);
    const isNew = (name: string): boolean => !before.includes(name);
    const asked = await secondsUntil("a worker's server", 15, async () =>
      (await servers()).some(({ name }) => isNew(name)),
    );
    const joined = await secondsUntil("the worker to be Ready", 40, async () =>
      (await stage.nodes()).some((node) => isNew(nameOf(node)) && node.Status.State === "ready"),
    );
    await secondsUntil("Slack to hear of it", 20, () =>
      Promise.resolve(stage.events("out", "done").some(({ title }) => title.endsWith("2 → 3 workers"))),
    );
    say(
      `by the service: server asked for after ${asked.toFixed(0)} s, Ready after ${(asked + joined).toFixed(0)} s, told to Slack after ${((Date.now() - begun) / 1000).toFixed(0)} s`,
    );
    await stage.unlocked();
  });

  it("holds at the maximum that swarmctl sets, without a restart, and says why: in explain, in the metric and in Slack, once", async () => {
    const started = await stage.run("docker service ps -q -f desired-state=running autoscaler_autoscaler");
    const { output } = await swarmctl(
      cluster,
      "cluster",
      "update",
      "--autoscale-cpu-threshold=75",
      "--autoscale-max-nodes=3",
      `--cluster-name=${cluster.name}`,
      "--apply",
    );
    expect(output).to.match(/^\+ +maxNodes: 3$/m);
    const heard = await secondsUntil(
      "the autoscaler to hear of it",
      10,
      async () => (await stage.prometheus.value("max(swarm_autoscaler_max_nodes)")) === 3,
    );
    await scaleService(stage.access, filler, 5);
    const held = await secondsUntil(
      "the metric",
      10,
      async () => (await stage.prometheus.value("max(swarm_autoscaler_at_max)")) === 1,
    );
    await secondsUntil("Slack to hear of it", 10, () => Promise.resolve(stage.alerts("AutoscalerAtMax").length > 0));
    const { verdict, gates } = explained.parse(
      JSON.parse((await swarmctl(cluster, "autoscaler", "explain", cluster.name, "--stack=lab", "--json")).stdout),
    );
    say(
      `at the maximum: heard of ${heard.toFixed(0)} s after the update, held ${held.toFixed(0)} s after the tasks; explain: ${verdict.kind}: ${verdict.why}`,
    );
    expect(verdict.kind).to.equal("hold");
    expect(
      gates.find(({ name }) => name === "room"),
      "the gate",
    ).to.include({ passed: false });
    expect(
      gates.find(({ name }) => name === "pending"),
      "the signal",
    ).to.include({ passed: true });
    expect((await stage.nodes()).length).to.equal(before.length + 1);
    expect(
      await stage.run("docker service ps -q -f desired-state=running autoscaler_autoscaler"),
      "its tasks",
    ).to.equal(started);
  });

  it("holds and tells while Prometheus is stopped, and removes nobody; with it, the worker goes", async () => {
    const names = (await stage.nodes()).map(nameOf);
    const constraint = "node.labels.monitoring==never";
    await stage.run(`docker service update --detach --constraint-add ${constraint} monitoring_prometheus`);
    await secondsUntil(
      "Prometheus to be stopped",
      10,
      async () =>
        (await stage.run("docker service ps -q -f desired-state=running monitoring_prometheus")).trim() === "",
    );
    await removeService(stage.access, filler);
    const told = await secondsUntil("Slack to hear that it is blind", 10, () =>
      Promise.resolve(stage.alerts("AutoscalerBlind").length > 0),
    );
    // longer than the cooldown and the patience together
    await secondsUntil("the time after which a worker would have gone", 10, waited(150));
    expect((await stage.nodes()).filter(({ Spec }) => Spec.Availability === "active").map(nameOf)).to.have.members(
      names,
    );
    await stage.run(`docker service update --detach --constraint-rm ${constraint} monitoring_prometheus`);
    const gone = await stage.settledInGroups(before, 30);
    say(
      `Prometheus stopped: Slack hears after ${told.toFixed(0)} s; with it again, the worker has gone after ${gone.toFixed(0)} s`,
    );
    await secondsUntil("Slack to hear that it sees again", 10, () =>
      Promise.resolve(stage.alerts("AutoscalerBlind", "resolved").length > 0),
    );
    expect(stage.alerts("AutoscalerAtMax"), "what Slack heard of the maximum").to.have.length(1);
    await stage.unlocked();
  });
}

/** Holds once so many seconds have passed: nothing may happen in them. */
function waited(seconds: number): () => Promise<boolean> {
  const begun = Date.now();
  return () => Promise.resolve(Date.now() - begun >= seconds * 1000);
}
