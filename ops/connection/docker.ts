import { Agent } from "node:http";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import Dockerode from "dockerode";
import { ConnectionLostError } from "../errors";
import { negotiate } from "./negotiate-api";
import type { SshConnection } from "./ssh";
import { isOutdated } from "./third-party";

/** The Docker Engine API of one node, over its SSH connection. */
export class DockerNode {
  readonly api: Dockerode;

  /** @param version of the API, e.g. "1.45". */
  constructor(
    readonly ssh: SshConnection,
    version: string,
    agent: Agent = new SocketAgent(ssh),
  ) {
    // the address is never used: the agent connects to the socket
    const options: Dockerode.DockerOptions & { agent: Agent } = {
      protocol: "http",
      host: "docker",
      port: 80,
      version: `v${version}`,
      agent,
    };
    this.api = new Dockerode(options);
  }

  /**
   * Uses the newest version of the API that the engine and this program both know.
   *
   * @throws OperationError when they have no version in common.
   */
  static async open(ssh: SshConnection): Promise<DockerNode> {
    const agent = new SocketAgent(ssh);
    return new DockerNode(ssh, await negotiate(ssh.target.name, agent), agent);
  }

  close(): void {
    this.ssh.close();
  }
}

/** Seconds for an answer of Docker. An overloaded manager takes many for a list; an engine that hangs never answers. */
const answerSeconds = 120;

/**
 * Gives each HTTP request a channel of its own to the node's Docker socket. So Docker opens no port, and the node needs
 * no client.
 */
class SocketAgent extends Agent {
  constructor(private readonly ssh: SshConnection) {
    super({ keepAlive: false });
  }

  /**
   * Dockerode formats its agent for a debug log at each request, even when nobody reads the log. Without this method
   * Node would print the connection, its buffers and the private key, which takes most of the processor time of a look
   * at the swarm.
   */
  [inspect.custom](): string {
    return `SocketAgent(${this.ssh.target.name})`;
  }

  override createConnection(_options: unknown, done?: (error: Error | null, stream: Duplex) => void): undefined {
    this.ssh.forwardUnix("/run/docker.sock").then(
      (socket) => {
        limit(socket, answerSeconds, `${this.ssh.target.name}: Docker did not answer within ${answerSeconds} seconds`);
        done?.(null, socket);
      },
      // Node ignores the stream of a failed connection, but the type requires one
      (error: unknown) => done?.(error as Error, new Duplex()),
    );
  }
}

/** Destroys a stream that is still open after so many seconds. */
export function limit(stream: Duplex, seconds: number, message: string): void {
  const timer = setTimeout(() => {
    stream.destroy(new ConnectionLostError(message));
  }, seconds * 1000);
  stream.once("close", () => {
    clearTimeout(timer);
  });
}

/**
 * How often a change is tried. Other writers are the managers, whose heartbeats and rollouts change versions,
 * and a handful of programs.
 */
const changeTries = 20;
const changePauseMilliseconds = 500;

/**
 * Makes a change that reads an object and writes it back. Tries again when the swarm refuses the write because somebody
 * changed the object in between.
 */
export async function whileOvertaken<T>(change: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await change();
    } catch (error) {
      if (tries === changeTries || !isOutdated(error)) throw error;
    }
    await sleep(changePauseMilliseconds);
  }
}
