import { z } from "zod";
import { clusterAccess, readClusterOutputs, type ClusterAccess, type ClusterOutputs } from "../../settings/outputs";
import { OperationError } from "../errors";

/**
 * What the program hands to a verb: everything comes in the environment, since arguments are there for every user of
 * the machine to read. `SWARM_ACCESS` and `SWARM_SPEC`; the text of a stack is on standard input.
 */
export function readAccess(environment: NodeJS.ProcessEnv): ClusterAccess {
  return readJson(environment, "SWARM_ACCESS", clusterAccess);
}

/** A stack's outputs, secrets in clear, as `pulumi stack output --json --show-secrets` prints them. */
export function readOutputs(outputs: unknown): ClusterOutputs {
  const cluster = clusterIn(z.record(z.string(), z.unknown()).parse(outputs));
  if (cluster === undefined)
    throw new OperationError("the stack has no cluster yet, or an older one; run `pulumi up`.");
  return cluster;
}

function clusterIn(outputs: Readonly<Record<string, unknown>>): ClusterOutputs | undefined {
  try {
    return readClusterOutputs(outputs);
  } catch {
    return undefined;
  }
}

export function readJson<T extends z.ZodType>(environment: NodeJS.ProcessEnv, name: string, schema: T): z.output<T> {
  const result = schema.safeParse(JSON.parse(readText(environment, name)));
  if (!result.success) throw new OperationError(`${name}: ${z.prettifyError(result.error)}`);
  return result.data;
}

/**
 * What the same verb printed when it last ran for the same resource, which Pulumi's command provider tells; undefined
 * where it printed nothing.
 */
export function lastOutput<T extends z.ZodType>(environment: NodeJS.ProcessEnv, schema: T): z.output<T> | undefined {
  const name = "PULUMI_COMMAND_STDOUT";
  return (environment[name] ?? "") === "" ? undefined : readJson(environment, name, schema);
}

export function readText(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (value === undefined || value === "")
    throw new OperationError(`${name}: not in the environment; the program sets it.`);
  return value;
}
