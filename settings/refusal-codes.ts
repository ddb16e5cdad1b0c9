/** Refusals that whoever ran the update acts upon; a program reads the code, a person the words before it. */
export const refusalCodes = ["plan-guard"] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** A refusal's words with its code in the last line. */
export function withCode(words: string, code: RefusalCode): string {
  return `${words}\nrefusal: ${code}`;
}

/** The refusal that a text ends with: its code, and its words without the line of the code; undefined where it is none. */
export function refusalIn(text: string): { readonly code: RefusalCode; readonly words: string } | undefined {
  const lines = text.trimEnd().split("\n");
  const word = /^\s*refusal: ([a-z-]+)$/.exec(lines.at(-1) ?? "")?.[1];
  const code = refusalCodes.find((one) => one === word);
  return code === undefined ? undefined : { code, words: lines.slice(0, -1).join("\n") };
}
