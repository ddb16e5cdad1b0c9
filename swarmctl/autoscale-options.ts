import { Option } from "@commander-js/extra-typings";
import { autoscale } from "../settings/autoscale";
import { fieldsOf, unitOf } from "../settings/fields";
import type { Changes } from "./config-edit";
import { UsageError } from "./errors";
import { numberOption } from "./options";
import { readSchedule } from "./schedule";

/** Flags that are not named after their field. */
const ownNames: Readonly<Record<string, string>> = { scaleInCpuThreshold: "scale-in-threshold" };

/** What a flag's value is called in the help, where that is not the unit. */
const valueNames: Readonly<Record<string, string>> = { workers: "count" };

/** A flag for each number of `settings.autoscale`, by field. */
export function numberOptions(): ReadonlyMap<string, Option> {
  return new Map(
    fieldsOf(autoscale).flatMap(({ name, schema, description, fallback }) => {
      const unit = unitOf(schema);
      if (unit === undefined) return [];
      const flag = ownNames[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const standard = fallback === undefined ? "" : ` (default: ${JSON.stringify(fallback)})`;
      const text = `${description.replace(/\.$/, "").replace(/^./, (letter) => letter.toLowerCase())}${standard}`;
      return [[name, numberOption(`--autoscale-${flag} <${valueNames[unit] ?? unit}>`, text)]];
    }),
  );
}

export const scheduleOption = () =>
  new Option(
    "--schedule <schedule...>",
    'a minimum by time of week, "mon-fri 07:00-19:00 Europe/Zurich 6"; the given ones replace all existing ones',
  );
export const clearSchedulesOption = () => new Option("--clear-schedules", "remove all schedules").conflicts("schedule");
export const noAutoscaleOption = () => new Option("--no-autoscale", "turn autoscaling off: remove the whole key");

/**
 * What the flags ask for; undefined where they ask for nothing.
 *
 * @param numbers what `numberOptions` returned for this command.
 * @param given values by attribute name.
 * @throws UsageError when they both set and remove.
 */
export function autoscaleChanges(
  numbers: ReadonlyMap<string, Option>,
  given: Readonly<Record<string, unknown>>,
): Changes | undefined {
  const schedules =
    given["clearSchedules"] === true ? [] : (given["schedule"] as string[] | undefined)?.map(readSchedule);
  const values = Object.entries({
    ...Object.fromEntries([...numbers].map(([name, option]) => [name, given[option.attributeName()]])),
    schedules,
  }).filter(([, value]) => value !== undefined);
  if (given["autoscale"] !== false) return values.length === 0 ? undefined : Object.fromEntries(values);
  if (values.length > 0)
    throw new UsageError("--no-autoscale: it removes what the other options set; give one or the other.");
  return "remove";
}
