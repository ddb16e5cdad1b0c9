/** The phases of a cluster's making, in order. */
export const phases = ["api", "boot", "init", "join", "stacks"] as const;
export type Phase = (typeof phases)[number];

/** When each phase ended: seconds since 1970. */
export type Milestones = Readonly<Record<Phase, number>>;

/**
 * Seconds of each phase: from the end of the one before it, the first from the begin. What ended before the phase
 * before it did was no one's wait: 0.
 */
export function phaseSeconds(begun: number, milestones: Milestones): Readonly<Record<Phase, number>> {
  let reached = begun;
  return Object.fromEntries(
    phases.map((phase) => {
      const seconds = Math.max(0, milestones[phase] - reached);
      reached += seconds;
      return [phase, seconds];
    }),
  ) as Record<Phase, number>;
}
