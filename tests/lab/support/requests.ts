import { request } from "node:http";

// Requests to the demo; run inside the lab's client namespace, which reaches the lab alone. Prints a Tally as JSON.
//   requests.ts URL count COUNT CONCURRENCY    so many requests
//   requests.ts URL loop INTERVAL_MS           one each interval, until standard input ends, half an hour at most

/** What became of the requests. */
export interface Tally {
  answered: number;
  /** Answers by the node that gave them. */
  readonly hosts: Record<string, number>;
  /** Requests that were not answered, by reason. */
  readonly failures: Record<string, number>;
  /** Addresses of the client as the demo saw them. */
  readonly clients: Record<string, number>;
  seconds: number;
  /** Longest time between the answers to two requests that follow each other, in seconds. */
  longestGap: number;
  /** When the failed requests were sent, in milliseconds since 1970; the first thousand. */
  readonly failedAt: number[];
}

const requestSeconds = 20;
const loopMinutes = 30;

function ask(url: string): Promise<{ host: string; client: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, timeout: requestSeconds * 1000 }, (answer) => {
      let body = "";
      answer.on("data", (data: Buffer) => {
        body += data.toString();
      });
      // one that breaks off in its middle has no end
      answer.on("error", reject);
      answer.on("end", () => {
        const host = /^Hostname: (.+)$/m.exec(body)?.[1];
        const client = /^X-Real-Ip: (.+)$/im.exec(body)?.[1] ?? "unknown";
        if (answer.statusCode === 200 && host !== undefined) resolve({ host, client });
        else reject(new Error(`status ${answer.statusCode ?? "none"}`));
      });
    });
    outgoing.on("timeout", () => {
      outgoing.destroy(new Error("no answer in time"));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

class Count {
  readonly tally: Tally = {
    answered: 0,
    hosts: {},
    failures: {},
    clients: {},
    seconds: 0,
    longestGap: 0,
    failedAt: [],
  };
  private readonly begun = Date.now();
  private lastAnswer = Date.now();

  async one(url: string): Promise<void> {
    const sent = Date.now();
    try {
      const { host, client } = await ask(url);
      this.tally.answered += 1;
      this.tally.hosts[host] = (this.tally.hosts[host] ?? 0) + 1;
      this.tally.clients[client] = (this.tally.clients[client] ?? 0) + 1;
      this.closeGap();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.tally.failures[reason] = (this.tally.failures[reason] ?? 0) + 1;
      if (this.tally.failedAt.length < 1000) this.tally.failedAt.push(sent);
    }
  }

  private closeGap(): void {
    this.tally.longestGap = Math.max(this.tally.longestGap, (Date.now() - this.lastAnswer) / 1000);
    this.lastAnswer = Date.now();
  }

  print(): void {
    this.closeGap();
    this.tally.seconds = (Date.now() - this.begun) / 1000;
    process.stdout.write(`${JSON.stringify(this.tally)}\n`);
  }
}

async function count(url: string, total: number, concurrency: number): Promise<void> {
  const counted = new Count();
  let left = total;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await counted.one(url);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  counted.print();
}

async function loop(url: string, intervalMilliseconds: number): Promise<void> {
  const counted = new Count();
  const inFlight = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const sent = counted.one(url).finally(() => inFlight.delete(sent));
    inFlight.add(sent);
  }, intervalMilliseconds);
  await new Promise<void>((resolve) => {
    process.stdin.once("end", resolve).resume();
    setTimeout(resolve, loopMinutes * 60_000).unref();
  });
  clearInterval(timer);
  await Promise.all(inFlight);
  counted.print();
}

if (require.main === module) {
  const [url = "", mode = "", ...numbers] = process.argv.slice(2);
  const [first = 0, second = 0] = numbers.map(Number);
  if (mode === "count") void count(url, first, second);
  else if (mode === "loop") void loop(url, first).then(() => process.exit(0));
  else throw new Error(`requests.ts: ${mode}: use count or loop`);
}
