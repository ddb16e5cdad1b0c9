import tab from "@bomb.sh/tab/commander";
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Command as PlainCommand } from "commander";
import { examples } from "../options";
import type { Terminal } from "../terminal";

/**
 * `swarmctl completion`: the script by which a shell completes swarmctl's words. The script asks swarmctl itself, by the
 * hidden verb `complete`. Comes after every other verb, since it looks at them.
 */
export function addCompletion(program: Command, terminal: Terminal): void {
  // the typed command is the plain one with sharper types
  const completion = tab(program as unknown as PlainCommand, { completionCommandName: "completion" });
  for (const [verb, argument] of [["cluster update", "name"], ["cluster status", "name"], ["node ls", "cluster"], ["autoscaler run", "cluster"], ["autoscaler explain", "cluster"]] as const) {
    completion.commands.get(verb)?.argument(argument, (complete) => { for (const { name, stack } of clusters(terminal)) complete(name, `stack ${stack}`); });
  }
  completion.commands.get("cluster update")?.option("cluster-name", "name of the cluster", (complete) => {
    for (const { name, stack } of clusters(terminal)) complete(name, `stack ${stack}`);
  });
  // a description of several lines would be several suggestions
  for (const [path, command] of completion.commands) command.description = summaryOf(program, path);
  program.commands.find((command) => command.name() === "completion")
    ?.summary("the script by which bash, zsh or fish completes swarmctl")
    .description("Prints the script by which a shell completes swarmctl's verbs, options and the names of clusters.")
    .addHelpText("after", examples(
      ["bash with bash-completion, in ~/.bashrc", "source <(swarmctl completion bash)"],
      ["zsh, in ~/.zshrc", "source <(swarmctl completion zsh)"],
      ["fish", "swarmctl completion fish > ~/.config/fish/completions/swarmctl.fish"],
    ));
}

/** The summary of a verb, by its words. */
function summaryOf(program: CommandUnknownOpts, path: string): string {
  const command = path.split(" ").reduce<CommandUnknownOpts | undefined>((parent, word) => parent?.commands.find((one) => one.name() === word), program);
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
