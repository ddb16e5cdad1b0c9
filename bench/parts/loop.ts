import { tellNobody } from "../../autoscaler/loop/dry";
import { Loop } from "../../autoscaler/loop/loop";
import { Prometheus } from "../../autoscaler/loop/prometheus";
import { SwarmTarget } from "../../autoscaler/loop/swarm-target";
import { policyDefaults } from "../../autoscaler/policy";
import { replay } from "../../autoscaler/simulate";
import { say } from "../command";
import { FakeCluster } from "../fake/cluster";
import { median, type Report } from "../results";

/** Seconds that a loop may take, by the number of workers. */
const bounds: readonly (readonly [number, number])[] = [[100, 1], [1000, 5]];
const ticks = 20;

/** The autoscaler's loop against a cluster that answers over HTTP at once, and decisions alone through a day of a thousand workers. */
export async function measureLoop(report: Report): Promise<void> {
  for (const [workers, bound] of bounds) await measureTicks(workers, bound, report);
  measureDay(report);
}

/** A whole look: nodes, tasks, services and the record of the swarm, the figures, the decision, the record's write. */
async function measureTicks(workers: number, bound: number, report: Report): Promise<void> {
  const cluster = new FakeCluster(workers);
  const prometheus = await cluster.start();
  // a record that is a minute old at each look is written at each
  let now = Date.now();
  const loop = new Loop({
    swarm: new SwarmTarget(cluster.find), metrics: Prometheus.at([prometheus]), notify: tellNobody, clock: { now: () => now },
    stack: { program: "bench", outputs: async () => Promise.resolve(cluster.outputs), unavailableZones: async () => Promise.resolve([]), update: async () => Promise.resolve([]) },
  }, { own: { instance: "bench", host: "bench", pid: 1 }, isDead: () => false, say });
  try {
    const seconds: number[] = [];
    for (let tick = 0; tick < ticks; tick += 1) {
      now = Date.now();
      const begun = performance.now();
      const { verdict, errors, seen } = await loop.tick();
      seconds.push((performance.now() - begun) / 1000);
      if (verdict.kind !== "hold" || errors.length > 0 || seen?.nodes.length !== workers) throw new Error(`loop: ${workers} workers: ${verdict.kind}: ${verdict.why} ${errors.join("; ")}`);
    }
    say(`loop: ${workers} workers: median ${median(seconds).toFixed(3)} s, at most ${Math.max(...seconds).toFixed(3)} s`);
    report({ name: `loop, ${workers} workers, median of ${ticks}`, value: median(seconds), unit: "s" });
    report({ name: `loop, ${workers} workers, longest of ${ticks}`, value: Math.max(...seconds), unit: "s", bound });
  } finally {
    cluster.stop();
  }
}

/** Cores that are wanted through a day: from 200 at night to 2,900 at noon, a zone lost for an hour. */
function measureDay(report: Report): void {
  const names = Array.from({ length: 10 }, (_, index) => `az${index + 1}`);
  const policy = { ...policyDefaults, groups: names.map((name) => ({ name, zone: name, min: 1, max: 120 })), min: 30, max: 1000, maxStepNodes: { out: 50, in: 10 } };
  const day = Array.from({ length: 289 }, (_, index) => {
    const cores = 1550 - 1350 * Math.cos((index / 288) * 2 * Math.PI);
    return { at: index * 300_000, cpuCores: cores, reservedCores: cores * 1.1, zonesDown: index >= 120 && index < 132 ? ["az4"] : [], bootFailures: [], metrics: true };
  });
  const begun = performance.now();
  let decisions = 0;
  for (const { decision } of replay(policy, day, { tickSeconds: 30 })) decisions += decision.gates.length > 0 ? 1 : 0;
  report({ name: "decisions, a day of up to 1,000 workers", value: decisions / ((performance.now() - begun) / 1000), unit: "1/s" });
}
