import { expect } from "chai";
import { BusyError, LockedError, OperationError } from "../../ops/errors";
import { retryWhileBusy } from "../../swarmctl/retry-busy";

describe("retryWhileBusy", () => {
  /** Acts with the given outcomes one after the other, the last one for ever; whoever is said to is told of. */
  const act = async (
    lockSeconds: number,
    outcomes: readonly (string | Error)[],
    asked: () => void = () => undefined,
  ): Promise<{ result: unknown; tries: number; said: string[] }> => {
    const said: string[] = [];
    let tries = 0;
    const result = await retryWhileBusy(
      {
        lockSeconds,
        intervalSeconds: 0.01,
        say: (line) => {
          said.push(line);
          asked();
        },
      },
      async () => {
        const outcome = outcomes[Math.min(tries, outcomes.length - 1)];
        tries += 1;
        return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
      },
    ).catch((error: unknown) => error);
    return { result, tries, said };
  };
  const [ann, ben] = [new LockedError("prod", "ann's update"), new LockedError("prod", "ben's update")];
  const overtaken = new BusyError(
    "stack prod: another update changed its workers or their limits in between; nothing was touched, try again.",
  );
  const waiting = (who: string): string =>
    `waiting for ${who}'s update to end, which holds the stack's lock; 1 min at most.`;

  it("waits for who holds the lock, and says so once", async () => {
    expect(await act(60, [ann, ann, ben, "done"])).to.deep.equal({
      result: "done",
      tries: 4,
      said: [waiting("ann"), waiting("ben")],
    });
  });

  it("acts again where another update came in between", async () => {
    expect(await act(60, [overtaken, "done"])).to.deep.equal({ result: "done", tries: 2, said: [overtaken.message] });
  });

  it("ends as busy at its deadline, at once where it is not to wait", async () => {
    const { result, tries, said } = await act(0.1, [ann]);
    expect([result, said.length, tries > 2]).to.deep.equal([ann, 1, true]);
    for (const busy of [ann, overtaken])
      expect(await act(0, [busy])).to.deep.equal({ result: busy, tries: 1, said: [] });
  });

  it("does not try again what failed otherwise", async () => {
    const failed = new OperationError("no valid host");
    expect(await act(60, [failed])).to.deep.equal({ result: failed, tries: 1, said: [] });
  });

  it("ends as busy when this process is asked to end, while it waits and while it tries", async () => {
    expect(
      await act(60, [ann], () => {
        setImmediate(() => process.emit("SIGTERM"));
      }),
    ).to.deep.equal({ result: ann, tries: 1, said: [waiting("ann")] });
    const interrupted = new LockedError("prod", "ann's update", true);
    expect(await act(60, [interrupted])).to.deep.equal({ result: interrupted, tries: 1, said: [] });
  });
});
