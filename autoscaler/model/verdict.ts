import type { WorkerSets } from "../../settings/ordinals";
import type { RemovalReason } from "./memory";
import type { NodeRef } from "./observation";

export interface Removal extends NodeRef {
  readonly because: RemovalReason;
}

/** A change of the worker sets, complete: what an update is to be asked for. */
export interface Change {
  readonly why: string;
  /** The sets that the cluster shall have. */
  readonly wanted: WorkerSets;
  /** Nodes that are new. */
  readonly add: readonly NodeRef[];
  /** Nodes that go, drained first where they work. */
  readonly remove: readonly Removal[];
  /** Nodes that were draining and stay. */
  readonly keep: readonly NodeRef[];
}

/**
 * What a tick comes to. `hold`: nothing is due, or what is due may not be done yet. `blocked`: nothing may be done at
 * all, and someone should look. A `scale-in` with as many nodes added as removed moves or replaces a node.
 */
export type Verdict =
  | ({ readonly kind: "scale-out" } & Change)
  | ({ readonly kind: "scale-in" } & Change)
  | { readonly kind: "hold"; readonly why: string }
  | { readonly kind: "blocked"; readonly why: string };

/** Whether workers are to come or go. */
export function isAction({ kind }: Pick<Verdict, "kind">): boolean {
  return kind === "scale-out" || kind === "scale-in";
}

/** One question that was asked before the verdict, with its answer. */
export interface Gate {
  readonly name: string;
  /** Which way it bears on. */
  readonly side: "both" | "out" | "in";
  /** A signal asks for an action, one is enough; a guard must let it pass, all of them. */
  readonly role: "signal" | "guard";
  readonly passed: boolean;
  /** What is the case, as a clause, e.g. "CPU of the cluster is 82 % over 60 s". */
  readonly value: string;
  /** What passes, as a clause, e.g. "above 75 %". */
  readonly needs: string;
}
