import type { Gate } from "../model/verdict";
import { count, seconds } from "../model/wording";
import type { Job } from "./adapters/job";
import { leaseSeconds, type BegunUpdate, type Holder } from "./record";

/** What is known of updates: of one that runs here, of one that somebody else runs, and of the last that was begun. */
export interface UpdatesSeen {
  readonly job: Pick<Job, "begunAt" | "isInterrupted"> | undefined;
  /** Until when the stack's lock is taken for held by another update; 0 where it is not. */
  readonly busyUntil: number;
  /** Whose update holds that lock, by the lock itself. */
  readonly lockHolder: string | undefined;
  readonly update: BegunUpdate | undefined;
  readonly holder: Holder | undefined;
  readonly own: Omit<Holder, "at">;
  readonly now: number;
}

/** The gate that the loop adds to the decision's: one update at a time. What is decided meanwhile waits. Pure. */
export function updateGate({ job, busyUntil, lockHolder, update, holder, own, now }: UpdatesSeen): Gate {
  const gate = (passed: boolean, value: string): Gate => ({
    name: "update",
    side: "both",
    role: "guard",
    passed,
    value,
    needs: "one at a time; what is decided meanwhile waits",
  });
  if (job !== undefined)
    return gate(
      false,
      `an update has run for ${seconds(now - job.begunAt)}${job.isInterrupted ? " and is being interrupted" : ""}`,
    );
  const isElsewhere =
    holder !== undefined &&
    holder.instance === update?.instance &&
    holder.instance !== own.instance &&
    now - holder.at < leaseSeconds * 1000;
  if (isElsewhere && update.failures === 0)
    return gate(false, `an update of the autoscaler on ${holder.host} has run for ${seconds(now - update.at)}`);
  const isBusy = busyUntil > now;
  if (isBusy || lockHolder !== undefined)
    return gate(
      false,
      `${lockHolder ?? "another update"} holds the stack's lock${isBusy ? `, it is tried again in ${seconds(busyUntil - now)}` : ""}`,
    );
  if (update === undefined) return gate(true, "no update runs");
  return gate(
    true,
    update.failures === 0
      ? "the last update did not come to its end, the next one finishes it"
      : `the last update failed, ${count(update.failures, "time")} in a row; it is tried again`,
  );
}
