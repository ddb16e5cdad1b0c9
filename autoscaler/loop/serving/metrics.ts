import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Decision } from "../../decision/decide";
import { nodeKey } from "../../model/observation";
import { minimumOf } from "../../decision/situation";
import type { Tick } from "../loop";
import { areMetricsUsable, countNodes, isAtMax, nodeStates, outReason, skipped, targetNodes } from "../summary";

/**
 * Of a tick: from a look at a small cluster to one at a thousand nodes. Of a join: from a warm image to a slow cloud.
 */
const buckets = { tick: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30], join: [15, 30, 60, 90, 120, 180, 300, 600, 1800] };

/**
 * What Prometheus is told: cluster-autoscaler's set in the words of this project. Alert rules and dashboards go by
 * these names.
 */
export class LoopMetrics {
  readonly registry = new Registry();
  private readonly inFlight = new Map<string, number>();
  private readonly late = new Set<string>();

  private readonly active = this.gauge("active", "1 where this instance may act");
  private readonly lastActivity = this.gauge(
    "last_activity_timestamp_seconds",
    "When an activity last ended, in seconds since 1970",
    ["activity"],
  );
  private readonly safe = this.gauge("safe_to_autoscale", "0 while nothing may be done at all");
  private readonly usable = this.gauge(
    "metrics_usable",
    "0 while the CPU figure is missing, stale or covers too few workers",
  );
  private readonly utilisation = this.gauge(
    "cpu_utilisation_ratio",
    "CPU utilisation of the workers that the last tick went by",
  );
  private readonly threshold = this.gauge(
    "cpu_threshold_ratio",
    "Utilisation above which workers come, below which they go",
    ["direction"],
  );
  private readonly nodes = this.gauge("nodes", "Workers by zone and state", ["zone", "state"]);
  private readonly minimum = this.gauge("min_nodes", "Fewest workers now, schedules counted");
  private readonly maximum = this.gauge("max_nodes", "Most workers");
  private readonly target = this.gauge("target_nodes", "Workers that there shall be");
  private readonly pending = this.gauge("pending_tasks", "Tasks that find no node, by cause", ["cause"]);
  private readonly atMax = this.gauge("at_max", "1 while more workers are wanted and a maximum holds them");
  private readonly backoff = this.gauge("zone_backoff", "1 while a zone is barred", ["zone", "reason"]);
  private readonly decisions = this.counter("decisions_total", "Decisions by verdict", ["verdict"]);
  private readonly skipped = this.counter(
    "skipped_scale_events_total",
    "Ticks that wanted a change and were held, by the gate that held them",
    ["direction", "reason"],
  );
  private readonly scaledOut = this.counter("scaled_out_nodes_total", "Workers asked for, by what asked for them", [
    "reason",
  ]);
  private readonly scaledIn = this.counter("scaled_in_nodes_total", "Workers given up, by reason", ["reason"]);
  private readonly failed = this.counter(
    "failed_scale_outs_total",
    "Workers that were asked for and did not come, by reason",
    ["reason"],
  );
  private readonly errors = this.counter("errors_total", "Ticks that failed (loop), and steps of ticks", ["type"]);
  private readonly duration = new Histogram({
    name: "swarm_autoscaler_function_duration_seconds",
    help: "Seconds of a tick and its parts",
    labelNames: ["function"],
    buckets: buckets.tick,
    registers: [this.registry],
  });
  private readonly join = new Histogram({
    name: "swarm_autoscaler_node_join_seconds",
    help: "Seconds from asking for a worker to Ready",
    buckets: buckets.join,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    // an alert on an increase needs a series to increase from
    for (const verdict of ["scale-out", "scale-in", "hold", "blocked"]) this.decisions.inc({ verdict }, 0);
    for (const reason of ["boot", "no-valid-host", "quota", "refused", "join-deadline"]) this.failed.inc({ reason }, 0);
    for (const type of ["loop", "step"]) this.errors.inc({ type }, 0);
    this.active.set(0);
  }

  private gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({
      name: `swarm_autoscaler_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
    });
  }

  private counter(name: string, help: string, labelNames: readonly string[]): Counter {
    return new Counter({
      name: `swarm_autoscaler_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
    });
  }

  /** Takes in a tick that has ended. */
  note(tick: Tick): void {
    const { at, verdict, active, took, errors, failures, change, decision } = tick;
    this.active.set(active ? 1 : 0);
    this.safe.set(verdict.kind === "blocked" ? 0 : 1);
    this.decisions.inc({ verdict: verdict.kind });
    const isWhole = tick.seen !== undefined || (tick.gates.length === 0 && verdict.kind === "hold");
    if (!isWhole) this.errors.inc({ type: "loop" });
    else {
      this.errors.inc({ type: "step" }, errors.length);
      for (const activity of ["observe", "decide", "act", "loop"] as const) {
        this.lastActivity.set({ activity }, at / 1000 + took.loop);
        this.duration.observe({ function: activity }, took[activity]);
      }
    }
    for (const { kind, nodes } of failures) this.failed.inc({ reason: kind }, nodes.length);
    if (change?.kind === "scale-out") this.scaledOut.inc({ reason: outReason(tick) }, change.add.length);
    for (const { because } of change?.remove ?? []) this.scaledIn.inc({ reason: because });
    const held = skipped(tick);
    if (held !== undefined) this.skipped.inc({ ...held });
    if (decision !== undefined) this.noteFigures(tick);
  }

  private noteFigures(tick: Tick): void {
    const { policy, seen, decision, at } = tick;
    if (policy === undefined || seen === undefined || decision === undefined) return;
    this.usable.set(areMetricsUsable(tick) ? 1 : 0);
    if (seen.cpu === undefined) this.utilisation.remove();
    else this.utilisation.set(seen.cpu.ratio);
    this.threshold.set({ direction: "out" }, policy.scaleOutCpuRatio);
    this.threshold.set({ direction: "in" }, policy.scaleInCpuRatio);
    this.nodes.reset();
    for (const [zone, counts] of countNodes(tick))
      for (const state of nodeStates) this.nodes.set({ zone, state }, counts[state]);
    this.minimum.set(minimumOf(policy, at).nodes);
    this.maximum.set(policy.max);
    this.target.set(targetNodes(tick));
    for (const cause of ["insufficient-resources", "constraints"]) {
      this.pending.set(
        { cause },
        seen.pending.filter((lot) => lot.cause === cause).reduce((sum, { count }) => sum + count, 0),
      );
    }
    this.atMax.set(isAtMax(tick) ? 1 : 0);
    this.backoff.reset();
    for (const [zone, { until, down }] of Object.entries(decision.memory.zones))
      if (down || until > at) this.backoff.set({ zone, reason: down ? "down" : "failed" }, 1);
    this.noteJoins(tick, decision);
  }

  /** What was on the way at the last tick and is ready now has joined. */
  private noteJoins({ seen, at }: Tick, { remembered, memory }: Decision): void {
    const ready = new Set(seen?.nodes.filter(({ state }) => state === "ready").map(nodeKey));
    const coming = new Set(remembered.inFlight.map(nodeKey));
    for (const [key, since] of this.inFlight)
      if (!coming.has(key) && ready.has(key)) this.join.observe((at - since) / 1000);
    this.inFlight.clear();
    for (const node of memory.inFlight) this.inFlight.set(nodeKey(node), node.since);
    for (const node of remembered.inFlight) {
      const key = nodeKey(node);
      if (node.failed?.includes("did not join within") !== true || this.late.has(key)) continue;
      this.late.add(key);
      this.failed.inc({ reason: "join-deadline" });
    }
    for (const key of this.late) if (!coming.has(key)) this.late.delete(key);
  }
}
