import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildTerraformProvider, ownProvider, upstreamProvider, type ProviderRelease } from "../build";
import { out } from "../command";
import type { Cloud } from "../lab-cloud";
import type { Report } from "../results";
import { measureRounds, steps, type Step, type Tool } from "../rounds";
import { BenchStack } from "../stack";
import { terraformOf } from "../terraform";
import { pulumiTool, terraformTool, type Configurations } from "../tools";

/** What Pulumi may take at most: by itself, in seconds. What a no-op costs more is in docs/benchmark.md. */
const secondsBounds: Partial<Record<Step, number>> = { "edit of rules": 10 };

/** A release of the provider under Terraform, and what Pulumi may take at most as a multiple of it. */
interface Rival {
  readonly provider: ProviderRelease;
  readonly bounds: Partial<Record<Step, number>>;
}

const rivals: readonly Rival[] = [
  { provider: upstreamProvider, bounds: { create: 0.9, "one more node": 0.35, destroy: 0.4 } },
  { provider: ownProvider, bounds: { create: 1.05, "one more node": 1.1, destroy: 1.05 } },
];

/** The cluster's OpenStack resources by Pulumi, and by Terraform with each release of the provider, by turns. */
export async function measureTerraform(cloud: Cloud, rounds: number, report: Report): Promise<void> {
  const folder = join(out, "terraform");
  mkdirSync(folder, { recursive: true });
  const stack = new BenchStack("bench", { folder, environment: cloud });
  await stack.make();
  const configurations: Configurations = {};
  // Terraform's configurations are what Pulumi made
  const ours = pulumiTool("pulumi", stack, async (step) => {
    if (step === "create" || step === "edit of rules" || step === "one more node") {
      configurations[step] ??= JSON.stringify(terraformOf(await stack.exported()), null, 1);
    }
  });
  const theirs: { readonly rival: Rival; readonly tool: Tool }[] = [];
  for (const rival of rivals)
    theirs.push({ rival, tool: await terraformWith(rival.provider, folder, cloud, configurations) });
  const medians = await measureRounds([ours, ...theirs.map(({ tool }) => tool)], rounds);
  for (const step of steps) {
    const mine = medians.get(ours)?.[step] ?? NaN;
    const bound = secondsBounds[step];
    report({ name: `${step}, pulumi`, value: mine, unit: "s", ...(bound === undefined ? {} : { bound }) });
    for (const {
      rival: { bounds },
      tool,
    } of theirs) {
      const [other, most] = [medians.get(tool)?.[step] ?? NaN, bounds[step]];
      report({ name: `${step}, ${tool.name}`, value: other, unit: "s" });
      report({
        name: `${step}, pulumi to ${tool.name}`,
        value: mine / other,
        unit: "ratio",
        ...(most === undefined ? {} : { bound: most }),
      });
    }
  }
}

async function terraformWith(
  provider: ProviderRelease,
  folder: string,
  cloud: Cloud,
  configurations: Configurations,
): Promise<Tool> {
  const own = join(folder, provider.module);
  mkdirSync(own, { recursive: true });
  const built = await buildTerraformProvider(provider);
  const config = join(own, "terraformrc");
  writeFileSync(
    config,
    `provider_installation {\n  dev_overrides { "terraform-provider-openstack/openstack" = ${JSON.stringify(built)} }\n  direct {}\n}\n`,
  );
  return terraformTool(
    `terraform, provider ${provider.version}`,
    own,
    { ...cloud, TF_CLI_CONFIG_FILE: config, CHECKPOINT_DISABLE: "1" },
    configurations,
  );
}
