/** The environment failed or did not do in time what it should; printed without a stack trace. */
export class OperationError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "OperationError";
  }
}

/**
 * A machine that something was to be done on does not let one in. Of the managers, by which it was tried, it says
 * nothing.
 */
export class UnreachableError extends OperationError {
  override readonly name = "UnreachableError";
}

/**
 * A connection was not made, ended, or carried no answer in time. Whether what was asked for is done is not known;
 * another machine may be asked.
 */
export class ConnectionLostError extends OperationError {
  override readonly name = "ConnectionLostError";
}

/** A command on a machine ended with another exit code than 0. */
export class ExitError extends OperationError {
  override readonly name = "ExitError";

  /** @param stderr what the command itself said. */
  constructor(
    message: string,
    readonly code: number,
    readonly stderr: string,
  ) {
    super(`${message} ended with ${code}: ${stderr.trim()}`);
  }
}

/**
 * A signal ended a command on its machine, e.g. since the memory ran out. It would end the next one as well, so it is
 * not repeated.
 */
export class SignalError extends OperationError {
  override readonly name = "SignalError";

  /** @param signal e.g. "SIGKILL". */
  constructor(
    message: string,
    readonly signal: string,
  ) {
    super(`${message} was ended by ${signal}; \`journalctl\` on the machine says why.`);
  }
}

/** There is no manager that could be asked. */
export class NoManagersError extends OperationError {
  override readonly name = "NoManagersError";
}

/** Somebody else is at it: nothing was done, and the same may be tried again later. */
export class BusyError extends OperationError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "BusyError";
  }
}

/** An update that was not begun, since another one holds the stack's lock. */
export class LockedError extends BusyError {
  override readonly name = "LockedError";

  /**
   * @param holder the update that holds it, e.g. "ann@laptop's update of 2026-01-01T00:00:00Z (process 4711)".
   * @param interrupted true where this process was asked to end meanwhile.
   */
  constructor(
    stack: string,
    readonly holder: string,
    readonly interrupted = false,
  ) {
    super(
      `stack ${stack}: locked by ${holder}; try again when it is done, or see "Two updates at once" in docs/runbook.md.`,
    );
  }
}

/** Whether an error, or one behind it, is of a kind. */
export function comesOf(error: unknown, kind: new (...of: never[]) => Error): boolean {
  return error instanceof kind || (error instanceof Error && comesOf(error.cause, kind));
}

/** The message of anything that was thrown; the causes behind it stand in its first line, before what else it tells. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const [first = "", ...rest] = error.message.split("\n");
  return [`${first} (${messageOf(error.cause)})`, ...rest].join("\n");
}
