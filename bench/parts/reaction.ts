import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { tellNobody } from "../../autoscaler/loop/dry";
import { Loop, type Tick } from "../../autoscaler/loop/loop";
import { runLoop, usualIntervalSeconds } from "../../autoscaler/loop/run";
import { SwarmTarget } from "../../autoscaler/loop/adapters/swarm-target";
import { policyDefaults } from "../../autoscaler/model/policy";
import { policyOf } from "../../autoscaler/model/policy-of";
import { runTool } from "../../tests/support/tools";
import { all } from "../bound/all";
import { say } from "../command";
import { FakeCluster } from "../fake/cluster";
import { dueAt, rise, type LoadStep } from "../load";
import { MonitoredCluster } from "../monitored";
import { median, percentile, type Report } from "../results";

/** Seconds from when a scale-out is due to when the cloud is asked, at most, at the 99th percentile. */
const bound = 15;

/** Clusters that are watched side by side, the workers of each, and how often each comes to the threshold. */
const [clusters, workers, crossings] = [40, 3, 3];

/** Seconds after which a scale-out that has not come counts as failed. */
const deadlineSeconds = 90;

/** Busy shares before and after, and seconds in which the load rises: every value between is as likely. */
const ranges = { low: [0.2, 0.5], high: [0.82, 0.9], riseSeconds: [0, 60] } as const;

/**
 * From the moment at which the mean of the load itself, over the window, comes to the threshold to the request for an
 * update: exporters, Prometheus' scrape and its rules, the loop's ticks. Each crossing has a loop and a record of its
 * own.
 */
export async function measureReaction(report: Report): Promise<void> {
  await runTool("prometheus", ["--version"]);
  const { windowSeconds } = policyOf(new FakeCluster(workers).outputs) ?? policyDefaults;
  const begun = Date.now();
  const monitored = Array.from(
    { length: clusters },
    (_, index) => new MonitoredCluster(`bench-${index}`, workers, windowSeconds, [{ at: begun, busy: ranges.low[0] }]),
  );
  // all is in one process: what one is late for another's sake would count as the loop's own
  const lateness = monitorEventLoopDelay({ resolution: 10 });
  try {
    for (const one of monitored) await one.start();
    await all(monitored.map((one) => one.untilFigures()));
    say(
      `reaction: ${clusters} clusters of ${workers} workers are watched; ${crossings} crossings each take some ${crossings * 3} minutes`,
    );
    lateness.enable();
    const seconds = (
      await all(
        monitored.map(async (one) => {
          const own: number[] = [];
          while (own.length < crossings) own.push(await measureCrossing(one, windowSeconds));
          return own;
        }),
      )
    ).flat();
    say(
      `reaction: this process itself was late by ${(lateness.percentile(99) / 1e9).toFixed(3)} s at the 99th percentile, by ${(lateness.max / 1e9).toFixed(3)} s at most`,
    );
    const name = `reaction, ${seconds.length} crossings`;
    report({ name: `${name}, median`, value: median(seconds), unit: "s" });
    report({ name: `${name}, 99th percentile`, value: percentile(seconds, 0.99), unit: "s", bound });
    report({ name: `${name}, longest`, value: Math.max(...seconds), unit: "s" });
  } finally {
    lateness.disable();
    await all(monitored.map((one) => one.stop()));
  }
}

/**
 * Lets the load of a cluster fall, waits until nothing of before is in the window, lets it rise, and hands over the
 * seconds from due to asked.
 */
async function measureCrossing(monitored: MonitoredCluster, windowSeconds: number): Promise<number> {
  const { workers } = monitored;
  const [low, high] = [between(ranges.low), between(ranges.high)];
  const now = Date.now();
  // Prometheus' own window ends with a sample that is older than now; and the loop begins anywhere between two of those
  const quietUntil = now + (windowSeconds + 10 + between([0, usualIntervalSeconds])) * 1000;
  const risesAt = quietUntil + between([0, 2 * usualIntervalSeconds]) * 1000;
  const load: readonly LoadStep[] = [
    ...workers.load,
    { at: now, busy: low },
    ...rise(risesAt, low, high, between(ranges.riseSeconds)),
  ];
  workers.load = load;
  const due = dueAt(load, { threshold: policyDefaults.scaleOutCpuRatio, windowSeconds, from: risesAt });
  if (due === undefined) throw new Error("reaction: the load does not come to the threshold; this is a bug.");
  await sleep(quietUntil - Date.now());
  const { askedAt, last } = await untilAsked(monitored, due + deadlineSeconds * 1000);
  if (askedAt !== undefined && askedAt >= risesAt) return (askedAt - due) / 1000;
  const what = askedAt === undefined ? `not asked for within ${deadlineSeconds} s` : "asked for before the load rose";
  throw new Error(
    `reaction: an update was ${what}; the last look: ${last?.verdict.why ?? "none"} ${last?.errors.join("; ") ?? ""}`,
  );
}

/** Runs a loop that knows nothing of before until it asks for an update, which is never made. */
async function untilAsked(
  { cluster, metrics }: MonitoredCluster,
  deadline: number,
): Promise<{ readonly askedAt?: number; readonly last?: Tick }> {
  const came: { askedAt?: number; last?: Tick } = {};
  const ended = new AbortController();
  const swarm = new SwarmTarget(undefined, cluster.find);
  cluster.remember();
  const update = async (_: unknown, signal: AbortSignal): Promise<[]> => {
    came.askedAt = Date.now();
    ended.abort();
    if (!signal.aborted) await once(signal, "abort");
    return [];
  };
  const loop = new Loop(
    { swarm, metrics, notify: tellNobody, clock: { now: () => Date.now() }, stack: cluster.stack(update) },
    { own: { instance: "bench", host: "bench", pid: 1 }, isDead: () => false, say },
  );
  const timer = setTimeout(() => {
    ended.abort();
  }, deadline - Date.now());
  try {
    await runLoop(loop, {
      intervalSeconds: usualIntervalSeconds,
      once: false,
      signal: ended.signal,
      note: (tick) => {
        came.last = tick;
      },
    });
    return came;
  } finally {
    clearTimeout(timer);
    swarm.close();
  }
}

function between([from, to]: readonly [number, number]): number {
  return from + Math.random() * (to - from);
}
