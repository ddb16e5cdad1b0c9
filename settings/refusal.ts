import { RunError } from "@pulumi/pulumi";
import { withCode, type RefusalCode } from "./refusal-codes";

/**
 * What ends the program with a message and no stack trace. Pulumi writes the stack into its traces all the same; to name
 * the lines of every module that was compiled while it loaded takes Node 12 s of the processor, so there is none.
 *
 * @param code stands in the last line, for programs.
 */
export function refusal(message: string, code?: RefusalCode): RunError {
  const text = code === undefined ? message : withCode(message, code);
  const error = new RunError(text);
  error.stack = text;
  return error;
}
