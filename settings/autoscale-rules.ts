import { sumOf, type GroupLimits } from "./autoscale";
import type { Fault } from "./errors";
import type { Rule } from "./rules";

const path = "settings.autoscale";

/** The rules of the key `autoscale`; as the others they stay silent about what is missing or misshapen. */
export const autoscaleRules: readonly Rule[] = [
  ({ autoscale }) =>
    autoscale === undefined || autoscale.scaleInCpuThreshold < autoscale.cpuThreshold
      ? []
      : [
          {
            path: `${path}.scaleInCpuThreshold`,
            problem: `${autoscale.scaleInCpuThreshold} is not below cpuThreshold ${autoscale.cpuThreshold}; use ${autoscale.cpuThreshold - 1} at most, or raise cpuThreshold.`,
          },
        ],
  limitsAreInTheGroups,
  schedulesAreWindows,
];

/** "10, the sum of the groups' max (az1 4, az2 3, az3 3)". */
function shown(groups: Readonly<Record<string, GroupLimits>>, limit: keyof GroupLimits): string {
  const parts = Object.entries(groups).map(([name, group]) => `${name} ${group[limit]}`);
  return `${sumOf(groups, limit)}, the sum of the groups' ${limit} (${parts.join(", ")})`;
}

/** Each fault names the nearest limit that is broken, so that mending it mends the value. */
function limitsAreInTheGroups({ autoscale, workerGroups }: Parameters<Rule>[0]): Fault[] {
  if (autoscale === undefined || workerGroups === undefined) return [];
  const [least, most] = [sumOf(workerGroups, "min"), sumOf(workerGroups, "max")];
  const { minNodes = least, maxNodes = most } = autoscale;
  const faults: Fault[] = [];
  if (maxNodes > most) {
    faults.push({
      path: `${path}.maxNodes`,
      problem: `${maxNodes} is above ${shown(workerGroups, "max")}; use ${most} at most, or raise max of a group in settings.workerGroups.`,
    });
  } else if (maxNodes < least) {
    faults.push({
      path: `${path}.maxNodes`,
      problem: `${maxNodes} is below ${shown(workerGroups, "min")}; use ${least} or more, or lower min of a group in settings.workerGroups.`,
    });
  } else if (maxNodes < minNodes && autoscale.maxNodes !== undefined) {
    faults.push({
      path: `${path}.maxNodes`,
      problem: `${maxNodes} is below minNodes ${minNodes}; use ${minNodes} or more, or lower minNodes.`,
    });
  }
  if (autoscale.minNodes !== undefined && minNodes > most) {
    faults.push({
      path: `${path}.minNodes`,
      problem: `${minNodes} is above ${shown(workerGroups, "max")}; use ${most} at most, or raise max of a group in settings.workerGroups.`,
    });
  }
  autoscale.schedules.forEach((schedule, index) => {
    if (schedule.minNodes <= Math.min(maxNodes, most)) return;
    faults.push({
      path: `${path}.schedules.${index}.minNodes`,
      problem: `${schedule.minNodes} is above maxNodes ${maxNodes}; use ${Math.min(maxNodes, most)} at most, or raise maxNodes.`,
    });
  });
  return faults;
}

function schedulesAreWindows({ autoscale }: Parameters<Rule>[0]): Fault[] {
  return (autoscale?.schedules ?? []).flatMap(({ days, from, to }, index) => {
    const faults: Fault[] = days
      .filter((day, place) => days.indexOf(day) !== place)
      .map((day) => ({
        path: `${path}.schedules.${index}.days`,
        problem: `"${day}" stands there twice; name each day once.`,
      }));
    if (from === to)
      faults.push({
        path: `${path}.schedules.${index}.to`,
        problem: `"${to}" is from itself, a window of no time; use a later time, or "00:00" to "24:00" for a day.`,
      });
    return faults;
  });
}
