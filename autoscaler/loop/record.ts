import { z } from "zod";
import { parseAs } from "../../settings/json";
import { emptyMemory, memorySchema } from "../model/memory";
import { isAction } from "../model/verdict";
import type { WorkerSets } from "../../settings/ordinals";

// What the autoscaler keeps in the swarm, for its next tick and for whoever takes its place. Instants are milliseconds
// since the epoch.

const holder = z
  .object({
    /** Which process: machine, process and when it started. */
    instance: z.string(),
    host: z.string(),
    pid: z.int(),
    /** When it last said that it is there. */
    at: z.number(),
  })
  .readonly();
export type Holder = z.output<typeof holder>;

const decision = z
  .object({
    at: z.number(),
    kind: z.enum(["scale-out", "scale-in", "hold", "blocked"]),
    why: z.string(),
  })
  .readonly();
export type LoggedDecision = z.output<typeof decision>;

/** An action that was decided and is not done. */
const action = z
  .object({
    /** Unique: the instance and when it was decided. */
    operation: z.string(),
    kind: z.enum(["scale-out", "scale-in"]),
    why: z.string(),
    since: z.number(),
    /** Workers that there were when it was decided. */
    from: z.int(),
    /** Nodes by `<group>-<ordinal>`. */
    add: z.array(z.string()).readonly(),
    remove: z.array(z.string()).readonly(),
  })
  .readonly();
export type Action = z.output<typeof action>;

const sets: z.ZodType<WorkerSets> = z.record(z.string(), z.array(z.int()));

/** An update that was begun and is not known to have ended well. */
const update = z
  .object({
    instance: z.string(),
    wanted: sets,
    /** How often it has failed. */
    failures: z.int(),
    /** When it last began or failed. */
    at: z.number(),
  })
  .readonly();
export type BegunUpdate = z.output<typeof update>;

/** A change that the plan guard refused. */
const refusedChange = z
  .object({
    at: z.number(),
    /** True where it took workers away; else it added some. */
    removes: z.boolean(),
    why: z.string(),
  })
  .readonly();
export type RefusedChange = z.output<typeof refusedChange>;

const rebalance = z
  .object({
    /** The join that it follows. */
    since: z.number(),
    ended: z.boolean(),
    /** Services that have been gone through, by id. */
    done: z.array(z.string()).readonly(),
    current: z.object({ id: z.string(), name: z.string(), since: z.number() }).readonly().optional(),
  })
  .readonly();
export type Rebalance = z.output<typeof rebalance>;

const recordSchema = z
  .object({
    version: z.literal(1),
    holder: holder.optional(),
    memory: memorySchema,
    update: update.optional(),
    refused: refusedChange.optional(),
    actions: z.array(action).readonly(),
    rebalance: rebalance.optional(),
    /** The last decisions, the newest first; one whose reason was given since the last action is not repeated. */
    decisions: z.array(decision).readonly(),
  })
  .readonly();
export type AutoscalerRecord = z.output<typeof recordSchema>;

export const emptyRecord: AutoscalerRecord = { version: 1, memory: emptyMemory, actions: [], decisions: [] };

/** Name of the swarm's config that holds the record. */
export const recordName = "swarm-autoscaler";

/** Decisions that are kept: some days of a quiet cluster, an hour of a restless one. */
const mostDecisions = 50;

/** @returns undefined for a text that is no record, e.g. that of another version. */
export function parseRecord(text: string): AutoscalerRecord | undefined {
  return parseAs(recordSchema, text);
}

/** The sentence without its figures: what two decisions of one reason have in common. */
function shapeOf({ kind, why }: LoggedDecision): string {
  return `${kind} ${why.replace(/\d+(\.\d+)?/g, "#")}`;
}

/** Whether a decision says something new: it acts, or its reason has not been given since the last action. */
export function isNews(decisions: readonly LoggedDecision[], next: LoggedDecision): boolean {
  const lastAction = decisions.findIndex(isAction);
  const since = lastAction < 0 ? decisions : decisions.slice(0, lastAction);
  return isAction(next) || since.every((earlier) => shapeOf(earlier) !== shapeOf(next));
}

export function withDecision(decisions: readonly LoggedDecision[], next: LoggedDecision): readonly LoggedDecision[] {
  return isNews(decisions, next) ? [next, ...decisions].slice(0, mostDecisions) : decisions;
}

/** Seconds after which a holder that says nothing is taken for gone: several ticks, and an election. */
export const leaseSeconds = 60;
/** Seconds after which a holder says again that it is there. */
export const renewSeconds = 20;

/** Whether another instance is at it. One that is known to be dead is not. */
export function isHeldByOther(held: Holder | undefined, own: Holder, isDead: boolean, now: number): boolean {
  return held !== undefined && held.instance !== own.instance && !isDead && now - held.at < leaseSeconds * 1000;
}

/**
 * Whether a record is worth a write: something other than the time of the last look has changed, or it is time to say
 * that one is there.
 */
export function isDue(before: AutoscalerRecord | undefined, next: AutoscalerRecord, now: number): boolean {
  if (before?.holder === undefined || before.holder.instance !== next.holder?.instance) return true;
  return now - before.holder.at >= renewSeconds * 1000 || substance(before) !== substance(next);
}

function substance(record: AutoscalerRecord): string {
  return JSON.stringify({ ...record, holder: undefined, memory: { ...record.memory, lastDecision: undefined } });
}
