import type { Agent } from "node:http";
import { messageOf } from "../../../ops/errors";
import { ask, everyAddress } from "../../../ops/connection/http";
import { figuresOf, figuresQuery, readSeries } from "../figures";
import type { Figures, MetricsPort } from "../ports";

/** Seconds for an answer: with two Prometheus' that do not answer a tick still ends within the next. */
const answerSeconds = 4;

/** Age of the newest sample from which on the next Prometheus is asked, too: six scrapes. */
const freshSeconds = 30;

/** A way to some Prometheus: its address, and where it is not in reach how to connect. */
export interface PrometheusWay {
  readonly url: URL;
  readonly agent?: Agent;
  /** Is told that it led nowhere. */
  readonly failed?: () => void;
}

/**
 * Reads the figures from the first Prometheus that has fresh ones, else the newest that there are. All of them scrape
 * and evaluate the same.
 */
export class Prometheus implements MetricsPort {
  /** @param ways asked for at each reading. */
  constructor(private readonly ways: () => Promise<readonly PrometheusWay[]>) {}

  /** @param urls base addresses, e.g. "http://tasks.prometheus:9090"; every address that a name stands for is asked. */
  static at(urls: readonly string[]): Prometheus {
    return new Prometheus(async () =>
      (await Promise.all(urls.map(async (url) => everyAddress(new URL(url))))).flat().map((url) => ({ url })),
    );
  }

  async read(windowSeconds: number): Promise<Figures> {
    const faults: string[] = [];
    const ways = await this.ways().catch((error: unknown) => {
      faults.push(messageOf(error));
      return [];
    });
    let best: Figures | undefined;
    for (const way of ways) {
      try {
        const figures = figuresOf(readSeries(await query(way, figuresQuery)), windowSeconds);
        if ((figures.cpu?.newestSampleAt ?? 0) >= (best?.cpu?.newestSampleAt ?? 0)) best = figures;
        if (Date.now() - (figures.cpu?.newestSampleAt ?? 0) < freshSeconds * 1000) return figures;
      } catch (error) {
        way.failed?.();
        faults.push(`Prometheus does not answer: ${messageOf(error)}`);
      }
    }
    return best ?? { zoneCpu: {}, serviceCores: {}, fault: faults[0] ?? "there is no Prometheus" };
  }
}

async function query({ url, agent }: PrometheusWay, text: string): Promise<string> {
  const address = new URL("api/v1/query", url.href.endsWith("/") ? url : `${url.href}/`);
  address.searchParams.set("query", text);
  return ask(address, { timeoutSeconds: answerSeconds, ...(agent === undefined ? {} : { agent }) });
}
