import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command";
import { nodes, type Step, type Tool } from "./rounds";
import { parallelism, type BenchStack } from "./stack";

/**
 * Pulumi, with the program's own components.
 *
 * @param after called after each step, outside of what is timed.
 */
export function pulumiTool(
  name: string,
  stack: BenchStack,
  after: (step: Step) => Promise<void> = async () => Promise.resolve(),
): Tool {
  const command = async (step: Step): Promise<{ seconds: number }> => {
    switch (step) {
      case "create":
        return stack.up({ nodes });
      case "no-op":
        return stack.preview({ nodes }, ["--expect-no-changes"]);
      case "no-op with refresh":
        return stack.preview({ nodes }, ["--refresh", "--expect-no-changes"]);
      case "edit of rules":
        return stack.up({ nodes, editedRules: true });
      case "one more node":
        return stack.up({ nodes: nodes + 1, editedRules: true });
      case "destroy":
        return stack.destroy();
    }
  };
  return {
    name,
    step: async (step) => {
      const { seconds } = await command(step);
      await after(step);
      return seconds;
    },
    clean: async () => stack.destroy(),
  };
}

/** Terraform's configurations of the cluster after a step that changes it, as JSON. */
export type Configurations = Partial<Record<"create" | "edit of rules" | "one more node", string>>;

/**
 * Terraform, with one release of the provider and the configurations that are there when a step needs them.
 *
 * @param folder where it works and keeps its state.
 */
export function terraformTool(
  name: string,
  folder: string,
  environment: NodeJS.ProcessEnv,
  configurations: Configurations,
): Tool {
  const common = [`-parallelism=${parallelism}`, "-input=false", "-no-color"];
  const terraform = async (configuration: string | undefined, words: readonly string[]): Promise<number> => {
    if (configuration === undefined)
      throw new Error("terraform: no configuration yet; Pulumi's round comes first. This is a bug.");
    writeFileSync(join(folder, "main.tf.json"), configuration);
    return (await run(["terraform", ...words, ...common], { cwd: folder, environment })).seconds;
  };
  return {
    name,
    step: async (step) => {
      switch (step) {
        case "no-op":
          return terraform(configurations.create, ["plan", "-detailed-exitcode", "-refresh=false"]);
        case "no-op with refresh":
          return terraform(configurations.create, ["plan", "-detailed-exitcode"]);
        case "destroy":
          return terraform(configurations["one more node"], ["destroy", "-auto-approve"]);
        default:
          return terraform(configurations[step], ["apply", "-auto-approve"]);
      }
    },
    clean: async () =>
      terraform(configurations["one more node"] ?? configurations.create, ["destroy", "-auto-approve"]),
  };
}
