import { lookup } from "node:dns/promises";
import { request as plain, type Agent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as secure } from "node:https";
import { rootCertificates } from "node:tls";
import { OperationError } from "../errors";

/** How a request is sent. */
interface Sending {
  readonly timeoutSeconds: number;
  /** Makes the connections, e.g. through SSH. */
  readonly agent?: Agent;
  /** Certificates (PEM) of authorities that are trusted beside the usual ones. */
  readonly ca?: string | undefined;
  /** False where no certificate is looked at. */
  readonly verify?: boolean;
}

export interface HttpRequest extends Sending {
  readonly method?: "GET" | "POST";
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  /** By name in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Bytes of an answer that are taken. */
const longest = 64 * 1024 * 1024;

/**
 * Asks a service and hands over the answer's text.
 *
 * @throws OperationError when there is no answer in time, or one that is not of the 200s; with the beginning of what it
 *   said.
 */
export async function ask(url: URL, { method = "GET", body, ...sending }: HttpRequest): Promise<string> {
  const { status, statusText, text } = await exchange(url, { method, body, ...sending });
  if (status >= 200 && status < 300) return text;
  throw new OperationError(
    `${method} ${url.origin}${url.pathname}: ${status} ${statusText}: ${text.slice(0, 200).trim()}`,
  );
}

/**
 * Sends a request and hands over the answer, whatever it is.
 *
 * @param headers beside those that say what JSON is.
 * @throws OperationError when there is none in time.
 */
export async function exchange(
  url: URL,
  {
    method,
    headers = {},
    body,
    timeoutSeconds,
    agent,
    ca,
    verify = true,
  }: Sending & {
    readonly method: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  },
): Promise<HttpAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(new OperationError(`${method} ${url.origin}${url.pathname}: no answer`, { cause }));
    };
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    const options = {
      method,
      signal,
      ...(agent === undefined ? {} : { agent }),
      headers: {
        Accept: "application/json",
        ...(text === undefined
          ? {}
          : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
        ...headers,
      },
    };
    const take = (response: IncomingMessage): void => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on("data", (part: Buffer) => {
        length += part.length;
        if (length > longest) request.destroy(new Error(`more than ${longest} bytes`));
        else parts.push(part);
      });
      response.on("error", fail);
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? "",
          headers: response.headers,
          text: Buffer.concat(parts).toString(),
        });
      });
    };
    const request =
      url.protocol === "https:"
        ? secure(
            url,
            { ...options, ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }), rejectUnauthorized: verify },
            take,
          )
        : plain(url, options, take);
    request.on("error", (error) => {
      fail(signal.aborted ? `not within ${timeoutSeconds} seconds` : error);
    });
    request.end(text);
  });
}

/**
 * The service at each address that its name stands for, e.g. every task behind `tasks.prometheus`. A name that is not
 * known stays as it is.
 */
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
