import { Pending, waitFor } from "../../ops/wait";

export interface UntilOptions {
  /** 30 by default. */
  readonly seconds?: number;
  /** Seconds between two looks; 0.1 by default. */
  readonly intervalSeconds?: number;
  /** What is told beside it where it does not come to hold, e.g. a program's output. */
  readonly told?: () => string;
}

/** Looks until something holds, which is neither false nor undefined, and hands it over. Errors count as "not yet". */
export async function until<T>(
  what: string,
  probe: () => T | false | undefined | Promise<T | false | undefined>,
  { seconds = 30, intervalSeconds = 0.1, told = () => "" }: UntilOptions = {},
): Promise<T> {
  return waitFor({ what, deadlineSeconds: seconds, intervalSeconds }, async () => {
    const found = await probe();
    return found === false || found === undefined ? new Pending(`not yet${told()}`) : found;
  });
}
