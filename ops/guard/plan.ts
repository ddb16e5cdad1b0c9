import { z } from "zod";
import { allow, flavorPrices, planGuard } from "../../settings/plan-guard";
import { rawSettings } from "../../settings/raw";
import { projectName } from "../../settings/schema";
import { nameOf } from "../pulumi/events";

const stateSchema = z.object({
  type: z.string(),
  id: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  /**
   * True for a resource that is deleted and not made anew yet: by an earlier update, or by the deletion that this plan
   * begins a replacement with.
   */
  pendingReplacement: z.boolean().optional(),
  initErrors: z.array(z.string()).nullish(),
  retainOnDelete: z.boolean().optional(),
});
export type ResourceState = z.output<typeof stateSchema>;

const stepSchema = z.object({
  op: z.string(),
  urn: z.string(),
  oldState: stateSchema.nullish(),
  newState: stateSchema.nullish(),
});
type Step = z.output<typeof stepSchema>;

/**
 * Options of the preview that is read here (pkg/backend/display/json.go); secrets are "[secret]". Without
 * `--show-sames` it has only what changes, and shares come out too large; without `--show-replacement-steps` a
 * replacement that a killed update began counts once more.
 */
export const previewOptions = ["--json", "--show-sames", "--show-replacement-steps"] as const;

/** The part of it that is read. */
const previewSchema = z.object({
  config: z.record(z.string(), z.unknown()).default({}),
  steps: z.array(stepSchema).default([]),
  diagnostics: z.array(z.object({ severity: z.string(), message: z.string() })).nullish(),
});

/** What an update does with one resource. */
export interface Change {
  readonly kind: "keep" | "create" | "update" | "replace" | "delete";
  readonly urn: string;
  /** Logical name. */
  readonly name: string;
  readonly type: string;
  /** What stands before the update; absent for a resource that does not, whatever the state says. */
  readonly before?: ResourceState;
  /** What it leaves. */
  readonly after?: ResourceState;
}

/** What a plan is judged by. */
const guardSettings = z.object({
  planGuard: planGuard.prefault({}),
  allow: allow.default([]),
  flavorPrices: flavorPrices.default({}),
});
export type GuardSettings = Readonly<z.output<typeof guardSettings>>;

/** The limits' defaults, without allowances and prices. */
export const noSettings: GuardSettings = guardSettings.parse({});

export interface Plan {
  readonly changes: readonly Change[];
  /** Limits, allowances and prices of the configuration that was previewed. */
  readonly settings: GuardSettings;
  /** Errors that the preview ended with, in its words. */
  readonly errors: readonly string[];
}

/**
 * Reads what `pulumi preview` with `previewOptions` printed.
 *
 * @throws z.ZodError when it is no preview, or the guard's settings in it are no good.
 */
export function readPlan(json: unknown): Plan {
  const { config, steps, diagnostics } = previewSchema.parse(json);
  const byUrn = groupByUrn(steps);
  return {
    changes: [...byUrn.values()].flatMap((own) => changeOf(own) ?? []),
    settings: readGuardSettings(config),
    errors: (diagnostics ?? []).filter(({ severity }) => severity === "error").map(({ message }) => message.trim()),
  };
}

/** @param config values by full key, e.g. `swarm:planGuard`. */
export function readGuardSettings(config: Readonly<Record<string, unknown>>): GuardSettings {
  const raw = rawSettings(config, projectName);
  return guardSettings.parse(
    Object.fromEntries(Object.keys(guardSettings.shape).map((key) => [key, raw[key] === "" ? undefined : raw[key]])),
  );
}

function groupByUrn(steps: readonly Step[]): Map<string, Step[]> {
  const groups = new Map<string, Step[]>();
  for (const step of steps) groups.set(step.urn, [...(groups.get(step.urn) ?? []), step]);
  return groups;
}

/** The half of a replacement that deletes, or the deletion that an earlier update's replacement still owes. */
const deletionOp = "delete-replaced";

/**
 * One resource may have several steps: a replacement with its halves, a deletion that `--refresh` found and the
 * creation that makes up for it. What an earlier update replaced and only has to delete is none of this update's doing.
 */
function changeOf(steps: readonly Step[]): Change | undefined {
  const own = steps.filter(({ op }) => op !== deletionOp);
  const ops = new Set(own.map(({ op }) => op));
  const [before, after] = [
    own.map(({ oldState }) => oldState).find(Boolean),
    own.map(({ newState }) => newState).findLast(Boolean),
  ];
  const type = (after ?? before)?.type;
  const first = own[0];
  if (type === undefined || first === undefined) return undefined;
  // an earlier update was killed between deletion and creation: this plan has the one half alone
  const isHalf = before?.pendingReplacement === true && ops.has("create-replacement") && own.length === steps.length;
  // or a refresh found it gone
  const isGone = isHalf || (ops.has("delete") && ops.has("create"));
  const standing = isGone ? undefined : (before ?? undefined);
  const kind = isGone ? "create" : kindOf(ops, standing);
  const resource = { kind, urn: first.urn, name: nameOf(first.urn), type } as const;
  return {
    ...resource,
    ...(standing === undefined ? {} : { before: standing }),
    ...(kind === "delete" || after === undefined || after === null ? {} : { after }),
  };
}

const replacements = ["replace", "create-replacement", "import-replacement"];

function kindOf(ops: ReadonlySet<string>, before: ResourceState | undefined): Change["kind"] {
  if (replacements.some((op) => ops.has(op))) return before === undefined ? "create" : "replace";
  if (ops.has("delete")) return "delete";
  if (ops.has("create") || ops.has("import")) return "create";
  return ops.has("update") ? "update" : "keep";
}
