import { OperationError } from "../errors";

/** The variable by which a person consents to what an update refuses: words as the refusal names them. */
export const consentVariable = "SWARM_CONSENT";

/** What a person consents to, for one update. */
export interface Consent {
  /** Ids of things on the cloud that may be removed though nothing proves that they are leftovers. */
  readonly remove: ReadonlySet<string>;
  /** Number of the newest update on the cloud that the state may be behind. */
  readonly behind?: number;
}

/**
 * Reads `remove=<id>` and `behind=<number>`, separated by spaces or commas.
 *
 * @throws OperationError for any other word.
 */
export function readConsent(environment: NodeJS.ProcessEnv): Consent {
  const words = (environment[consentVariable] ?? "").split(/[\s,]+/).filter((word) => word !== "");
  const remove = new Set<string>();
  let behind: number | undefined;
  for (const word of words) {
    const [, key, value = ""] = /^(remove|behind)=(.+)$/.exec(word) ?? [];
    if (key === "remove") remove.add(value);
    else if (key === "behind" && /^\d+$/.test(value)) behind = Number(value);
    else
      throw new OperationError(
        `${consentVariable}: "${word}" is not understood; use remove=<id> and behind=<number>, as the refused update prints them.`,
      );
  }
  return { remove, ...(behind === undefined ? {} : { behind }) };
}

/** The end of a refusal: how to consent to it. */
export function howToConsent(words: readonly string[]): string {
  return `make up CONSENT="${words.join(" ")}" (${consentVariable} for pulumi and swarmctl)`;
}
