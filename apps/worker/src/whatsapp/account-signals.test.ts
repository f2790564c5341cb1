import { describe, expect, it } from 'vitest';
import { readCapping, readTimeLock } from './account-signals.ts';

const ends = new Date('2026-11-22T00:00:00Z');

describe('a time-lock', () => {
  it('has a type and an end', () => {
    const lock = { isActive: true, timeEnforcementEnds: ends, enforcementType: 'BIZ_QUALITY' };
    expect(readTimeLock(lock, 0)).toEqual({ type: 'BIZ_QUALITY', until: ends });
  });

  it.each([[undefined], [new Date(Number.NaN)]])('without an end (%s) lasts a minute', (timeEnforcementEnds) => {
    const lock = readTimeLock({ isActive: true, ...(timeEnforcementEnds && { timeEnforcementEnds }) }, 1_000);
    expect(lock).toEqual({ type: 'DEFAULT', until: new Date(61_000) });
  });

  it('that is lifted is none', () => {
    expect(readTimeLock({ isActive: false, timeEnforcementEnds: ends }, 0)).toBeNull();
  });
});

describe('a cap on new chats', () => {
  it('is read whether numbers come as numbers or as strings', () => {
    const expected = { status: 'capped', used: 10, total: 10, cycleEndsAt: '2033-05-18T03:33:20.000Z' };
    const status = { capping_status: 'CAPPED' };
    expect(readCapping({ ...status, used_quota: 10, total_quota: '10', cycle_end_timestamp: '2000000000' })).toEqual(
      expected,
    );
    expect(readCapping({ ...status, used_quota: '10', total_quota: 10, cycle_end_timestamp: 2e12 })).toEqual(expected);
  });

  it('of which nothing is known, or nothing sensible said, is none', () => {
    const none = { status: 'none', used: null, total: null, cycleEndsAt: null };
    expect(readCapping({})).toEqual(none);
    expect(
      readCapping({ capping_status: 'NEW', used_quota: 'many', total_quota: -1, cycle_end_timestamp: '0' }),
    ).toEqual(none);
  });
});
