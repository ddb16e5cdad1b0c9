import tab from "@bomb.sh/tab/commander";
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Command as PlainCommand } from "commander";
import { examples } from "../options";
import type { Terminal } from "../terminal";

/** Verbs with the argument that names a cluster. */
const namedBy = [
  ["cluster update", "name"],
  ["cluster status", "name"],
  ["cluster rollout", "name"],
  ["node ls", "cluster"],
  ["autoscaler run", "cluster"],
  ["autoscaler explain", "cluster"],
] as const;

/**
 * `swarmctl completion`: the script by which a shell completes swarmctl's words. The script asks swarmctl itself, by
 * the hidden verb `complete`. Comes after every other verb, since it looks at them.
 */
export function addCompletion(program: Command, terminal: Terminal): void {
  // the typed command is the plain one with sharper types
  const completion = tab(program as unknown as PlainCommand, { completionCommandName: "completion" });
  const names = (complete: (value: string, description: string) => void): void => {
    for (const { name, stack } of clusters(terminal)) complete(name, `stack ${stack}`);
  };
  for (const [verb, argument] of namedBy) completion.commands.get(verb)?.argument(argument, names);
  for (const [verb, option] of [
    ["cluster update", "cluster-name"],
    ["autoscaler run", "cluster"],
  ] as const)
    completion.commands.get(verb)?.option(option, "name of the cluster", names);
  for (const command of completion.commands.values()) {
    if (command.options.has("stack"))
      command.option("stack", "stack of the cluster", (complete) => {
        for (const { name, stack } of clusters(terminal)) complete(stack, name);
      });
  }
  // a description of several lines would be several suggestions
  for (const [path, command] of completion.commands) command.description = summaryOf(program, path);
  program.commands
    .find((command) => command.name() === "completion")
    ?.summary("the script by which bash, zsh or fish completes swarmctl")
    .description("Prints the script by which a shell completes swarmctl's verbs, options and the names of clusters.")
    .addHelpText(
      "after",
      examples(
        ["bash with bash-completion, in ~/.bashrc", "source <(swarmctl completion bash)"],
        ["zsh, in ~/.zshrc", "source <(swarmctl completion zsh)"],
        ["fish", "swarmctl completion fish > ~/.config/fish/completions/swarmctl.fish"],
      ),
    );
}

/** The summary of a verb, by its words. */
function summaryOf(program: CommandUnknownOpts, path: string): string {
  const command = path
    .split(" ")
    .reduce<CommandUnknownOpts | undefined>(
      (parent, word) => parent?.commands.find((one) => one.name() === word),
      program,
    );
  return command === undefined ? "" : command.summary() === "" ? command.description() : command.summary();
}

/** A shell that completes wants no errors. */
function clusters(terminal: Terminal): ReturnType<Terminal["clusters"]> {
  try {
    return terminal.clusters(undefined);
  } catch {
    return [];
  }
}
