import { describe, expect, it } from 'vitest';
import { judgeDisconnect, LOGGED_OUT_BY_API, RESTARTED_BY_API, staleBySilence } from './disconnect.ts';
import { type ActorEvent, type ActorState, isParkedForGood, publicView, stateLabel, transition } from './transition.ts';

const identity = { phoneNumber: '1555', jid: '1555@s.whatsapp.net' };
const lost = judgeDisconnect({ status: 428 }, true);
const restart = judgeDisconnect({ status: 515 }, true);
const removed = judgeDisconnect({ status: 401, detail: 'device_removed' }, true);
const closed = (verdict = lost, at = 0): ActorEvent => ({ type: 'closed', verdict, at });
const qr = (text: string): ActorEvent => ({ type: 'qr', qr: text, expiresAt: 1 });
const open = (at = 0): ActorEvent => ({ type: 'open', identity, at });

const after = (...events: ActorEvent[]): ActorState => events.reduce(transition, { name: 'new' } as ActorState);

describe('the way of a session', () => {
  it('links by QR: codes, the scan, a restart that WhatsApp asks for, connected', () => {
    expect(after({ type: 'connect' })).toMatchObject({ name: 'connecting', failures: 0 });
    expect(after({ type: 'connect' }, qr('a'))).toMatchObject({ name: 'scanning', qr: 'a', attempt: 1 });
    expect(after({ type: 'connect' }, qr('a'), qr('b'))).toMatchObject({ name: 'scanning', qr: 'b', attempt: 2 });
    const linked = after({ type: 'connect' }, qr('a'), { type: 'paired' });
    expect(linked).toEqual({ name: 'pairing' });
    expect([closed(restart), open(5)].reduce(transition, linked)).toMatchObject({ name: 'connected', since: 5 });
  });

  it('keeps showing the pairing code while the QR codes go on', () => {
    const code: ActorEvent = { type: 'code', code: 'ABCD1234', expiresAt: 9 };
    const state = after({ type: 'connect' }, qr('a'), code, qr('b'));
    expect(state).toMatchObject({ name: 'code', code: 'ABCD1234' });
    expect(transition(state, { type: 'paired' })).toEqual({ name: 'pairing' });
  });

  it('counts failures in a row, and forgives them after a connection that lasted', () => {
    const twice = after({ type: 'connect' }, closed(), { type: 'connect' }, closed());
    expect(twice).toMatchObject({ name: 'waiting', failures: 2 });
    const again = [{ type: 'connect' } as const, open(0)].reduce<ActorState>(transition, twice);
    expect(transition(again, closed(lost, 1_000))).toMatchObject({ name: 'waiting', failures: 3 });
    expect(transition(again, closed(lost, 60_000))).toMatchObject({ name: 'waiting', failures: 1 });
  });

  it('is parked after a verdict that only the user can end, and begins anew from there', () => {
    const parked = after({ type: 'connect' }, open(), closed(removed));
    expect(parked).toMatchObject({ name: 'parked', verdict: { state: 'LOGGED_OUT' } });
    expect(transition(parked, { type: 'connect' })).toEqual({ name: 'connecting', failures: 0, after: null });
  });
});

describe('connections that open and end in a loop', () => {
  const again = (state: ActorState, verdict: typeof lost, openedAt: number, endedAt: number) =>
    [{ type: 'connect' } as const, open(openedAt), closed(verdict, endedAt)].reduce<ActorState>(transition, state);

  it.each([
    ['that WhatsApp asks for', restart],
    ['of dead ones', staleBySilence(true)],
  ])('new connections %s come at once, but only the first time in a row', (_, verdict) => {
    const first = again({ name: 'new' }, verdict, 0, 1_000);
    expect(first).toMatchObject({ name: 'connecting', failures: 1 });
    const second = again(first, verdict, 2_000, 3_000);
    expect(second).toMatchObject({ name: 'waiting', failures: 2 });
    expect(again(second, verdict, 9_000, 10_000)).toMatchObject({ name: 'waiting', failures: 3 });
    expect(again(second, verdict, 9_000, 69_000)).toMatchObject({ name: 'connecting', failures: 1 });
  });

  it('a user who restarts the session does not wait', () => {
    const failing = again(again({ name: 'new' }, lost, 0, 1), lost, 2, 3);
    const trying = transition(failing, { type: 'connect' });
    expect(transition(trying, closed(RESTARTED_BY_API))).toMatchObject({ name: 'connecting', failures: 0 });
  });
});

describe('a passkey', () => {
  const wanted = after({ type: 'connect' }, qr('a'), { type: 'passkey', step: 'passkey' });

  it('is waited for while the QR codes go on unseen, then for its confirmation', () => {
    expect(publicView(transition(wanted, qr('b')))).toMatchObject({ state: 'PASSKEY_REQUIRED' });
    const confirming = transition(wanted, { type: 'passkey', step: 'confirmation' });
    expect(publicView(confirming)).toMatchObject({ state: 'PASSKEY_CONFIRMATION_REQUIRED' });
    expect(transition(confirming, { type: 'paired' })).toEqual({ name: 'pairing' });
  });

  it('that was not given ends the linking: another code would end in the same way', () => {
    for (const end of [lost, judgeDisconnect({ status: 408, qrEnded: true }, false)]) {
      const parked = transition(wanted, closed(end));
      expect(publicView(parked)).toMatchObject({ state: 'PASSKEY_REQUIRED' });
      expect(isParkedForGood(parked)).toBe(false);
      expect(transition(parked, { type: 'connect' })).toMatchObject({ name: 'connecting' });
    }
  });

  it('is not the word for what comes when nothing is being linked', () => {
    const connected = after({ type: 'connect' }, open());
    expect(transition(connected, { type: 'passkey', step: 'passkey' })).toBe(connected);
  });
});

describe('what does not fit changes nothing', () => {
  it.each<[ActorState['name'], ActorState, ActorEvent]>([
    ['connected', after({ type: 'connect' }, open()), qr('late')],
    ['connected', after({ type: 'connect' }, open()), { type: 'connect' }],
    ['waiting', after({ type: 'connect' }, closed()), closed()],
    ['waiting', after({ type: 'connect' }, closed()), open()],
    ['parked', after({ type: 'park', verdict: LOGGED_OUT_BY_API }), closed()],
    ['new', { name: 'new' }, { type: 'paired' }],
    ['connecting', after({ type: 'connect' }), { type: 'code', code: 'x', expiresAt: 1 }],
  ])('%s', (_, state, event) => {
    expect(transition(state, event)).toBe(state);
  });

  it.each<ActorEvent>([{ type: 'connect' }, open(), closed(), qr('a'), { type: 'stop' }, { type: 'fenced' }])(
    'a fenced or stopped actor stays what it is: %j',
    (event) => {
      for (const end of [{ type: 'fenced' }, { type: 'stop' }] as const) {
        const ended = after({ type: 'connect' }, end);
        expect(transition(ended, event)).toBe(ended);
      }
    },
  );
});

describe('what the user sees', () => {
  it('reads that a dead connection is being replaced, until the new one is open', () => {
    const recycled = after({ type: 'connect' }, open(), closed(staleBySilence(true), 60_000));
    expect(recycled.name).toBe('connecting');
    expect(publicView(recycled)).toMatchObject({ state: 'STALE', code: 'stale/silent' });
    expect(publicView(transition(recycled, open()))).toMatchObject({ state: 'CONNECTED', reason: null });
  });

  it('reads why a session reconnects, not that yet another try has begun', () => {
    const retrying = after({ type: 'connect' }, open(), closed(), { type: 'connect' });
    expect(publicView(retrying)).toMatchObject({ state: 'RECONNECTING', code: '428' });
    expect(publicView(after({ type: 'connect' }))).toEqual({ state: 'CONNECTING', reason: null, code: null });
  });

  it('has nothing to write for an actor that is no owner', () => {
    for (const end of [{ type: 'fenced' }, { type: 'stop' }] as const) {
      expect(publicView(after({ type: 'connect' }, end))).toBeNull();
    }
  });
});

it('a parked session is called `resting` in metrics and statistics; the other states keep their names', () => {
  expect(['new', 'parked', 'stopped'].map((name) => stateLabel(name as ActorState['name']))).toEqual([
    'new',
    'resting',
    'stopped',
  ]);
});
