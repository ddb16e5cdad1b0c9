import type { Resources } from "./resources";
import type { Schedule } from "./schedule";

/** A worker group as the autoscaler sees it. All its nodes are of one size and in one zone. */
export interface GroupPolicy {
  readonly name: string;
  readonly zone: string;
  /** Fewest and most workers of the group; a group that load shall not change has both alike. */
  readonly min: number;
  readonly max: number;
  /** What a new node offers, from its flavor. Without it the group's smallest node tells, then that of any group. */
  readonly size?: Resources;
}

/**
 * Exponential backoff: the first failure bars for `firstSeconds`, each later one `factor` times as long, up to
 * `maxSeconds`.
 */
export interface BackoffPolicy {
  readonly firstSeconds: number;
  readonly factor: number;
  readonly maxSeconds: number;
  /** After this time without a failure the next one counts as the first. */
  readonly forgetAfterSeconds: number;
}

/**
 * Everything that the decisions depend on but the observation. Ratios are 0 to 1. The groups' `min` together are `max`
 * at most; a minimum above what the groups may have is taken as that.
 */
export interface Policy {
  readonly groups: readonly GroupPolicy[];
  /** Fewest workers of the cluster, where no schedule says otherwise. */
  readonly min: number;
  /** Most workers of the cluster; nodes that are on their way or still leaving count. */
  readonly max: number;
  readonly schedules: readonly Schedule[];
  /** Workers are added while the CPU utilisation over the window is above this. */
  readonly scaleOutCpuRatio: number;
  /** From this utilisation on nobody knows how much is missing: the cores are multiplied instead. */
  readonly saturation: { readonly cpuRatio: number; readonly factor: number };
  /** A worker is removed only where the utilisation without it stays below this; below `scaleOutCpuRatio`. */
  readonly scaleInCpuRatio: number;
  /** Window that the utilisation is averaged over. */
  readonly windowSeconds: number;
  /** How long the load must have stayed low before a worker goes. */
  readonly scaleInAfterSeconds: number;
  /**
   * From the last scale-out or join to the next scale-out for CPU. Pending tasks and minimums do not wait, nor does
   * what makes up for nodes that fail.
   */
  readonly cooldownOutSeconds: number;
  /** From the last scale-in to the next. */
  readonly cooldownInSeconds: number;
  /** From the last scale-out or join to the next scale-in. */
  readonly cooldownInAfterOutSeconds: number;
  /** Age at which the newest sample is no longer believed. */
  readonly staleAfterSeconds: number;
  /** Share of the ready workers that the utilisation must cover before a worker is removed on its account. */
  readonly coverageRatio: number;
  /** From asking for a node to Ready. */
  readonly joinDeadlineSeconds: number;
  /** How long a node is down before it no longer counts as one of the minimum. */
  readonly lostAfterSeconds: number;
  /** How long a node is down before it is removed. */
  readonly unreadyRemovalSeconds: number;
  /** How long a removal may take before it is asked for again. */
  readonly drainDeadlineSeconds: number;
  /** Nothing is done while more than this share of the workers is not ready, */
  readonly unreadyFreezeRatio: number;
  /** and more than this number. */
  readonly unreadyTolerated: number;
  /** For a zone that fails to boot nodes or is down, and for a quota that is used up. */
  readonly backoff: BackoffPolicy;
  /** Most nodes of one action. */
  readonly maxStepNodes: { readonly out: number; readonly in: number };
  /** How long the ordinal of a node that went is not used again. */
  readonly ordinalReuseSeconds: number;
}

/**
 * The values that a policy has where nothing else is asked for, with their sources. CA is Kubernetes'
 * cluster-autoscaler, https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md (its parameters'
 * defaults).
 */
export const policyDefaults: Omit<Policy, "groups" | "min" | "max"> = {
  schedules: [],
  /** The seed's `--autoscale-cpu-threshold=75`. */
  scaleOutCpuRatio: 0.75,
  /**
   * Own: half as many again. Kubernetes' HorizontalPodAutoscaler doubles, but there a wrong guess costs a container,
   * here a server.
   */
  saturation: { cpuRatio: 0.95, factor: 1.5 },
  /** CA `--scale-down-utilization-threshold`. */
  scaleInCpuRatio: 0.5,
  /** Four scrapes of 15 s: one outlier does not make an average, and a spike is acted on a minute after it began. */
  windowSeconds: 60,
  /** CA `--scale-down-unneeded-time`. */
  scaleInAfterSeconds: 600,
  /** One window: before it is over, the average still holds time without the nodes that have just joined. */
  cooldownOutSeconds: 60,
  /** nomad-autoscaler's `default_cooldown`, https://developer.hashicorp.com/nomad/tools/autoscaling/agent. */
  cooldownInSeconds: 300,
  /** CA `--scale-down-delay-after-add`. */
  cooldownInAfterOutSeconds: 600,
  /** Four missed scrapes of 15 s; Prometheus itself would go on for 5 minutes (its lookback). */
  staleAfterSeconds: 60,
  /** One worker in ten may be between two scrapes; with fewer than ten every one must be there. */
  coverageRatio: 0.9,
  /** The settings' `deadlines.nodeReadyMinutes`; CA waits for 15 minutes, Karpenter launches within 5. */
  joinDeadlineSeconds: 300,
  /**
   * Swarm says Down after 15 s (three heartbeats of 5 s), a tick is 10 s: a replacement is asked for within a minute.
   */
  lostAfterSeconds: 30,
  /** CA `--scale-down-unready-time`. */
  unreadyRemovalSeconds: 1200,
  /** The settings' `deadlines.drainMinutes` (5), and ten minutes for the update around it. */
  drainDeadlineSeconds: 900,
  /** CA `--max-total-unready-percentage`. */
  unreadyFreezeRatio: 0.45,
  /** CA `--ok-total-unready-count`. */
  unreadyTolerated: 3,
  /**
   * Own: from one to 15 minutes, since a zone that is back shall not wait for CA's 5 to 30; forgotten as in CA after 3
   * hours.
   */
  backoff: { firstSeconds: 60, factor: 2, maxSeconds: 900, forgetAfterSeconds: 10_800 },
  /** Out: ten servers at once is what the project's bench proves. In: CA `--max-drain-parallelism`. */
  maxStepNodes: { out: 10, in: 1 },
  /** Own: the longest that series, caches and address leases of the name are still about. */
  ordinalReuseSeconds: 3600,
};
