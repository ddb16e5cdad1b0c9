import { comesOf, ConnectionLostError, ExitError, OperationError, UnreachableError } from "../errors";
import { DeadlineError } from "../wait";

// What Docker, Node and Pulumi say, and what it means here: the one file that goes by their words. Errors of ours are
// told apart by type.

/** What others said in an error: a command's own output, or the messages behind ours. */
function theirWords(error: unknown): string {
  if (error instanceof ExitError) return error.stderr;
  if (!(error instanceof Error)) return "";
  return `${error instanceof OperationError ? "" : error.message}\n${theirWords(error.cause)}`;
}

/** The HTTP status of an answer of Docker's that says no; undefined for any other error. */
function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error ? Number(error.statusCode) : undefined;
}

/** Whether an error is an answer of Docker's. */
export function isRefusal(error: unknown): boolean {
  return statusOf(error) !== undefined;
}

/** Whether Docker does not know what was asked for. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** Whether what was to be made is there already. */
export function isTaken(error: unknown): boolean {
  return statusOf(error) === 409;
}

/**
 * Whether somebody else changed the same first, so that the version which was read is outdated; swarmkit says it with
 * 500.
 */
export function isOutdated(error: unknown): boolean {
  return theirWords(error).includes("out of sequence");
}

/**
 * Node's code for a connection that ended under a request ("socket hang up") or was reset; also behind errors of ours.
 */
function isReset(error: unknown): boolean {
  return error instanceof Error && (("code" in error && error.code === "ECONNRESET") || isReset(error.cause));
}

/** Whether an error speaks of the connection to a manager: it will not come back, another manager has to be asked. */
export function isConnectionLost(error: unknown): boolean {
  return !comesOf(error, UnreachableError) && (comesOf(error, ConnectionLostError) || isReset(error));
}

/** How swarmkit says that the managers elect a leader or are too busy to answer each other. */
const ofTheMoment =
  /does not have a leader|lost leader status|raft proposal dropped|deadline exceeded|DeadlineExceeded|code = Unavailable/;

/**
 * Whether an error speaks of the moment: an election, a manager that is too busy to answer its peers, a connection that
 * broke. What was waited for until a deadline is not waited for again.
 */
export function isTransient(error: unknown): boolean {
  return !comesOf(error, DeadlineError) && (isConnectionLost(error) || ofTheMoment.test(theirWords(error)));
}

/**
 * How Pulumi says that another update runs (@pulumi/pulumi, automation/errors.ts): a backend of files or objects, and
 * the service.
 */
const lockTexts = ["the stack is currently locked by", "[409] Conflict: Another update is currently in progress"];

/** Who made a lock, as Pulumi says it (pkg/backend/diy/lock.go). */
export interface LockMaker {
  readonly username: string;
  readonly hostname: string;
  readonly pid: string;
  readonly timestamp: string;
}

/**
 * Whose lock was in the way of a Pulumi that failed, by its output; "unknown" where it does not say, undefined where it
 * was no lock.
 */
export function lockMakerIn(output: string): LockMaker | "unknown" | undefined {
  if (!lockTexts.some((text) => output.includes(text))) return undefined;
  const [, username, hostname, pid, timestamp] = /: created by (.+)@(\S+) \(pid (\d+)\) at (\S+)/.exec(output) ?? [];
  if (username === undefined || hostname === undefined || pid === undefined || timestamp === undefined)
    return "unknown";
  return { username, hostname, pid, timestamp };
}
