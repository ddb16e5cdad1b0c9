/** One fault of the configuration: the path of the value and what is wrong with it and allowed. */
export interface Fault {
  readonly path: string;
  readonly problem: string;
}

/** The configuration cannot be used. Carries every fault at once. */
export class SettingsError extends Error {
  constructor(readonly faults: readonly Fault[]) {
    super(`The configuration has ${faults.length} fault${faults.length === 1 ? "" : "s"}; nothing was touched.\n`
      + faults.map((fault) => `  ${fault.path}: ${fault.problem}`).join("\n"));
    this.name = "SettingsError";
  }
}
