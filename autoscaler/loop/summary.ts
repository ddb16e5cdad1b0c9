import { keysOf, nodeKey } from "../model/observation";
import { zoneNames } from "../decision/zone-health";
import { isAction, type Gate } from "../model/verdict";
import type { Tick } from "./loop";

// What a tick says, as figures: for the metrics, the status page and the one who asks.

export const nodeStates = ["ready", "down", "draining", "in_flight"] as const;
export type NodeState = (typeof nodeStates)[number];

/** Number of workers by zone and state; every zone of the policy is there. */
export function countNodes({ policy, seen, decision }: Tick): ReadonlyMap<string, Readonly<Record<NodeState, number>>> {
  const counts = new Map<string, Record<NodeState, number>>();
  const of = (zone: string): Record<NodeState, number> => {
    const known = counts.get(zone) ?? { ready: 0, down: 0, draining: 0, in_flight: 0 };
    counts.set(zone, known);
    return known;
  };
  if (policy !== undefined) zoneNames(policy).forEach(of);
  for (const { zone, state } of seen?.nodes ?? []) of(zone)[state === "unknown" ? "down" : state] += 1;
  for (const { zone, failed } of decision?.memory.inFlight ?? []) if (failed === undefined) of(zone).in_flight += 1;
  return counts;
}

/** Workers that there shall be: those that are held and on the way, without those that go. */
export function targetNodes({ seen, decision }: Tick): number {
  const memory = decision?.memory;
  if (seen === undefined || memory === undefined) return 0;
  const keys = new Set([
    ...keysOf(seen.workerSets),
    ...memory.inFlight.filter(({ failed }) => failed === undefined).map(nodeKey),
  ]);
  for (const drain of memory.drains) keys.delete(nodeKey(drain));
  return keys.size;
}

/** Whether the CPU figure can be gone by: it is there, fresh, and covers the workers. */
export function areMetricsUsable({ gates }: Tick): boolean {
  return gates.length > 0 && blindness(gates) === undefined;
}

/** The gate that is closed because the CPU figure cannot be gone by. */
export function blindness(gates: readonly Gate[]): Gate | undefined {
  return gates.find(({ name, passed }) => (name === "metrics" || name === "coverage") && !passed);
}

/** Whether more workers are wanted and a maximum holds them. */
export function isAtMax({ gates }: Tick): boolean {
  const room = gates.find(({ name }) => name === "room");
  return gates.some(wantsOut) && room?.passed === false && room.value.includes("at its max");
}

function wantsOut({ side, role, passed }: Gate): boolean {
  return side === "out" && role === "signal" && passed;
}

/**
 * What was wanted and is held: which way, and the first gate that is closed, or "update" where an update has to end
 * first.
 */
export function skipped({
  verdict,
  gates,
}: Tick): { readonly direction: "out" | "in"; readonly reason: string } | undefined {
  if (isAction(verdict)) return undefined;
  const direction = gates.some(wantsOut)
    ? "out"
    : gates.some(({ name, passed }) => name === "cpu-in" && passed)
      ? "in"
      : undefined;
  if (direction === undefined) return undefined;
  const closed = gates.find(
    ({ side, role, passed }) => (side === direction || side === "both") && role === "guard" && !passed,
  );
  return { direction, reason: closed?.name ?? "update" };
}

/** What asked for the workers of a scale-out. */
export function outReason({ gates }: Tick): string {
  return gates.find(wantsOut)?.name ?? "none";
}
