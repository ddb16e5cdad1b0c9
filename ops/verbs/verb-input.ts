import { z } from "zod";
import { clusterAccess, type ClusterAccess } from "../../settings/outputs";
import { OperationError } from "../errors";

/**
 * What the program hands to a verb: everything comes in the environment, since arguments are there for every user of
 * the machine to read. `SWARM_ACCESS` and `SWARM_SPEC`; the text of a stack is on standard input.
 */
export function readAccess(environment: NodeJS.ProcessEnv): ClusterAccess {
  return readJson(environment, "SWARM_ACCESS", clusterAccess);
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
