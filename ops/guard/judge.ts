import type { Allowance } from "../../settings/plan-guard";
import { checks, type Finding } from "./checks";
import type { Plan } from "./plan";
import { priceOf } from "./price";

/** A finding, and the allowance that it goes by where it is beyond its limit and allowed. */
export type Judged = Finding & { readonly allowance?: Allowance };

/** What the guard says of a plan. */
export interface Verdict {
  readonly findings: readonly Judged[];
  /** Those beyond their limit that nothing allows: the update must not run. */
  readonly refused: readonly Judged[];
  /** Allowances that still hold. */
  readonly inForce: readonly Allowance[];
  /** Allowances whose day is over; they allow nothing and should go. */
  readonly expired: readonly Allowance[];
  /** Price of the servers per hour; absent without a price table. */
  readonly price?: NonNullable<ReturnType<typeof priceOf>>;
}

/**
 * Judges what an update would do. Pure: the limits, allowances and prices are those of the plan's own configuration.
 */
export function judge(plan: Plan, now: Date): Verdict {
  const today = now.toISOString().slice(0, 10);
  const inForce = plan.settings.allow.filter(({ until }) => until >= today);
  const findings = checks
    .flatMap((check) => check(plan))
    .map((finding): Judged => {
      const allowance = finding.beyond ? inForce.find((one) => allows(one, finding)) : undefined;
      return allowance === undefined ? finding : { ...finding, allowance };
    });
  const price = priceOf(plan);
  return {
    findings,
    inForce,
    expired: plan.settings.allow.filter(({ until }) => until < today),
    refused: findings.filter(({ beyond, allowance }) => beyond && allowance === undefined),
    ...(price === undefined ? {} : { price }),
  };
}

/** One for a zone allows that zone alone, one without a zone everything of its code. */
function allows({ what, zone }: Allowance, finding: Finding): boolean {
  return what === finding.code && (zone === undefined || zone === finding.zone);
}
