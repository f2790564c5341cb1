import { describe, expect, it } from 'vitest';
import { type AttemptResult, judgeAttempt, parseRetryAfter, RETRY_DELAYS_MS } from './retry-schedule.ts';

const answered = (statusCode: number, retryAfter?: string): AttemptResult => ({
  kind: 'answered',
  statusCode,
  retryAfter,
});
const exactly = { random: () => 0, now: 0 };
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

describe('an attempt', () => {
  it.each([200, 201, 204, 299])('answered with %i is delivered', (status) => {
    expect(judgeAttempt(answered(status), 0, exactly)).toEqual({ status: 'DELIVERED', responseCode: status });
  });

  it.each([301, 302, 400, 401, 404, 429, 500, 503])('answered with %i is tried again', (status) => {
    expect(judgeAttempt(answered(status), 0, exactly)).toMatchObject({
      status: 'RETRYING',
      delayMs: SECOND,
      responseCode: status,
    });
  });

  it('answered with 410 ends the webhook', () => {
    expect(judgeAttempt(answered(410), 0, exactly)).toMatchObject({ status: 'FAILED', gone: true });
  });

  it('without an answer is tried again', () => {
    expect(judgeAttempt({ kind: 'failed', error: 'refused' }, 0, exactly)).toMatchObject({
      status: 'RETRYING',
      error: 'refused',
    });
  });
});

describe('the pauses (MR-099)', () => {
  it('are 1, 2, 4, 8, 16 s, then minutes and hours, then it is given up', () => {
    const delays = RETRY_DELAYS_MS.map(
      (_, attempts) => (judgeAttempt(answered(500), attempts, exactly) as { delayMs: number }).delayMs,
    );
    expect(delays.map((ms) => ms / SECOND)).toEqual([1, 2, 4, 8, 16, 60, 300, 1_800, 7_200, 28_800, 86_400, 129_600]);
    expect(judgeAttempt(answered(500), RETRY_DELAYS_MS.length, exactly)).toMatchObject({
      status: 'FAILED',
      gone: false,
    });
  });

  it('are at most a fifth longer, never shorter', () => {
    expect(judgeAttempt(answered(500), 4, { random: () => 1 })).toMatchObject({ delayMs: 19_200 });
  });

  it('obey Retry-After of 429 and 503 where it asks for more, up to a day', () => {
    const delay = (status: number, value: string) =>
      (judgeAttempt(answered(status, value), 0, exactly) as { delayMs: number }).delayMs;
    expect(delay(429, '120')).toBe(120 * SECOND);
    expect(delay(503, 'Thu, 01 Jan 1970 01:00:00 GMT')).toBe(HOUR);
    expect(delay(429, '0')).toBe(SECOND);
    expect(delay(429, '99999999')).toBe(24 * HOUR);
    expect(delay(500, '120')).toBe(SECOND);
    expect(delay(429, 'soon')).toBe(SECOND);
  });
});

it.each([
  ['5', 5_000],
  [' 7 ', 7_000],
  ['', undefined],
  [undefined, undefined],
  ['-5', undefined],
])('Retry-After %j is %s', (value, ms) => {
  expect(parseRetryAfter(value, Date.now())).toBe(ms);
});
