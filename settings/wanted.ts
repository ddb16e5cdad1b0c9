import { z } from "zod";
import { SettingsError, type Fault } from "./errors";
import { countWorkers, planWorkerSets, type WorkerSets } from "./ordinals";
import type { Settings } from "./schema";

/** The worker sets that an update is asked for: JSON of group to ordinals, every group named. */
export const wantedVariable = "SWARM_WANTED_WORKERS";
/**
 * The worker sets that the wanted ones were made from, in the same form. Where it is given, the update is refused when
 * the last one left others: two that decide at the same time must not undo each other's work.
 */
export const expectedVariable = "SWARM_EXPECTED_WORKERS";

/** The wanted worker sets cannot be had. */
export class WantedError extends SettingsError {
  /** @param isOvertaken whether another update came in between: whoever wanted them may look and want anew. */
  constructor(
    faults: readonly Fault[],
    readonly isOvertaken: boolean,
  ) {
    super(faults, "wanted worker set");
    this.name = "WantedError";
  }
}

/** Highest ordinal: node names are laid out for four digits. */
const highestOrdinal = 9999;

/**
 * Reads the wanted worker sets.
 *
 * @param previous what the last update left.
 * @throws WantedError with every fault at once: what is no set of ordinals, unknown or missing groups, limits.
 */
export function readWanted(
  given: { readonly wanted: string; readonly expected?: string | undefined },
  settings: Settings,
  previous: WorkerSets,
): WorkerSets {
  const faults: Fault[] = [];
  const wanted = readSets(wantedVariable, given.wanted, faults);
  const expected = given.expected === undefined ? undefined : readSets(expectedVariable, given.expected, faults);
  const isOvertaken = expected !== undefined && !areEqual(expected, previous);
  if (isOvertaken) {
    faults.push({
      path: expectedVariable,
      problem: `the last update left ${JSON.stringify(previous)}, not ${JSON.stringify(expected)}; look at the cluster again and repeat the change.`,
    });
  }
  if (wanted !== undefined) faults.push(...wantedFaults(settings, previous, wanted, wantedVariable));
  if (wanted === undefined || faults.length > 0) throw new WantedError(faults, isOvertaken);
  return wanted;
}

/**
 * What is wrong with wanted worker sets. The limits of the cluster (`autoscale`) may be approached in steps: a number
 * outside them is refused only when it is farther off than what there is.
 */
export function wantedFaults(settings: Settings, previous: WorkerSets, wanted: WorkerSets, subject: string): Fault[] {
  const groups = settings.workerGroups;
  const known = Object.keys(groups);
  const unknown = Object.keys(wanted)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: `${subject}.${name}`,
      problem: `there is no such group; the groups are ${known.join(", ")}.`,
    }));
  const ofGroups = Object.entries(groups).flatMap(([name, limits]) =>
    groupFaults(wanted[name], limits, `${subject}.${name}`, name),
  );
  return [...unknown, ...ofGroups, ...clusterFaults(settings, previous, wanted, subject)];
}

function groupFaults(
  held: readonly number[] | undefined,
  { min, max }: { min: number; max: number },
  path: string,
  group: string,
): Fault[] {
  if (held === undefined) return [{ path, problem: "missing; name every group, one without workers as []." }];
  const faults: Fault[] = [...new Set(held.filter((ordinal, index) => held.indexOf(ordinal) !== index))].map(
    (ordinal) => ({ path, problem: `${ordinal} stands there twice; name each ordinal once.` }),
  );
  const limit = `settings.workerGroups.${group}`;
  if (held.length > max)
    faults.push({
      path,
      problem: `${workers(held.length)} above max ${max} of the group; want ${max} at most, or raise ${limit}.max.`,
    });
  if (held.length < min)
    faults.push({
      path,
      problem: `${workers(held.length)} below min ${min} of the group; want ${min} or more, or lower ${limit}.min.`,
    });
  return faults;
}

function clusterFaults(
  { autoscale, workerGroups }: Settings,
  previous: WorkerSets,
  wanted: WorkerSets,
  path: string,
): Fault[] {
  if (autoscale === undefined) return [];
  const { minNodes, maxNodes } = autoscale;
  const [before, after] = [countWorkers(planWorkerSets(workerGroups, previous)), countWorkers(wanted)];
  if (after > maxNodes && after > before) {
    return [
      {
        path,
        problem: `${workers(after)} above maxNodes ${maxNodes} of the cluster; want ${maxNodes} at most, or raise settings.autoscale.maxNodes.`,
      },
    ];
  }
  if (after < minNodes && after < before) {
    return [
      {
        path,
        problem: `${workers(after)} below minNodes ${minNodes} of the cluster; want ${minNodes} or more, or lower settings.autoscale.minNodes.`,
      },
    ];
  }
  return [];
}

function workers(count: number): string {
  return count === 1 ? "1 worker is" : `${count} workers are`;
}

const setsWords = `an object of group to ordinals from 0 to ${highestOrdinal}, e.g. {"az1":[0,1]}`;
const setsSchema = z.record(z.string(), z.array(z.int().min(0).max(highestOrdinal)));

function readSets(variable: string, text: string, faults: Fault[]): WorkerSets | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    faults.push({ path: variable, problem: `${JSON.stringify(text)} is no JSON; use ${setsWords}.` });
    return undefined;
  }
  const result = setsSchema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const given = issue.path.reduce<unknown>((inner, step) => (inner as Record<PropertyKey, unknown>)[step], value);
    faults.push({
      path: [variable, ...issue.path.map(String)].join("."),
      problem: `${JSON.stringify(given)} is not allowed; use ${setsWords}.`,
    });
  }
  return undefined;
}

/** Whether two sets hold the same ordinals; a group that holds none may be left away. */
function areEqual(one: WorkerSets, other: WorkerSets): boolean {
  const normal = (sets: WorkerSets): string =>
    JSON.stringify(
      Object.entries(sets)
        .filter(([, held]) => held.length > 0)
        .map(([name, held]) => [name, [...held].sort((a, b) => a - b)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return normal(one) === normal(other);
}
