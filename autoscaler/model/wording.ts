import type { NodeRef } from "./observation";
import { nodeKey } from "./observation";

/** "82 %"; with one decimal where whole percents would make it look like the figure beside it. */
export function percent(ratio: number, beside?: number): string {
  const alike = beside !== undefined && ratio !== beside && Math.round(ratio * 100) === Math.round(beside * 100);
  return `${(ratio * 100).toFixed(alike ? 1 : 0)} %`;
}

/** "95 s", rounded up so that "0 s" is never left to wait for. */
export function seconds(milliseconds: number): string {
  return `${Math.ceil(milliseconds / 1000)} s`;
}

/** "3 workers", "1 worker". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** "az1-0, az1-3"; more than six are cut short. */
export function names(nodes: readonly NodeRef[]): string {
  const shown = nodes.slice(0, 6).map(nodeKey).join(", ");
  return nodes.length > 6 ? `${shown} and ${nodes.length - 6} more` : shown;
}

/** A clause as the beginning of a sentence. Names of groups and services stay as they are written. */
export function sentence(clause: string): string {
  const first = /^[a-z]+(?=[ ,])/.test(clause) ? clause.charAt(0).toUpperCase() + clause.slice(1) : clause;
  return `${first}.`;
}
