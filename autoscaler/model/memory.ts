import { z } from "zod";

// What is kept from tick to tick, and over restarts: plain JSON. Instants are milliseconds since the epoch.

const nodeRef = { group: z.string(), ordinal: z.int() };

/** Why a node goes. `did-not-join` and `lost` are nodes that do no work; the others are drained first. */
export const removalReasons = ["did-not-join", "lost", "limits", "load", "balance"] as const;
export type RemovalReason = (typeof removalReasons)[number];

const backoff = z
  .object({
    failures: z.int(),
    lastAt: z.number(),
    until: z.number(),
    why: z.string(),
    /** True while the zone itself is down; its backoff runs from its return. */
    down: z.boolean(),
  })
  .readonly();
export type Backoff = z.output<typeof backoff>;

const inFlight = z
  .object({
    ...nodeRef,
    zone: z.string(),
    since: z.number(),
    /** Why the node will not come; such a node is removed. */
    failed: z.string().optional(),
  })
  .readonly();
export type InFlight = z.output<typeof inFlight>;

const drain = z.object({ ...nodeRef, since: z.number(), because: z.enum(removalReasons) }).readonly();
export type Drain = z.output<typeof drain>;

/** The shape of the memory, for whoever reads it back from where it was kept. */
export const memorySchema = z
  .object({
    lastOutAt: z.number().optional(),
    lastInAt: z.number().optional(),
    /** When a node that had been asked for became Ready. */
    lastJoinAt: z.number().optional(),
    /** Since when the load has been low enough for a worker to go. */
    lowSince: z.number().optional(),
    /** Failures up to this instant have been counted. */
    failuresCountedAt: z.number().optional(),
    /** Nodes that were asked for and are not Ready. */
    inFlight: z.array(inFlight).readonly(),
    /** Nodes whose removal was asked for and that are still there. */
    drains: z.array(drain).readonly(),
    /** Nodes that went, until their ordinals may be used again. */
    removed: z.array(z.object({ ...nodeRef, at: z.number() }).readonly()).readonly(),
    /** Since when a node has been down, by `<group>-<ordinal>`. */
    downSince: z.record(z.string(), z.number()).readonly(),
    /** Zones that failed. One whose backoff is over is on probation until a node joins there. */
    zones: z.record(z.string(), backoff).readonly(),
    /** The project's quota was used up. */
    quota: backoff.optional(),
    lastDecision: z
      .object({ at: z.number(), kind: z.enum(["scale-out", "scale-in", "hold", "blocked"]), why: z.string() })
      .readonly()
      .optional(),
  })
  .readonly();

export type Memory = z.output<typeof memorySchema>;

/** The memory of an autoscaler that starts for the first time. */
export const emptyMemory: Memory = { inFlight: [], drains: [], removed: [], downSince: {}, zones: {} };
