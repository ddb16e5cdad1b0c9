import { z } from "zod";
import type { Fault } from "./errors";
import { allowed, integer, list, text } from "./values";

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

/**
 * How much of a cluster one update may take away.
 *
 * - `zonePercent` 45: workers of one zone; cluster-autoscaler stops above 45 % of unready nodes
 *   (`--max-total-unready-percentage`,
 *   https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md). One worker of a zone may always
 * go.
 * - `clusterPercent` 34: workers of the cluster; one zone of three, whose loss the cluster is built for. One worker may
 *   always go.
 * - `managers` 1: managers replaced in place. A raft group that loses one member at a time keeps its majority
 *   (https://docs.docker.com/engine/swarm/admin_guide/). The quorum's margin is judged besides.
 * - `hourlyIncrease`: by how much the price of the servers may rise, in the unit of `flavorPrices`. No default: growth
 *   is what people ask for.
 */
export const planGuard = z.strictObject(
  {
    zonePercent: integer(0, 100, "percent").default(45),
    clusterPercent: integer(0, 100, "percent").default(34),
    managers: integer(0, 7, "managers").default(1),
    hourlyIncrease: z
      .number(allowed("a price per hour, 0 or more"))
      .min(0, allowed("a price per hour, 0 or more"))
      .optional(),
  },
  allowed("{zonePercent, clusterPercent, managers, hourlyIncrease}"),
);
export type PlanGuard = Readonly<z.output<typeof planGuard>>;

export const planGuardDescription =
  "Limits of one update; an update beyond them is refused. All optional: zonePercent (45) of a zone's workers and clusterPercent (34) of all " +
  "workers may go at once (one always may), managers (1) may be replaced in place, hourlyIncrease (no limit) of the price by flavorPrices.";

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

const allowance = z
  .strictObject(
    {
      what: z.enum(guardCodes, allowed(`one of ${guardCodes.map((code) => `"${code}"`).join(", ")}`)),
      /** Only in this zone; without it everywhere. Of a code without zones it would allow nothing. */
      zone: text(/^\S(.*\S)?$/, "the name of a zone").optional(),
      /** The last day on which it holds, UTC. */
      until: day,
      why: text(/\p{L}{2}/u, "the reason, in words"),
    },
    allowed("{what, zone, until, why}, of which what, until and why are required"),
  )
  .refine(({ what, zone }) => zone === undefined || zonedCodes.some((code) => code === what), {
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

export const allow = list(allowance, "{what, zone, until, why}");
export const allowDescription =
  `Exceptions to planGuard, each until the end of a day (UTC): a list of {what, zone, until, why}; what is one of ${guardCodes.join(", ")}; ` +
  `zone is optional, and only for ${zonedCodes.join(", ")}. until is at most ${longestDays} days ahead: an exception that holds for longer is forgotten and lets through what nobody decided; ` +
  "renew it, or set planGuard. A refused update prints the line to add.";

const priceWords = "a price per hour, 0 or more";
export const flavorPrices = z.record(
  text(/^\S(.*\S)?$/, "the name of a flavor"),
  z.number(allowed(priceWords)).min(0, allowed(priceWords)),
  allowed("a map of flavor to price per hour"),
);
export const flavorPricesDescription =
  "Price of a server per hour by flavor, in any one currency; with it the plan guard shows the difference in price.";
