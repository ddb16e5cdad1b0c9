import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { UsageError } from "./errors";

/** Options that several verbs have. Each call makes a new one: an option belongs to one command. */
export const stackOption = () =>
  new Option("--stack <stack>", "stack of the cluster, where its name does not say enough");
export const projectOption = () =>
  new Option("--project <dir>", "checkout of the project (default: around the current folder, else swarmctl's own)");
export const lockTimeoutOption = () =>
  numberOption(
    "--lock-timeout <seconds>",
    "wait so long for another update that holds the stack's lock (default: as long as an update may take)",
  );
export const jsonOption = () => new Option("--json", "print JSON");

/** An option whose value is a whole number; the settings check its limits. */
export function numberOption<const Flags extends string>(flags: Flags, description: string) {
  return new Option(flags, description).argParser(wholeNumber);
}

/** An option that may be given several times, each time with the base address of a service. */
export function urlOption<const Flags extends string>(flags: Flags, description: string) {
  return new Option(flags, description).argParser((text: string, before: string[] | undefined): string[] => [
    ...(before ?? []),
    webAddress(text),
  ]);
}

export const prometheusOption = () =>
  urlOption(
    "--prometheus <url>",
    "Prometheus that has the figures; several may be given (default: what listens on port 9090 of the managers, by SSH)",
  );

function webAddress(text: string): string {
  if (!URL.canParse(text) || !/^https?:\/\//.test(text))
    throw new InvalidArgumentError(`use an address such as "http://prometheus:9090".`);
  return text;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("use a whole number.");
  return Number(text);
}

/** A cluster's name, given as the argument or by a flag. @throws UsageError when the two differ. */
export function namedOnce(flag: string, argument: string | undefined, option: string | undefined): string | undefined {
  if (argument !== undefined && option !== undefined && argument !== option)
    throw new UsageError(
      `${flag}: ${JSON.stringify(option)} is not ${JSON.stringify(argument)}, the argument; name one cluster.`,
    );
  return argument ?? option;
}

/** Examples below a verb's help: what it does, and the line that is typed. */
export function examples(...rows: readonly (readonly [string, string])[]): string {
  return `\nExamples:\n${rows.map(([what, line]) => `  # ${what}\n  $ ${line}\n`).join("")}`;
}

/** The exit codes below the program's help. */
export const exitCodesHelp =
  "\nExit codes: 0 done, 1 failed, 2 usage, 3 checked and not healthy, 75 busy, try again.\n";
