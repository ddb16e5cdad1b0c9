import type { Memory } from "../model/memory";
import { isDown, nodeKey, type NodeSeen, type Seen } from "../model/observation";
import type { Policy } from "../model/policy";
import { count, seconds } from "../model/wording";

/**
 * `down`: its machines do not answer. `backoff`: it failed and is skipped. `probation`: its backoff is over and no node
 * has joined since, so it gets one node at a time.
 */
export interface Zone {
  readonly name: string;
  readonly condition: "healthy" | "probation" | "backoff" | "down";
  /** Why it is not healthy and for how long, as a clause. */
  readonly why: string;
}

export function zoneNames(policy: Policy): string[] {
  return [...new Set(policy.groups.map(({ zone }) => zone))];
}

/** Fewest machines that must be out before a zone is believed to be at once: one alone may just be broken. */
const fewestWitnesses = 2;

/**
 * Zones that are down, with the reason: the cloud says so, or more than half of the machines in it, managers included,
 * do not answer, and these are two at least, or all that there are and one of them a manager or a worker that is lost.
 * A worker that has been down for so long that it is removed is no witness any more: a zone without managers would
 * never be tried again.
 */
export function downZones(
  policy: Policy,
  seen: Seen,
  workers: Iterable<NodeSeen>,
  downSince: Memory["downSince"],
  now: number,
): ReadonlyMap<string, string> {
  const tally = new Map<string, { out: number; all: number; sure: number }>();
  const witness = (zone: string, out: boolean, isSure: boolean): void => {
    const counts = tally.get(zone) ?? { out: 0, all: 0, sure: 0 };
    counts.out += out ? 1 : 0;
    counts.all += 1;
    counts.sure += out && isSure ? 1 : 0;
    if (counts.all === 1) tally.set(zone, counts);
  };
  for (const node of workers) {
    const since = downSince[nodeKey(node)] ?? now;
    if (now - since < policy.unreadyRemovalSeconds * 1000)
      witness(node.zone, isDown(node), now - since >= policy.lostAfterSeconds * 1000);
  }
  for (const { zone, reachable } of seen.managers) witness(zone, !reachable, true);
  const down = new Map<string, string>();
  for (const [zone, { out, all, sure }] of tally) {
    const isBelieved = out >= fewestWitnesses || (sure > 0 && out === all);
    if (isBelieved && out * 2 > all)
      down.set(zone, `${out} of its ${count(all, "machine")} ${out === 1 ? "does" : "do"} not answer`);
  }
  for (const zone of seen.unavailableZones) down.set(zone, "the cloud calls it unavailable");
  return down;
}

/** The condition of every zone of the policy, in its order. */
export function zoneConditions(
  policy: Policy,
  down: ReadonlyMap<string, string>,
  memory: Memory,
  now: number,
): ReadonlyMap<string, Zone> {
  return new Map(
    zoneNames(policy).map((name): [string, Zone] => {
      const failure = memory.zones[name];
      const out = down.get(name);
      if (out !== undefined) return [name, { name, condition: "down", why: `${name} is down (${out})` }];
      if (failure === undefined) return [name, { name, condition: "healthy", why: `${name} is healthy` }];
      if (failure.until > now)
        return [
          name,
          {
            name,
            condition: "backoff",
            why: `${name} is skipped for ${seconds(failure.until - now)} (${failure.why})`,
          },
        ];
      return [name, { name, condition: "probation", why: `${name} gets one worker at a time (${failure.why})` }];
    }),
  );
}
