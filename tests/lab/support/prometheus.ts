import { z } from "zod";

const series = z.object({
  metric: z.record(z.string(), z.string()),
  value: z.tuple([z.number(), z.string()]).optional(),
  values: z.array(z.tuple([z.number(), z.string()])).optional(),
});
const answer = z.object({ status: z.literal("success"), data: z.object({ result: z.array(series) }) });

/** The cluster's Prometheus, asked by a port that leads to it, as somebody with `ssh -L` would. */
export class ClusterPrometheus {
  /** @param url where it is just now. */
  constructor(private readonly url: () => string) {}

  private async get(path: string, words: Readonly<Record<string, string>>): Promise<z.output<typeof series>[]> {
    const response = await fetch(`${this.url()}/api/v1/${path}?${new URLSearchParams(words).toString()}`, {
      signal: AbortSignal.timeout(60_000),
    });
    return answer.parse(await response.json()).data.result;
  }

  /** The series of an expression now, each with its labels and its value. */
  async now(
    expression: string,
  ): Promise<{ readonly labels: Readonly<Record<string, string>>; readonly value: number }[]> {
    return (await this.get("query", { query: expression })).map(({ metric, value }) => ({
      labels: metric,
      value: Number(value?.[1]),
    }));
  }

  /** The one value of an expression now; undefined where it has none. */
  async value(expression: string): Promise<number | undefined> {
    return (await this.now(expression))[0]?.value;
  }

  /**
   * When an expression, asked for each second from one instant to another, first had a value; in milliseconds since
   * 1970.
   */
  async firstTime(expression: string, from: number, to: number): Promise<number | undefined> {
    const [found] = await this.get("query_range", {
      query: expression,
      start: String(from / 1000),
      end: String(to / 1000),
      step: "1",
    });
    const at = found?.values?.[0]?.[0];
    return at === undefined ? undefined : at * 1000;
  }
}
