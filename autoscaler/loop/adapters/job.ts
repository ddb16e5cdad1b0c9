import { BusyError, messageOf } from "../../../ops/errors";
import { RefusedError, UpdateError } from "../../../ops/update/update";
import type { UpdateStep } from "../../../ops/pulumi/events";
import type { StackPort, UpdateOrder } from "../ports";

/** What an update came to. */
export type Outcome =
  | { readonly kind: "done"; readonly steps: readonly UpdateStep[] }
  /** Another update is at it; nothing was begun. */
  | { readonly kind: "busy"; readonly message: string }
  /** The plan guard refused what it would do; nothing was begun, and asked for again it is refused again. */
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "failed" | "interrupted"; readonly message: string; readonly steps: readonly UpdateStep[] };

/** An update that runs beside the ticks. */
export class Job {
  outcome: Outcome | undefined;
  readonly done: Promise<Outcome>;
  private readonly interruption = new AbortController();

  constructor(
    stack: StackPort,
    readonly order: UpdateOrder,
    readonly begunAt: number,
    /** True where no earlier update is to be settled by it. */ readonly isFresh: boolean,
  ) {
    this.done = stack
      .update(order, this.interruption.signal)
      .then(
        (steps): Outcome => ({ kind: "done", steps }),
        (error: unknown) => outcomeOf(error),
      )
      .then((outcome) => (this.outcome = outcome));
  }

  /** Has it finish what is in flight and end. */
  interrupt(): void {
    this.interruption.abort();
  }

  get isInterrupted(): boolean {
    return this.interruption.signal.aborted;
  }
}

function outcomeOf(error: unknown): Outcome {
  const message = messageOf(error);
  if (error instanceof BusyError) return { kind: "busy", message };
  if (error instanceof RefusedError) return { kind: "refused", message };
  if (error instanceof UpdateError)
    return { kind: error.interrupted ? "interrupted" : "failed", message, steps: error.steps };
  return { kind: "failed", message, steps: [] };
}
