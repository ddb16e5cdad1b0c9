import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What a hook of Slack is sent (https://docs.slack.dev/messaging/formatting-message-text), as far as it is asserted.
 */
export interface SlackMessage {
  readonly attachments: readonly {
    readonly title: string;
    readonly text: string;
    readonly color: string;
    readonly fallback: string;
  }[];
}

/** Stands where Slack and the dead man's switch would, and keeps what it is sent, by path. */
export class HookRecorder {
  readonly received: { readonly path: string; readonly body: unknown }[] = [];
  private readonly server = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => {
      body += data.toString();
    });
    request.on("end", () => {
      this.received.push({ path: request.url ?? "", body: JSON.parse(body) as unknown });
      response.end("ok");
    });
  });

  /** @returns the URL that it answers at, without a path. */
  async start(host = "127.0.0.1", port = 0): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(port, host, resolve);
    });
    return `http://${host}:${(this.server.address() as AddressInfo).port}`;
  }

  /** The attachments of the messages to a path; each message has one. */
  slack(path: string): SlackMessage["attachments"][number][] {
    return this.received.filter((one) => one.path === path).flatMap(({ body }) => (body as SlackMessage).attachments);
  }

  /** Messages to Slack about an alert of a cluster that fires, or that is resolved. */
  alerts(
    name: string,
    cluster: string,
    status: "firing" | "resolved" = "firing",
  ): SlackMessage["attachments"][number][] {
    return this.slack("/slack").filter(
      ({ title }) =>
        title.includes(`: ${name} · ${cluster}`) && title.startsWith("resolved") === (status === "resolved"),
    );
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
