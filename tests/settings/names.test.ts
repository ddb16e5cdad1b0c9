import { expect } from "chai";
import { readWorkerName, workerOfResource } from "../../settings/names";

describe("the names of workers", () => {
  it("are read from nodes and from resources", () => {
    expect(
      ["test-worker-az1-3", "test-worker-pool-2-11", "test-manager-az1-0", "other-worker-az1-3", "test-worker-az1"].map(
        (name) => readWorkerName("test", name),
      ),
    ).to.deep.equal([{ group: "az1", ordinal: 3 }, { group: "pool-2", ordinal: 11 }, undefined, undefined, undefined]);
    expect(
      [
        "test-workers-az1-3",
        "test-workers-az1-3-port",
        "test-workers-az1-3-server",
        "test-workers-az1-membership-3",
        "test-workers-az1",
        "test-managers-az1-0-server",
      ].map((name) => workerOfResource("test", name)),
    ).to.deep.equal([...Array.from({ length: 4 }, () => ({ group: "az1", ordinal: 3 })), undefined, undefined]);
  });
});
