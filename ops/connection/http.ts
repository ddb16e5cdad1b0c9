import { lookup } from "node:dns/promises";
import {
  request as plain,
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
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
  /** False to accept any certificate. */
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

/** A request of any method. */
interface Exchange extends Sending {
  readonly method: string;
  /** Added to the headers of JSON. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** Most bytes of an answer; a longer one fails. */
const longest = 64 * 1024 * 1024;

/**
 * Sends a request and returns the text of the answer.
 *
 * @throws OperationError when there is no answer in time, or its status is not 2xx; with the beginning of its text.
 */
export async function ask(url: URL, { method = "GET", body, ...sending }: HttpRequest): Promise<string> {
  const { status, statusText, text } = await exchange(url, { method, body, ...sending });
  if (status >= 200 && status < 300) return text;
  throw new OperationError(
    `${method} ${url.origin}${url.pathname}: ${status} ${statusText}: ${text.slice(0, 200).trim()}`,
  );
}

/**
 * Sends a request and returns the answer, whatever its status.
 *
 * @throws OperationError when there is no answer in time.
 */
export async function exchange(url: URL, request: Exchange): Promise<HttpAnswer> {
  const { method, timeoutSeconds } = request;
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  return send(url, request, signal).catch((error: unknown) => {
    const cause = signal.aborted ? `not within ${timeoutSeconds} seconds` : error;
    throw new OperationError(`${method} ${url.origin}${url.pathname}: no answer`, { cause });
  });
}

async function send(url: URL, request: Exchange, signal: AbortSignal): Promise<HttpAnswer> {
  const text = request.body === undefined ? undefined : JSON.stringify(request.body);
  return new Promise((resolve, reject) => {
    const sent = open(url, request, text, signal, (response) => {
      readAll(response).then((body) => {
        resolve({
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? "",
          headers: response.headers,
          text: body,
        });
      }, reject);
    });
    sent.on("error", reject);
    sent.end(text);
  });
}

function open(
  url: URL,
  { method, headers = {}, agent, ca, verify = true }: Exchange,
  text: string | undefined,
  signal: AbortSignal,
  take: (response: IncomingMessage) => void,
): ClientRequest {
  const ofBody =
    text === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
  const options = {
    method,
    signal,
    ...(agent === undefined ? {} : { agent }),
    headers: { Accept: "application/json", ...ofBody, ...headers },
  };
  if (url.protocol !== "https:") return plain(url, options, take);
  const authorities = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  return secure(url, { ...options, ...authorities, rejectUnauthorized: verify }, take);
}

async function readAll(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    response.on("data", (part: Buffer) => {
      length += part.length;
      if (length > longest) response.destroy(new Error(`more than ${longest} bytes`));
      else parts.push(part);
    });
    response.on("error", reject);
    response.on("end", () => {
      resolve(Buffer.concat(parts).toString());
    });
  });
}

/**
 * The service at each address that its name stands for, e.g. every task behind `tasks.prometheus`. A name that cannot
 * be resolved stays as it is.
 */
export async function everyAddress(url: URL): Promise<URL[]> {
  const found = await lookup(url.hostname.replace(/^\[|\]$/g, ""), { all: true }).catch(() => []);
  // a certificate names the host, not its addresses
  if (found.length < 2 || url.protocol === "https:") return [url];
  return found.map(({ address, family }) => {
    const one = new URL(url);
    one.hostname = family === 6 ? `[${address}]` : address;
    return one;
  });
}
