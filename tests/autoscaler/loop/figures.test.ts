import { expect } from "chai";
import { figuresOf, readSeries } from "../../../autoscaler/loop/figures";

describe("figuresOf", () => {
  const series = (name: string, value: number, labels: Record<string, string> = {}) => ({
    metric: { __name__: name, ...labels },
    value: [1, String(value)],
  });
  const all = [
    series("cluster:swarm_worker_cpu_utilisation:ratio", 0.8, { window: "60s" }),
    series("cluster:swarm_worker_cpu_nodes:count", 3, { window: "60s" }),
    series("cluster:swarm_worker_cpu_newest_sample:timestamp_seconds", 1000),
    series("zone:swarm_worker_cpu_utilisation:ratio", 0.9, { window: "60s", zone: "az1" }),
    series("zone:swarm_worker_cpu_nodes:count", 1, { window: "60s", zone: "az1" }),
    series("zone:swarm_worker_cpu_newest_sample:timestamp_seconds", 999, { zone: "az1" }),
    series("service:swarm_cpu_usage:cores", 2.5, { service: "web" }),
  ];
  const read = (result: readonly object[], window = 60) =>
    figuresOf(readSeries(JSON.stringify({ status: "success", data: { resultType: "vector", result } })), window);

  it("reads the cluster's and the zones', and what services use", () => {
    expect(read(all)).to.deep.equal({
      cpu: { ratio: 0.8, nodes: 3, newestSampleAt: 1_000_000 },
      zoneCpu: { az1: { ratio: 0.9, nodes: 1, newestSampleAt: 999_000 } },
      serviceCores: { web: 2.5 },
    });
  });

  it("has none where something is missing, and says what", () => {
    expect(read([]).fault).to.equal("Prometheus has no utilisation of the workers");
    expect(read(all, 120).fault).to.equal("Prometheus has the utilisation over 60s and not over 120s");
    expect(read(all.slice(0, 1)).fault).to.equal("Prometheus has no number of workers that the utilisation covers");
    expect(read(all.slice(0, 2)).fault).to.equal("Prometheus has no time of the newest sample");
    expect(read(all.slice(0, 2)).cpu).to.equal(undefined);
  });
});
