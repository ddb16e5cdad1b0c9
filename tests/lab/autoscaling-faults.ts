import { expect } from "chai";
import type { Autoscaler, DecisionLine } from "./support/autoscaler";
import { limitServers } from "./support/cloud-admin";
import { nameOf, secondsUntil } from "./support/faults";
import { holdings, lab, servers } from "./support/lab";
import { fillWorkers, filler, firstTasks, removeService } from "./support/load";
import { say } from "./support/run";
import { workerGroups, type Stage } from "./support/stage";

const isOut = ({ verdict }: DecisionLine): boolean => verdict === "scale-out";

/** Registers the steps that prove that nothing is lost or done twice, whatever dies or is used up meanwhile. */
export function failuresUnderLoad(stage: Stage): void {
  let before: readonly string[] = [];
  let out: DecisionLine;

  it("lets a person's update end first, and then adds a worker for tasks that find no room, with the CPU idle", async () => {
    before = (await servers()).map(({ name }) => name);
    const autoscaler = stage.autoscaler();
    await autoscaler.decided("the first decision", 5, ({ active }) => active);
    stage.cluster.editConfig((config) => {
      config["swarm:monitoring"] = { retentionDays: 14 };
    });
    const update = stage.cluster.up();
    await secondsUntil("the lock of a person's update", 5, () => stage.cluster.isLocked());
    await fillWorkers(stage.access, 3);
    const begun = Date.now();
    await autoscaler.decided(
      "the lock to be in the way",
      10,
      ({ verdict, why, errors }) =>
        verdict === "hold" && /Another update holds the stack's lock/.test([why, ...errors].join()),
    );
    const { seconds } = await update;
    const ended = Date.now();
    // of the decisions that met the lock none made anything
    await autoscaler.whileItRuns(
      secondsUntil(
        "a worker's port",
        15,
        async () =>
          (await holdings())["ports"]?.some((name) => name.includes("-worker-") && !before.includes(name)) === true,
      ),
    );
    out = autoscaler.decisions.findLast(isOut) ?? expect.fail("no scale-out");
    expect(out.why).to.match(/lack/);
    expect(out.add).to.have.length(1);
    say(
      `a person's update of ${Math.round(seconds)} s: a worker is made ${((Date.now() - ended) / 1000).toFixed(0)} s after its end, ${((Date.now() - begun) / 1000).toFixed(0)} s after its cause`,
    );
  });

  it("finishes a scale-out although it is killed between any two steps, and has nothing twice", async () => {
    const name = stage.nameOf(out.add);
    const steps: readonly (readonly [what: string, minutes: number, isSeen: () => Promise<boolean>])[] = [
      ["the port", 15, async () => (await holdings())["ports"]?.includes(name) === true],
      ["the server", 15, async () => (await servers()).some((one) => one.name === name)],
      ["the boot", 15, async () => (await servers()).some((one) => one.name === name && one.status === "ACTIVE")],
      [
        "the join",
        30,
        async () => (await stage.nodes()).some((node) => nameOf(node) === name && node.Status.State === "ready"),
      ],
    ];
    for (const [what, minutes, isSeen] of steps) {
      const autoscaler = stage.autoscaler();
      await autoscaler.whileItRuns(secondsUntil(`${what} of ${name}`, minutes, isSeen));
      await autoscaler.kill();
      say(`killed after ${what}`);
    }
    const last = stage.autoscaler();
    const { ID } = await stage.ready(name);
    await last.whileItRuns(
      secondsUntil(`a task on ${name}`, 20, async () =>
        (await stage.use(async (manager) => firstTasks(manager, filler))).has(ID),
      ),
    );
    await last.whileItRuns(stage.settled([...before, name]));
    await last.whileItRuns(stage.unlocked());
    expect((await stage.cluster.outputs()).nodes.map((node) => node.name)).to.have.members([...before, name]);
  });

  it("finishes a scale-in although it is killed between any two steps, and leaves nothing", async () => {
    const name = stage.nameOf(out.add);
    await removeService(stage.access, filler);
    const begun = Date.now();
    const node = async (): Promise<string | undefined> =>
      (await stage.nodes()).find((one) => nameOf(one) === name)?.Spec.Availability;
    const steps: readonly (readonly [what: string, isSeen: (autoscaler: Autoscaler) => Promise<boolean>])[] = [
      [
        "the decision",
        (autoscaler) =>
          Promise.resolve(autoscaler.decisions.some(({ verdict, at }) => verdict === "scale-in" && at > begun)),
      ],
      ["the drain", async () => (await node()) !== "active"],
      ["the node's removal", async () => (await node()) === undefined],
      ["the server's deletion", async () => !(await servers()).some((one) => one.name === name)],
    ];
    for (const [what, isSeen] of steps) {
      const autoscaler = stage.autoscaler();
      await autoscaler.whileItRuns(secondsUntil(`${what}, of ${name}`, 20, () => isSeen(autoscaler)));
      await autoscaler.kill();
      say(`killed after ${what}`);
    }
    await stage.autoscaler().whileItRuns(stage.settled(before));
    await stage.unlocked();
    expect((await stage.cluster.outputs()).nodes.map(({ name: one }) => one)).to.have.members(before);
  });

  it("holds while a quota is used up, leaves no port behind, and tries again", async () => {
    before = (await servers()).map(({ name }) => name);
    stage.cluster.editConfig((config) => {
      config["swarm:workerGroups"] = workerGroups(0);
    });
    await stage.cluster.up();
    const autoscaler = stage.autoscaler();
    const raise = await limitServers(before.length);
    try {
      await fillWorkers(stage.access, 3);
      const refused = await autoscaler.decided("a quota that is used up", 15, ({ failures }) =>
        failures.some(({ kind }) => kind === "quota"),
      );
      say(`quota: ${refused.failures[0]?.message ?? ""}`);
      await autoscaler.decided(
        "a hold for the quota",
        5,
        ({ verdict, why, at }) => verdict === "hold" && /quota/i.test(why) && at >= refused.at,
      );
      await stage.settled(before);
    } finally {
      await raise();
    }
    const raised = Date.now();
    out = await autoscaler.decided("another try", 20, (decision) => isOut(decision) && decision.at > raised);
    say(`quota: another try ${((out.at - raised) / 1000).toFixed(0)} s after it was raised`);
  });

  it("gives the share of a zone that loses power in the middle of a scale-out to the others, and takes the zone back", async () => {
    const autoscaler = stage.autoscaler();
    const lost = stage.nameOf(out.add);
    const zone = out.add[0]?.group ?? "";
    await stage.server(lost);
    await lab("zone", "down", zone);
    await secondsUntil(`the worker of ${zone} to be down`, 15, async () =>
      (await stage.notReady()).includes(`${stage.cluster.name}-worker-${zone}-0`),
    );
    const seen = Date.now();
    const other = await autoscaler.decided(
      "the other zones to get its share",
      15,
      (decision) => isOut(decision) && decision.at > out.at && decision.add.every(({ group }) => group !== zone),
    );
    say(
      `${zone} lost in a scale-out: the others get its share ${((other.at - seen) / 1000).toFixed(1)} s after its nodes were seen as down: ${other.why}`,
    );
    const name = stage.nameOf(other.add);
    await secondsUntil(
      `${name} to be Ready`,
      30,
      async () =>
        !(await stage.notReady()).includes(name) && (await stage.nodes()).some((node) => nameOf(node) === name),
    );
    await lab("zone", "up", zone);
    await secondsUntil(`${zone}'s nodes to be back`, 40, async () => (await stage.notReady()).length === 0);
    await removeService(stage.access, filler);
    // which of a zone's workers goes is the autoscaler's choice
    say(
      `the cluster is as it was ${Math.round(await autoscaler.whileItRuns(stage.settledInGroups(before, 40)))} s after the load`,
    );
    // a preview beside the update that notes this would plan from what was before
    await autoscaler.whileItRuns(stage.unlocked());
    await stage.cluster.pulumi("preview", "--expect-no-changes");
  });
}
