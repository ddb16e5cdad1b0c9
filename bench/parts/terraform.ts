import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildTerraformProvider } from "../build";
import { out } from "../command";
import type { Cloud } from "../lab-cloud";
import type { Report } from "../results";
import { measureRounds, steps, type Step } from "../rounds";
import { BenchStack } from "../stack";
import { terraformOf } from "../terraform";
import { pulumiTool, terraformTool, type Configurations } from "../tools";

/** No slower than Terraform in these; what a no-op costs more is in docs/benchmark.md. */
const bounded: ReadonlySet<Step> = new Set(["create", "no-op", "destroy"]);

/** The cluster's OpenStack resources by Pulumi and by Terraform with the same provider, by turns. */
export async function measureTerraform(cloud: Cloud, rounds: number, report: Report): Promise<void> {
  const folder = join(out, "terraform");
  mkdirSync(folder, { recursive: true });
  const provider = await buildTerraformProvider();
  const config = join(folder, "terraformrc");
  writeFileSync(config, `provider_installation {\n  dev_overrides { "terraform-provider-openstack/openstack" = ${JSON.stringify(provider)} }\n  direct {}\n}\n`);
  const stack = new BenchStack("bench", { folder, environment: cloud });
  await stack.make();
  const configurations: Configurations = {};
  const asTerraform = async (): Promise<string> => JSON.stringify(terraformOf(await stack.exported()), null, 1);
  // Terraform's configuration is what Pulumi made
  const ours = pulumiTool("pulumi", stack, async (step) => {
    if (step === "create") configurations.small ??= await asTerraform();
    if (step === "one more node") configurations.large ??= await asTerraform();
  });
  const theirs = terraformTool(folder, { ...cloud, TF_CLI_CONFIG_FILE: config, CHECKPOINT_DISABLE: "1" }, configurations);
  const medians = await measureRounds([ours, theirs], rounds);
  for (const step of steps) {
    const [mine, other] = [medians.get(ours)?.[step] ?? NaN, medians.get(theirs)?.[step] ?? NaN];
    report({ name: `${step}, pulumi`, value: mine, unit: "s" });
    report({ name: `${step}, terraform`, value: other, unit: "s" });
    report({ name: `${step}, pulumi to terraform`, value: mine / other, unit: "ratio", ...(bounded.has(step) ? { bound: 1 } : {}) });
  }
}
