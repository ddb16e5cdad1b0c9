import { comesOf, ConnectionLostError, ExitError, OperationError, UnreachableError } from "../errors";
import { DeadlineError } from "../wait";

// What the errors of Docker, Node and Pulumi mean. This is the only file that matches their texts; our own errors have
// types.

/** What third parties said in an error: a command's standard error, and the messages of causes that are not ours. */
function theirWords(error: unknown): string {
  if (error instanceof ExitError) return error.stderr;
  if (!(error instanceof Error)) return "";
  return `${error instanceof OperationError ? "" : error.message}\n${theirWords(error.cause)}`;
}

/** The HTTP status of a request that Docker refused; undefined for any other error. */
function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error ? Number(error.statusCode) : undefined;
}

/** Whether Docker answered the request and refused it. */
export function isRefusal(error: unknown): boolean {
  return statusOf(error) !== undefined;
}

/** Whether Docker refuses a request, as the registry behind it may, for a reason that another try does not change. */
export function isFinalRefusal(error: unknown): boolean {
  return [400, 401, 403, 404].includes(statusOf(error) ?? 0);
}

/** Whether Docker does not know what was asked for. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** Whether the object that was to be created exists already. */
export function isTaken(error: unknown): boolean {
  return statusOf(error) === 409;
}

/** Whether somebody changed the object after it was read; swarmkit answers with status 500 and these words. */
export function isOutdated(error: unknown): boolean {
  return theirWords(error).includes("out of sequence");
}

/** Whether the error or a cause has Node's code of a connection that was reset or ended early ("socket hang up"). */
function isReset(error: unknown): boolean {
  return error instanceof Error && (("code" in error && error.code === "ECONNRESET") || isReset(error.cause));
}

/** Whether the connection to a manager is lost, so that another manager has to be asked. */
export function isConnectionLost(error: unknown): boolean {
  return !comesOf(error, UnreachableError) && (comesOf(error, ConnectionLostError) || isReset(error));
}

/** How swarmkit says that the managers elect a leader or are too busy to answer each other. */
const transientTexts =
  /does not have a leader|lost leader status|raft proposal dropped|deadline exceeded|DeadlineExceeded|code = Unavailable/;

/**
 * Whether an error is transient: an election, a manager that is too busy to answer its peers, a lost connection. A
 * deadline that has passed is not: nobody waits for the same thing twice.
 */
export function isTransient(error: unknown): boolean {
  return !comesOf(error, DeadlineError) && (isConnectionLost(error) || transientTexts.test(theirWords(error)));
}

/**
 * How Pulumi says that another update runs (@pulumi/pulumi, automation/errors.ts): with a backend of files or objects,
 * and with Pulumi Cloud.
 */
const lockTexts = ["the stack is currently locked by", "[409] Conflict: Another update is currently in progress"];

/** Who made a lock, as Pulumi says it (pkg/backend/diy/lock.go). */
export interface LockMaker {
  readonly username: string;
  readonly hostname: string;
  readonly pid: string;
  readonly timestamp: string;
}

/** Who holds the lock that made Pulumi fail; "unknown" if the output does not say, undefined if no lock did. */
export function lockMakerIn(output: string): LockMaker | "unknown" | undefined {
  if (!lockTexts.some((text) => output.includes(text))) return undefined;
  const [, username, hostname, pid, timestamp] = /: created by (.+)@(\S+) \(pid (\d+)\) at (\S+)/.exec(output) ?? [];
  if (username === undefined || hostname === undefined || pid === undefined || timestamp === undefined)
    return "unknown";
  return { username, hostname, pid, timestamp };
}
