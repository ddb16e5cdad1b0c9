/** One fault of the configuration: the path of the value and what is wrong with it and allowed. */
export interface Fault {
  readonly path: string;
  readonly problem: string;
}

/** What was given cannot be used: the configuration, unless another subject is named. Carries every fault at once. */
export class SettingsError extends Error {
  constructor(
    readonly faults: readonly Fault[],
    subject = "configuration",
  ) {
    super(
      `The ${subject} has ${faults.length} fault${faults.length === 1 ? "" : "s"}; nothing was touched.\n` +
        faults.map((fault) => `  ${fault.path}: ${fault.problem}`).join("\n"),
    );
    this.name = "SettingsError";
  }
}
