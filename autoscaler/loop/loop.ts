import { messageOf, OperationError } from "../../ops/errors";
import { updateSeconds } from "../../ops/update/update";
import type { ClusterOutputs } from "../../settings/outputs";
import { decide, type Decision } from "../decision/decide";
import { keysOf, nodeKey, type Failure, type NodeRef, type Obstacle, type Seen } from "../model/observation";
import type { Policy } from "../model/policy";
import { policyOf } from "../model/policy-of";
import type { Gate, Verdict } from "../model/verdict";
import { seconds } from "../model/wording";
import { failuresOf } from "./failures";
import { Job, type Outcome } from "./adapters/job";
import { leads, observe, ownNodes } from "./observe";
import type { Clock, Figures, MetricsPort, NotifyPort, ScaleEvent, StackPort, SwarmPort, SwarmView } from "./ports";
import { actionOf, dueRebalance, settleActions, startOf, withoutKept } from "./progress";
import { nextRebalanceStep } from "./rebalance";
import { blockedByRefusal, refusalOfOrder } from "./refused";
import {
  emptyRecord,
  isDue,
  isHeldByOther,
  parseRecord,
  withDecision,
  type AutoscalerRecord,
  type BegunUpdate,
  type Holder,
} from "./record";
import { adoptDrains, markOf, planSteps, sameSets, type Steps } from "./steps";
import { blindness } from "./summary";
import { updateGate } from "./update-gate";

export interface LoopPorts {
  readonly metrics: MetricsPort;
  readonly swarm: SwarmPort;
  readonly stack: StackPort;
  readonly notify: NotifyPort;
  readonly clock: Clock;
}

export interface LoopOptions {
  /** This process, as the record names its holder. */
  readonly own: Omit<Holder, "at">;
  /** Host name of the manager that it runs on: it acts while that leads. Absent: it acts wherever it is. */
  readonly self?: string | undefined;
  /** Whether the holder of the record is known to be dead. */
  readonly isDead: (holder: Holder) => boolean;
  /** Where it says what it does. */
  readonly say: (line: string) => void;
}

/** What a tick came to. */
export interface Tick {
  /**
   * Milliseconds since 1970: when it was decided, at the end of its look at the cluster; when it began, where nothing
   * was to be decided.
   */
  readonly at: number;
  readonly verdict: Pick<Verdict, "kind" | "why">;
  /** The nodes of a verdict that was acted on. */
  readonly change?: Extract<Verdict, { kind: "scale-out" | "scale-in" }>;
  /** True where this instance may act. */
  readonly active: boolean;
  readonly gates: readonly Gate[];
  readonly policy?: Policy;
  readonly seen?: Seen;
  readonly decision?: Decision;
  readonly record?: AutoscalerRecord;
  readonly events: readonly ScaleEvent[];
  readonly failures: readonly Failure[];
  /** What went wrong beside the verdict: a step that failed is tried again at the next tick. */
  readonly errors: readonly string[];
  /** Seconds of the parts. */
  readonly took: Readonly<Record<"observe" | "decide" | "act" | "loop", number>>;
}

/** Seconds until a stack whose lock another update holds is tried again. */
const busySeconds = 15;
/** Seconds until an update that failed is begun again with the same sets: doubled each time. */
const retry = { firstSeconds: 30, maxSeconds: 900 };

interface Look {
  readonly outputs: ClusterOutputs;
  readonly view: SwarmView;
  readonly figures: Figures;
  readonly unavailableZones: readonly string[];
  readonly lockHolder: string | undefined;
  readonly before: AutoscalerRecord | undefined;
  /** The record with what an update came to. */
  readonly record: AutoscalerRecord;
  readonly failures: readonly Failure[];
  /** Why an update failed that has ended since the last tick. */
  readonly updateFault?: string;
}

/**
 * The loop: observe → decide → act → record, a tick at a time. What it wants is written into the swarm before anything
 * is done, and each step may be done twice; so whoever comes next, after a kill at any point, goes on from there. An
 * update runs beside the ticks.
 */
export class Loop {
  private job: Job | undefined;
  private busyUntil = 0;
  /** An update held the stack's lock at the last look. */
  private wasLocked = false;
  /** It might have acted at the last look, by where it runs. */
  private led = false;

  constructor(
    private readonly ports: LoopPorts,
    private readonly options: LoopOptions,
  ) {}

  /** The update that runs, if one does. */
  get update(): Promise<Outcome> | undefined {
    return this.job?.done;
  }

  async tick(): Promise<Tick> {
    const { clock } = this.ports;
    const begun = clock.now();
    try {
      const look = await this.look(begun);
      const policy = policyOf(look.outputs);
      return await (policy === undefined ? this.standDown(look, begun) : this.follow(look, policy, begun));
    } catch (error) {
      if (!(error instanceof OperationError))
        this.options.say(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nThis is a bug.`);
      const why = `${messageOf(error)}; nothing is decided without it.`;
      return {
        at: begun,
        verdict: { kind: "blocked", why },
        active: false,
        gates: [],
        events: [],
        failures: [],
        errors: [why],
        took: { observe: 0, decide: 0, act: 0, loop: (clock.now() - begun) / 1000 },
      };
    }
  }

  private async look(now: number): Promise<Look> {
    const { stack, swarm, metrics } = this.ports;
    const ended = this.job?.outcome === undefined ? undefined : this.job;
    const lockHolder = await stack.lockHolder();
    // what was known before an update is not what it left; who does not act can do with what it knows until that is
    // read beside
    const outputs = await stack.outputs(
      ended !== undefined || (this.led && this.wasLocked && lockHolder === undefined),
    );
    this.wasLocked = lockHolder !== undefined;
    const window = policyOf(outputs)?.windowSeconds ?? 0;
    const [view, figures, unavailableZones] = await Promise.all([
      swarm.view(outputs.access),
      metrics.read(window),
      stack.unavailableZones(),
    ]);
    this.led = leads(view, this.options.self);
    const before = view.record === undefined ? undefined : parseRecord(view.record.text);
    if (view.record !== undefined && before === undefined)
      this.options.say(
        "the swarm's record of the autoscaler cannot be read, e.g. since another version wrote it; it is begun anew.",
      );
    const known = before ?? { ...emptyRecord, memory: adoptDrains(emptyRecord.memory, ownNodes(outputs, view)) };
    const look = { outputs, view, figures, unavailableZones, lockHolder, before };
    if (ended?.outcome === undefined) return { ...look, record: known, failures: [] };
    this.job = undefined;
    const fault =
      ended.outcome.kind === "failed" || ended.outcome.kind === "refused"
        ? { updateFault: `update: ${ended.outcome.message}` }
        : {};
    return { ...look, ...fault, ...this.fold(known, ended, ended.outcome, outputs, now) };
  }

  /** Notes what an update came to. */
  private fold(
    record: AutoscalerRecord,
    job: Job,
    outcome: Outcome,
    outputs: ClusterOutputs,
    now: number,
  ): { readonly record: AutoscalerRecord; readonly failures: readonly Failure[] } {
    const { update, ...rest } = record;
    const begun = update ?? {
      instance: this.options.own.instance,
      wanted: job.order.wanted,
      failures: 0,
      at: job.begunAt,
    };
    if (outcome.kind === "done") return { record: rest, failures: [] };
    this.options.say(`update: ${outcome.message}`);
    if (outcome.kind === "busy") {
      this.busyUntil = now + busySeconds * 1000;
      // what another process left is finished once the lock is free; what was just asked for is decided anew then
      if (!job.isFresh) return { record, failures: [] };
      const held = new Set(keysOf(job.order.expected));
      const nodes = record.memory.inFlight.filter((node) => !held.has(nodeKey(node)));
      return {
        record: rest,
        failures: nodes.length === 0 ? [] : [{ kind: "refused", nodes, at: now, message: outcome.message }],
      };
    }
    if (outcome.kind === "refused") {
      // its nodes are given back: those to come are not on their way, those to go take tasks again
      const [before, after] = [new Set(keysOf(job.order.expected)), new Set(keysOf(job.order.wanted))];
      const { inFlight, drains } = record.memory;
      const nodes: NodeRef[] = [
        ...inFlight.filter((node) => !before.has(nodeKey(node))),
        ...drains.filter((node) => !after.has(nodeKey(node))),
      ];
      const failures: Failure[] =
        nodes.length === 0 ? [] : [{ kind: "refused", nodes, at: now, message: outcome.message }];
      return {
        record: { ...(job.isFresh ? rest : record), refused: refusalOfOrder(job.order, outcome.message, now) },
        failures,
      };
    }
    if (outcome.kind === "interrupted") return { record: { ...rest, update: { ...begun, at: 0 } }, failures: [] };
    return {
      record: { ...rest, update: { ...begun, failures: begun.failures + 1, at: now } },
      failures: failuresOf(outcome.steps, outputs, now),
    };
  }

  private async follow(look: Look, policy: Policy, begun: number): Promise<Tick> {
    const { clock, notify } = this.ports;
    // figures are from the end of a look, which may have taken long: an age is counted from there
    const now = clock.now();
    const { outputs, view, before, failures } = look;
    const seen = observe({ ...look, self: this.options.self, obstacles: this.obstacles(look, now) });
    const observed = clock.now();
    const decision = decide(policy, seen, look.record.memory, now);
    const decided = clock.now();
    const active = seen.leader && seen.obstacles.length === 0;
    const mayWrite = active || before?.holder?.instance === this.options.own.instance;
    const gates = [
      ...decision.gates,
      updateGate({
        job: this.job,
        busyUntil: this.busyUntil,
        lockHolder: look.lockHolder,
        update: look.record.update,
        holder: before?.holder,
        own: this.options.own,
        now,
      }),
    ];
    const verdict = active ? blockedByRefusal(this.accept(decision, now), look.record.refused, now) : decision.verdict;
    const accepted = verdict === decision.verdict && verdict.kind !== "hold" && verdict.kind !== "blocked";
    const memory =
      verdict === decision.verdict
        ? decision.memory
        : { ...decision.remembered, lastDecision: { at: now, kind: verdict.kind, why: verdict.why } };
    const operation = `${this.options.own.instance}@${now}`;
    const settled = settleActions(
      accepted ? withoutKept(look.record.actions, verdict) : look.record.actions,
      memory,
      seen,
      now,
    );
    const action = accepted ? actionOf(verdict, seen, operation, now) : undefined;
    const steps = planSteps({
      outputs,
      seen,
      view,
      memory,
      unsettled: this.job === undefined ? look.record.update : undefined,
      now,
    });
    const begin =
      decision.verdict.kind === "blocked" || !active ? undefined : this.mayBegin(steps, look.record.update, now);
    const rebalance =
      active && this.job === undefined && begin === undefined ? this.rebalance(look, decision, now) : undefined;
    const { rebalance: kept, ...rest } = look.record;
    const next: AutoscalerRecord = {
      ...rest,
      memory,
      // an update that still runs is finished by the one that began it; without one the next instance need not wait
      ...(active || this.job !== undefined ? { holder: { ...this.options.own, at: now } } : { holder: undefined }),
      actions: action === undefined ? settled.open : [...settled.open, action],
      decisions: withDecision(look.record.decisions, { at: now, kind: verdict.kind, why: verdict.why }),
      ...(begin === undefined
        ? {}
        : {
            update: {
              instance: this.options.own.instance,
              wanted: begin,
              failures: look.record.update?.failures ?? 0,
              at: now,
            },
          }),
      ...((rebalance?.next ?? kept) === undefined ? {} : { rebalance: rebalance?.next ?? kept }),
    };
    const errors: string[] = look.updateFault === undefined ? [] : [look.updateFault];
    const attempt = async (what: string, deed: () => Promise<unknown>): Promise<boolean> =>
      deed().then(
        () => true,
        (error: unknown) => {
          errors.push(`${what}: ${messageOf(error)}`);
          return false;
        },
      );
    const written =
      !mayWrite ||
      !isDue(before, next, now) ||
      (await attempt("record", async () => this.ports.swarm.keep(JSON.stringify(next), view.record)));
    const events: ScaleEvent[] = [...settled.events, ...(action === undefined ? [] : [startOf(action, now)])];
    if (active && written) {
      if (decision.verdict.kind !== "blocked") await this.carryOut(steps, look, begin, rebalance?.force, attempt, now);
      await Promise.all(events.map((event) => notify.scaled(event)));
    }
    if (active) await this.tellWhetherBlind(decision, now);
    const ended = clock.now();
    return {
      at: now,
      verdict: { kind: verdict.kind, why: verdict.why },
      active,
      gates,
      policy,
      seen,
      decision,
      record: next,
      failures,
      errors,
      ...(accepted && written ? { change: verdict } : {}),
      events: active && written ? events : [],
      took: {
        observe: (observed - begun) / 1000,
        decide: (decided - observed) / 1000,
        act: (ended - decided) / 1000,
        loop: (ended - begun) / 1000,
      },
    };
  }

  private obstacles({ outputs, before }: Look, now: number): Obstacle[] {
    const { stack } = this.ports;
    const holder = before?.holder;
    const obstacles: Obstacle[] = [];
    if (
      holder !== undefined &&
      isHeldByOther(holder, { ...this.options.own, at: now }, this.options.isDead(holder), now)
    ) {
      obstacles.push({
        value: `another autoscaler is at it on ${holder.host} (process ${holder.pid}), seen ${seconds(Math.max(0, now - holder.at))} ago`,
        needs: "one acts at a time; this one takes over when that is gone",
      });
    }
    if (outputs.program !== stack.program) {
      obstacles.push({
        value: `the program here (${stack.program.slice(0, 12)}) is not the one last deployed (${outputs.program.slice(0, 12)})`,
        needs: "run `pulumi up` from this checkout, or the autoscaler from the one that was deployed",
      });
    }
    return obstacles;
  }

  /** The verdict, or a `hold` in its place where it has to wait for an update, its own or another's. */
  private accept({ verdict, remembered }: Decision, now: number): Verdict {
    if (verdict.kind === "hold" || verdict.kind === "blocked") return verdict;
    const { job } = this;
    if (job === undefined) {
      if (this.busyUntil <= now || verdict.add.length === 0) return verdict;
      return {
        kind: "hold",
        why: `${verdict.why} Another update holds the stack's lock; it is tried again in ${seconds(this.busyUntil - now)}.`,
      };
    }
    const wanted = new Set(keysOf(job.order.wanted));
    // a removal that the update has no part in yet is taken back without it
    if (verdict.add.length + verdict.remove.length === 0 && verdict.keep.every((node) => wanted.has(nodeKey(node))))
      return verdict;
    const lost = remembered.inFlight.filter(
      ({ zone, failed, ...node }) =>
        wanted.has(nodeKey(node)) && (failed !== undefined || (remembered.zones[zone]?.until ?? 0) > now),
    );
    if (lost.length > 0 && !job.isInterrupted) {
      this.options.say(`update: it is interrupted, since it waits for ${lost.map(nodeKey).join(", ")}.`);
      job.interrupt();
    }
    return {
      kind: "hold",
      why: `${verdict.why} It waits for the update that has run for ${seconds(now - job.begunAt)}${job.isInterrupted ? " and is being interrupted" : ""}.`,
    };
  }

  /** The sets of an update that is to begin now; undefined where none is needed, or it is too early. */
  private mayBegin({ wanted }: Steps, unsettled: BegunUpdate | undefined, now: number): Steps["wanted"] {
    if (wanted === undefined || this.job !== undefined || now < this.busyUntil) return undefined;
    if (unsettled === undefined || unsettled.failures === 0 || !sameSets(unsettled.wanted, wanted)) return wanted;
    const pause = Math.min(retry.maxSeconds, retry.firstSeconds * 2 ** (unsettled.failures - 1));
    return now - unsettled.at >= pause * 1000 ? wanted : undefined;
  }

  private rebalance(
    { view, figures, record }: Look,
    { remembered, verdict }: Decision,
    now: number,
  ): { readonly next: NonNullable<AutoscalerRecord["rebalance"]>; readonly force?: string } | undefined {
    const due = verdict.kind === "hold" ? dueRebalance(record.rebalance, remembered) : undefined;
    if (due === undefined) return undefined;
    const step = nextRebalanceStep(due, view, figures, now);
    switch (step.kind) {
      case "wait":
        return { next: due };
      case "force":
        this.options.say(
          `rebalance: ${step.candidate.name} is placed anew, ${step.candidate.moves} of its tasks should move.`,
        );
        return { next: step.next, force: step.candidate.id };
      case "end":
        this.options.say(`rebalance: it ends, ${step.why}.`);
        return { next: { ...due, ended: true } };
    }
  }

  private async carryOut(
    { activate, drain }: Steps,
    { outputs, record }: Look,
    begin: Steps["wanted"],
    force: string | undefined,
    attempt: (what: string, deed: () => Promise<unknown>) => Promise<boolean>,
    now: number,
  ): Promise<void> {
    const { swarm, stack } = this.ports;
    for (const node of activate)
      await attempt(`${nodeKey(node)} is to take tasks again`, async () => swarm.activate(node.state.ID));
    for (const { node, mark } of drain)
      await attempt(`${nodeKey(node)} is to be drained`, async () => swarm.drain(node.state.ID, mark));
    if (force !== undefined) await attempt("rebalance", async () => swarm.forceUpdate(force));
    if (begin === undefined) return;
    const order = { wanted: begin, expected: outputs.workerSets, timeoutSeconds: updateSeconds(outputs) };
    this.job = new Job(stack, order, now, record.update === undefined);
  }

  private blindSince: number | undefined;

  private async tellWhetherBlind({ gates }: Decision, now: number): Promise<void> {
    const closed = blindness(gates);
    this.blindSince = closed === undefined ? undefined : (this.blindSince ?? now);
    if (closed !== undefined && this.blindSince !== undefined)
      await this.ports.notify.blind({ since: this.blindSince, value: closed.value, needs: closed.needs });
  }

  /** Autoscaling is off: what was being drained for it is given back, and nothing else is touched. */
  private async standDown({ outputs, view }: Look, now: number): Promise<Tick> {
    const { own, self } = this.options;
    const why = "Autoscaling is off: settings.autoscale is not set.";
    const errors: string[] = [];
    const isLeader = leads(view, self);
    for (const node of isLeader ? ownNodes(outputs, view).filter((one) => markOf(one) !== undefined) : []) {
      await this.ports.swarm.activate(node.state.ID).catch((error: unknown) => {
        errors.push(`${own.instance}: ${messageOf(error)}`);
      });
    }
    const loop = (this.ports.clock.now() - now) / 1000;
    return {
      at: now,
      verdict: { kind: "hold", why },
      active: isLeader,
      gates: [],
      events: [],
      failures: [],
      errors,
      took: { observe: loop, decide: 0, act: 0, loop },
    };
  }

  /**
   * Ends: an update that runs is interrupted, what it came to is noted, and the record is left to whoever comes next.
   */
  async close(): Promise<void> {
    const { swarm, stack, clock } = this.ports;
    const { job } = this;
    job?.interrupt();
    const outcome = await job?.done;
    this.job = undefined;
    const outputs = await stack.outputs(false);
    const { record: kept } = await swarm.view(outputs.access);
    const record = kept === undefined ? undefined : parseRecord(kept.text);
    if (record?.holder?.instance !== this.options.own.instance) return;
    const noted =
      job === undefined || outcome === undefined
        ? record
        : this.fold(record, job, outcome, outputs, clock.now()).record;
    await swarm.keep(JSON.stringify({ ...noted, holder: undefined }), kept);
  }
}
