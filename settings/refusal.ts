import { RunError } from "@pulumi/pulumi";

/**
 * What ends the program with a message and no stack trace. Pulumi writes the stack into its traces all the same; to
 * name the lines of every module that was compiled while it loaded takes Node 12 s of the processor, so there is none.
 */
export function refusal(message: string): RunError {
  const error = new RunError(message);
  error.stack = message;
  return error;
}
