import { Agent } from "node:http";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import Dockerode from "dockerode";
import type { ClusterAccess } from "../../settings/outputs";
import { comesOf, ConnectionLostError, messageOf, NoManagersError, OperationError, UnreachableError } from "../errors";
import { negotiate } from "./negotiate-api";
import { SshConnection } from "./ssh";
import { isOutdated, isRefusal, isTransient } from "./third-party";
import { Pending, waitFor } from "../wait";

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
   * Speaks the newest version of the API that the engine and this program both know. @throws OperationError where there
   * is none.
   */
  static async open(ssh: SshConnection): Promise<DockerNode> {
    const agent = new SocketAgent(ssh);
    return new DockerNode(ssh, await negotiate(ssh.target.name, agent), agent);
  }

  close(): void {
    this.ssh.close();
  }
}

/**
 * Seconds for an answer of Docker. An overloaded manager takes many for a list; one whose engine hangs takes for ever.
 */
const answerSeconds = 120;

/**
 * Gives HTTP requests a channel each to the node's Docker socket: no daemon port is open, and no client runs on the
 * node.
 */
class SocketAgent extends Agent {
  constructor(private readonly ssh: SshConnection) {
    super({ keepAlive: false });
  }

  /**
   * Docker's client writes down all that an agent holds, to any depth, at each request, whether anybody debugs it or
   * not: the connection, its buffers and the private key. That took more of the processor than all else that a look at
   * a swarm does.
   */
  [inspect.custom](): string {
    return `SocketAgent(${this.ssh.target.name})`;
  }

  override createConnection(_options: unknown, done?: (error: Error | null, stream: Duplex) => void): undefined {
    this.ssh.forwardUnix("/run/docker.sock").then(
      (socket) => {
        limit(socket, answerSeconds, `${this.ssh.target.name}: no answer within ${answerSeconds} seconds from Docker`);
        done?.(null, socket);
        // after an error the stream is not looked at, though the type wants one
      },
      (error: unknown) => done?.(error as Error, new Duplex()),
    );
  }
}

/** Ends a stream that is still open after so many seconds. */
export function limit(stream: Duplex, seconds: number, message: string): void {
  const timer = setTimeout(() => {
    stream.destroy(new ConnectionLostError(message));
  }, seconds * 1000);
  stream.once("close", () => {
    clearTimeout(timer);
  });
}

/**
 * Logs in on a manager: by its floating IP, or where `SWARM_INSIDE` is "true" by its address in the cluster's network,
 * from which floating IPs let nobody in. Its Docker need not run.
 */
export async function logIn(
  access: ClusterAccess,
  manager: ClusterAccess["managers"][number],
  connectSeconds?: number,
): Promise<SshConnection> {
  const login = { user: access.user, privateKey: access.privateKey };
  const host = process.env["SWARM_INSIDE"] === "true" ? (manager.address ?? manager.host) : manager.host;
  return SshConnection.open({
    ...manager,
    host,
    ...login,
    ...(connectSeconds === undefined ? {} : { connectSeconds }),
  });
}

/** Logs in on a manager whose Docker runs. */
export async function openManager(
  access: ClusterAccess,
  manager: ClusterAccess["managers"][number],
  connectSeconds?: number,
): Promise<DockerNode> {
  const ssh = await logIn(access, manager, connectSeconds);
  try {
    return await DockerNode.open(ssh);
  } catch (error) {
    ssh.close();
    throw error;
  }
}

/** How long one waits for a manager, in seconds: for some manager to answer, and for each connection. */
export interface Patience {
  /** 0: each manager is tried once. */
  readonly managerSeconds: number;
  readonly connectSeconds?: number;
  /** What is waited for; "a manager that answers" by default. */
  readonly what?: string;
}

/** An election takes up to 20 seconds, a machine that is busy booting others more. */
const untilOneAnswers: Patience = { managerSeconds: 180 };
/** For whoever looks how the cluster is. A handshake under emulation took 5 seconds. */
export const oneLook: Patience = { managerSeconds: 0, connectSeconds: 20 };

/** Seconds before something is done once more on a manager that has a say again. */
const pauseSeconds = 2;

/**
 * Times that a change is tried: other writers are the managers themselves, whose heartbeats and rollouts count, and a
 * handful of programs.
 */
const changeTries = 20;
const changePauseMilliseconds = 500;

/**
 * Does a change that begins by reading what it changes; again where the swarm refuses it because the version read is
 * outdated by then.
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

/**
 * The managers of a cluster as one: a connection to whichever answers and has a say in the swarm, kept until something
 * fails on it. The managers are tried in order, again and again until one does.
 */
export class Managers {
  private current: DockerNode | undefined;

  constructor(
    private readonly access: ClusterAccess,
    private readonly find = firstThatAnswers,
    private readonly patience: Patience = untilOneAnswers,
  ) {}

  /**
   * Does something on a manager; again, on whichever answers then, where it failed for a reason of the moment. So the
   * action has to be one that may be repeated.
   *
   * @throws OperationError when no manager answers in time, with the reason of each, or there is none; and whatever the
   *   action throws. An UnreachableError leaves the connection as it is: who waits for a node that boots tries it every
   *   few seconds, and a handshake for each would keep the managers busy.
   */
  async use<T>(action: (manager: DockerNode) => Promise<T>): Promise<T> {
    let deadline: number | undefined;
    for (;;) {
      this.current ??= await this.connect();
      try {
        return await action(this.current);
      } catch (error) {
        if (comesOf(error, UnreachableError)) throw error;
        this.close();
        deadline ??= Date.now() + this.patience.managerSeconds * 1000;
        if (!isTransient(error) || Date.now() >= deadline)
          throw isRefusal(error) ? new OperationError("Docker has not done it", { cause: error }) : error;
        await sleep(pauseSeconds * 1000);
      }
    }
  }

  close(): void {
    this.current?.close();
    this.current = undefined;
  }

  private async connect(): Promise<DockerNode> {
    const { managerSeconds, connectSeconds, what = "a manager that answers" } = this.patience;
    const tryEach = (): Promise<DockerNode | Pending> => this.find(this.access, connectSeconds);
    if (managerSeconds > 0)
      return waitFor(
        { what, deadlineSeconds: managerSeconds, isFinal: (error) => comesOf(error, NoManagersError) },
        tryEach,
      );
    const node = await tryEach();
    if (node instanceof Pending) throw new OperationError(`no manager answers: ${node.reason}`);
    return node;
  }
}

/** Does something with the managers of a cluster; their connection ends with it. */
export async function withManagers<T>(
  access: ClusterAccess,
  action: (managers: Managers) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  const managers = new Managers(access, firstThatAnswers, patience);
  try {
    return await action(managers);
  } finally {
    managers.close();
  }
}

/** Does one thing on a manager; the connection is of this one thing. */
export async function withManager<T>(
  access: ClusterAccess,
  action: (manager: DockerNode) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  return withManagers(access, (managers) => managers.use(action), patience);
}

/** Seconds after which the next manager is tried beside one that has not answered: a dead machine refuses nothing. */
const headStartSeconds = 5;

/**
 * Tries the managers in order, the next as soon as one fails or is slow; the first that answers is taken.
 *
 * @throws NoManagersError when there is none to try.
 */
async function firstThatAnswers(access: ClusterAccess, connectSeconds?: number): Promise<DockerNode | Pending> {
  if (access.managers.length === 0)
    throw new NoManagersError(
      "managers: the list is empty; it comes from the stack's output `access`, which `pulumi up` writes.",
    );
  const reasons: string[] = [];
  return new Promise((resolve) => {
    let [begun, taken] = [0, false];
    const tryNext = (): void => {
      const candidate = access.managers[begun];
      if (candidate === undefined || taken) return;
      begun += 1;
      const slow = setTimeout(tryNext, headStartSeconds * 1000);
      answering(access, candidate, connectSeconds).then(
        (node) => {
          clearTimeout(slow);
          if (taken) {
            node.close();
            return;
          }
          taken = true;
          resolve(node);
        },
        (error: unknown) => {
          clearTimeout(slow);
          reasons.push(`${candidate.name}: ${messageOf(error)}`);
          if (reasons.length === access.managers.length) resolve(new Pending(reasons.join("; ")));
          else tryNext();
        },
      );
    };
    tryNext();
  });
}

async function answering(
  access: ClusterAccess,
  candidate: ClusterAccess["managers"][number],
  connectSeconds: number | undefined,
): Promise<DockerNode> {
  const node = await openManager(access, candidate, connectSeconds);
  try {
    // a manager without quorum knows that it is one, but answers no question about the swarm
    await node.api.swarmInspect();
    return node;
  } catch (error) {
    node.close();
    throw error;
  }
}
