import { expect } from "chai";
import { drainLabel } from "../../../autoscaler/loop/observe";
import { LoopWorld } from "../../support/loop-world";

/** What happens in a world, and what must be left in the end. */
interface Story {
  readonly name: string;
  readonly sets: Record<string, number[]>;
  readonly autoscale?: Record<string, unknown>;
  /** Readies the world before the first tick. */
  readonly begin: (world: LoopWorld) => void;
  /** Changes it before the given tick. */
  readonly at?: (world: LoopWorld, tick: number) => void;
  /** Ticks that must suffice. */
  readonly ticks: number;
  /** Workers in the end. */
  readonly workers: number;
}

const stories: readonly Story[] = [
  {
    name: "a scale-out",
    sets: { az1: [0], az2: [0], az3: [0] },
    ticks: 20,
    workers: 4,
    begin: (world) => {
      world.cpu = 0.9;
    },
    at: (world) => {
      if (world.servers.size > 3) world.cpu = 0.6;
    },
  },
  {
    name: "a scale-out of which one zone has no host",
    sets: { az1: [0], az2: [0], az3: [0] },
    ticks: 45,
    workers: 4,
    begin: (world) => {
      world.cpu = 0.9;
      world.refusals.set("az1", "No valid host was found.");
    },
    at: (world) => {
      if (["az2-1", "az3-1"].some((key) => world.node(key) !== undefined)) world.cpu = 0.6;
    },
  },
  {
    name: "a scale-in",
    sets: { az1: [0, 1], az2: [0], az3: [0] },
    ticks: 90,
    workers: 3,
    begin: (world) => {
      world.cpu = 0.2;
    },
    at: (world) => {
      if (world.servers.size < 4) world.cpu = 0.5;
    },
  },
  {
    name: "a drain that is taken back",
    sets: { az1: [0, 1], az2: [0], az3: [0] },
    ticks: 85,
    workers: 4,
    begin: (world) => {
      world.cpu = 0.2;
      world.run(["az1-0", "az1-1", "az2-0", "az3-0"], 1);
    },
    at: (world, tick) => {
      if (tick > 30 && world.nodes.some(({ Spec }) => Spec.Availability === "drain")) world.cpu = 0.7;
      else if (world.cpu === 0.7) world.cpu = 0.6;
    },
  },
];

async function tell(story: Story, killAt: number): Promise<LoopWorld> {
  const world = new LoopWorld(story.sets, story.autoscale ?? {});
  world.killAt = killAt;
  story.begin(world);
  let loop = world.start("first");
  for (let tick = 0; tick < story.ticks; tick += 1) {
    story.at?.(world, tick);
    await loop.tick();
    if (!loop.life.alive) loop = world.start("second");
  }
  return world;
}

describe("an autoscaler that is killed, and the one that comes after it", function () {
  this.timeout(300_000);
  for (const story of stories) {
    it(`end ${story.name} as if nothing had been, whatever the moment`, async () => {
      const whole = await tell(story, Infinity);
      // what follows the end is the same look again and again
      const last = whole.points.findLastIndex(
        (point) => point !== "outputs" && point !== "view" && !point.endsWith("the record"),
      );
      expect(last).to.be.above(2);
      const moments = Array.from({ length: last + 1 }, (_, index) => index + 1).filter((index) =>
        isMoment(whole.points, index),
      );
      for (const moment of [Infinity, ...moments]) {
        const world = await tell(story, moment);
        const where = `killed at ${moment} (${whole.points[moment - 1] ?? "never"})`;
        const { swarm = [], servers, stack } = world.holdings();
        expect([servers, stack], where).to.deep.equal([swarm, swarm]);
        expect(swarm, where).to.have.length(story.workers);
        expect(
          world.nodes.filter(({ Spec }) => Spec.Availability !== "active" || Spec.Labels?.[drainLabel] !== undefined),
          where,
        ).to.deep.equal([]);
        const { memory, update, actions } = world.record ?? {};
        expect([memory?.inFlight, memory?.drains, update, actions], where).to.deep.equal([[], [], undefined, []]);
        // nothing twice: of a name there is one server at a time, and never more than one too many
        expect(world.most, where).to.be.at.most(
          Math.max(story.workers, Object.values(story.sets).flat().length) + (story.name.includes("no host") ? 1 : 0),
        );
      }
    });
  }
});

/** Of the many looks at which nothing is done the first few will do. */
function isMoment(points: readonly string[], index: number): boolean {
  const point = points[index - 1] ?? "";
  if (point !== "outputs" && point !== "view" && !point.endsWith("the record")) return true;
  const near = points.slice(Math.max(0, index - 4), index + 4);
  return index < 12 || near.some((one) => one !== "outputs" && one !== "view" && !one.endsWith("the record"));
}
