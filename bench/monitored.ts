import { readFileSync } from "node:fs";
import { Prometheus } from "../autoscaler/loop/adapters/prometheus";
import { OperationError } from "../ops/errors";
import { Pending, waitFor } from "../ops/wait";
import { everything, RenderedFiles, ruleFiles } from "../tests/support/monitoring";
import { Background, freePort } from "../tests/support/tools";
import { FakeCluster } from "./fake/cluster";
import { FakeWorkers } from "./fake/workers";
import type { LoadStep } from "./load";

/**
 * Seconds for Prometheus to start, to find the workers, to scrape twice and to evaluate, where dozens start at once.
 */
const figuresSeconds = 300;

/**
 * A cluster whose workers a Prometheus of its own scrapes, with the stack's own configuration and rules: its intervals,
 * its way to find what it scrapes, its labels. What is not real is who answers: the workers' exporters, and Docker.
 */
export class MonitoredCluster {
  readonly cluster: FakeCluster;
  readonly workers: FakeWorkers;
  private files: RenderedFiles | undefined;
  private prometheus: Background | undefined;
  private url = "";

  constructor(
    private readonly name: string,
    workers: number,
    private readonly windowSeconds: number,
    load: readonly LoadStep[],
  ) {
    this.cluster = new FakeCluster(workers);
    this.workers = new FakeWorkers(this.cluster.outputs, load);
  }

  /** Starts all of it; there are no figures yet. */
  async start(): Promise<void> {
    await this.cluster.start();
    const proxy = await this.workers.start();
    const files = new RenderedFiles([...ruleFiles, "prometheus.yml"], {
      ...everything,
      clusterName: this.name,
      windowSeconds: this.windowSeconds,
    });
    this.files = files;
    const path = `${files.path}/prometheus.yml`;
    files.write(
      "prometheus.yml",
      readFileSync(path, "utf8")
        .replaceAll("/etc/prometheus/", `${files.path}/`)
        .replace("http://socket-proxy:2375", proxy),
    );
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.prometheus = new Background("prometheus", [
      `--config.file=${path}`,
      `--storage.tsdb.path=${files.path}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
  }

  /** What the autoscaler reads the figures by. */
  get metrics(): Prometheus {
    return Prometheus.at([this.url]);
  }

  /** @throws OperationError when Prometheus has no figures of all workers in time. */
  async untilFigures(): Promise<void> {
    const {
      metrics,
      workers: { size },
    } = this;
    await waitFor(
      {
        what: `${this.name}: figures of ${size} workers`,
        deadlineSeconds: figuresSeconds,
        intervalSeconds: 1,
        say: () => undefined,
      },
      async () => {
        const { cpu, fault } = await metrics.read(this.windowSeconds);
        return cpu?.nodes === size ? true : new Pending(fault ?? `of ${cpu?.nodes ?? 0}`);
      },
    ).catch((cause: unknown) => {
      throw new OperationError(`Prometheus said:\n${this.prometheus?.output.slice(-2000) ?? ""}`, { cause });
    });
  }

  async stop(): Promise<void> {
    await this.prometheus?.stop();
    this.cluster.stop();
    this.workers.stop();
    this.files?.remove();
  }
}
