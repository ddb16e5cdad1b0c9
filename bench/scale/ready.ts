import type { Managers } from "../../ops/connection/managers";
import { listNodes, unreadiness } from "../../ops/swarm/nodes";
import { Pending, waitFor } from "../../ops/wait";
import { all } from "../bound/all";

/**
 * Does something by which workers come, and waits for its end and for them.
 *
 * @param names host names of the workers.
 * @returns seconds from its begin until the last of them was Ready in the swarm, as the managers say, who are asked
 *   every second.
 * @throws DeadlineError when they are not Ready in time; what the action throws, at once.
 */
export async function secondsToReady(
  managers: Pick<Managers, "use">,
  names: readonly string[],
  deadlineSeconds: number,
  action: () => Promise<unknown>,
): Promise<number> {
  const failure = new AbortController();
  const begun = Date.now();
  const [, readyAt] = await all([
    action().catch((error: unknown) => {
      failure.abort();
      throw error;
    }),
    whenReady(managers, names, deadlineSeconds, failure.signal),
  ]);
  return (readyAt - begun) / 1000;
}

async function whenReady(
  managers: Pick<Managers, "use">,
  names: readonly string[],
  deadlineSeconds: number,
  failure: AbortSignal,
): Promise<number> {
  return waitFor(
    {
      what: `${names.join(", ")} to be Ready in the swarm`,
      deadlineSeconds,
      intervalSeconds: 1,
      isFinal: () => failure.aborted,
    },
    async () => {
      failure.throwIfAborted();
      const nodes = await managers.use(listNodes);
      const reasons = names.flatMap((name) => {
        const reason = unreadiness(
          "worker",
          nodes.filter(({ Description }) => Description?.Hostname === name),
        );
        return reason === undefined ? [] : [`${name}: ${reason}`];
      });
      return reasons.length === 0 ? Date.now() : new Pending(reasons.join("; "));
    },
  );
}
