import { expect } from "chai";
import { useVerbs } from "../../support/verbs";

describe("configure", function () {
  this.timeout(180_000);
  const { fake, run, changes } = useVerbs();

  it("changes the heartbeat of a swarm that stands, once, and leaves the rest as it is", async () => {
    fake.swarm = { Name: "default", Dispatcher: { HeartbeatPeriod: 5e9 }, Raft: { ElectionTick: 10 } };
    for (const [seconds, expected] of [
      [5, []],
      [
        9,
        [
          `POST /swarm/update {"Name":"default","Dispatcher":{"HeartbeatPeriod":9000000000},"Raft":{"ElectionTick":10}}`,
        ],
      ],
    ] as const) {
      expect(await run("configure", { dispatcherHeartbeatSeconds: seconds })).to.deep.equal({
        code: 0,
        stdout: "",
        stderr: "",
      });
      expect(changes()).to.deep.equal(expected);
    }
  });
});
