import { expect } from "chai";
import { cleanedUp } from "../../bench/cleanup";

describe("cleanedUp", () => {
  it("cleans after what it was asked to do", async () => {
    const done: string[] = [];
    expect(
      await cleanedUp(
        "it",
        async () => {
          done.push("made");
          return Promise.resolve(7);
        },
        async () => Promise.resolve(done.push("cleaned")),
      ),
    ).to.equal(7);
    expect(done).to.deep.equal(["made", "cleaned"]);
  });

  it("cleans after a failure, and tells of that", async () => {
    let cleaned = false;
    const failed = await cleanedUp(
      "it",
      async () => Promise.reject(new Error("no valid host")),
      async () => {
        cleaned = true;
        return Promise.reject(new Error("no such stack"));
      },
    ).catch((error: unknown) => error);
    expect(cleaned).to.equal(true);
    expect(failed).to.be.an("error").with.property("message", "no valid host");
  });
});
