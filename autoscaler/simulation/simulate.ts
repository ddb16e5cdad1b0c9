import { decide, type Decision } from "../decision/decide";
import { emptyMemory, type Memory } from "../model/memory";
import { isDown, type CpuSeen, type NodeSeen, type Seen } from "../model/observation";
import type { Policy } from "../model/policy";
import type { TracePoint } from "./trace";
import { World, worldDefaults, type WorldOptions } from "./world";
import { zoneNames } from "../decision/zone-health";

/** One tick of a simulation: what was seen, what was known before, and what was decided. */
export interface Step {
  readonly now: number;
  readonly point: TracePoint;
  readonly seen: Seen;
  readonly before: Memory;
  readonly decision: Decision;
  /** Nodes on their way, by zone. */
  readonly coming: Readonly<Record<string, number>>;
}

/** A tick as the drawings show it. */
export interface Frame {
  readonly at: number;
  readonly demandCores: number;
  /** Utilisation over the window; absent without figures. */
  readonly ratio?: number;
  readonly pendingTasks: number;
  /** By zone: workers that are Ready, and those on their way. */
  readonly ready: Readonly<Record<string, number>>;
  readonly coming: Readonly<Record<string, number>>;
  readonly verdict: { readonly kind: Decision["verdict"]["kind"]; readonly why: string };
}

export interface Timeline {
  readonly policy: Policy;
  readonly zones: readonly string[];
  readonly frames: readonly Frame[];
}

/** Seconds between a sample and the tick that reads it. */
const sampleAgeSeconds = 5;

/**
 * Replays a trace against a policy, tick by tick: utilisation is demand over the cores that work, at most 1, averaged
 * over the policy's window; nodes take their time to boot and to drain.
 */
export function* replay(
  policy: Policy,
  trace: readonly TracePoint[],
  options: Partial<WorldOptions> = {},
): Generator<Step> {
  const settings = { ...worldDefaults, ...options };
  const [first] = trace;
  if (first === undefined) return;
  const world = new World(policy, settings, first.at);
  const figures = new Figures(policy);
  let memory = emptyMemory;
  let index = 0;
  for (let now = first.at; now <= (trace.at(-1)?.at ?? 0); now += settings.tickSeconds * 1000) {
    while ((trace[index + 1]?.at ?? Infinity) <= now) index += 1;
    const point = trace[index] ?? first;
    world.advance(point, now);
    const workers = world.workers(point, now);
    const coming = tallyZones(world.coming(point, now), zoneNames(policy));
    const seen = observe(policy, world, workers, figures.take(point, workers, now), point, settings);
    const decision = decide(policy, seen, memory, now);
    yield { now, point, seen, before: memory, decision, coming };
    world.act(decision.verdict, point, now);
    memory = decision.memory;
  }
}

export function simulate(policy: Policy, trace: readonly TracePoint[], options: Partial<WorldOptions> = {}): Timeline {
  const zones = zoneNames(policy);
  const frames = [...replay(policy, trace, options)].map(
    ({ now, point, seen, decision: { verdict }, coming }): Frame => ({
      at: now,
      demandCores: point.cpuCores,
      coming,
      ...(point.metrics && seen.cpu !== undefined ? { ratio: seen.cpu.ratio } : {}),
      pendingTasks: seen.pending.reduce((sum, { count }) => sum + count, 0),
      ready: tallyZones(
        seen.nodes.filter(({ state }) => state === "ready"),
        zones,
      ),
      verdict: { kind: verdict.kind, why: verdict.why },
    }),
  );
  return { policy, zones, frames };
}

function tallyZones(nodes: readonly { readonly zone: string }[], zones: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(zones.map((zone) => [zone, 0]));
  for (const { zone } of nodes) counts[zone] = (counts[zone] ?? 0) + 1;
  return counts;
}

/** The utilisation over the window, as Prometheus would give it. */
class Figures {
  private samples: { readonly at: number; readonly ratio: number }[] = [];
  private last: CpuSeen | undefined;

  constructor(private readonly policy: Policy) {}

  take({ cpuCores, metrics }: TracePoint, workers: readonly NodeSeen[], now: number): CpuSeen | undefined {
    const reporting = workers.filter((node) => !isDown(node));
    const cores = reporting.reduce((sum, { total }) => sum + total.cpu, 0);
    this.samples = this.samples.filter(({ at }) => now - at < this.policy.windowSeconds * 1000);
    if (cores === 0) return undefined;
    this.samples.push({ at: now, ratio: Math.min(1, cpuCores / cores) });
    const ratio = this.samples.reduce((sum, sample) => sum + sample.ratio, 0) / this.samples.length;
    if (metrics) this.last = { ratio, newestSampleAt: now - sampleAgeSeconds * 1000, nodes: reporting.length };
    return this.last;
  }
}

function observe(
  policy: Policy,
  world: World,
  nodes: readonly NodeSeen[],
  cpu: CpuSeen | undefined,
  point: TracePoint,
  { taskSize }: WorldOptions,
): Seen {
  const zones = zoneNames(policy);
  return {
    workerSets: world.workerSets,
    nodes,
    inFlight: [],
    leader: true,
    unavailableZones: [],
    obstacles: [],
    pending:
      world.pending === 0
        ? []
        : [{ service: "simulated", count: world.pending, reserved: taskSize, cause: "insufficient-resources" }],
    ...(cpu === undefined ? {} : { cpu }),
    zoneCpu: cpu === undefined ? {} : Object.fromEntries(zones.map((zone) => [zone, cpu])),
    managers: zones
      .slice(0, 3)
      .map((zone) => ({ name: `manager-${zone}-0`, zone, reachable: !point.zonesDown.includes(zone) })),
    failures: world.recentFailures,
  };
}
