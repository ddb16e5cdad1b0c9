import { setTimeout as sleep } from "node:timers/promises";
import { LockedError, OperationError } from "../ops/errors";
import type { ClusterHealth } from "../ops/swarm/health";
import { lockHolder } from "../ops/stack-state/locks";
import { stackOutputs } from "../ops/stack-state/outputs";
import { runUpdate, updateSeconds } from "../ops/update/update";
import type { ClusterOutputs } from "../settings/outputs";
import type { Settings } from "../settings/schema";
import { loadLook } from "./lazy";
import { settingsOf, type Cluster } from "./project";
import type { Plan, Step } from "./rollout-plan";
import type { Terminal } from "./terminal";
import { inTurn } from "./turn";

/** Plans from how the cluster is now. */
export type Planner = (settings: Settings, outputs: ClusterOutputs, health: ClusterHealth) => Plan;

/**
 * Seconds between two looks at a cluster that is not fit for the next step, and how many there are: an election, a node
 * that missed heartbeats.
 */
const lookSeconds = 10;
const looks = 12;

/** Carries out what a planner plans, an update a step. What is left to do follows each time from the cluster itself. */
export class Rollout {
  private readonly settings: Settings;
  private readonly lockSeconds: number;

  /** @param lockSeconds how long it waits for other updates, each time; by default as long as one may take. */
  constructor(
    private readonly cluster: Cluster,
    private readonly terminal: Terminal,
    private readonly planner: Planner,
    lockSeconds?: number,
  ) {
    this.settings = settingsOf(cluster, cluster.text);
    this.lockSeconds = lockSeconds ?? updateSeconds(this.settings);
  }

  /** The plan from the stack's outputs as the last update left them. */
  async plan(): Promise<Plan> {
    const outputs = await stackOutputs(this.cluster, this.terminal.environment);
    return this.planner(this.settings, outputs, await loadLook().look(outputs));
  }

  /**
   * Goes on until the plan is empty. Repeating it after an interruption goes on where that one was.
   *
   * @returns the steps that were done.
   * @throws OperationError when an update fails, or the cluster is not fit for the next step.
   * @throws BusyError when other updates are at it for too long.
   */
  async run(): Promise<Step[]> {
    const done: Step[] = [];
    for (;;) {
      const step = await this.inTurn(async () => this.next(done.length));
      if (step === undefined) return done;
      await this.requireFresh(step);
      done.push(step);
    }
  }

  /**
   * Does what an update is part of when no other one is in the way; planned anew each time, since another one may have
   * changed the cluster.
   */
  async inTurn<T>(action: () => Promise<T>): Promise<T> {
    return inTurn(
      {
        lockSeconds: this.lockSeconds,
        say: (line) => {
          this.terminal.say(`${this.cluster.name}: ${line}`);
        },
      },
      action,
    );
  }

  /**
   * Runs an update: a step, or without one what brings the stack to its configuration and finishes what was
   * interrupted.
   */
  async update(step?: Step): Promise<void> {
    const change =
      step === undefined
        ? {}
        : step.kind === "workers"
          ? { wanted: step.wanted, expected: step.expected }
          : { replace: step.serverUrn };
    await runUpdate({
      place: this.cluster,
      ...change,
      environment: this.terminal.environment,
      timeoutSeconds: updateSeconds(this.settings),
      talk: (part) => process.stderr.write(part),
    });
  }

  /** Plans, and does the first step of the plan; undefined where there is none. */
  private async next(done: number): Promise<Step | undefined> {
    const {
      steps: [step, ...rest],
      blocked,
    } = await this.planWhenFit();
    if (step === undefined && blocked !== undefined) throw new OperationError(blocked.why);
    if (step === undefined) return undefined;
    this.terminal.say(`step ${done + 1} of ${done + 1 + rest.length}: ${sentence(step)}`);
    await this.update(step);
    return step;
  }

  /**
   * @throws LockedError when it is not fit while another update is at it: a node that has not joined yet may be that
   * one's.
   */
  private async planWhenFit(): Promise<Plan> {
    for (let look = 1; ; look += 1) {
      const plan = await this.plan();
      if (plan.steps.length > 0 || plan.blocked?.passes !== true || look === looks) return plan;
      const holder = await lockHolder(this.cluster.stack, this.terminal.environment["PULUMI_BACKEND_URL"]);
      if (holder !== undefined) throw new LockedError(this.cluster.stack, holder);
      this.terminal.say(`not yet: ${plan.blocked.why}`);
      await sleep(lookSeconds * 1000);
    }
  }

  /** A new node that is stale at once would be replaced for ever. */
  private async requireFresh({ fresh }: Step): Promise<void> {
    const { nodes } = await stackOutputs(this.cluster, this.terminal.environment);
    const stale = nodes.filter((node) => node.stale && fresh.includes(node.name)).map(({ name }) => name);
    if (stale.length > 0) throw new OperationError(`${stale.join(", ")}: made anew and stale at once; this is a bug.`);
  }
}

/** What a step does, as people read it. */
export function sentence({ kind, zone, old, fresh }: Step): string {
  return kind === "manager"
    ? `${old.join()} (${zone}) is made anew in its place.`
    : `${fresh.join(", ")} (${zone}) for ${old.join(", ")}.`;
}
