import { z } from "zod";
import { parseAs } from "../../settings/json";
import type { Change, Plan, ResourceState } from "./plan";

/** Type of a server. */
export const serverType = "openstack:compute/instance:Instance";

/** Type of a verb of ops/ as a resource. */
const commandType = "command:local:Command";

/** A server of the plan as the cluster has it. */
export interface PlannedNode {
  readonly name: string;
  readonly role: "manager" | "worker";
  readonly zone: string;
  readonly flavor: string;
  /** What happens to its server; "replace" too where the server stays and its part in the swarm ends. */
  readonly kind: Change["kind"];
  /** True where it was part of the cluster before: it exists and has run. */
  readonly standing: boolean;
}

/** The cluster's servers; others, of which nothing says a role, are none of its nodes. */
export function nodesOf({ changes }: Plan): PlannedNode[] {
  const leaving = leavingNodes(changes);
  return changes
    .filter(({ type }) => type === serverType)
    .flatMap((change): PlannedNode[] => {
      const { before, after, kind } = change;
      const state = before ?? after;
      const role = state === undefined ? undefined : metadataOf(state)["role"];
      if (state === undefined || (role !== "manager" && role !== "worker")) return [];
      const { name, availabilityZone, flavorName } = state.inputs;
      // one that Nova could not start never ran
      const standing = before !== undefined && (before.initErrors ?? []).length === 0;
      const stays = kind === "keep" || kind === "update";
      return [
        {
          name: String(name),
          role,
          zone: String(availabilityZone),
          flavor: String(flavorName),
          kind: stays && leaving.has(String(name)) ? "replace" : kind,
          standing,
        },
      ];
    });
}

const membership = z.object({
  create: z.string().regex(/ admit-node$/),
  environment: z.object({ SWARM_SPEC: z.string() }),
});
const spec = z.object({ name: z.string() });

/**
 * Names of the nodes whose membership (components/membership.ts) is deleted or replaced: that drains a node and takes
 * it out of the swarm, whatever becomes of its server.
 */
function leavingNodes(changes: readonly Change[]): ReadonlySet<string> {
  return new Set(
    changes
      .filter(({ type, kind }) => type === commandType && (kind === "replace" || kind === "delete"))
      .flatMap(({ before }) => {
        const { data } = membership.safeParse(before?.inputs);
        return data === undefined ? [] : (parseAs(spec, data.environment.SWARM_SPEC)?.name ?? []);
      }),
  );
}

function metadataOf({ inputs }: ResourceState): Readonly<Record<string, unknown>> {
  const { metadata } = inputs;
  return typeof metadata === "object" && metadata !== null ? (metadata as Record<string, unknown>) : {};
}

/** True where the swarm exists: before, no node has anything to lose. */
export function hasSwarm({ changes }: Plan): boolean {
  return changes.some(
    ({ name, type, before }) => type === commandType && name.endsWith("-managers-init") && before !== undefined,
  );
}
