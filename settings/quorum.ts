/**
 * A raft group's voters: `needed` of `managers` must be reachable; `margin` is how many more may be lost, below 0
 * without a quorum.
 */
export interface Quorum {
  readonly managers: number;
  readonly reachable: number;
  readonly needed: number;
  readonly margin: number;
}

/**
 * How many of so many managers must be reachable for the swarm to take changes
 * (https://docs.docker.com/engine/swarm/raft/).
 */
export function majority(managers: number): number {
  return Math.floor(managers / 2) + 1;
}

/** How many of so many managers may be lost at once. */
export function tolerance(managers: number): number {
  return managers - majority(managers);
}

export function quorumOf(managers: number, reachable: number): Quorum {
  const needed = majority(managers);
  return { managers, reachable, needed, margin: reachable - needed };
}

/**
 * Why a manager cannot leave the raft group, or undefined where it can: it is the only one, or those that stay would be
 * no quorum of their own. SwarmKit refuses the same (manager/state/raft, CanRemoveMember), but only after the node is
 * drained.
 *
 * @param isReachable whether the one that leaves is reachable itself.
 */
export function whyNeeded({ managers, reachable }: Quorum, isReachable: boolean): string | undefined {
  if (managers <= 1)
    return "it is the only manager, and removing it destroys the swarm; raise settings.managers to 3 first";
  const rest = quorumOf(managers - 1, reachable - (isReachable ? 1 : 0));
  if (rest.margin >= 0) return undefined;
  return `the quorum needs it: ${rest.reachable} of the ${rest.managers} other managers are reachable and ${rest.needed} are needed; see "A manager cannot be removed" in docs/runbook.md`;
}
