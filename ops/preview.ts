import { z } from "zod";

const server = "openstack:compute/instance:Instance";

/** The part of `pulumi preview --json` that is read here. */
const previewSchema = z.object({
  steps: z.array(z.object({
    op: z.string(),
    urn: z.string(),
    newState: z.object({ type: z.string(), inputs: z.record(z.string(), z.unknown()).optional() }).optional(),
    oldState: z.object({ type: z.string(), inputs: z.record(z.string(), z.unknown()).optional() }).optional(),
  })).default([]),
  changeSummary: z.record(z.string(), z.number()).default({}),
});

/** What a step does to a node, in the words of the table. Of a replacement only the whole is counted, not its two halves. */
const effects: Readonly<Record<string, string>> = { "create": "added", "delete": "removed", "update": "changed", "replace": "replaced" };

/**
 * Says in Markdown what a change does: how many resources, and which nodes of which zone.
 *
 * @param json what `pulumi preview --json` printed.
 */
export function previewTable(json: unknown): string {
  const { steps, changeSummary } = previewSchema.parse(json);
  const nodes = steps.flatMap(({ op, newState, oldState }) => {
    const { type, inputs = {} } = newState ?? oldState ?? { type: "" };
    const effect = effects[op];
    return type === server && effect !== undefined ? [{ effect, zone: String(inputs["availabilityZone"]), name: String(inputs["name"]) }] : [];
  });
  const counts = Object.entries(changeSummary).filter(([, count]) => count > 0).map(([op, count]) => `${count} ${op}`).join(", ");
  const lines = [`Resources: ${counts === "" ? "none" : counts}.`, ""];
  if (nodes.length === 0) return [...lines, "No node is added, removed, changed or replaced.", ""].join("\n");
  const zones = [...new Set(nodes.map(({ zone }) => zone))].sort();
  const rows = zones.map((zone) => {
    const cells = Object.values(effects).map((effect) => nodes.filter((node) => node.zone === zone && node.effect === effect).map(({ name }) => `\`${name}\``).sort().join(", "));
    return `| ${[zone, ...cells].join(" | ")} |`;
  });
  return [...lines, `| zone | ${Object.values(effects).join(" | ")} |`, "|---|---|---|---|---|", ...rows, ""].join("\n");
}
