import type { Backoff } from "../model/memory";
import type { BackoffPolicy } from "../model/policy";

/** How long the given number of failures in a row bars. */
export function backoffSeconds(policy: BackoffPolicy, failures: number): number {
  return Math.min(policy.maxSeconds, policy.firstSeconds * policy.factor ** (failures - 1));
}

/**
 * Counts a failure. Those that come while an earlier one still bars belong to the same attempt and lengthen nothing, as
 * in cluster-autoscaler.
 */
export function countFailure(
  policy: BackoffPolicy,
  before: Backoff | undefined,
  now: number,
  why: string,
  down = false,
): Backoff {
  if (before !== undefined && before.until > now) return { ...before, lastAt: now, why, down: before.down || down };
  const failures = (before?.failures ?? 0) + 1;
  return { failures, lastAt: now, until: now + backoffSeconds(policy, failures) * 1000, why, down };
}

/** The same backoff, begun anew: while a zone is down, its time runs from now. */
export function renew(policy: BackoffPolicy, before: Backoff, now: number): Backoff {
  return { ...before, lastAt: now, until: now + backoffSeconds(policy, before.failures) * 1000 };
}

export function isForgotten(policy: BackoffPolicy, backoff: Backoff, now: number): boolean {
  return !backoff.down && now - backoff.lastAt > policy.forgetAfterSeconds * 1000;
}
