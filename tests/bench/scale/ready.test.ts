import { expect } from "chai";
import { secondsToReady } from "../../../bench/scale/ready";
import type { DockerNode } from "../../../ops/connection/docker";
import type { Managers } from "../../../ops/connection/managers";
import { swarmNode } from "../../support/swarm";

/** Managers that name the nodes of each look in turn, the last ones for ever. */
function managers(...looks: string[][]): Pick<Managers, "use"> {
  return {
    use: async (action) => {
      const names = looks.length > 1 ? looks.shift() : looks[0];
      return action({
        api: { listNodes: async () => Promise.resolve((names ?? []).map((name) => swarmNode(name))) },
      } as unknown as DockerNode);
    },
  };
}

describe("secondsToReady", () => {
  it("counts until the last one is Ready, however long the action goes on", async () => {
    let done = false;
    const action = async (): Promise<void> => {
      await new Promise((resolve) => {
        setTimeout(resolve, 2500);
      });
      done = true;
    };
    const seconds = await secondsToReady(managers(["a"], ["a", "b"]), ["a", "b"], 60, action);
    expect(seconds).to.be.within(1, 2.4);
    expect(done).to.equal(true);
  });

  it("ends with what the action throws", async () => {
    const failed = await secondsToReady(managers([]), ["a"], 60, async () =>
      Promise.reject(new Error("no valid host")),
    ).catch((error: unknown) => error);
    expect(failed).to.be.an("error").with.property("message", "no valid host");
  });

  it("says what it waits for after the deadline", async () => {
    const failed = await secondsToReady(managers(["a"]), ["a", "b"], 0, async () => Promise.resolve()).catch(
      (error: unknown) => error,
    );
    expect(failed)
      .to.be.an("error")
      .with.property("message", "a, b to be Ready in the swarm: not within 0 seconds; last seen: b: not in the swarm.");
  });
});
