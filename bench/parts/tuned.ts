import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildTunedPlugin } from "../build";
import { waitLimitVariable } from "../capped-waits";
import { out } from "../command";
import type { Cloud } from "../lab-cloud";
import type { Report } from "../results";
import { measureRounds, steps } from "../rounds";
import { BenchStack } from "../stack";
import { pulumiTool } from "../tools";

/** Longest wait between two looks at what is being made. */
const waitLimit = "200ms";

/** The same rounds by Pulumi alone, with a provider whose fixed waits are cut short: what the waits cost. */
export async function measureTuned(cloud: Cloud, rounds: number, report: Report): Promise<void> {
  const folder = join(out, "tuned");
  mkdirSync(folder, { recursive: true });
  const stack = new BenchStack("bench-tuned", { folder, environment: { ...cloud, [waitLimitVariable]: waitLimit }, pluginHome: await buildTunedPlugin() });
  await stack.make();
  const tool = pulumiTool("pulumi, tuned provider", stack);
  const medians = await measureRounds([tool], rounds);
  for (const step of steps) report({ name: `${step}, ${tool.name}`, value: medians.get(tool)?.[step] ?? NaN, unit: "s" });
}
