import type { Change, Plan, ResourceState } from "./plan";

/** Type of a server. */
export const serverType = "openstack:compute/instance:Instance";

/** A server of the plan as the cluster has it. */
export interface PlannedNode {
  readonly name: string;
  readonly role: "manager" | "worker";
  readonly zone: string;
  readonly flavor: string;
  readonly kind: Change["kind"];
  /** True where it was part of the cluster before: it exists and has run. */
  readonly standing: boolean;
}

/** The cluster's servers; others, of which nothing says a role, are none of its nodes. */
export function nodesOf({ changes }: Plan): PlannedNode[] {
  return changes.filter(({ type }) => type === serverType).flatMap((change): PlannedNode[] => {
    const { before, after, kind } = change;
    const state = before ?? after;
    const role = state === undefined ? undefined : metadataOf(state)["role"];
    if (state === undefined || (role !== "manager" && role !== "worker")) return [];
    const { name, availabilityZone, flavorName } = state.inputs;
    // one that Nova could not start never ran
    const standing = before !== undefined && (before.initErrors ?? []).length === 0;
    return [{ name: String(name), role, zone: String(availabilityZone), flavor: String(flavorName), kind, standing }];
  });
}

function metadataOf({ inputs }: ResourceState): Readonly<Record<string, unknown>> {
  const { metadata } = inputs;
  return typeof metadata === "object" && metadata !== null ? metadata as Record<string, unknown> : {};
}

/** True where the swarm exists: before, no node has anything to lose. */
export function hasSwarm({ changes }: Plan): boolean {
  return changes.some(({ name, type, before }) => type === "command:local:Command" && name.endsWith("-managers-init") && before !== undefined);
}
