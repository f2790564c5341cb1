import { Temporal } from 'temporal-polyfill';

const zonedAt = (ms: number, timeZone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(timeZone);

/** The day of an instant on a clock of the zone, as `2026-01-15`. */
export const dayOf = (ms: number, timeZone: string): string => zonedAt(ms, timeZone).toPlainDate().toString();

/** When the next day begins there, in milliseconds since 1970. */
export const nextDayAt = (ms: number, timeZone: string): number =>
  zonedAt(ms, timeZone).add({ days: 1 }).startOfDay().epochMilliseconds;

/** When quiet hours end that are going on at `ms`; `null`: it is not quiet there. From and to are `HH:MM`. */
export function quietUntil(ms: number, timeZone: string, { from, to }: { from: string; to: string }): number | null {
  const now = zonedAt(ms, timeZone);
  const time = now.toPlainTime().toString({ smallestUnit: 'minute' });
  const isQuiet = from <= to ? from <= time && time < to : time >= from || time < to;
  if (!isQuiet) return null;
  const end = now.withPlainTime(to);
  const until = Temporal.ZonedDateTime.compare(end, now) > 0 ? end : end.add({ days: 1 });
  return until.epochMilliseconds;
}

/** Whether the runtime knows a zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    // An offset such as `+07:00` is no zone: its clocks never change.
    return !/^[+-]/.test(name) && zonedAt(0, name) !== undefined;
  } catch {
    return false;
  }
}

/** A time on a clock of a zone, as an instant. */
export interface LocalInstant {
  /** Milliseconds since 1970. */
  ms: number;
  /** `moved-forward`: the clock skips that time. `first-of-two`: it shows it twice. */
  adjusted?: 'moved-forward' | 'first-of-two';
}

/**
 * The instant of a time on a clock. A time that the clock skips in spring is moved forward by as much as the clock is
 * (02:30 becomes 03:30); of a time that it shows twice in autumn the first one counts. The rule does not depend on the
 * season in which it is asked (Temporal's `compatible`).
 *
 * @param localTime `2026-03-29T02:30` or with seconds, without an offset
 * @throws {RangeError} when it is no time or no zone
 */
export function instantOf(localTime: string, timeZone: string): LocalInstant {
  const plain = Temporal.PlainDateTime.from(localTime);
  const chosen = plain.toZonedDateTime(timeZone, { disambiguation: 'compatible' });
  const ms = chosen.epochMilliseconds;
  if (!chosen.toPlainDateTime().equals(plain)) return { ms, adjusted: 'moved-forward' };
  const last = plain.toZonedDateTime(timeZone, { disambiguation: 'later' }).epochMilliseconds;
  return last === ms ? { ms } : { ms, adjusted: 'first-of-two' };
}
