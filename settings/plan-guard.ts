import { z } from "zod";
import type { Fault } from "./errors";
import { allowed, fields, integer, keysOf, list, text } from "./values";

/** What an update must not do beyond its limits, each by the code that a stack's `allow` names. */
export const guardCodes = [
  "replace-managers",
  "lose-quorum",
  "lose-workers",
  "replace-server-group",
  "destroy-volumes",
  "open-to-world",
  "raise-price",
] as const;
export type GuardCode = (typeof guardCodes)[number];

/** The codes that are judged zone by zone, too. */
export const zonedCodes = ["lose-workers"] as const satisfies readonly GuardCode[];
export type ZonedCode = (typeof zonedCodes)[number];

const priceWords = "a price per hour, 0 or more";
const price = z.number(allowed(priceWords)).min(0, allowed(priceWords));

/**
 * How much of a cluster one update may take away. Sources of the defaults:
 *
 * - `zonePercent`: cluster-autoscaler stops above 45 % of unready nodes (`--max-total-unready-percentage`,
 *   https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md).
 * - `clusterPercent`: one zone of three, whose loss the cluster is built for.
 * - `managers`: a raft group that loses one member at a time keeps its majority
 *   (https://docs.docker.com/engine/swarm/admin_guide/). The quorum's margin is judged besides.
 * - `hourlyIncrease` has none: growth is what people ask for.
 */
export const planGuard = fields({
  zonePercent: integer(0, 100, "percent")
    .default(45)
    .describe("Share of a zone's workers that may go at once; one always may."),
  clusterPercent: integer(0, 100, "percent")
    .default(34)
    .describe("Share of all workers that may go at once; one always may."),
  managers: integer(0, 7, "managers").default(1).describe("Managers that may be replaced in place."),
  hourlyIncrease: price
    .optional()
    .describe("By how much the servers' price per hour may rise, in the unit of flavorPrices; default: no limit."),
});
export type PlanGuard = Readonly<z.output<typeof planGuard>>;

const dayWords = `a day as YYYY-MM-DD, e.g. "2026-12-05"`;
/** Pulumi reads an unquoted date in a stack's file as an instant and hands over how Go prints that. */
const day = z
  .string(allowed(dayWords))
  .transform((value) => value.replace(/ 00:00:00 \+0000 UTC$/, ""))
  .refine(isDay, allowed(dayWords));

function isDay(value: string): boolean {
  const instant = new Date(`${value}T00:00:00Z`);
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(value)
  );
}

const allowance = fields({
  what: z
    .enum(guardCodes, allowed(`one of ${guardCodes.map((code) => `"${code}"`).join(", ")}`))
    .describe(`What is allowed: ${guardCodes.join(", ")}.`),
  zone: text(/^\S(.*\S)?$/, "the name of a zone")
    .optional()
    .describe(`Only in this zone, and only for ${zonedCodes.join(", ")}; default: everywhere.`),
  until: day.describe("The last day on which it holds, UTC, e.g. 2026-12-05."),
  why: text(/\p{L}{2}/u, "the reason, in words").describe("The reason, in words."),
}).refine(({ what, zone }) => zone === undefined || zonedCodes.some((code) => code === what), {
  path: ["zone"],
  error: `leave it out: only ${zonedCodes.map((code) => `"${code}"`).join(", ")} is judged by zone`,
});
export type Allowance = Readonly<z.output<typeof allowance>>;

/** Days that an exception may be ahead: a month, for work that takes several updates. */
const longestDays = 31;
const dayMilliseconds = 24 * 3600 * 1000;

/** Exceptions that hold for too long. One that was accepted stays so: its day only comes closer. Pure. */
export function allowFaults({ allow: exceptions }: { readonly allow: readonly Allowance[] }, now: Date): Fault[] {
  const last = new Date(now.getTime() + longestDays * dayMilliseconds).toISOString().slice(0, 10);
  return exceptions.flatMap(({ until }, index) =>
    until <= last
      ? []
      : [
          {
            path: `settings.allow.${index}.until`,
            problem: `"${until}" is more than ${longestDays} days ahead; use a day up to "${last}", or change the limits in swarm:planGuard.`,
          },
        ],
  );
}

export const allow = list(allowance, keysOf(allowance));
export const allowDescription =
  `Exceptions to planGuard, each until the end of a day (UTC), at most ${longestDays} days ahead: a longer one would be forgotten and let through ` +
  "what nobody decided; renew it, or set planGuard. A refused update prints the line to add.";

export const flavorPrices = z.record(
  text(/^\S(.*\S)?$/, "the name of a flavor"),
  price,
  allowed("a map of flavor to price per hour"),
);
