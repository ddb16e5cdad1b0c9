import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Alertmanager } from "../../../autoscaler/loop/adapters/alertmanager";
import type { Figures } from "../../../autoscaler/loop/ports";
import { Prometheus } from "../../../autoscaler/loop/adapters/prometheus";
import { Background, freePort, goTool } from "../../support/tools";
import { until } from "../../support/until";

const rules = `groups:
  - name: figures
    interval: 1s
    rules:
      - {record: "cluster:swarm_worker_cpu_utilisation:ratio", expr: vector(0.82), labels: {window: 60s}}
      - {record: "cluster:swarm_worker_cpu_nodes:count", expr: vector(4), labels: {window: 60s}}
      - {record: "cluster:swarm_worker_cpu_newest_sample:timestamp_seconds", expr: vector(time() - 3)}
      - {record: "zone:swarm_worker_cpu_utilisation:ratio", expr: vector(0.9), labels: {window: 60s, zone: az1}}
      - {record: "zone:swarm_worker_cpu_nodes:count", expr: vector(2), labels: {window: 60s, zone: az1}}
      - {record: "zone:swarm_worker_cpu_newest_sample:timestamp_seconds", expr: vector(time() - 4), labels: {zone: az1}}
      - {record: "service:swarm_cpu_usage:cores", expr: vector(1.5), labels: {service: web}}
`;

/** The programs themselves; tests/autoscaler/loop/prometheus.test.ts has what they do rarely. */
describe("a real Prometheus and a real Alertmanager", function () {
  // the first time, Alertmanager is built
  this.timeout(1_200_000);
  const running: Background[] = [];
  after(async () => {
    await Promise.all(running.map((one) => one.stop()));
  });

  it("give the figures of the recording rules, and none once they are gone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "swarm-test-prometheus-"));
    writeFileSync(join(folder, "rules.yml"), rules);
    writeFileSync(join(folder, "prometheus.yml"), "rule_files: [rules.yml]\n");
    const port = await freePort();
    const prometheus = new Background("prometheus", [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    running.push(prometheus);
    const target = Prometheus.at([`http://127.0.0.1:${port}`]);
    const { cpu, zoneCpu, serviceCores } = await until<Figures>(
      "figures",
      async () => {
        const figures = await target.read(60);
        return figures.cpu === undefined || Object.keys(figures.serviceCores).length === 0 ? undefined : figures;
      },
      { seconds: 60 },
    );
    expect([cpu?.ratio, cpu?.nodes, zoneCpu["az1"]?.ratio, zoneCpu["az1"]?.nodes, serviceCores]).to.deep.equal([
      0.82,
      4,
      0.9,
      2,
      { web: 1.5 },
    ]);
    expect(Date.now() - (cpu?.newestSampleAt ?? 0)).to.be.within(2000, 30_000);
    expect((await target.read(120)).fault).to.equal("Prometheus has the utilisation over 60s and not over 120s");
    await prometheus.stop();
    expect(
      (
        await until(
          "nobody",
          async () => {
            const figures = await target.read(60);
            return figures.cpu === undefined && figures;
          },
          { seconds: 60 },
        )
      ).fault,
    ).to.match(/^Prometheus does not answer: /);
  });

  it("take scale events and blindness as alerts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "swarm-test-alertmanager-"));
    writeFileSync(join(folder, "alertmanager.yml"), "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
    const port = await freePort();
    running.push(
      new Background(await goTool("alertmanager"), [
        `--config.file=${folder}/alertmanager.yml`,
        `--storage.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ]),
    );
    const url = `http://127.0.0.1:${port}`;
    await until("Alertmanager", async () => (await fetch(`${url}/-/ready`)).ok);
    const said: string[] = [];
    const target = new Alertmanager(
      [url],
      () => "prod",
      { now: () => Date.now() },
      (line) => {
        said.push(line);
      },
    );
    const event = {
      operation: "x@1",
      kind: "scale-out" as const,
      from: 3,
      to: 4,
      why: "CPU of the cluster is 90 %.",
      nodes: ["az1-1"],
    };
    await target.scaled({ ...event, phase: "started", at: Date.now() });
    await target.scaled({ ...event, phase: "done", seconds: 90, at: Date.now() });
    for (let time = 0; time < 2; time += 1)
      await target.blind({ since: Date.now() - 60_000, value: "there is no CPU figure", needs: "at most 60 s" });
    const alerts = await until("alerts", async () => {
      const all = (await (await fetch(`${url}/api/v2/alerts`)).json()) as { labels: Record<string, string> }[];
      return all.length >= 3 && all;
    });
    expect(
      alerts.map(({ labels }) => `${labels["alertname"] ?? ""} ${labels["phase"] ?? ""}`.trim()).sort(),
    ).to.deep.equal(["AutoscalerBlind", "ScaleEvent done", "ScaleEvent started"]);
    expect(said).to.deep.equal([]);
  });
});
