import type { Memory } from "./memory";
import { keysOf, nodeKey, type NodeRef, type Seen } from "./observation";

/**
 * Nodes whose ordinals are held, asked for or were given up of late, by key: a new node never takes the place of one of
 * them.
 */
export function takenNodes(seen: Seen, memory: Memory): Set<string> {
  return new Set([
    ...keysOf(seen.workerSets),
    ...[...memory.inFlight, ...memory.drains, ...memory.removed, ...seen.nodes, ...seen.inFlight].map(nodeKey),
  ]);
}

export function lowestFree(taken: ReadonlySet<string>, group: string): NodeRef {
  let ordinal = 0;
  while (taken.has(nodeKey({ group, ordinal }))) ordinal += 1;
  return { group, ordinal };
}
