import { setTimeout as sleep } from "node:timers/promises";
import { LockedError, OperationError } from "../../ops/errors";
import type { ClusterHealth } from "../../ops/swarm/health";
import { lockHolder } from "../../ops/stack-state/locks";
import { stackOutputs } from "../../ops/stack-state/outputs";
import { runUpdate, updateSeconds } from "../../ops/update/update";
import type { ClusterOutputs } from "../../settings/outputs";
import type { Settings } from "../../settings/schema";
import { loadReadHealth } from "../deferred-imports";
import { settingsOf, type Cluster } from "../project";
import type { Plan, Step } from "./plan";
import type { Terminal } from "../terminal";
import { retryWhileBusy } from "../retry-busy";

/** Plans from the cluster as it is. */
export type Planner = (settings: Settings, outputs: ClusterOutputs, health: ClusterHealth) => Plan;

/** Seconds between two checks of a cluster that is not ready for the next step, and how many checks there are. */
const checkSeconds = 10;
const checks = 12;

/** Carries out a plan, an update a step. After each step it plans again from the cluster as it is. */
export class Rollout {
  private readonly settings: Settings;
  private readonly lockSeconds: number;

  /** @param lockSeconds seconds to wait for other updates, each time. Default: as long as an update may take. */
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
    return this.planner(this.settings, outputs, await loadReadHealth().readHealth(outputs));
  }

  /**
   * Runs until the plan is empty. A repetition after an interruption resumes where that one stopped.
   *
   * @returns the completed steps.
   * @throws OperationError when an update fails, or the cluster does not become ready for the next step.
   * @throws BusyError when other updates hold the stack for too long.
   */
  async run(): Promise<Step[]> {
    const done: Step[] = [];
    for (;;) {
      const step = await this.whenFree(async () => this.next(done.length));
      if (step === undefined) return done;
      await this.requireFresh(step);
      done.push(step);
    }
  }

  /** Runs an action with an update in it once no other update is in the way; each try plans again. */
  async whenFree<T>(action: () => Promise<T>): Promise<T> {
    return retryWhileBusy(
      {
        lockSeconds: this.lockSeconds,
        say: (line) => {
          this.terminal.say(`${this.cluster.name}: ${line}`);
        },
      },
      action,
    );
  }

  /** Runs a step as an update; without one, an update that applies the configuration and completes interrupted work. */
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

  /** Plans, and runs the first step of the plan. @returns undefined where the plan has none. */
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

  /** @throws LockedError when the cluster is not ready while another update runs, whose nodes may be joining. */
  private async planWhenFit(): Promise<Plan> {
    for (let check = 1; ; check += 1) {
      const plan = await this.plan();
      if (plan.steps.length > 0 || plan.blocked?.passes !== true || check === checks) return plan;
      const holder = await lockHolder(this.cluster.stack, this.terminal.environment["PULUMI_BACKEND_URL"]);
      if (holder !== undefined) throw new LockedError(this.cluster.stack, holder);
      this.terminal.say(`not yet: ${plan.blocked.why}`);
      await sleep(checkSeconds * 1000);
    }
  }

  /** Stops at a new node that is stale at once: the rollout would replace it for ever. */
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
