import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { OperationError } from "./errors";

/** The part of a stack's exported state that is read here (`pulumi stack export`, version 3 of the deployment). */
const exportSchema = z.object({
  deployment: z.object({
    resources: z.array(z.object({
      urn: z.string(), type: z.string(), id: z.string().optional(), outputs: z.record(z.string(), z.unknown()).optional(),
    })).nullish(),
  }),
});
export type StateResource = NonNullable<z.output<typeof exportSchema>["deployment"]["resources"]>[number];

/** Seconds for the export: the state is read from its backend, which may be slow, and decrypts nothing. */
const exportSeconds = 300;

/** Bytes of an exported state that are taken: 1,000 nodes are some 40 MB. */
const exportLimit = 512 * 1024 * 1024;

/** Every resource that a stack's state holds, secrets encrypted; asks the installed Pulumi. */
export async function readState(stack: string): Promise<StateResource[]> {
  const { stdout } = await promisify(execFile)("pulumi", ["stack", "export", "--stack", stack], { maxBuffer: exportLimit, timeout: exportSeconds * 1000 })
    .catch((error: unknown) => { throw new OperationError(`pulumi stack export of ${stack} failed`, { cause: error }); });
  return parseState(stdout);
}

export function parseState(text: string): StateResource[] {
  return exportSchema.parse(JSON.parse(text)).deployment.resources ?? [];
}
