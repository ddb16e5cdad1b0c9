import { join } from "node:path";
import { parseState } from "../ops/stack-state/state";
import { root, run, type Ran } from "./command";

/** Minutes for a command on the lab's stack; an `up` took 9 with all servers emulated. */
const deadlineMinutes = 45;

/** What keeps Pulumi from asking. */
export const unasked = ["--yes", "--skip-preview"];
export const destroyWords = ["destroy", "--run-program", ...unasked];

/** Runs Pulumi on the lab's stack. */
export async function labPulumi(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return run([join(root, "lab", "pulumi"), ...words], { cwd: root, environment, deadlineMinutes });
}

/** @throws Error when the lab has a cluster: what is measured would be another's. */
export async function requireNoCluster(): Promise<void> {
  const held = parseState((await labPulumi(["stack", "export"])).stdout);
  if (held.length > 0) throw new Error("the lab has a cluster already; run `make destroy`.");
}
