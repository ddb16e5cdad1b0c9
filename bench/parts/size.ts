import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { out, say, type Ran } from "../command";
import { startMockCloud } from "../mock/cloud";
import type { Report } from "../results";
import { benchSettings, emptyImage } from "../settings";
import { BenchStack } from "../stack";

/** Minutes for one command on the largest stack, whose `up` took 59. */
const deadlineMinutes = 240;

/**
 * Has Pulumi write the state at the end alone, and not before and after each resource; only for who asks for
 * experiments.
 */
const writtenOnce = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };

/**
 * What a cluster of each size costs: seconds of `preview` and `up` against a cloud that answers at once, bytes of
 * state.
 */
export async function measureSizes(sizes: readonly number[], report: Report): Promise<void> {
  for (const nodes of sizes) {
    const measure = async (what: string, command: () => Promise<Ran>): Promise<void> => {
      const { seconds } = await command();
      say(`size: ${nodes} nodes: ${what}: ${seconds.toFixed(1)} s`);
      report({ name: `${nodes} nodes, ${what}`, value: seconds, unit: "s" });
    };
    await onMock(nodes, `size-${nodes}-once`, writtenOnce, async (stack) => {
      await measure("preview", () => stack.preview({ nodes }));
      await measure("up, state written once", () => stack.up({ nodes }));
      await measure("no-op preview", () => stack.preview({ nodes }, ["--expect-no-changes"]));
      report({ name: `${nodes} nodes, state per node`, value: stack.stateBytes() / nodes, unit: "bytes" });
    });
    await onMock(nodes, `size-${nodes}`, {}, async (stack) => {
      await measure("up", () => stack.up({ nodes }));
    });
  }
}

/** Does something with a new stack on a cloud of its own. */
async function onMock(
  nodes: number,
  name: string,
  environment: Readonly<Record<string, string>>,
  use: (stack: BenchStack) => Promise<void>,
): Promise<void> {
  const { externalNetwork, managerFlavor, workerFlavor } = benchSettings(nodes);
  const mock = await startMockCloud({
    externalNetwork,
    flavors: [...new Set([managerFlavor, workerFlavor])],
    image: emptyImage,
  });
  try {
    const folder = join(out, name);
    mkdirSync(folder, { recursive: true });
    const clouds = join(folder, "clouds.yaml");
    writeFileSync(clouds, mock.cloudsYaml);
    const stack = new BenchStack(name, {
      folder,
      environment: { ...environment, OS_CLOUD: "mock", OS_CLIENT_CONFIG_FILE: clouds },
      deadlineMinutes,
    });
    await stack.make();
    await use(stack);
    if (mock.unanswered.length > 0)
      throw new Error(`mock: no answer to ${[...new Set(mock.unanswered)].join(", ")}; teach it.`);
  } finally {
    await mock.close();
  }
}
