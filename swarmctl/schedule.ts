import { weekDays, type Schedule, type WeekDay } from "../settings/autoscale";
import { UsageError } from "./errors";

const words = `"<days> <from>-<to> <time zone> <min nodes>", e.g. "mon-fri 07:00-19:00 Europe/Zurich 6"`;

/**
 * Reads a schedule as people type it. Days are single ones, lists and ranges ("mon,wed-fri", "sat-mon" over the end of
 * the week); the rest is left to the settings' own check. Pure.
 *
 * @throws UsageError when it is not of this form.
 */
export function readSchedule(text: string): Schedule {
  const match = /^(\S+)\s+(\d\d:\d\d)-(\d\d:\d\d)\s+(\S+)\s+(\d+)$/.exec(text.trim());
  const [, days = "", from = "", to = "", timeZone = "", minNodes = ""] = match ?? [];
  if (match === null) throw new UsageError(`--schedule: ${JSON.stringify(text)} is no schedule; use ${words}.`);
  return { days: days.split(",").flatMap((part) => range(part, text)), from, to, timeZone, minNodes: Number(minNodes) };
}

function range(part: string, text: string): WeekDay[] {
  const [first = "", last = first, ...rest] = part.split("-");
  const [begin, end] = [first, last].map((day) => weekDays.indexOf(day as WeekDay));
  if (begin === undefined || end === undefined || begin < 0 || end < 0 || rest.length > 0) {
    throw new UsageError(
      `--schedule: "${part}" in ${JSON.stringify(text)} is no day or range of days; use ${weekDays.join(", ")}, e.g. "mon-fri".`,
    );
  }
  const count = ((end - begin + weekDays.length) % weekDays.length) + 1;
  return Array.from({ length: count }, (_, step) => weekDays[(begin + step) % weekDays.length]).filter(
    (day) => day !== undefined,
  );
}
