import { stringify } from "yaml";
import type { Allowance } from "../../settings/plan-guard";
import { align } from "../table";
import type { Finding } from "./checks";
import type { Judged, Verdict } from "./judge";
import { priceText } from "./price";

/** Hours of a month, of a year's twelfth. */
const monthHours = 730;

/** What the guard says as text: a table, the price, allowances that are over, and how to allow what is refused. */
export function verdictText(verdict: Verdict, stack: string, now: Date): string {
  const { findings } = verdict;
  const rows = findings.map((finding) => cellsOf(finding));
  return [
    ...(rows.length === 0 ? [] : [align([head, ...rows])]),
    ...notesOf(verdict).map((line) => `${line}\n`),
    ...(verdict.refused.length === 0 ? [] : [howToAllow(verdict, stack, now)]),
  ].join("");
}

/** The same as Markdown, for a comment on a pull request. */
export function verdictMarkdown(verdict: Verdict, stack: string, now: Date): string {
  const { findings, refused } = verdict;
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table =
    findings.length === 0
      ? []
      : [row(head), row(head.map(() => "---")), ...findings.map((finding) => row(cellsOf(finding))), ""];
  return [
    `Plan guard: ${refused.length === 0 ? "within its limits" : "**beyond its limits, an update would be refused**"}.`,
    "",
    ...table,
    ...notesOf(verdict).flatMap((line) => [line, ""]),
    ...(refused.length === 0 ? [] : ["```yaml", howToAllow(verdict, stack, now).trimEnd(), "```", ""]),
  ].join("\n");
}

const head = ["CHECK", "WHERE", "PLAN", "LIMIT", "VERDICT", "RESOURCES"];
/** Names of a row; of many the first are enough. */
const mostNames = 6;

function cellsOf({ code, zone, figure: plan, limit, beyond, allowance, resources }: Judged): string[] {
  const verdict = !beyond ? "within" : allowance === undefined ? "REFUSED" : `allowed until ${allowance.until}`;
  const more = resources.length - mostNames;
  return [
    code,
    whereOf({ zone }),
    plan,
    limit,
    verdict,
    resources.slice(0, mostNames).join(", ") + (more > 0 ? ` and ${more} more` : ""),
  ];
}

function whereOf({ zone }: { readonly zone: string | undefined }): string {
  return zone === undefined ? "cluster" : `zone ${zone}`;
}

function notesOf({ price, expired }: Verdict): string[] {
  const signed = (value: number): string => `${value > 0 ? "+" : ""}${priceText(value)}`;
  const rise = price === undefined ? 0 : price.after - price.before;
  return [
    ...(price === undefined
      ? []
      : [
          `Price of the servers: ${priceText(price.before)} per hour before, ${priceText(price.after)} after; ${signed(rise)} per hour, ${signed(rise * monthHours)} per month.`,
        ]),
    ...(price === undefined || price.unknown.length === 0
      ? []
      : [`Not counted, because swarm:flavorPrices has no price: ${price.unknown.join(", ")}.`]),
    ...expired.map(
      (one) =>
        `swarm:allow: ${one.what}${one.zone === undefined ? "" : ` in ${one.zone}`} was allowed until ${one.until} and is ignored; remove the line.`,
    ),
  ];
}

/**
 * The line to add holds what is in force already: the key may stand there once. Its reason is left to whoever adds it.
 */
function howToAllow({ refused, inForce }: Verdict, stack: string, now: Date): string {
  const until = new Date(now.getTime() + 24 * 3600 * 1000).toISOString().slice(0, 10);
  const asked = needed(refused).map(({ code, zone }) => ({
    what: code,
    ...(zone === undefined ? {} : { zone }),
    until,
    why: "…",
  }));
  return (
    `To allow it, set this in Pulumi.${stack}.yaml under \`config:\`, with the reason in place of each "…" (docs/runbook.md, "A plan is refused"):\n` +
    `  swarm:allow: ${stringify([...inForce, ...asked].map(quoted), { collectionStyle: "flow", lineWidth: 0 }).trim()}\n`
  );
}

/** An allowance for the cluster holds in each zone. */
function needed(refused: readonly Finding[]): Finding[] {
  const everywhere = new Set(refused.filter(({ zone }) => zone === undefined).map(({ code }) => code));
  return refused.filter(({ code, zone }) => zone === undefined || !everywhere.has(code));
}

function quoted({ what, zone, until, why }: Allowance): Allowance {
  return { what, ...(zone === undefined ? {} : { zone }), until, why };
}
