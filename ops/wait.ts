import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, OperationError } from "./errors";

/** What a probe returns while the condition does not hold yet, and why. */
export class Pending {
  constructor(readonly reason: string) {}
}

/** What was waited for did not come. */
export class DeadlineError extends OperationError {
  override readonly name = "DeadlineError";
}

export interface WaitOptions {
  /** What is waited for, as in "waiting for <what>". */
  readonly what: string;
  readonly deadlineSeconds: number;
  /** Seconds between two probes; 3 by default: a probe costs a node some processor time. */
  readonly intervalSeconds?: number;
  /**
   * Share of the time that has passed so far; a pause is as long, where that is more than the interval. So what takes
   * long is looked at less often, and seen later by this share of it at most. 0 by default.
   */
  readonly slack?: number;
  /** Where progress goes; standard error by default. */
  readonly say?: (line: string) => void;
  /** Errors of the probe that are thrown on at once: those that no further probe mends. By default none. */
  readonly isFinal?: (error: unknown) => boolean;
}

/** Seconds between two lines of progress. */
const progressSeconds = 30;

/**
 * Probes until the condition holds. An error of the probe counts as "not yet": everything between here and a machine
 * that boots fails at first.
 *
 * @throws DeadlineError after the deadline, with the last reason; and what `isFinal` says of the probe's errors.
 */
export async function waitFor<T>(options: WaitOptions, probe: () => Promise<T | Pending>): Promise<T> {
  const {
    what,
    deadlineSeconds,
    intervalSeconds = 3,
    slack = 0,
    say = (line) => {
      process.stderr.write(`${line}\n`);
    },
    isFinal = () => false,
  } = options;
  const begun = Date.now();
  const elapsed = (): number => Math.round((Date.now() - begun) / 1000);
  let nextProgress = progressSeconds;
  for (;;) {
    const result = await probe().catch((error: unknown) => {
      if (isFinal(error)) throw error;
      return new Pending(messageOf(error));
    });
    if (!(result instanceof Pending)) return result;
    if (elapsed() >= deadlineSeconds) {
      throw new DeadlineError(`${what}: not within ${deadlineSeconds} seconds; last seen: ${result.reason}.`);
    }
    if (elapsed() >= nextProgress) {
      say(`${elapsed()} s: waiting for ${what}: ${result.reason}`);
      nextProgress += progressSeconds;
    }
    await sleep(Math.max(intervalSeconds * 1000, (Date.now() - begun) * slack));
  }
}
