import type { Settings } from "../settings/schema";
import { policyDefaults, type Policy } from "./policy";

/** The policy that a cluster's settings ask for, or undefined where autoscaling is off. */
export function policyOf({ autoscale, workerGroups }: Pick<Settings, "autoscale" | "workerGroups">): Policy | undefined {
  if (autoscale === undefined) return undefined;
  return {
    ...policyDefaults,
    groups: Object.entries(workerGroups).map(([name, { zone = name, min, max }]) => ({ name, zone, min, max })),
    min: autoscale.minNodes,
    max: autoscale.maxNodes,
    schedules: autoscale.schedules.map(({ minNodes, ...window }, index) => ({ name: `autoscale.schedules.${index}`, ...window, min: minNodes })),
    scaleOutCpuRatio: autoscale.cpuThreshold / 100,
    scaleInCpuRatio: autoscale.scaleInCpuThreshold / 100,
    windowSeconds: autoscale.windowSeconds,
    cooldownOutSeconds: autoscale.scaleOutCooldownSeconds,
    cooldownInSeconds: autoscale.scaleInCooldownSeconds,
    cooldownInAfterOutSeconds: autoscale.scaleInCooldownSeconds,
    joinDeadlineSeconds: autoscale.joinDeadlineSeconds,
    maxStepNodes: { ...policyDefaults.maxStepNodes, out: autoscale.maxStep },
  };
}
