import { expect } from "chai";
import { FakeCluster } from "../../../bench/fake/cluster";
import { FakeWorkers } from "../../../bench/fake/workers";

const begun = 1_795_000_000_000;

describe("FakeWorkers", () => {
  const workers = new FakeWorkers(new FakeCluster(3).outputs, [
    { at: begun, busy: 0.3 },
    { at: begun + 60_000, busy: 0.9 },
  ]);
  after(() => {
    workers.stop();
  });

  it("is as busy in the mean as it is told, each worker otherwise, and all of the time is counted", () => {
    const figures = [0, 1, 2].map((worker) =>
      [...workers.metrics(worker, begun + 70_000).matchAll(/mode="(user|idle)"} (\S+)/g)].map(([, , value]) =>
        Number(value),
      ),
    );
    const busy = figures.map(([user = NaN]) => user);
    expect(busy.map((value) => value.toFixed(1))).to.deep.equal(["21.4", "27.0", "32.6"]);
    for (const [user = NaN, idle = NaN] of figures) expect(user + idle).to.be.closeTo(70, 1e-9);
  });

  it("is found the way that the stack's Prometheus looks", async () => {
    const url = await workers.start();
    const list = async (path: string): Promise<unknown[]> =>
      (await fetch(`${url}/v1.45${path}`)).json() as Promise<unknown[]>;
    for (const path of ["/services", "/tasks", "/nodes"]) expect(await list(path), path).to.have.length(3);
    const [service] = (await list("/services")) as { Spec: { Labels: Record<string, string> } }[];
    const { "prometheus.port": port = "", "prometheus.path": path = "" } = service?.Spec.Labels ?? {};
    expect(await (await fetch(`http://127.0.0.1:${port}${path}`)).text()).to.match(
      /^node_cpu_seconds_total\{cpu="0",mode="user"\} \d/,
    );
  });
});
