import { DEFAULT_PRIORITY, type SendRequest } from '@wa-gate/contracts';
import type { OutboxLane } from '@wa-gate/db';
import { instantOf, isTimeZone, laneOf, type Schedule } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';

/** When and how soon a message is to go. */
export interface SendTime {
  lane: OutboxLane;
  schedule?: Schedule | undefined;
  expiresAt?: string | undefined;
}

type Timing = Pick<SendRequest, 'priority' | 'scheduledAt' | 'timeZone' | 'expiresAt'>;

const HAS_OFFSET = /(?:Z|[+-]\d{2}:?\d{2})$/i;

/**
 * Reads when a request wants its message sent. Whether that is over, the clock of the database says.
 *
 * @param inBulk it came with others in one request
 * @throws {ApiError} VALIDATION
 */
export function readSendTime(
  { priority = DEFAULT_PRIORITY, scheduledAt, timeZone, expiresAt }: Timing,
  inBulk = false,
): SendTime {
  const schedule = scheduledAt === undefined ? undefined : scheduleOf(scheduledAt, timeZone);
  if (!schedule && timeZone !== undefined)
    throw new ApiError('VALIDATION', { message: '`timeZone` belongs to `scheduledAt`: give both, or neither.' });
  const expires = expiresAt === undefined ? undefined : instant('expiresAt', expiresAt);
  if (expires !== undefined && schedule && expires <= schedule.at)
    throw new ApiError('VALIDATION', {
      message: '`expiresAt` is not after `scheduledAt`: the message would never be sent.',
    });
  const lane = laneOf(priority, { isAwaited: !inBulk && !schedule });
  return { lane, ...(schedule && { schedule }), ...(expires !== undefined && { expiresAt: expires }) };
}

/** @throws {ApiError} VALIDATION */
export function scheduleOf(scheduledAt: string, timeZone: string | undefined): Schedule {
  if (timeZone !== undefined && !isTimeZone(timeZone))
    throw new ApiError('VALIDATION', {
      message: `There is no time zone \`${timeZone}\`. Give a name of the IANA list, such as \`Europe/Berlin\`.`,
    });
  if (HAS_OFFSET.test(scheduledAt)) return { at: instant('scheduledAt', scheduledAt), ...(timeZone && { timeZone }) };
  if (timeZone === undefined)
    throw new ApiError('VALIDATION', {
      message: '`scheduledAt` has no offset. End it with `Z`, or say with `timeZone` on whose clock it is meant.',
    });
  try {
    const { ms, adjusted } = instantOf(scheduledAt, timeZone);
    return { at: new Date(ms).toISOString(), timeZone, localTime: scheduledAt, ...(adjusted && { adjusted }) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw notATime('scheduledAt', scheduledAt);
  }
}

/** ISO 8601 in UTC. A date that there is not (2026-02-30) is refused, where `Date` would make another one of it. */
function instant(field: string, text: string): string {
  const date = new Date(text);
  const day = Number(text.slice(8, 10));
  const isDay =
    day >= 1 && day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  if (Number.isNaN(date.getTime()) || !isDay) throw notATime(field, text);
  return date.toISOString();
}

const notATime = (field: string, text: string): ApiError =>
  new ApiError('VALIDATION', {
    message: `\`${field}\` is no time: \`${text}\`. Write it as 2026-12-24T18:00:00Z.`,
  });
