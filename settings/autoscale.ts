import { z } from "zod";
import { allowed, integer, list } from "./values";

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

/**
 * A minimum by time of week. `to` that is not after `from` lies on the next day: the window belongs to the day on which
 * it begins. Where windows overlap, the highest minimum holds.
 */
export const schedule = z.strictObject(
  {
    days: list(z.enum(weekDays, allowed(dayWords)), "days").min(1, allowed("at least one day")),
    from: timeOfDay(/^([01]\d|2[0-3]):[0-5]\d$/, `a time of day from "00:00" to "23:59"`),
    to: timeOfDay(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, `a time of day from "00:00" to "24:00"`),
    timeZone: z.string(allowed(timeZoneWords)).refine(isTimeZone, allowed(timeZoneWords)),
    minNodes: integer(0, 1000, "workers"),
  },
  allowed("{days, from, to, timeZone, minNodes}, all of them required"),
);
export type Schedule = z.output<typeof schedule>;

/**
 * When workers come and go by load. Absent: they do so by hand alone. Nodes are workers; the seed's figures are the
 * threshold 75 % and nothing else.
 *
 * - `cpuThreshold` 75: the seed.
 * - `scaleInCpuThreshold` 45: below it by so much that the load of a node that goes does not lift the others above it
 *   again;
 *   cluster-autoscaler takes a node for unneeded below 50 % (FAQ, `--scale-down-utilization-threshold`).
 * - `windowSeconds` 60: four samples at the scrape interval of 15 s; a spike is not load.
 * - `scaleOutCooldownSeconds` 60: the window shall be of the larger cluster before it speaks again.
 * - `scaleInCooldownSeconds` 600: cluster-autoscaler's `--scale-down-delay-after-add` and `--scale-down-unneeded-time`,
 *   10 minutes.
 * - `joinDeadlineSeconds`: two minutes more than `deadlines.nodeReadyMinutes`. It counts from the decision, that from
 *   the server on: so
 *   the update fails first, and says why with the node's console.
 * - `maxStep` 3: a node per zone of three. cluster-autoscaler halts above 3 unready nodes (`--ok-total-unready-count`).
 *
 * @see https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
 */
export const autoscale = z.strictObject(
  {
    cpuThreshold: integer(1, 100, "percent").default(75),
    scaleInCpuThreshold: integer(0, 99, "percent").default(45),
    windowSeconds: integer(15, 3600, "seconds").default(60),
    minNodes: integer(0, 10_000, "workers").optional(),
    maxNodes: integer(0, 10_000, "workers").optional(),
    scaleOutCooldownSeconds: integer(0, 86_400, "seconds").default(60),
    scaleInCooldownSeconds: integer(0, 86_400, "seconds").default(600),
    joinDeadlineSeconds: integer(30, 9000, "seconds").optional(),
    maxStep: integer(1, 100, "workers").default(3),
    schedules: list(schedule, "{days, from, to, timeZone, minNodes}").default([]),
  },
  allowed(
    "{cpuThreshold, scaleInCpuThreshold, windowSeconds, minNodes, maxNodes, scaleOutCooldownSeconds, scaleInCooldownSeconds, " +
      "joinDeadlineSeconds, maxStep, schedules}",
  ),
);
type ShapedAutoscale = z.output<typeof autoscale>;
type Completed = "minNodes" | "maxNodes" | "joinDeadlineSeconds";

/**
 * The validated policy; what is not given is filled in from other keys: the cluster's limits from the groups', the
 * deadline from the others.
 */
export type AutoscaleSettings = Readonly<Omit<ShapedAutoscale, Completed>> & Readonly<Record<Completed, number>>;

export const autoscaleDescription =
  "Workers come and go by load; without it by hand alone. All optional: cpuThreshold (percent, 75) and " +
  "scaleInCpuThreshold (percent, 45) over windowSeconds (60); minNodes and maxNodes (the sums of the groups' min and max); " +
  "scaleOutCooldownSeconds (60), scaleInCooldownSeconds (600), joinDeadlineSeconds (two minutes more than deadlines.nodeReadyMinutes), maxStep (3 workers a decision); " +
  'schedules, a list of {days: [mon, …], from: "07:00", to: "19:00", timeZone: Europe/Zurich, minNodes} (none).';

/** Limits of a worker group. */
export interface GroupLimits {
  readonly min: number;
  readonly max: number;
}

/** The sum of one of the groups' limits. */
export function sumOf(groups: Readonly<Record<string, GroupLimits>>, limit: keyof GroupLimits): number {
  return Object.values(groups).reduce((sum, group) => sum + group[limit], 0);
}

/** Seconds from a decision to its server and back, beside the time that the server has to become Ready. */
const aroundJoinSeconds = 120;

/**
 * Fills in what hangs on other keys: the limits of the cluster, by default the sums of the groups', and the deadline.
 */
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
