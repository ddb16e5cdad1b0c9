import { weekDays, type WeekDay } from "../../settings/autoscale";

/** A minimum by time of week: in its hours it takes the place of the policy's, be it higher or lower. */
export interface Schedule {
  readonly name: string;
  /** Days on which it begins. */
  readonly days: readonly WeekDay[];
  /** Wall clock, "HH:MM"; it ends on the next day where `to` is not after `from`. */
  readonly from: string;
  readonly to: string;
  /** IANA name, e.g. "Europe/Berlin". */
  readonly timeZone: string;
  readonly min: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** Making a formatter takes longer than all the rest of a decision. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  formatters.set(timeZone, made);
  return made;
}

/** What the clock on the wall shows, to the minute, as if it were UTC. */
function wallClock(instant: number, timeZone: string): number {
  const parts = Object.fromEntries(
    formatter(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 1970, month = 1, day: date = 1, hour = 0, minute: minutes = 0 } = parts;
  return Date.UTC(year, month - 1, date, hour, minutes);
}

/**
 * The first instant at which the clock on the wall shows `wall` or later: of an hour that comes twice the first, and
 * where the clocks jump over it, the jump.
 */
function instantOf(wall: number, timeZone: string): number {
  const offsets = [wall - day, wall + day].map((instant) => wallClock(instant, timeZone) - instant);
  const exact = offsets.map((offset) => wall - offset).filter((instant) => wallClock(instant, timeZone) === wall);
  if (exact.length > 0) return Math.min(...exact);
  let [early, late] = [wall - Math.max(...offsets), wall - Math.min(...offsets)];
  while (late - early > minute) {
    const middle = early + Math.floor((late - early) / 2 / minute) * minute;
    if (wallClock(middle, timeZone) >= wall) late = middle;
    else early = middle;
  }
  return late;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

/**
 * True in the hours of the schedule.
 *
 * @throws RangeError where the time zone is not one that Intl knows.
 */
export function isActive({ days, from, to, timeZone }: Schedule, now: number): boolean {
  const today = Math.floor(wallClock(now, timeZone) / day) * day;
  const [start, end] = [minutesOf(from), minutesOf(to)];
  return [today, today - day].some((date) => {
    // a week begins on Sunday for Date, and on Monday for ISO 8601 and the settings
    const weekday = weekDays[(new Date(date).getUTCDay() + 6) % 7];
    if (weekday === undefined || !days.includes(weekday)) return false;
    const begins = instantOf(date + start * minute, timeZone);
    const ends = instantOf(date + end * minute + (end <= start ? day : 0), timeZone);
    return begins <= now && now < ends;
  });
}

/** The schedule that holds now: of several the one with the highest minimum. */
export function activeSchedule(schedules: readonly Schedule[], now: number): Schedule | undefined {
  return schedules
    .filter((schedule) => isActive(schedule, now))
    .reduce<Schedule | undefined>(
      (highest, schedule) => (highest === undefined || schedule.min > highest.min ? schedule : highest),
      undefined,
    );
}
