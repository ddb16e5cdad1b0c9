/** What was asked for cannot be: the user's own fault, printed without a stack trace; exit code 2. */
export class UsageError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "UsageError";
  }
}

/** Exit codes; stable, scripts go by them. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unhealthy: 3,
  /** As EX_TEMPFAIL of sysexits.h: somebody else is at it, try again. */
  busy: 75,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
