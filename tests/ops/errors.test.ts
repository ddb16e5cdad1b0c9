import { expect } from "chai";
import { messageOf, OperationError } from "../../ops/errors";

describe("messageOf", () => {
  it("says in the first line why, before what else there is to tell", () => {
    const late = new OperationError("stack x to run: not within 5 seconds.", { cause: new Error("timed out") });
    expect(
      messageOf(new OperationError("stack x: it does not run.\n  a: pending\n  b: failed", { cause: late })),
    ).to.equal(
      "stack x: it does not run. (stack x to run: not within 5 seconds. (timed out))\n  a: pending\n  b: failed",
    );
  });
});
