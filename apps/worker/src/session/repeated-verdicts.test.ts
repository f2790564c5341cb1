import { describe, expect, it } from 'vitest';
import { judgeDisconnect } from './disconnect.ts';
import { RepeatedVerdicts } from './repeated-verdicts.ts';

const replaced = judgeDisconnect({ status: 440, detail: 'replaced' }, true);
const refused = judgeDisconnect({ status: 401 }, true);
const removed = judgeDisconnect({ status: 401, detail: 'device_removed' }, true);
const lost = judgeDisconnect({ status: 428 }, true);
const states = (repeated: RepeatedVerdicts, ...verdicts: [typeof lost, number][]) =>
  verdicts.map(([verdict, connectedMs]) => repeated.weigh(verdict, connectedMs).state);

describe('conflicts', () => {
  it('gives way after three', () => {
    expect(states(new RepeatedVerdicts(), [replaced, 10], [replaced, 10], [replaced, 10], [replaced, 10])).toEqual([
      'RECONNECTING',
      'RECONNECTING',
      'RECONNECTING',
      'CONFLICT',
    ]);
  });

  it('are forgiven by ten good minutes', () => {
    const repeated = new RepeatedVerdicts();
    states(repeated, [replaced, 10], [replaced, 10], [replaced, 10]);
    expect(states(repeated, [replaced, 600_000], [replaced, 10])).toEqual(['RECONNECTING', 'RECONNECTING']);
  });

  it('are forgotten when the user restarts the session', () => {
    const repeated = new RepeatedVerdicts();
    states(repeated, [replaced, 10], [replaced, 10], [replaced, 10]);
    repeated.forget();
    expect(states(repeated, [replaced, 10])).toEqual(['RECONNECTING']);
  });
});

describe('a refused login (401)', () => {
  it('is believed the second time in a row', () => {
    const repeated = new RepeatedVerdicts();
    expect(repeated.weigh(refused, 0)).toMatchObject({ state: 'RECONNECTING', next: 'retry', unlinked: false });
    expect(repeated.weigh(refused, 0)).toMatchObject({ state: 'LOGGED_OUT', next: 'park', unlinked: true });
  });

  it.each([
    ['a login that worked', 5_000],
    ['another trouble', 0],
  ])('is doubted again after %s', (_, connectedMs) => {
    expect(states(new RepeatedVerdicts(), [refused, 0], [lost, connectedMs], [refused, 0])).toEqual([
      'RECONNECTING',
      'RECONNECTING',
      'RECONNECTING',
    ]);
  });

  it('on an open connection, with the words of the phone, is believed at once', () => {
    expect(new RepeatedVerdicts().weigh(removed, 5_000)).toBe(removed);
  });
});
