import type { ClusterAccess } from "../../settings/outputs";
import { logIn } from "./managers";

/** What a command printed on a manager. */
export interface ManagerOutput {
  readonly name: string;
  /** Standard output; undefined when the manager cannot be reached. */
  readonly output: string | undefined;
}

/** Seconds for the command on each manager. */
const commandSeconds = 60;

/** Runs a command on every manager, in parallel. */
export async function onEveryManager(
  access: ClusterAccess,
  argv: readonly string[],
): Promise<readonly ManagerOutput[]> {
  return Promise.all(
    access.managers.map(async (manager) => {
      const node = await logIn(access, manager).catch(() => undefined);
      if (node === undefined) return { name: manager.name, output: undefined };
      try {
        return { name: manager.name, output: (await node.exec(argv, { timeoutSeconds: commandSeconds })).stdout };
      } finally {
        node.close();
      }
    }),
  );
}

/** What a manager answered, for a message. */
export function answerText({ name, output }: ManagerOutput, whenEmpty = ""): string {
  return `${name}: ${output === undefined ? "not reached" : output.trim() === "" ? whenEmpty : output.trim()}`;
}
