import { expect, it } from 'vitest';
import { judgeDisconnect } from './disconnect.ts';
import { arrivalEvents, describeChange } from './state-events.ts';
import { type ActorState, publicView } from './transition.ts';

const connected: ActorState = {
  name: 'connected',
  identity: { phoneNumber: '1555', jid: '1555@s.whatsapp.net', lid: '99@lid', pushName: 'Me' },
  since: 0,
  failures: 0,
};
const types = (before: ActorState, after: ActorState) =>
  describeChange(before, after, publicView(before))?.events.map(({ type }) => type);

it('writes to the row who is linked when a session opens (MR-064)', () => {
  const change = describeChange({ name: 'pairing' }, connected, publicView({ name: 'pairing' }));
  expect(change?.update).toMatchObject({ state: 'CONNECTED', paired: true, phoneNumber: '1555', lid: '99@lid' });
  expect(change?.events.map(({ type }) => type)).toEqual(['connection.open', 'session.status']);
});

it('reports the end of a connection once, and the end of the link besides (MR-065)', () => {
  const waiting: ActorState = { name: 'waiting', failures: 1, verdict: judgeDisconnect({ status: 428 }, true) };
  expect(types(connected, waiting)).toEqual(['connection.close', 'session.status']);
  const verdict = judgeDisconnect({ status: 401, detail: 'device_removed' }, true);
  expect(types(connected, { name: 'parked', verdict })).toEqual([
    'connection.close',
    'session.loggedout',
    'session.status',
  ]);
  const again: ActorState = { name: 'waiting', failures: 2, verdict: waiting.verdict };
  expect(types(waiting, again)).toBeUndefined();
});

it('reports a ban with its end, and not again when another worker finds the session banned (MR-065)', () => {
  const until = new Date('2026-01-15T10:30:00.000Z');
  const verdict = judgeDisconnect({ status: 402, detail: '104', endsAt: until }, true);
  const change = describeChange(connected, { name: 'parked', verdict }, publicView(connected));
  expect(change?.events.map(({ type }) => type)).toEqual(['connection.close', 'session.banned', 'session.status']);
  expect(change?.events[1]?.data).toEqual({
    code: '402/104',
    reason: verdict.reason,
    isTemporary: true,
    until: until.toISOString(),
  });
  const { ban: _, ...stored } = verdict;
  expect(types({ name: 'new' }, { name: 'parked', verdict: stored })).toEqual(['session.status']);
});

it('reports every new QR code, and the status only once (MR-066)', () => {
  const first: ActorState = { name: 'scanning', qr: 'a', attempt: 1, expiresAt: 60_000 };
  const second: ActorState = { name: 'scanning', qr: 'b', attempt: 2, expiresAt: 80_000 };
  expect(types({ name: 'connecting', failures: 0, after: null }, first)).toEqual(['qr.generated', 'session.status']);
  expect(types(first, second)).toEqual(['qr.generated']);
});

it.each(['takeover', 'handover', 'worker restarted'])('reports that the session has moved: %s', (reason) => {
  expect(arrivalEvents({ sessionId: 's', epoch: 7 }, reason)).toEqual([
    { type: 'session.migrated', data: { reason, epoch: 7 } },
  ]);
});

it.each(['placed', ''])('reports nothing about a session that did not move: %s', (reason) => {
  expect(arrivalEvents({ sessionId: 's', epoch: 7 }, reason)).toEqual([]);
});
