import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { parse } from "yaml";
import { z } from "zod";
import { projectName } from "../../settings/schema";
import { OperationError } from "../errors";

export interface Question {
  /** The stack that is to be destroyed; empty where nobody said which. */
  readonly stack: string;
  /** The cluster's name by the stack's configuration. */
  readonly cluster: string;
  /** True where the caller has answered beforehand. */
  readonly isAnswered: boolean;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/** The refusal of a destruction whose stack nobody named. */
export function requireStack(stack: string): void {
  if (stack === "")
    throw new OperationError(
      "STACK: not set; name the stack to destroy, e.g. `make destroy STACK=prod`. Nothing was touched.",
    );
}

/**
 * Names what a destruction takes away, and asks for the cluster's name.
 *
 * @throws OperationError where the answer is another one, or nobody can be asked.
 */
export async function confirmDestroy({ stack, cluster, isAnswered, input, output }: Question): Promise<void> {
  output.write(
    `Stack ${stack}: this destroys the cluster ${cluster} with its servers, networks and addresses, and everything that runs on it.\n`,
  );
  if (isAnswered) return;
  if (input.isTTY !== true) {
    throw new OperationError(
      `${cluster}: standard input is no terminal, so nobody can confirm; run \`make destroy STACK=${stack} YES=1\`. Nothing was touched.`,
    );
  }
  const lines = createInterface({ input, output });
  // a terminal that is closed gives no answer
  const closed = new Promise<string>((resolve) => {
    lines.once("close", () => {
      resolve("");
    });
  });
  const answer = await Promise.race([lines.question("Type the cluster's name to continue: "), closed]).finally(() => {
    lines.close();
  });
  if (answer.trim() !== cluster)
    throw new OperationError(
      `${JSON.stringify(answer.trim())}: not the name of the cluster, ${cluster}. Nothing was touched.`,
    );
}

/**
 * Name of the cluster by the configuration of a stack. @param file the configuration's path; the stack's own by
 * default.
 */
export function clusterNameIn(project: string, stack: string, file = join(project, `Pulumi.${stack}.yaml`)): string {
  if (!existsSync(file))
    throw new OperationError(
      `${file}: no such file, so stack ${JSON.stringify(stack)} has no configuration here; run this in the checkout that has it.`,
    );
  const key = `${projectName}:clusterName`;
  const { data } = z.object({ config: z.object({ [key]: z.string() }) }).safeParse(parse(readFileSync(file, "utf8")));
  const name = data?.config[key];
  if (name === undefined) throw new OperationError(`${file}: ${key} is missing; give the cluster's name.`);
  return name;
}
