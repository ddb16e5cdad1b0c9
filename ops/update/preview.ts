import { z } from "zod";
import { OperationError } from "../errors";
import { judge } from "../guard/judge";
import { serverType as server } from "../guard/planned-nodes";
import { readPlan } from "../guard/plan";
import { verdictMarkdown, verdictText } from "../guard/verdict-text";

/** The part of `pulumi preview --json` that is read here. */
const previewSchema = z.object({
  steps: z
    .array(
      z.object({
        op: z.string(),
        urn: z.string(),
        newState: z.object({ type: z.string(), inputs: z.record(z.string(), z.unknown()).optional() }).optional(),
        oldState: z.object({ type: z.string(), inputs: z.record(z.string(), z.unknown()).optional() }).optional(),
      }),
    )
    .default([]),
  changeSummary: z.record(z.string(), z.number()).default({}),
});

/**
 * What a step does to a node, in the words of the table. Of a replacement only the whole is counted, not its two
 * halves.
 */
const effects: Readonly<Record<string, string>> = {
  create: "added",
  delete: "removed",
  update: "changed",
  replace: "replaced",
};

/**
 * Says in Markdown what a change does: how many resources, which nodes of which zone, and what the plan guard says of
 * it.
 *
 * @param json what `pulumi preview --json --show-sames --show-replacement-steps` printed.
 */
export function previewTable(json: unknown, now: Date): string {
  return [nodeTable(json), verdictMarkdown(judge(readPlan(json), now), stackOf(json), now)].join("\n");
}

/**
 * What the plan guard says of a preview.
 *
 * @throws OperationError when an update would be refused.
 */
export function judgement(json: unknown, now: Date): string {
  const verdict = judge(readPlan(json), now);
  const text = verdictText(verdict, stackOf(json), now).trimEnd();
  if (verdict.refused.length > 0)
    throw new OperationError(`plan: beyond the limits of swarm:planGuard, an update would be refused.\n${text}`);
  return text === "" ? "plan: nothing that has a limit." : text;
}

/** The stack of a preview, from the URNs of its resources: urn:pulumi:<stack>::… */
function stackOf(json: unknown): string {
  return previewSchema.parse(json).steps[0]?.urn.split("::")[0]?.split(":")[2] ?? "<stack>";
}

function nodeTable(json: unknown): string {
  const { steps, changeSummary } = previewSchema.parse(json);
  const nodes = steps.flatMap(({ op, newState, oldState }) => {
    const { type, inputs = {} } = newState ?? oldState ?? { type: "" };
    const effect = effects[op];
    return type === server && effect !== undefined
      ? [{ effect, zone: String(inputs["availabilityZone"]), name: String(inputs["name"]) }]
      : [];
  });
  const counts = Object.entries(changeSummary)
    .filter(([, count]) => count > 0)
    .map(([op, count]) => `${count} ${op}`)
    .join(", ");
  const lines = [`Resources: ${counts === "" ? "none" : counts}.`, ""];
  if (nodes.length === 0) return [...lines, "No node is added, removed, changed or replaced.", ""].join("\n");
  const zones = [...new Set(nodes.map(({ zone }) => zone))].sort();
  const rows = zones.map((zone) => {
    const cells = Object.values(effects).map((effect) =>
      nodes
        .filter((node) => node.zone === zone && node.effect === effect)
        .map(({ name }) => `\`${name}\``)
        .sort()
        .join(", "),
    );
    return `| ${[zone, ...cells].join(" | ")} |`;
  });
  return [...lines, `| zone | ${Object.values(effects).join(" | ")} |`, "|---|---|---|---|---|", ...rows, ""].join(
    "\n",
  );
}
