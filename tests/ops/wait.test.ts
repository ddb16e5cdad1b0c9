import { expect } from "chai";
import { messageOf, OperationError } from "../../ops/errors";
import { Pending, waitFor } from "../../ops/wait";

describe("waitFor", () => {
  it("probes until the condition holds, and takes an error for not yet", async () => {
    let probes = 0;
    const result = await waitFor({ what: "x", deadlineSeconds: 5, intervalSeconds: 0 }, async () => {
      probes += 1;
      if (probes === 1) throw new Error("boots");
      return Promise.resolve(probes === 2 ? new Pending("soon") : "done");
    });
    expect([result, probes]).to.deep.equal(["done", 3]);
  });

  it("probes the less often the longer it takes, where it may be late by a share of that", async () => {
    const begun = Date.now();
    let probes = 0;
    await waitFor({ what: "x", deadlineSeconds: 60, intervalSeconds: 0.01, slack: 1 }, async () => {
      probes += 1;
      return Promise.resolve(Date.now() - begun < 500 ? new Pending("soon") : true);
    });
    // 10 ms, and then twice as late each time: some seven until 500 ms; at even pauses they would be 50
    expect(probes).to.be.at.most(12);
  });

  it("throws on what no further probe mends", async () => {
    const lost = new Error("no connection on to /run/docker.sock");
    const error = await waitFor({ what: "x", deadlineSeconds: 5, isFinal: (thrown) => thrown === lost }, () =>
      Promise.reject(lost),
    ).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.equal(lost);
  });

  it("says after the deadline what it waited for and what it saw last", async () => {
    const error = await waitFor({ what: "the moon", deadlineSeconds: 0, intervalSeconds: 0 }, () =>
      Promise.resolve(new Pending("it is day")),
    ).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(OperationError);
    expect(messageOf(error)).to.equal("the moon: not within 0 seconds; last seen: it is day.");
  });
});
