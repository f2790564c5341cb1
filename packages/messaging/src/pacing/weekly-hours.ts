import type { WeeklyHours } from '@wa-gate/contracts';
import { Temporal } from 'temporal-polyfill';

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** Whether a point in time is within the hours, by the clock of their zone. `null`: at all times. */
export function isWithinHours(hours: WeeklyHours | null, at: Date): boolean {
  if (!hours) return true;
  const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(hours.zone);
  const now = local.hour * 60 + local.minute;
  const today = local.dayOfWeek;
  const isDay = (day: number): boolean => hours.days === undefined || hours.days.includes(day);
  const [from, to] = [minutesOf(hours.from), minutesOf(hours.to)];
  if (from < to) return isDay(today) && now >= from && now < to;
  // Over midnight: the hours after it belong to the day before. Two equal times are a whole day.
  const yesterday = today === 1 ? 7 : today - 1;
  return now >= from ? isDay(today) : now < to && isDay(yesterday);
}
