import { expect } from "chai";
import { drainLabel } from "../../../autoscaler/loop/observe";
import type { Tick } from "../../../autoscaler/loop/loop";
import { LoopWorld, type TestLoop } from "../../support/loop-world";

const kinds = (ticks: readonly Tick[]): string[] => ticks.map(({ verdict }) => verdict.kind);

/** Ticks until nothing is open any more. */
async function settle(world: LoopWorld, loop: TestLoop, most = 60): Promise<void> {
  for (let index = 0; index < most; index += 1) {
    await loop.tick();
    const { record } = world;
    const isQuiet =
      record !== undefined &&
      record.actions.length === 0 &&
      record.update === undefined &&
      record.memory.inFlight.length === 0 &&
      record.memory.drains.length === 0;
    if (isQuiet && loop.loop.update === undefined) return;
  }
  throw new Error(`not quiet after ${most} ticks: ${JSON.stringify(world.record)}`);
}

/** The swarm, the cloud and the stack hold these workers and no others, and nothing is marked. */
function expectHoldings(world: LoopWorld, keys: readonly string[]): void {
  const sorted = [...keys].sort();
  expect(world.holdings()).to.deep.equal({ swarm: sorted, servers: sorted, stack: sorted });
  expect(
    world.nodes.filter(({ Spec }) => Spec.Availability !== "active" || Spec.Labels?.[drainLabel] !== undefined),
  ).to.deep.equal([]);
}

describe("Loop", () => {
  it("adds a worker where CPU is above the threshold, in one update, and tells when it began and when it was done", async () => {
    const world = new LoopWorld();
    const loop = world.start("one");
    world.cpu = 0.9;
    const [first] = await loop.ticks(1);
    expect(first?.verdict.kind).to.equal("scale-out");
    expect(first?.change?.add).to.deep.equal([{ group: "az1", ordinal: 1 }]);
    world.cpu = 0.6;
    await settle(world, loop);
    expectHoldings(world, ["az1-0", "az1-1", "az2-0", "az3-0"]);
    expect([world.updates, world.created]).to.deep.equal([1, ["az1-1"]]);
    expect(
      world.events.map(({ phase, kind, from, to, nodes, operation }) => ({ phase, kind, from, to, nodes, operation })),
    ).to.deep.equal(
      ["started", "done"].map((phase) => ({
        phase,
        kind: "scale-out",
        from: 3,
        to: 4,
        nodes: ["az1-1"],
        operation: world.events[0]?.operation,
      })),
    );
    expect(world.events[1]?.seconds).to.be.within(30, 60);
  });

  it("writes what it wants into the swarm before it does anything", async () => {
    const world = new LoopWorld();
    world.cpu = 0.9;
    await world.start("one").tick();
    expect(world.points.slice(0, 6)).to.deep.equal([
      "outputs",
      "view",
      "before the record",
      "after the record",
      "before an update",
      "after a server was made",
    ]);
    expect(world.record?.memory.inFlight.map(({ group, ordinal }) => ({ group, ordinal }))).to.deep.equal([
      { group: "az1", ordinal: 1 },
    ]);
    expect(world.record?.update?.wanted).to.deep.equal({ az1: [0, 1], az2: [0], az3: [0] });
  });

  it("counts the age of what it sees from the end of its look, which may take long", async () => {
    const world = new LoopWorld();
    [world.cpu, world.lookSeconds] = [0.9, 93];
    const begun = world.now;
    const tick = await world.start("one").tick();
    expect(tick.verdict.kind).to.equal("scale-out");
    expect(tick.gates.find(({ name }) => name === "metrics")?.value).to.equal("the newest CPU sample is 5 s old");
    expect([tick.at - begun, tick.took.observe]).to.deep.equal([93_000, 93]);
  });

  it("drains a worker before it goes, and waits for its tasks", async () => {
    const world = new LoopWorld({ az1: [0, 1], az2: [0], az3: [0] });
    world.cpu = 0.2;
    const loop = world.start("one");
    await loop.ticks(7);
    const [gone] = world.record?.memory.drains ?? [];
    expect(gone?.group).to.equal("az1");
    const key = `az1-${gone?.ordinal ?? ""}`;
    expect(world.node(key)?.Spec).to.deep.include({ Availability: "drain" });
    expect(world.node(key)?.Spec.Labels?.[drainLabel]).to.match(/^load \d+$/);
    world.cpu = 0.4;
    await settle(world, loop);
    expectHoldings(
      world,
      ["az1-0", "az1-1", "az2-0", "az3-0"].filter((one) => one !== key),
    );
    expect(world.events.map(({ phase, from, to }) => [phase, from, to])).to.deep.equal([
      ["started", 4, 3],
      ["done", 4, 3],
    ]);
  });

  it("takes a drain back when the load returns, without an update", async () => {
    const world = new LoopWorld({ az1: [0, 1], az2: [0], az3: [0] });
    const loop = world.start("one");
    world.run(["az1-0", "az1-1", "az2-0", "az3-0"], 1);
    world.cpu = 0.2;
    await loop.ticks(7);
    expect(world.nodes.filter(({ Spec }) => Spec.Availability === "drain")).to.have.length(1);
    world.cpu = 0.95;
    const tick = await loop.tick();
    expect(tick.verdict.kind).to.equal("scale-out");
    expect(tick.change?.keep).to.have.length(1);
    await settle(world, loop).catch(() => undefined);
    expect(world.nodes.filter(({ Spec }) => Spec.Labels?.[drainLabel] !== undefined)).to.deep.equal([]);
    expect(world.node("az1-0")?.Spec.Availability).to.equal("active");
    expect(world.node("az1-1")?.Spec.Availability).to.equal("active");
  });

  it("removes a worker all the same once its tasks had their time", async () => {
    const world = new LoopWorld({ az1: [0, 1], az2: [0], az3: [0] });
    world.run(["az1-0", "az1-1"], 1);
    world.cpu = 0.2;
    const loop = world.start("one");
    await loop.ticks(7);
    world.cpu = 0.4;
    await loop.ticks(25);
    expect(world.updates).to.equal(0);
    await loop.ticks(10);
    expect(world.holdings()["swarm"]).to.have.length(3);
  });

  it("leaves alone what somebody else drains", async () => {
    const world = new LoopWorld({ az1: [0, 1], az2: [0], az3: [0] });
    world.change("az2-0", (node) => ({ ...node, Spec: { ...node.Spec, Availability: "drain" } }));
    await world.start("one").ticks(20);
    expect(world.node("az2-0")?.Spec.Availability).to.equal("drain");
  });

  describe("without good figures", () => {
    const rows: readonly (readonly [string, (world: LoopWorld) => void, RegExp])[] = [
      [
        "Prometheus gone",
        (world) => {
          world.cpu = undefined;
        },
        /There is no CPU figure, Prometheus does not answer: ECONNREFUSED/,
      ],
      [
        "stale figures",
        (world) => {
          world.cpu = 0.1;
          world.sampleAge = 90;
        },
        /newest CPU sample is 90 s old/,
      ],
    ];
    for (const [what, break_, why] of rows) {
      it(`holds and says that it is blind: ${what}`, async () => {
        const world = new LoopWorld({ az1: [0, 1], az2: [0, 1], az3: [0, 1] });
        break_(world);
        const ticks = await world.start("one").ticks(100);
        expect(new Set(kinds(ticks))).to.deep.equal(new Set(["hold"]));
        expect(ticks.at(-1)?.verdict.why).to.match(why);
        expect([world.updates, world.blind.length]).to.deep.equal([0, 100]);
        expect(new Set(world.blind.map(({ since }) => since)).size).to.equal(1);
      });
    }

    it("is blocked when no manager answers, and goes on when one does", async () => {
      const world = new LoopWorld();
      const loop = world.start("one");
      world.swarmFault = "no manager answers: refused";
      const tick = await loop.tick();
      expect(tick.verdict).to.deep.equal({
        kind: "blocked",
        why: "no manager answers: refused; nothing is decided without it.",
      });
      world.swarmFault = undefined;
      expect((await loop.tick()).verdict.kind).to.equal("hold");
    });
  });

  it("waits while a person's update runs, decides anew each time, and acts once it is over", async () => {
    const world = new LoopWorld();
    const loop = world.start("one");
    [world.locked, world.cpu] = [true, 0.9];
    const ticks = await loop.ticks(40);
    expect(world.updates).to.equal(0);
    expect(
      ticks.some(({ verdict }) =>
        /Another update holds the stack's lock; it is tried again in \d+ s\.$/.test(verdict.why),
      ),
    ).to.equal(true);
    expect(ticks.filter(({ change }) => change !== undefined)).to.have.length.above(10);
    expect(world.record?.memory.zones).to.deep.equal({});
    world.locked = false;
    await loop.ticks(3);
    world.cpu = 0.6;
    await settle(world, loop);
    expectHoldings(world, ["az1-0", "az1-1", "az2-0", "az3-0"]);
  });

  it("wants nothing that was refused, when the load is gone by then", async () => {
    const world = new LoopWorld();
    const loop = world.start("one");
    [world.locked, world.cpu] = [true, 0.9];
    await loop.ticks(4);
    [world.locked, world.cpu] = [false, 0.6];
    await settle(world, loop);
    expect([world.updates, world.created]).to.deep.equal([0, []]);
    expectHoldings(world, ["az1-0", "az2-0", "az3-0"]);
  });

  it("takes a removal that the plan guard refuses for blocked: the node takes tasks again, nothing is retried for an hour, and workers may still come", async () => {
    const world = new LoopWorld({ az1: [0, 1], az2: [0], az3: [0] });
    const loop = world.start("one");
    [world.cpu, world.planRefusal] = [0.1, "stack test: Plan: beyond the limits.\nCHECK  WHERE"];
    const ticks = await loop.ticks(40);
    expect(world.refused).to.equal(1);
    const blocked = ticks.filter(({ verdict }) => verdict.kind === "blocked").at(-1);
    expect(blocked?.verdict.why).to.match(
      /The plan guard refused such a change: stack test: Plan: beyond the limits\. It is asked for again in .*; see "A plan is refused" in docs\/runbook\.md\.$/,
    );
    expect(world.nodes.map(({ Spec }) => Spec.Availability)).not.to.include("drain");
    expectHoldings(world, ["az1-0", "az1-1", "az2-0", "az3-0"]);
    world.cpu = 0.95;
    await loop.ticks(10);
    expect(world.created).to.have.length.above(0);
    [world.cpu, world.planRefusal] = [0.1, undefined];
    await world.pass(3600);
    await settle(world, loop);
    expect(world.refused).to.equal(1);
  });

  it("does nothing twice where two were started", async () => {
    const world = new LoopWorld();
    world.cpu = 0.9;
    const [one, two] = [world.start("one", { isDead: false }), world.start("two", { isDead: false })];
    const first = await Promise.all([one.loop.tick(), two.loop.tick()]);
    expect(first.filter(({ change }) => change !== undefined)).to.have.length(1);
    await world.pass(10);
    const later = await Promise.all([one.loop.tick(), two.loop.tick()]);
    expect(later.map(({ active }) => active).sort()).to.deep.equal([false, true]);
    expect(later.find(({ active }) => !active)?.verdict.why).to.match(
      /^Another autoscaler is at it on host-(one|two) \(process 1\), seen 10 s ago; one acts at a time/,
    );
    await world.pass(30);
    world.cpu = 0.6;
    for (let index = 0; index < 6; index += 1) {
      await Promise.all([one.loop.tick(), two.loop.tick()]);
      await world.pass(10);
    }
    expect(world.created).to.deep.equal(["az1-1"]);
  });

  it("takes over from one that says nothing any more", async () => {
    const world = new LoopWorld();
    const [one, two] = [world.start("one", { isDead: false }), world.start("two", { isDead: false })];
    await one.ticks(2);
    one.kill();
    const ticks = await two.ticks(9);
    expect(ticks.map(({ active }) => active)).to.deep.equal([false, false, false, false, true, true, true, true, true]);
  });

  it("acts on the raft leader alone, and hands the record over when another leads", async () => {
    const world = new LoopWorld();
    world.cpu = 0.9;
    const [leader, other] = [
      world.start("one", { self: "test-manager-az1-0", isDead: false }),
      world.start("two", { self: "test-manager-az2-0", isDead: false }),
    ];
    expect((await other.tick()).verdict).to.deep.equal({
      kind: "blocked",
      why: "This autoscaler is not on the raft leader; only the leader's acts.",
    });
    expect(world.kept).to.equal(undefined);
    await leader.ticks(8);
    expect(world.created).to.deep.equal(["az1-1"]);
    world.cpu = 0.6;
    await settle(world, leader);
    world.nodes = world.nodes.map((node) =>
      node.ManagerStatus === undefined
        ? node
        : {
            ...node,
            ManagerStatus: { Leader: node.Description?.Hostname === "test-manager-az2-0", Reachability: "reachable" },
          },
    );
    expect((await leader.tick()).active).to.equal(false);
    expect(world.record?.holder).to.equal(undefined);
    expect((await other.tick()).active).to.equal(true);
    expect(world.record?.holder?.instance).to.equal("two");
  });

  it("stops for what an update left where it acts, and not where it stands by", async () => {
    const world = new LoopWorld();
    for (const [self, reads] of [
      ["test-manager-az1-0", 1],
      ["test-manager-az2-0", 0],
    ] as const) {
      [world.locked, world.fresh] = [true, 0];
      const loop = world.start(self, { self });
      await loop.ticks(2);
      world.locked = false;
      await loop.ticks(2);
      expect(world.fresh, self).to.equal(reads);
    }
  });

  it("refuses a program other than the one last deployed", async () => {
    const world = new LoopWorld();
    world.cpu = 0.9;
    const [tick] = await world.start("one", { program: "another" }).ticks(5);
    expect(tick?.verdict).to.deep.equal({
      kind: "blocked",
      why: "The program here (another) is not the one last deployed (same); run `pulumi up` from this checkout, or the autoscaler from the one that was deployed.",
    });
    expect([world.updates, world.kept]).to.deep.equal([0, undefined]);
  });

  it("takes limits up from the deployed stack once an update has ended, and gives back what it was draining when it is turned off", async () => {
    const world = new LoopWorld({ az1: [0, 1], az2: [0], az3: [0] });
    world.run(["az1-0", "az1-1"], 1);
    world.cpu = 0.2;
    const loop = world.start("one");
    await loop.ticks(7);
    expect(world.nodes.filter(({ Spec }) => Spec.Availability === "drain")).to.have.length(1);
    const { autoscale, ...off } = world.outputs;
    const deploy = async (outputs: typeof world.outputs): Promise<void> => {
      world.locked = true;
      await loop.tick(1);
      [world.outputs, world.locked] = [outputs, false];
    };
    await deploy(off);
    expect((await loop.tick()).verdict).to.deep.equal({
      kind: "hold",
      why: "Autoscaling is off: settings.autoscale is not set.",
    });
    expect(world.nodes.filter(({ Spec }) => Spec.Availability === "drain")).to.deep.equal([]);
    await deploy({ ...off, ...(autoscale === undefined ? {} : { autoscale: { ...autoscale, minNodes: 6 } }) });
    expect((await loop.tick()).change?.add).to.have.length(2);
  });

  it("makes nothing above a maximum that it has not heard of, and hears of it by the refusal", async () => {
    const world = new LoopWorld();
    const loop = world.start("one");
    await loop.tick(1);
    const { autoscale } = world.outputs;
    if (autoscale !== undefined) world.outputs = { ...world.outputs, autoscale: { ...autoscale, maxNodes: 3 } };
    world.cpu = 0.9;
    const ticks = await loop.ticks(8);
    expect(ticks.map(({ verdict }) => verdict.kind)).to.deep.equal([
      "scale-out",
      ...Array.from({ length: 7 }, () => "hold"),
    ]);
    expect(ticks.at(-1)?.verdict.why).to.match(/ but the cluster is at its max of 3 workers\.$/);
    expect([world.updates, world.created]).to.deep.equal([0, []]);
    expect(world.events.map(({ phase }) => phase)).to.deep.equal(["started", "failed"]);
  });

  describe("when the cloud refuses", () => {
    it("stops asking for a quota, keeps what it has, leaves no port, and tries again later", async () => {
      const world = new LoopWorld();
      for (const zone of ["az1", "az2", "az3"])
        world.refusals.set(zone, "403 Quota exceeded for cores: Requested 2, but already used 20 of 20 cores");
      const loop = world.start("one");
      world.cpu = 0.9;
      const ticks = await loop.ticks(7);
      expect(ticks.flatMap(({ failures }) => failures).map(({ kind }) => kind)).to.deep.equal(["quota"]);
      expect(ticks.flatMap(({ errors }) => errors)).to.deep.equal(["update: the update failed"]);
      expectHoldings(world, ["az1-0", "az2-0", "az3-0"]);
      expect(
        ticks.some(({ verdict }) =>
          /but nothing is asked of the cloud for \d+ s \(az1-1: 403 Quota exceeded/.test(verdict.why),
        ),
      ).to.equal(true);
      world.refusals.clear();
      for (let tick = 0; tick < 30 && world.servers.size === 3; tick += 1) await loop.tick();
      world.cpu = 0.6;
      await settle(world, loop);
      expect(world.holdings()["swarm"]).to.have.length(4);
    });

    it("gives a zone's share to the others at the next tick when it has no valid host", async () => {
      const world = new LoopWorld();
      world.refusals.set("az1", "No valid host was found. There are not enough hosts available.");
      const loop = world.start("one");
      world.cpu = 0.9;
      const ticks = await loop.ticks(3);
      expect(ticks.map(({ change }) => change?.add.map(({ group }) => group))).to.deep.equal([
        ["az1"],
        ["az2"],
        undefined,
      ]);
      world.cpu = 0.6;
      await settle(world, loop);
      expectHoldings(world, ["az1-0", "az2-0", "az2-1", "az3-0"]);
    });

    it("removes a worker that does not join by the deadline, bars its zone, and asks another", async () => {
      const world = new LoopWorld();
      world.deadZones.add("az1");
      const loop = world.start("one");
      world.cpu = 0.9;
      const ticks = await loop.ticks(40);
      expect(ticks.some(({ verdict }) => /az1-1 did not join within 300 s/.test(verdict.why))).to.equal(true);
      expect(world.said.some((line) => line === "update: it is interrupted, since it waits for az1-1.")).to.equal(true);
      world.cpu = 0.6;
      await settle(world, loop);
      expectHoldings(world, ["az1-0", "az2-0", "az2-1", "az3-0"]);
    });

    it("lets the other zones have it within two ticks when a zone dies in the middle of a scale-out", async () => {
      const world = new LoopWorld({ az1: [0, 1], az2: [0, 1], az3: [0, 1] }, { maxNodes: 12 });
      world.bootSeconds = 40;
      const loop = world.start("one");
      world.cpu = 0.9;
      await loop.ticks(2);
      expect(world.created).to.deep.equal(["az1-2", "az2-2"]);
      world.deadZones.add("az1");
      world.cpu = 1;
      for (const key of ["az1-0", "az1-1"]) world.change(key, (node) => ({ ...node, Status: { State: "down" } }));
      await loop.ticks(3);
      expect(world.created).to.include("az3-2");
    });

    it("does not wait for what it asked of a zone whose only machine is lost", async () => {
      const world = new LoopWorld();
      world.outputs = {
        ...world.outputs,
        nodes: world.outputs.nodes.filter(({ role, zone }) => role === "worker" || zone === "az2"),
      };
      world.nodes = world.nodes.filter(({ Description }) =>
        world.outputs.nodes.some(({ name }) => name === Description?.Hostname),
      );
      world.deadZones.add("az1");
      const loop = world.start("one");
      world.cpu = 0.9;
      await loop.ticks(2);
      expect(world.created).to.deep.equal(["az1-1"]);
      world.change("az1-0", (node) => ({ ...node, Status: { State: "down" } }));
      world.cpu = 1;
      await loop.ticks(10);
      expect(world.created).to.deep.equal(["az1-1", "az2-1"]);
      expect(world.said).to.include("update: it is interrupted, since it waits for az1-1.");
    });
  });
});
