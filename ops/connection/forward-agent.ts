import { Agent } from "node:http";
import type { Duplex } from "node:stream";
import type { SshConnection } from "./ssh";

/**
 * Gives HTTP requests a channel to a TCP port as a machine sees it: what listens there need not be open to anybody
 * else.
 */
export class ForwardAgent extends Agent {
  constructor(
    private readonly ssh: SshConnection,
    private readonly port: number,
  ) {
    super({ keepAlive: false });
  }

  override createConnection(_options: unknown, done?: (error: Error | null, stream: Duplex) => void): undefined {
    // after an error the stream is not looked at, though the type wants one
    this.ssh.forwardTcp("127.0.0.1", this.port).then(
      (channel) => done?.(null, channel),
      (error: unknown) => done?.(error as Error, undefined as never),
    );
  }
}
