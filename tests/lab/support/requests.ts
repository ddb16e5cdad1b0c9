import { request } from "node:http";

// A bounded request loop; run inside the lab's client namespace: requests.ts URL COUNT CONCURRENCY
// Prints as JSON how many were answered, by whom, and the reasons of the others.

interface Tally {
  answered: number;
  readonly hosts: Record<string, number>;
  readonly failures: Record<string, number>;
  seconds: number;
}

const requestSeconds = 20;

function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, timeout: requestSeconds * 1000 }, (answer) => {
      let body = "";
      answer.on("data", (data: Buffer) => { body += data.toString(); });
      answer.on("end", () => {
        const host = /^Hostname: (.+)$/m.exec(body)?.[1];
        if (answer.statusCode === 200 && host !== undefined) resolve(host);
        else reject(new Error(`status ${answer.statusCode ?? "none"}`));
      });
    });
    outgoing.on("timeout", () => { outgoing.destroy(new Error("no answer in time")); });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

async function main(): Promise<void> {
  const [url = "", count = "0", concurrency = "1"] = process.argv.slice(2);
  const tally: Tally = { answered: 0, hosts: {}, failures: {}, seconds: 0 };
  const begun = Date.now();
  let left = Number(count);
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      try {
        const host = await ask(url);
        tally.answered += 1;
        tally.hosts[host] = (tally.hosts[host] ?? 0) + 1;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        tally.failures[reason] = (tally.failures[reason] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: Number(concurrency) }, worker));
  tally.seconds = (Date.now() - begun) / 1000;
  process.stdout.write(`${JSON.stringify(tally)}\n`);
}

void main();
