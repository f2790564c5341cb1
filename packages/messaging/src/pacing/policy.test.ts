import { DEFAULT_PACING, type PacingSettings } from '@wa-gate/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dayOfSession,
  decide,
  type HeldMessage,
  type PacedSession,
  risksOf,
  waitOf,
  warmUpLimit,
  withJitter,
} from './policy.ts';

const NOW = Date.parse('2026-01-15T10:00:00Z');
const DAY = 86_400_000;

const session = (settings: Partial<PacingSettings> = {}, more: Partial<PacedSession> = {}): PacedSession => ({
  settings: { ...DEFAULT_PACING, ...settings },
  nextAt: null,
  nextFirstContactAt: null,
  countedOn: null,
  sent: 0,
  firstContacts: 0,
  pairedAt: NOW - 100 * DAY,
  answered: 0,
  lockedUntil: null,
  ...more,
});

let number = 0;
const message = (more: Partial<HeldMessage> = {}): HeldMessage => {
  number += 1;
  return {
    messageId: `m${number}`,
    lane: 'BULK',
    chatJid: `62812000${number}@s.whatsapp.net`,
    isFirstContact: false,
    isHeldBack: false,
    ...more,
  };
};
const choose = (
  of: PacedSession,
  held: HeldMessage[],
  more: { queued?: number; now?: number; chatReadyAt?: (jid: string) => number } = {},
) => decide({ session: of, held, queued: 0, now: NOW, random: Math.random, ...more });
const ids = (messages: readonly HeldMessage[]) => messages.map(({ messageId }) => messageId);

describe('which messages come into the queue (MR-097, MR-098)', () => {
  it('one at a time, and none while one is there', () => {
    const held = [message(), message()];
    expect(ids(choose(session(), held).admit)).toEqual([held[0]!.messageId]);
    expect(choose(session(), held, { queued: 1 }).admit).toEqual([]);
  });

  it('what is not paced goes at once, whatever holds the others', () => {
    const urgent = message({ lane: 'URGENT', isFirstContact: true });
    const full = session({ dailyLimit: 0, firstContactsPerDay: 0 }, { nextAt: NOW + 60_000 });
    expect(ids(choose(full, [urgent, message()], { queued: 9 }).admit)).toEqual([urgent.messageId]);
  });

  it('waits for the gap, which is that of the queue of the message', () => {
    const { next } = choose(session({ jitter: 0 }), [message()]);
    expect(next.nextAt).toBe(NOW + 1_000);
    expect(choose(session({ jitter: 0 }), [message({ lane: 'CAMPAIGN' })]).next.nextAt).toBe(NOW + 2_000);
    const waiting = choose(session({}, { nextAt: NOW + 700 }), [message()]);
    expect([waiting.admit, waiting.wait]).toEqual([[], { reason: 'gap', until: NOW + 700 }]);
  });

  it('a chat that waits keeps no other waiting, and its own messages keep their order', () => {
    const slow = '628120@s.whatsapp.net';
    const held = [message({ chatJid: slow }), message({ chatJid: slow }), message()];
    const chatReadyAt = (jid: string) => (jid === slow ? NOW + 4_000 : 0);
    const decision = choose(session(), held, { chatReadyAt });
    expect(ids(decision.admit)).toEqual([held[2]!.messageId]);
    expect(decision.wait).toEqual({ reason: 'chat_gap', until: NOW + 4_000 });
  });

  it('a first contact without a budget keeps nobody waiting who has written', () => {
    const held = [message({ isFirstContact: true }), message()];
    const spent = session({}, { countedOn: '2026-01-15', firstContacts: 50, sent: 50 });
    const decision = choose(spent, held);
    expect(ids(decision.admit)).toEqual([held[1]!.messageId]);
    expect(decision.wait).toEqual({ reason: 'first_contacts', until: Date.parse('2026-01-16T00:00:00Z') });
  });

  it('lets half of the first contacts of an hour go at once, and spreads the others over it', () => {
    let state = session({ jitter: 0, messageGapMs: 0 });
    const times: number[] = [];
    for (let now = NOW; times.length < 12; ) {
      const { admit, wait, next } = choose(state, [message({ isFirstContact: true })], { now });
      if (admit.length > 0) {
        times.push(now - NOW);
        state = { ...state, ...next };
      } else now = wait!.until!;
    }
    const minutes = times.map((ms) => ms / 60_000);
    expect(minutes).toEqual([0, 0, 0, 0, 0, 6, 12, 18, 24, 30, 36, 42]);
  });

  it('counts the day in the zone of the session, and begins anew with the next', () => {
    const spent = { countedOn: '2026-01-15', sent: 5 };
    const limited = { dailyLimit: 5, timeZone: 'Asia/Jakarta' };
    expect(choose(session(limited, spent), [message()]).wait).toEqual({
      reason: 'daily_limit',
      until: Date.parse('2026-01-15T17:00:00Z'),
    });
    expect(
      choose(session(limited, spent), [message()], { now: Date.parse('2026-01-15T17:00:00Z') }).admit,
    ).toHaveLength(1);
  });

  it('warms a new number up: more each day, and more when people write', () => {
    const young = session({}, { pairedAt: NOW - DAY, countedOn: '2026-01-15', sent: 24 });
    expect(choose(young, [message()]).wait?.reason).toBe('warm_up');
    expect(choose({ ...young, answered: 1 }, [message()]).admit).toHaveLength(1);
    expect(choose({ ...young, settings: { ...young.settings, warmUp: false } }, [message()]).admit).toHaveLength(1);
    expect(choose({ ...young, pairedAt: NOW - 40 * DAY }, [message()]).admit).toHaveLength(1);
    const days = Array.from({ length: 30 }, (_, day) => warmUpLimit(day, 0));
    expect(days).toEqual([...days].sort((a, b) => a - b));
  });

  it('keeps quiet hours by the clock of the recipient, in all zones of the country', () => {
    const quiet = { quietHours: { from: '21:00', to: '08:00', clock: 'recipient' as const } };
    // 10:00 UTC is 17:00 to 19:00 in Indonesia and 02:00 to 05:00 in the United States.
    const indonesian = message({ chatJid: '6281234567890@s.whatsapp.net' });
    const american = message({ chatJid: '12025550123@s.whatsapp.net' });
    const decision = choose(session(quiet), [american, indonesian]);
    expect(ids(decision.admit)).toEqual([indonesian.messageId]);
    expect(decision.wait?.reason).toBe('quiet_hours');
    expect(decision.wait!.until!).toBeGreaterThan(Date.parse('2026-01-15T12:00:00Z'));
  });

  it('keeps them by the clock of the session where the number tells no country', () => {
    const quiet = session({
      timeZone: 'Asia/Jakarta',
      quietHours: { from: '17:00', to: '18:00', clock: 'recipient' },
    });
    expect(waitOf(quiet, message({ chatJid: '123@lid' }), NOW)).toEqual({
      reason: 'quiet_hours',
      until: Date.parse('2026-01-15T11:00:00Z'),
    });
  });

  it('off: at once, some at a time, and still not what WhatsApp forbids', () => {
    const off = session(
      { mode: 'off' },
      { nextAt: NOW + 60_000, pairedAt: NOW, sent: 1_000_000, countedOn: '2026-01-15' },
    );
    const held = [
      message({ isHeldBack: true }),
      ...Array.from({ length: 30 }, () => message({ isFirstContact: true })),
    ];
    const decision = choose(off, held);
    expect(ids(decision.admit)).toEqual(ids(held.slice(1, 11)));
    expect(choose(off, held, { queued: 10 }).admit).toEqual([]);
    expect(risksOf(off.settings)[0]).toContain('bans');
  });

  it('the defaults risk nothing that must be said, and bolder settings do', () => {
    expect(risksOf(DEFAULT_PACING)).toEqual([]);
    expect(risksOf({ ...DEFAULT_PACING, messageGapMs: 10, warmUp: false })).toHaveLength(2);
  });
});

describe('for any settings and messages', () => {
  const settings: fc.Arbitrary<PacingSettings> = fc.record({
    mode: fc.constantFrom('on' as const, 'off' as const),
    messageGapMs: fc.nat(10_000),
    broadcastGapMs: fc.nat(10_000),
    jitter: fc.double({ min: 0, max: 5, noNaN: true }),
    chatGapMs: fc.nat(20_000),
    timeZone: fc.constantFrom('UTC', 'Asia/Jakarta', 'America/New_York'),
    quietHours: fc.option(fc.constant({ from: '21:00', to: '08:00', clock: 'session' as const })),
    dailyLimit: fc.option(fc.nat(50)),
    warmUp: fc.boolean(),
    firstContactsPerDay: fc.option(fc.nat(20)),
    firstContactsPerHour: fc.option(fc.integer({ min: 1, max: 100 })),
    riskGuard: fc.option(fc.integer({ min: 1, max: 100 })),
  });
  const held = fc.array(
    fc.record({
      lane: fc.constantFrom('URGENT' as const, 'INTERACTIVE' as const, 'BULK' as const, 'CAMPAIGN' as const),
      chat: fc.nat(4),
      isFirstContact: fc.boolean(),
    }),
    { maxLength: 40 },
  );

  it('a run keeps gap, limits and order within a chat, loses nothing, and always says when to look again', () => {
    fc.assert(
      fc.property(settings, held, fc.nat(23), (set, given, hour) => {
        let now = Date.parse('2026-01-15T00:00:00Z') + hour * 3_600_000;
        let state = session({}, { settings: set });
        const order = ['URGENT', 'INTERACTIVE', 'BULK', 'CAMPAIGN'];
        let waiting = given
          .map(({ chat, ...more }) => message({ ...more, chatJid: `62812000000${chat}@s.whatsapp.net` }))
          .sort((a, b) => order.indexOf(a.lane) - order.indexOf(b.lane));
        const sent: { at: number; message: HeldMessage }[] = [];
        for (let step = 0; step < 400 && waiting.length > 0; step += 1) {
          const { admit, wait, next } = decide({ session: state, held: waiting, queued: 0, now, random: Math.random });
          for (const each of admit) sent.push({ at: now, message: each });
          const paced = admit.filter(({ lane }) => lane === 'BULK' || lane === 'CAMPAIGN');
          if (set.mode === 'on') expect(paced.length).toBeLessThanOrEqual(1);
          const day = dayOfSession(state, now);
          if (set.mode === 'on' && paced.length > 0) expect(day.sent).toBeLessThan(day.limit);
          state = {
            ...state,
            ...next,
            countedOn: new Intl.DateTimeFormat('en-CA', { timeZone: set.timeZone }).format(now),
            sent: day.sent + paced.length,
            firstContacts: day.firstContacts + paced.filter(({ isFirstContact }) => isFirstContact).length,
          };
          waiting = waiting.filter((each) => !admit.includes(each));
          if (waiting.length === 0) break;
          if (admit.length === 0) expect(wait).not.toBeNull();
          now = Math.max(now + 1, admit.length > 0 ? now + 1 : (wait?.until ?? now + 60_000));
        }
        for (const lane of ['BULK', 'CAMPAIGN'] as const) {
          for (const chat of new Set(sent.map((each) => each.message.chatJid))) {
            const numbers = sent
              .filter((each) => each.message.lane === lane && each.message.chatJid === chat)
              .map((each) => Number(each.message.messageId.slice(1)));
            expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
          }
        }
        if (set.mode === 'off') return;
        const paced = sent.filter(({ message: { lane } }) => lane === 'BULK' || lane === 'CAMPAIGN');
        paced.slice(1).forEach(({ at }, index) => {
          const before = paced[index]!;
          const gap = before.message.lane === 'CAMPAIGN' ? set.broadcastGapMs : set.messageGapMs;
          expect(at - before.at).toBeGreaterThanOrEqual(gap);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('a gap is never shorter than set, and longer by its jitter in the middle', () => {
    const gaps = Array.from({ length: 4_000 }, () => withJitter(1_000, 0.3, Math.random)).sort((a, b) => a - b);
    expect(gaps[0]).toBeGreaterThanOrEqual(1_000);
    expect(gaps[2_000]).toBeGreaterThan(1_250);
    expect(gaps[2_000]).toBeLessThan(1_350);
    expect(gaps.at(-1)).toBeLessThanOrEqual(11_000);
    expect(withJitter(1_000, 0, Math.random)).toBe(1_000);
  });
});
