import { emptyMemory } from "../../autoscaler/model/memory";
import { tellNobody } from "../../autoscaler/loop/dry";
import { Loop } from "../../autoscaler/loop/loop";
import { Prometheus } from "../../autoscaler/loop/adapters/prometheus";
import { emptyRecord } from "../../autoscaler/loop/record";
import { SwarmTarget } from "../../autoscaler/loop/adapters/swarm-target";
import { replay } from "../../autoscaler/simulation/simulate";
import { violations } from "../../tests/support/invariants";
import { say } from "../command";
import { dayOf } from "../day";
import { FakeCluster } from "../fake/cluster";
import { FakePrometheus } from "../fake/prometheus";
import { median, type Report } from "../results";

/** Seconds that a look may take, by the number of workers. */
const bounds: readonly (readonly [number, number])[] = [
  [100, 1],
  [1000, 5],
];
const ticks = 20;

/** What there is to see, and what it must come to. */
interface Sight {
  readonly verdict: "hold" | "scale-out" | "scale-in";
  readonly ratio: number;
  readonly pending: number;
}

/**
 * Tasks that have to be packed, and a worker to be chosen whose tasks find room elsewhere, are what a look can take
 * longest for.
 */
export const sights: readonly Sight[] = [
  { verdict: "hold", ratio: 0.6, pending: 0 },
  { verdict: "scale-out", ratio: 0.9, pending: 40 },
  { verdict: "scale-in", ratio: 0.3, pending: 0 },
];

/** Workers of the simulated day at its highest. */
const dayWorkers = 1000;
const dayTickSeconds = 30;

/**
 * The autoscaler's loop against a cluster that answers over HTTP at once, and decisions alone through a day of a
 * thousand workers.
 */
export async function measureLoop(report: Report): Promise<void> {
  for (const [workers, bound] of bounds) for (const sight of sights) await measureTicks(workers, sight, bound, report);
  measureDay(report);
}

/**
 * A whole look: nodes, tasks, services and the record of the swarm, the figures, the decision, the record's write, the
 * deed.
 */
export async function measureTicks(
  workers: number,
  { verdict: expected, ratio, pending }: Sight,
  bound: number,
  report: Report,
): Promise<void> {
  const name = `loop, ${workers} workers, ${expected}`;
  const cluster = new FakeCluster(workers, { pending });
  let now = Date.now();
  const prometheus = new FakePrometheus(workers, ratio, () => now);
  await cluster.start();
  const ports = {
    swarm: new SwarmTarget(undefined, cluster.find),
    metrics: Prometheus.at([await prometheus.start()]),
    notify: tellNobody,
    clock: { now: () => now },
    stack: cluster.stack(async () => Promise.resolve([])),
  };
  try {
    const seconds: number[] = [];
    for (let tick = 1; tick <= ticks; tick += 1) {
      now = Date.now();
      // one that another instance left is read, taken over and written at each look
      cluster.remember(recordAt(now));
      const loop = new Loop(ports, { own: { instance: "bench", host: "bench", pid: 1 }, isDead: () => false, say });
      const begun = performance.now();
      const { verdict, errors, seen } = await loop.tick();
      seconds.push((performance.now() - begun) / 1000);
      if (verdict.kind !== expected || errors.length > 0 || seen?.nodes.length !== workers)
        throw new Error(`${name}: ${verdict.kind}: ${verdict.why} ${errors.join("; ")}`);
      if (cluster.writes.record !== tick || cluster.writes.nodes !== (expected === "scale-in" ? tick : 0))
        throw new Error(`${name}: ${JSON.stringify(cluster.writes)} after ${tick} looks; this is a bug.`);
    }
    say(`${name}: median ${median(seconds).toFixed(3)} s, at most ${Math.max(...seconds).toFixed(3)} s`);
    report({ name: `${name}, median of ${ticks}`, value: median(seconds), unit: "s" });
    report({ name: `${name}, longest of ${ticks}`, value: Math.max(...seconds), unit: "s", bound });
  } finally {
    ports.swarm.close();
    cluster.stop();
    prometheus.stop();
  }
}

/** A record of the usual length; the load has been low for an hour, which counts where it is. */
function recordAt(now: number): string {
  const decisions = Array.from({ length: 50 }, (_, index) => ({
    at: now - index * 60_000,
    kind: "hold" as const,
    why: `CPU of the cluster is ${index} % over 60 s, and nothing else is due at the moment.`,
  }));
  return JSON.stringify({ ...emptyRecord, memory: { ...emptyMemory, lowSince: now - 3_600_000 }, decisions });
}

/** The rate first, then the same day again with every decision looked at. */
function measureDay(report: Report): void {
  const { policy, trace } = dayOf(dayWorkers);
  const name = `a day of ${dayWorkers} workers in ${policy.groups.length} zones`;
  const options = { tickSeconds: dayTickSeconds };
  const begun = performance.now();
  let decisions = 0;
  for (const { decision } of replay(policy, trace, options)) decisions += decision.gates.length > 0 ? 1 : 0;
  report({ name: `decisions, ${name}`, value: decisions / ((performance.now() - begun) / 1000), unit: "1/s" });
  let most = 0;
  const found: string[] = [];
  for (const { seen, before, decision, now } of replay(policy, trace, options)) {
    most = Math.max(most, seen.nodes.filter(({ state }) => state === "ready").length);
    found.push(
      ...violations(policy, seen, before, decision, now).map((what) => `${new Date(now).toISOString()}: ${what}`),
    );
  }
  if (most < dayWorkers) throw new Error(`${name}: no more than ${most} were ready at once; this is a bug.`);
  for (const what of found) say(`decisions: violated: ${what}`);
  report({
    name: `violated invariants, ${name}, ${decisions} decisions`,
    value: found.length,
    unit: "count",
    bound: 0,
  });
}
