import type { Gate } from "../model/verdict";
import { sentence } from "../model/wording";
import type { Tick } from "./loop";

/** A tick as people read it: the verdict first, then every gate with its value and what it needs. */
export function explainTick(cluster: string, tick: Tick): string {
  const { verdict, gates } = tick;
  const rows = [
    ["GATE", "BEARS ON", "PASSES", "VALUE"],
    ...gates.map((gate) => [gate.name, bearing(gate), gate.passed ? "yes" : "no", `${gate.value}; ${gate.needs}`]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const table = rows
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
  const [last] = earlierDecisions(tick);
  const own =
    last === undefined
      ? ""
      : `\nlast decision of the autoscaler, ${new Date(last.at).toISOString()}: ${last.kind}. ${last.why}\n`;
  return `${cluster}: ${verdict.kind}\n${sentence(verdict.why.replace(/\.$/, ""))}\n${gates.length === 0 ? "" : `\n${table}`}${own}`;
}

/** What the autoscaler decided before this look. */
export function earlierDecisions({ at, record }: Tick): NonNullable<Tick["record"]>["decisions"] {
  return record?.decisions.filter((decision) => decision.at < at) ?? [];
}

function bearing({ side, role }: Gate): string {
  return side === "both" ? "both" : `${side}, ${role}`;
}
