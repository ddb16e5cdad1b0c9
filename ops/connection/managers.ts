import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess } from "../../settings/outputs";
import { comesOf, messageOf, NoManagersError, OperationError, UnreachableError } from "../errors";
import { Pending, waitFor } from "../wait";
import { DockerNode } from "./docker";
import { SshConnection } from "./ssh";
import { isRefusal, isTransient } from "./third-party";

type Manager = ClusterAccess["managers"][number];

/**
 * Logs in on a manager, whether or not its Docker runs. The host is its floating IP. Where `SWARM_INSIDE` is "true" the
 * program runs on the cluster's network, from which floating IPs may not be reachable, and the host is the fixed
 * address.
 */
export async function logIn(access: ClusterAccess, manager: Manager, connectSeconds?: number): Promise<SshConnection> {
  const host = process.env["SWARM_INSIDE"] === "true" ? (manager.address ?? manager.host) : manager.host;
  return SshConnection.open({
    ...manager,
    host,
    user: access.user,
    privateKey: access.privateKey,
    ...(connectSeconds === undefined ? {} : { connectSeconds }),
  });
}

/** Logs in on a manager whose Docker runs. */
export async function openManager(
  access: ClusterAccess,
  manager: Manager,
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

/** How many seconds to wait for some manager to answer, and for each connection. */
export interface Patience {
  /** 0: each manager is tried once. */
  readonly managerSeconds: number;
  readonly connectSeconds?: number;
  /** What is waited for; "a manager that answers" by default. */
  readonly what?: string;
}

/** An election takes up to 20 seconds, and longer on a machine that is busy booting others. */
const untilOneAnswers: Patience = { managerSeconds: 180 };
/** For a look at the cluster. A handshake under emulation took 5 seconds. */
export const oneLook: Patience = { managerSeconds: 0, connectSeconds: 20 };

/** Seconds between a transient failure and the next try. */
const pauseSeconds = 2;

/**
 * The managers of a cluster as one: a connection to the first that answers and has a quorum, kept until something fails
 * on it.
 */
export class Managers {
  private current: DockerNode | undefined;

  constructor(
    private readonly access: ClusterAccess,
    private readonly find = firstThatAnswers,
    private readonly patience: Patience = untilOneAnswers,
  ) {}

  /**
   * Runs an action on a manager, and runs it again, on a manager that answers then, after a transient failure. So the
   * action must be idempotent.
   *
   * @throws OperationError when there is no manager, or none answers in time, with the reason of each; and whatever the
   *   action throws. An UnreachableError keeps the connection: a caller that waits for a booting node tries every few
   *   seconds, and a handshake for each try would keep the managers busy.
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
          throw isRefusal(error) ? new OperationError("Docker refused the request", { cause: error }) : error;
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

/** Runs an action with the managers of a cluster, and closes their connection after it. */
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

/** Runs one action on a manager, over a connection of its own. */
export async function withManager<T>(
  access: ClusterAccess,
  action: (manager: DockerNode) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  return withManagers(access, (managers) => managers.use(action), patience);
}

/** Seconds until the next manager is tried in parallel. A dead machine does not refuse a connection, it is silent. */
const headStartSeconds = 5;

/**
 * Tries the managers in order, the next as soon as one fails or is slow, and takes the first that answers.
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
      openWithQuorum(access, candidate, connectSeconds).then(
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

async function openWithQuorum(
  access: ClusterAccess,
  candidate: Manager,
  connectSeconds: number | undefined,
): Promise<DockerNode> {
  const node = await openManager(access, candidate, connectSeconds);
  try {
    // a manager without a quorum still reports that it is a manager, but answers no question about the swarm
    await node.api.swarmInspect();
    return node;
  } catch (error) {
    node.close();
    throw error;
  }
}
