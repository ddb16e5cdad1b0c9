import type { AutoscaleSettings, GroupLimits } from "../../settings/autoscale";
import { policyDefaults, type Policy } from "./policy";

/**
 * What a policy is made of, as a stack's settings and its outputs both have it. A group lies in the zone of its name
 * where none is given.
 */
export interface PolicySource {
  readonly autoscale?: AutoscaleSettings | undefined;
  readonly workerGroups: Readonly<Record<string, GroupLimits & { readonly zone?: string | undefined }>>;
  readonly deadlines: { readonly drainMinutes: number };
}

/** Seconds for the update around a drain. */
const aroundDrainSeconds = 600;

/** The policy that is asked for, or undefined where autoscaling is off. */
export function policyOf({ autoscale, workerGroups, deadlines }: PolicySource): Policy | undefined {
  if (autoscale === undefined) return undefined;
  return {
    ...policyDefaults,
    groups: Object.entries(workerGroups).map(([name, { zone = name, min, max }]) => ({ name, zone, min, max })),
    min: autoscale.minNodes,
    max: autoscale.maxNodes,
    schedules: autoscale.schedules.map(({ minNodes, ...window }, index) => ({
      name: `autoscale.schedules.${index}`,
      ...window,
      min: minNodes,
    })),
    scaleOutCpuRatio: autoscale.cpuThreshold / 100,
    scaleInCpuRatio: autoscale.scaleInCpuThreshold / 100,
    windowSeconds: autoscale.windowSeconds,
    cooldownOutSeconds: autoscale.scaleOutCooldownSeconds,
    cooldownInSeconds: autoscale.scaleInCooldownSeconds,
    cooldownInAfterOutSeconds: autoscale.scaleInCooldownSeconds,
    scaleInAfterSeconds: autoscale.scaleInCooldownSeconds,
    joinDeadlineSeconds: autoscale.joinDeadlineSeconds,
    drainDeadlineSeconds: deadlines.drainMinutes * 60 + aroundDrainSeconds,
    maxStepNodes: { ...policyDefaults.maxStepNodes, out: autoscale.maxStep },
  };
}
