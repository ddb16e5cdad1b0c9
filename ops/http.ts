import { lookup } from "node:dns/promises";
import { request as plain, type Agent } from "node:http";
import { request as secure } from "node:https";
import { OperationError } from "./errors";

export interface HttpRequest {
  readonly method?: "GET" | "POST";
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutSeconds: number;
  /** Makes the connections, e.g. through SSH. */
  readonly agent?: Agent;
}

/** Bytes of an answer that are taken. */
const longest = 64 * 1024 * 1024;

/**
 * Asks a service and hands over the answer's text.
 *
 * @throws OperationError when there is no answer in time, or one that is not of the 200s; with the beginning of what it said.
 */
export async function ask(url: URL, { method = "GET", body, timeoutSeconds, agent }: HttpRequest): Promise<string> {
  const subject = `${method} ${url.origin}${url.pathname}`;
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => { reject(new OperationError(`${subject}: no answer`, { cause })); };
    const send = url.protocol === "https:" ? secure : plain;
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    const request = send(url, {
      method, signal, ...(agent === undefined ? {} : { agent }),
      headers: { Accept: "application/json", ...(text === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }) },
    }, (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on("data", (part: Buffer) => {
        length += part.length;
        if (length > longest) request.destroy(new Error(`more than ${longest} bytes`));
        else parts.push(part);
      });
      response.on("error", fail);
      response.on("end", () => {
        const answer = Buffer.concat(parts).toString();
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(answer);
        else reject(new OperationError(`${subject}: ${status} ${response.statusMessage ?? ""}: ${answer.slice(0, 200).trim()}`));
      });
    });
    request.on("error", (error) => { fail(signal.aborted ? `not within ${timeoutSeconds} seconds` : error); });
    request.end(text);
  });
}

/** The service at each address that its name stands for, e.g. every task behind `tasks.prometheus`. A name that is not known stays as it is. */
export async function everyAddress(url: URL): Promise<URL[]> {
  const found = await lookup(url.hostname.replace(/^\[|\]$/g, ""), { all: true }).catch(() => []);
  // a certificate is made out to the name
  if (found.length < 2 || url.protocol === "https:") return [url];
  return found.map(({ address, family }) => {
    const one = new URL(url);
    one.hostname = family === 6 ? `[${address}]` : address;
    return one;
  });
}
