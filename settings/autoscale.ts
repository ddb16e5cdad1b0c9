import { z } from "zod";
import { allowed, fields, integer, keysOf, list } from "./values";

/** Days of the week as schedules name them, in the order of ISO 8601. */
export const weekDays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type WeekDay = (typeof weekDays)[number];

const dayWords = `a day: ${weekDays.map((day) => `"${day}"`).join(", ")}`;
const timeOfDay = (pattern: RegExp, words: string) => z.string(allowed(words)).regex(pattern, allowed(words));
const timeZoneWords = `a time zone of the IANA database, e.g. "Europe/Zurich" or "UTC"`;

/**
 * True for a name of the IANA time zone database (https://www.iana.org/time-zones); an offset such as "+02:00" is none.
 */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A minimum by time of week. A window that ends on the next day belongs to the day on which it begins. */
export const schedule = fields({
  days: list(z.enum(weekDays, allowed(dayWords)), "days")
    .min(1, allowed("at least one day"))
    .describe(`Days on which it begins: ${weekDays.join(", ")}.`),
  from: timeOfDay(/^([01]\d|2[0-3]):[0-5]\d$/, `a time of day from "00:00" to "23:59"`).describe(
    `Its beginning, e.g. "07:00".`,
  ),
  to: timeOfDay(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, `a time of day from "00:00" to "24:00"`).describe(
    `Its end, e.g. "19:00"; on the next day where it is not after from.`,
  ),
  timeZone: z
    .string(allowed(timeZoneWords))
    .refine(isTimeZone, allowed(timeZoneWords))
    .describe("Time zone of both, e.g. Europe/Zurich."),
  minNodes: integer(0, 1000, "workers").describe("Smallest number of workers meanwhile."),
});
export type Schedule = z.output<typeof schedule>;

/**
 * The autoscaling policy. Each field is also a flag of `swarmctl cluster update`. Sources of the defaults:
 *
 * - `cpuThreshold`: the project's first text.
 * - `scaleInCpuThreshold`: so far below it that the load of a removed node does not lift the others above it again.
 *   cluster-autoscaler takes a node for unneeded below 50 % (FAQ, `--scale-down-utilization-threshold`).
 * - `windowSeconds`: four samples at the scrape interval of 15 s; a spike is not load.
 * - `scaleOutCooldownSeconds`: the whole window is then of the larger cluster.
 * - `scaleInCooldownSeconds`: cluster-autoscaler's `--scale-down-delay-after-add` and `--scale-down-unneeded-time`.
 * - `joinDeadlineSeconds`: counts from the decision, `nodeReadyMinutes` from the server; so the update fails first, and
 *   reports why with the node's console.
 * - `maxStep`: a node per zone of three. cluster-autoscaler halts above 3 unready nodes (`--ok-total-unready-count`).
 *
 * @see https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
 */
export const autoscale = fields({
  cpuThreshold: integer(1, 100, "percent").default(75).describe("Scale out above this CPU load."),
  scaleInCpuThreshold: integer(0, 99, "percent").default(45).describe("Scale in below this CPU load."),
  windowSeconds: integer(15, 3600, "seconds").default(60).describe("The load must last this long."),
  minNodes: integer(0, 10_000, "workers")
    .optional()
    .describe("Smallest number of workers; default: the sum of the groups' min."),
  maxNodes: integer(0, 10_000, "workers")
    .optional()
    .describe("Largest number of workers; default: the sum of the groups' max."),
  scaleOutCooldownSeconds: integer(0, 86_400, "seconds").default(60).describe("From a scale out to the next one."),
  scaleInCooldownSeconds: integer(0, 86_400, "seconds")
    .default(600)
    .describe("From a scale out or in to the next scale in."),
  joinDeadlineSeconds: integer(30, 9000, "seconds")
    .optional()
    .describe("For a new worker to join; default: two minutes more than deadlines.nodeReadyMinutes."),
  maxStep: integer(1, 100, "workers").default(3).describe("Most workers that one decision adds or removes."),
  schedules: list(schedule, keysOf(schedule))
    .default([])
    .describe("Minimums by time of week. Where several apply, the highest one holds."),
});
type ShapedAutoscale = z.output<typeof autoscale>;
type Completed = "minNodes" | "maxNodes" | "joinDeadlineSeconds";

/** The validated policy, complete: absent limits and the absent deadline come from other keys. */
export type AutoscaleSettings = Readonly<Omit<ShapedAutoscale, Completed>> & Readonly<Record<Completed, number>>;

/** Limits of a worker group. */
export interface GroupLimits {
  readonly min: number;
  readonly max: number;
}

/** The sum of one of the groups' limits. */
export function sumOf(groups: Readonly<Record<string, GroupLimits>>, limit: keyof GroupLimits): number {
  return Object.values(groups).reduce((sum, group) => sum + group[limit], 0);
}

/** Seconds from a decision to its server, and from Ready to the autoscaler's knowledge of it. */
const aroundJoinSeconds = 120;

/** Fills in the defaults that depend on other keys. */
export function completeAutoscale(
  policy: ShapedAutoscale,
  {
    workerGroups,
    deadlines,
  }: {
    readonly workerGroups: Readonly<Record<string, GroupLimits>>;
    readonly deadlines: { readonly nodeReadyMinutes: number };
  },
): AutoscaleSettings {
  return {
    ...policy,
    minNodes: policy.minNodes ?? sumOf(workerGroups, "min"),
    maxNodes: policy.maxNodes ?? sumOf(workerGroups, "max"),
    joinDeadlineSeconds: policy.joinDeadlineSeconds ?? deadlines.nodeReadyMinutes * 60 + aroundJoinSeconds,
  };
}
