import { CommanderError, type Command } from "@commander-js/extra-typings";
import { BusyError, messageOf, OperationError } from "../ops/errors";
import { runMain } from "../ops/run-main";
import { SettingsError } from "../settings/errors";
import { exitCodes, UsageError, type ExitCode } from "./errors";
import { buildProgram } from "./program";
import { Terminal } from "./terminal";

/** Says what went wrong, in one way for all, and gives the exit code. */
function refuse(error: unknown, program: Command, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done;
    // a group without a verb has shown its help
    if (error.code === "commander.help") return exitCodes.usage;
    const verb = verbOf(program, process.argv.slice(2));
    terminal.say(`${verb}: ${inHouse(error.message)}; see \`${verb} --help\`.`);
    return exitCodes.usage;
  }
  if (error instanceof UsageError || error instanceof SettingsError) {
    terminal.say(error.message);
    return exitCodes.usage;
  }
  if (error instanceof OperationError) {
    terminal.say(messageOf(error));
    return error instanceof BusyError ? exitCodes.busy : exitCodes.failed;
  }
  terminal.say(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nThis is a bug.`);
  return exitCodes.failed;
}

/** The parser's message as part of a sentence of ours. */
function inHouse(message: string): string {
  return message
    .replace(/^error: /, "")
    .replace(/\n\(Did (you mean [^)]*)\?\)/, " (did $1?)")
    .replace(/\.$/, "")
    .replaceAll(/\. ([A-Za-z])/g, (_, letter: string) => `: ${letter.toLowerCase()}`);
}

/** The verb that a command line got to, e.g. "swarmctl cluster update". */
function verbOf(program: Command, words: readonly string[]): string {
  const path = ["swarmctl"];
  let commands = program.commands;
  for (const word of words) {
    const found = commands.find((command) => command.name() === word);
    if (found === undefined) continue;
    path.push(word);
    commands = found.commands;
  }
  return path.join(" ");
}

async function main(): Promise<ExitCode> {
  const terminal = new Terminal();
  const program = buildProgram(terminal);
  try {
    await program.parseAsync();
    return terminal.exitCode;
  } catch (error) {
    return refuse(error, program, terminal);
  }
}

// whoever reads the output may stop early, as `head` does
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodes.done);
});

runMain("swarmctl", main);
