import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Campaign, simulate } from './simulate.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const ORDINARY = { answering: 0.2, blocking: 0.01 };
const campaign = (more: Partial<Campaign> = {}): Promise<Awaited<ReturnType<typeof simulate>>> =>
  simulate(database, { settings: {}, people: ORDINARY, recipients: 2_000, days: 60, seed: 1, ...more });

describe('a campaign of 2 000 people who have never written, against the spam detector (MR-097, MR-041)', () => {
  it('with the defaults: everybody is written to, and the number is neither capped, locked nor banned', async () => {
    const outcome = await campaign();
    expect(outcome.verdicts.filter(({ kind }) => kind !== 'warning')).toEqual([]);
    expect(outcome).toMatchObject({ sent: 2_000, bannedOn: null, pausedOn: null, highOn: null });
    expect(outcome.sentInMonth).toBeGreaterThan(1_000);
    expect(outcome.endedOn).toBeGreaterThan(30);
  });

  it.each([1, 2, 3])(
    'without pacing and guard (seed %i): banned, and the score was high a day before, at least',
    async (seed) => {
      const outcome = await campaign({ settings: { mode: 'off', riskGuard: null }, seed });
      expect(outcome.verdicts.map(({ kind }) => kind).filter((kind) => kind !== 'warning')).toEqual([
        'cap',
        'time-lock',
        'ban',
      ]);
      expect(outcome.highOn).not.toBeNull();
      expect(outcome.bannedOn! - outcome.highOn!).toBeGreaterThan(1);
      expect(outcome.highestScore).toBe(100);
    },
  );

  it('without pacing, but with the guard: paused before WhatsApp restricts anything', async () => {
    const outcome = await campaign({ settings: { mode: 'off' } });
    expect(outcome).toMatchObject({ bannedOn: null, pausedOn: expect.any(Number) });
    expect(outcome.verdicts.filter(({ kind }) => kind !== 'warning')).toEqual([]);
    expect(outcome.sent).toBeLessThan(200);
  });

  it('a list of people who do not want it, with the defaults: the guard pauses it before WhatsApp restricts anything', async () => {
    const outcome = await campaign({ people: { answering: 0.02, blocking: 0.06 } });
    expect(outcome).toMatchObject({ bannedOn: null, pausedOn: expect.any(Number) });
    expect(outcome.verdicts.filter(({ kind }) => kind !== 'warning')).toEqual([]);
  });
});
