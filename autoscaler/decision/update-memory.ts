import { countFailure, isForgotten, renew } from "./backoff";
import type { Backoff, InFlight, Memory } from "../model/memory";
import { isDown, keysOf, nodeKey, workersByKey, type Failure, type NodeSeen, type Seen } from "../model/observation";
import type { Policy } from "../model/policy";
import { seconds } from "../model/wording";
import { downZones } from "./zone-health";

type Workers = ReadonlyMap<string, NodeSeen>;

/** Brings the memory up to what is seen: joins, failures, deadlines that passed, nodes that went. Decides nothing. */
export function remember(policy: Policy, seen: Seen, memory: Memory, now: number): Memory {
  const workers = workersByKey(seen.nodes, new Set(policy.groups.map(({ name }) => name)));
  const downSince = Object.fromEntries(
    [...workers].filter(([, node]) => isDown(node)).map(([key]) => [key, memory.downSince[key] ?? now]),
  );
  const failures = seen.failures.filter(({ at }) => at > (memory.failuresCountedAt ?? -Infinity));
  const settled = withDrains(policy, { ...memory, downSince }, seen, workers, failures, now);
  const asked = withInFlight(policy, withoutRefused(settled, failures), seen, workers, now);
  const failed = withFailures(policy, asked, failures, now);
  const late = withLate(policy, failed, now);
  const joined = withJoins(late, workers, now);
  return withZones(policy, joined, downZones(policy, seen, workers.values(), downSince, now), now);
}

/** Drains end when nothing of the node is left, or when they were refused before they began. */
function withDrains(
  policy: Policy,
  memory: Memory,
  seen: Seen,
  workers: Workers,
  failures: readonly Failure[],
  now: number,
): Memory {
  if (memory.drains.length === 0) return memory;
  const there = new Set([...workers.keys(), ...seen.inFlight.map(nodeKey), ...keysOf(seen.workerSets)]);
  const refused = refusedNodes(failures);
  const ours = new Set(policy.groups.map(({ name }) => name));
  return {
    ...memory,
    drains: memory.drains.filter(
      (drain) => ours.has(drain.group) && there.has(nodeKey(drain)) && !refused.has(nodeKey(drain)),
    ),
    removed: [
      ...memory.removed,
      ...memory.drains
        .filter((drain) => !there.has(nodeKey(drain)))
        .map(({ group, ordinal }) => ({ group, ordinal, at: now })),
    ],
  };
}

function refusedNodes(failures: readonly Failure[]): ReadonlySet<string> {
  return new Set(failures.filter(({ kind }) => kind === "refused").flatMap(({ nodes }) => nodes.map(nodeKey)));
}

/**
 * Nodes in flight are those that were asked for, those that the observer found, and those that the stack holds and the
 * swarm does not know: after a restart without memory none is asked for a second time.
 */
function withInFlight(policy: Policy, memory: Memory, seen: Seen, workers: Workers, now: number): Memory {
  const inFlight = new Map<string, InFlight>(memory.inFlight.map((node) => [nodeKey(node), node]));
  const leaving = new Set(memory.drains.map(nodeKey));
  const zones = new Map(policy.groups.map(({ name, zone }) => [name, zone]));
  const note = (group: string, ordinal: number, since: number): void => {
    const key = nodeKey({ group, ordinal });
    const zone = zones.get(group);
    if (zone !== undefined && !inFlight.has(key) && !leaving.has(key) && !workers.has(key))
      inFlight.set(key, { group, ordinal, zone, since });
  };
  for (const { group, ordinal, since } of seen.inFlight) note(group, ordinal, since);
  for (const [group, ordinals] of Object.entries(seen.workerSets))
    for (const ordinal of ordinals) note(group, ordinal, now);
  return { ...memory, inFlight: [...inFlight.values()].filter(({ group }) => zones.has(group)) };
}

/**
 * What was refused was never begun, so that no cooldown runs from it. What the observer or the stack holds none the
 * less is noted after this.
 */
function withoutRefused(memory: Memory, failures: readonly Failure[]): Memory {
  const refused = refusedNodes(failures);
  const inFlight = memory.inFlight.filter((node) => !refused.has(nodeKey(node)));
  return inFlight.length === memory.inFlight.length ? memory : { ...memory, inFlight, lastOutAt: undefined };
}

function withFailures(policy: Policy, memory: Memory, failures: readonly Failure[], now: number): Memory {
  const zones: Record<string, Backoff> = { ...memory.zones };
  const whys = new Map<string, string>();
  let { quota } = memory;
  for (const { kind, zone, nodes, message } of failures) {
    if (kind === "refused") continue;
    if (kind === "quota") quota = countFailure(policy.backoff, quota, now, message);
    else if (zone !== undefined) zones[zone] = countFailure(policy.backoff, zones[zone], now, message);
    for (const node of nodes) whys.set(nodeKey(node), message);
  }
  const inFlight = memory.inFlight.map((node) => {
    const why = whys.get(nodeKey(node));
    return why === undefined ? node : { ...node, failed: why };
  });
  const countedAt = Math.max(memory.failuresCountedAt ?? -Infinity, ...failures.map(({ at }) => at));
  return { ...memory, zones, quota, inFlight, ...(Number.isFinite(countedAt) ? { failuresCountedAt: countedAt } : {}) };
}

/** A node that has not joined by the deadline has failed, and its zone with it. */
function withLate(policy: Policy, memory: Memory, now: number): Memory {
  const zones: Record<string, Backoff> = { ...memory.zones };
  const inFlight = memory.inFlight.map((node) => {
    if (node.failed !== undefined || now - node.since <= policy.joinDeadlineSeconds * 1000) return node;
    const why = `${nodeKey(node)} did not join within ${seconds(policy.joinDeadlineSeconds * 1000)}`;
    zones[node.zone] = countFailure(policy.backoff, zones[node.zone], now, why);
    return { ...node, failed: why };
  });
  return { ...memory, zones, inFlight };
}

/**
 * A node that joins ends its flight, and the probation of its zone unless it had been asked for before the zone failed.
 */
function withJoins(memory: Memory, workers: Workers, now: number): Memory {
  const isHere = (node: InFlight): boolean => {
    const worker = workers.get(nodeKey(node));
    return worker !== undefined && !isDown(worker);
  };
  const joined = memory.inFlight.filter(isHere);
  if (joined.length === 0) return memory;
  const well = new Set(
    joined.filter(({ zone, since }) => since >= (memory.zones[zone]?.lastAt ?? now)).map(({ zone }) => zone),
  );
  const zones = Object.fromEntries(Object.entries(memory.zones).filter(([zone]) => !well.has(zone)));
  return { ...memory, zones, inFlight: memory.inFlight.filter((node) => !isHere(node)), lastJoinAt: now };
}

/** A zone that is down fails once; its backoff starts over until it is back. What lies long behind is forgotten. */
function withZones(policy: Policy, memory: Memory, down: ReadonlyMap<string, string>, now: number): Memory {
  const zones: Record<string, Backoff> = {};
  for (const zone of new Set([...Object.keys(memory.zones), ...down.keys()])) {
    const before = memory.zones[zone];
    const out = down.get(zone);
    if (out === undefined) {
      if (before !== undefined && !isForgotten(policy.backoff, before, now)) zones[zone] = { ...before, down: false };
    } else {
      const failure =
        before?.down === true ? before : countFailure(policy.backoff, before, now, `it was down: ${out}`, true);
      zones[zone] = renew(policy.backoff, { ...failure, down: true }, now);
    }
  }
  const { quota } = memory;
  return {
    ...memory,
    zones,
    quota: quota === undefined || isForgotten(policy.backoff, quota, now) ? undefined : quota,
    removed: memory.removed.filter(({ at }) => now - at <= policy.ordinalReuseSeconds * 1000),
  };
}
