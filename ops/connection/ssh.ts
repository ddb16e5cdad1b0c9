import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { Client, type ClientChannel } from "ssh2";
import { ConnectionLostError, ExitError, OperationError, SignalError } from "../errors";

/** A machine, the key it must prove to have, and the login on it. */
export interface SshTarget {
  readonly name: string;
  readonly host: string;
  /** 22 by default. */
  readonly port?: number;
  /** The pinned host key as one line, e.g. "ssh-ed25519 AAAA…". */
  readonly hostKey: string;
  readonly user: string;
  readonly privateKey: string;
  /** Seconds that the connection may take; 60 by default. */
  readonly connectSeconds?: number;
}

/** What a command that ended by itself left. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  readonly stdin?: string;
  readonly timeoutSeconds: number;
}

/** How the channel of a command ended. */
interface ChannelEnd {
  readonly code: number | null | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Seconds that a connection may take by default: two round trips and a handshake on a machine that is busy booting. */
const defaultConnectSeconds = 60;

/** Seconds for the other side to close. A dead machine never does, and an open socket keeps a program alive. */
const closeSeconds = 2;

/** One SSH connection; commands and forwarded sockets are channels of it. */
export class SshConnection {
  private ended = false;
  private ending = Promise.resolve();

  private constructor(
    private readonly client: Client,
    private readonly socket: Duplex,
    readonly target: SshTarget,
  ) {
    client.once("close", () => {
      this.ended = true;
    });
  }

  /**
   * Connects, through another connection when the target is not reachable from here.
   *
   * @throws ConnectionLostError when the machine does not answer or proves another key than the pinned one.
   */
  static async open(target: SshTarget, via?: SshConnection): Promise<SshConnection> {
    const socket =
      via === undefined
        ? connect(target.port ?? 22, target.host)
        : await via.forwardTcp(target.host, target.port ?? 22);
    const pinned = target.hostKey.split(" ")[1];
    const client = new Client();
    const failed = (cause: unknown): OperationError =>
      new ConnectionLostError(`${target.name} (${target.host}): no SSH connection`, { cause });
    await new Promise<void>((resolve, reject) => {
      client.once("ready", resolve);
      // stays registered: later errors reach users of the client by the end of their channels, and an error event
      // without a listener ends the program
      client.on("error", (error) => {
        reject(failed(error));
      });
      client.once("close", () => {
        reject(failed("closed"));
      });
      client.connect({
        sock: socket,
        username: target.user,
        privateKey: target.privateKey,
        readyTimeout: (target.connectSeconds ?? defaultConnectSeconds) * 1000,
        keepaliveInterval: 15_000,
        algorithms: { serverHostKey: ["ssh-ed25519"] },
        hostVerifier: (key: Buffer) => key.toString("base64") === pinned,
      });
    }).catch((error: unknown) => {
      socket.destroy();
      throw error;
    });
    return new SshConnection(client, socket, target);
  }

  /**
   * Runs a command, whatever its exit code.
   *
   * @throws SignalError when a signal ended it.
   * @throws ConnectionLostError when the connection ended first: the command may still run, or be done.
   * @throws OperationError when it takes too long, or the machine refuses to run it.
   */
  async exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const subject = `${this.target.name}: ${argv[0] ?? ""}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new OperationError(`${subject}: no end within ${options.timeoutSeconds} seconds`));
      }, options.timeoutSeconds * 1000);
      const fail = (error: OperationError): void => {
        clearTimeout(timer);
        reject(error);
      };
      const lost = (cause?: unknown): void => {
        fail(
          new ConnectionLostError(
            `${subject}: the connection ended before the command did`,
            cause === undefined ? {} : { cause },
          ),
        );
      };
      this.whileConnected(lost, () =>
        this.client.exec(argv.map(quote).join(" "), (error, channel) => {
          if (error === undefined)
            readToEnd(channel, options.stdin, (end) => {
              clearTimeout(timer);
              if (typeof end.code === "number") resolve({ code: end.code, stdout: end.stdout, stderr: end.stderr });
              else if (end.signal !== undefined) fail(new SignalError(subject, end.signal));
              else lost();
            });
          else if (this.ended) lost(error);
          else fail(new OperationError(`${subject}: could not start the command`, { cause: error }));
        }),
      );
    });
  }

  /** Uses the connection; ssh2 throws synchronously when the connection has ended ("Not connected"). */
  private whileConnected(lost: (cause: unknown) => void, begin: () => unknown): void {
    try {
      begin();
    } catch (error) {
      lost(error);
    }
  }

  /**
   * Runs a command that must succeed.
   *
   * @returns its standard output.
   * @throws ExitError when the exit code is not 0, and what `exec` throws.
   */
  async run(argv: readonly string[], options: ExecOptions): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv, options);
    if (code !== 0) throw new ExitError(`${this.target.name}: ${argv.join(" ")}`, code, stderr);
    return stdout;
  }

  /** A connection from the machine to a TCP port. */
  async forwardTcp(host: string, port: number): Promise<Duplex> {
    return this.forward(`${host}:${port}`, (done) => this.client.forwardOut("127.0.0.1", 0, host, port, done));
  }

  /** A connection to a UNIX socket of the machine. */
  async forwardUnix(path: string): Promise<Duplex> {
    return this.forward(path, (done) => this.client.openssh_forwardOutStreamLocal(path, done));
  }

  private async forward(
    to: string,
    open: (done: (error: Error | undefined, channel: Duplex) => void) => unknown,
  ): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => {
        reject(new ConnectionLostError(`${this.target.name}: cannot connect from it to ${to}`, { cause }));
      };
      this.whileConnected(fail, () =>
        open((error, channel) => {
          if (error === undefined) resolve(channel);
          else fail(error);
        }),
      );
    });
  }

  close(): void {
    this.client.end();
    if (this.socket.destroyed) return;
    this.ending = new Promise((resolve) => {
      // the client's own destroy() does nothing after end()
      const timer = setTimeout(() => {
        this.socket.destroy();
        resolve();
      }, closeSeconds * 1000);
      this.socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Waits after `close` until the other side has closed as well, or has taken too long. */
  async closed(): Promise<void> {
    await this.ending;
  }
}

/**
 * Writes standard input to a command and collects its output. A command ends with an exit status or a signal (RFC 4254,
 * 6.10); when there is neither, the connection ended.
 */
function readToEnd(channel: ClientChannel, stdin = "", done: (end: ChannelEnd) => void): void {
  let [stdout, stderr] = ["", ""];
  channel.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  channel.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  channel.on("close", (code: number | null | undefined, signal?: string) => {
    done({ code, signal, stdout, stderr });
  });
  channel.end(stdin);
}

/** Quotes a word for the POSIX shell that sshd starts. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
