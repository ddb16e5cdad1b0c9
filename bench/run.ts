import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../ops/errors";
import { runMain } from "../ops/run-main";
import { readChoices, type Choices, type Part } from "./choices";
import { log, out, say } from "./command";
import { labCloud, uploadEmptyImage } from "./lab-cloud";
import { measureLoop } from "./parts/loop";
import { measurePhases } from "./parts/phases";
import { measureReaction } from "./parts/reaction";
import { measureScale } from "./parts/scale";
import { measureSizes } from "./parts/size";
import { measureTerraform } from "./parts/terraform";
import { table, type Report, type Result } from "./results";

// `make bench`; docs/benchmark.md says what each figure is. Prints a table and writes bench/out/results.json.

async function measure(part: Part, { rounds, sizes }: Choices, report: Report): Promise<void> {
  switch (part) {
    case "phases":
      return measurePhases(labCloud(), report);
    case "terraform":
      await uploadEmptyImage(labCloud());
      return measureTerraform(labCloud(), rounds, report);
    case "scale":
      return measureScale(labCloud(), rounds, report);
    case "loop":
      return measureLoop(report);
    case "reaction":
      return measureReaction(report);
    case "size":
      return measureSizes(sizes, report);
  }
}

async function main(): Promise<number> {
  const choices = readChoices(process.env);
  rmSync(out, { recursive: true, force: true });
  // what tools log here may hold the keys of a cluster that is being measured
  mkdirSync(out, { recursive: true, mode: 0o700 });
  writeFileSync(log, "");
  const results: Result[] = [];
  const failures: string[] = [];
  for (const part of choices.parts) {
    await measure(part, choices, (result) => {
      results.push(result);
    }).catch((error: unknown) => {
      failures.push(`${part}: ${messageOf(error)}`);
      say(`bench: ${part}: ${messageOf(error)}`);
    });
    writeFileSync(join(out, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  }
  process.stdout.write(`${table(results)}\n`);
  for (const failure of failures) say(`bench: failed: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

runMain("bench", () =>
  main().catch((error: unknown) => {
    say(`bench: ${messageOf(error)}`);
    return 2;
  }),
);
