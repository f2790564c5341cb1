import { newId } from '@wa-gate/kit';
import { claimOutbox, leavePreviewPictureOut, recordOutcomes, returnOutbox, storeInbound } from '@wa-gate/messaging';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});

const owner = () => ({ sessionId: session.id, epoch: 1 });

async function send(to = '6281234567890'): Promise<{ messageId: string; waMessageId: string }> {
  const url = `/api/sessions/${session.slug}/send?wait=queued`;
  return (await fixture.call('POST', url, { as: session.key, body: { to, message: 'Hello' } })).body.data;
}
const timeline = async (messageId: string) =>
  (await fixture.call('GET', `/api/messages/${messageId}/timeline`, { as: session.key })).body.data;
const steps = ({ timeline: entries }: { timeline: { step: string; event?: string }[] }) =>
  entries.map(({ step, event }) => (event ? `${step} ${event}` : step));

it('tells everything that happened, each with its time, in order (MR-035)', async () => {
  await fixture.database.pool.query(
    `INSERT INTO webhooks (id, session_id, url, events, secret) VALUES ($1, $2, 'http://127.0.0.1/', '{message.sent}', '\\x00')`,
    [newId(), session.id],
  );
  const { messageId, waMessageId } = await send();
  await claimOutbox(fixture.database.pool, [owner()], 1);
  await returnOutbox(fixture.database.pool, owner(), [{ messageId, attempted: true }]);
  await claimOutbox(fixture.database.pool, [owner()], 1);
  const later = (ms: number) => new Date(Date.now() + ms);
  const sent = { ...owner(), waMessageId, state: 'SENT' as const, at: later(20), wireAt: later(10) };
  await recordOutcomes(fixture.database.pool, [sent]);
  await recordOutcomes(fixture.database.pool, [{ ...owner(), waMessageId, state: 'READ', at: later(2_000) }]);

  const told = await timeline(messageId);
  expect(told).toMatchObject({ messageId, waMessageId, status: 'read', state: 'read', waiting: [] });
  expect(steps(told).filter((step) => !step.startsWith('event'))).toEqual([
    'accepted',
    'attempt',
    'attempt',
    'wire',
    'server_ack',
    'delivered',
    'read',
  ]);
  expect(steps(told).filter((step) => step.startsWith('event'))).toEqual([
    'event message.sent',
    'event message.delivered',
    'event message.read',
  ]);
  const times: number[] = told.timeline.map(({ at }: { at: string }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(told.timeline.filter(({ step }: { step: string }) => step === 'attempt')).toMatchObject([
    { attempt: 1, worker: 'worker-1', epoch: 1 },
    { attempt: 2, worker: 'worker-1', epoch: 1 },
  ]);
  const events = told.timeline.filter(({ step }: { step: string }) => step === 'event');
  expect(events[0]).toMatchObject({ seq: expect.any(Number), delivery: { status: 'pending', attempts: 0 } });
  expect(events[1].delivery).toBeUndefined();
});

it('tells why a message failed, until it turns out that it did not', async () => {
  const { messageId, waMessageId } = await send();
  await claimOutbox(fixture.database.pool, [owner()], 1);
  const failed = {
    ...owner(),
    waMessageId,
    state: 'FAILED' as const,
    at: new Date(),
    errorCode: 'SEND_FAILED',
    errorMessage: 'no',
  };
  await recordOutcomes(fixture.database.pool, [failed]);
  const told = await timeline(messageId);
  expect(told.timeline).toContainEqual({ at: expect.any(String), step: 'failed', code: 'SEND_FAILED', message: 'no' });
  await recordOutcomes(fixture.database.pool, [{ ...owner(), waMessageId, state: 'SENT', at: new Date() }]);
  expect(steps(await timeline(messageId))).not.toContain('failed');
});

it('tells why a text has gone out without the picture of its link preview (MR-011)', async () => {
  const url = `/api/sessions/${session.slug}/send?wait=queued`;
  const body = { to: '6281234567890', message: 'https://example.com', linkPreview: { title: 'Our offer' } };
  const { messageId, waMessageId } = (await fixture.call('POST', url, { as: session.key, body })).body.data;
  const refusal = { code: 'MEDIA_NOT_FOUND', message: 'It is gone.', at: new Date() };
  const leaveOut = () => leavePreviewPictureOut(fixture.database.pool, owner(), messageId, refusal);
  // A row that its owner has not claimed stays as it is.
  expect(await leaveOut()).toBeNull();
  await claimOutbox(fixture.database.pool, [owner()], 1);
  expect(await leaveOut()).toMatchObject({ type: 'text', context: { linkPreview: { title: 'Our offer' } } });
  await recordOutcomes(fixture.database.pool, [{ ...owner(), waMessageId, state: 'SENT', at: new Date() }]);
  const told = await timeline(messageId);
  expect(told.status).toBe('sent');
  const { at, ...why } = refusal;
  expect(told.timeline).toContainEqual({ step: 'picture_left_out', at: at.toISOString(), ...why });
  expect(
    JSON.stringify((await fixture.call('GET', `/api/messages/${messageId}`, { as: session.key })).body),
  ).not.toContain('pictureRefusal');
});

it('tells why a message still waits', async () => {
  const first = await send();
  const second = await send('6281234567891');
  await claimOutbox(fixture.database.pool, [owner()], 1);
  expect((await timeline(first.messageId)).waiting).toMatchObject([{ reason: 'server_ack' }]);
  expect((await timeline(second.messageId)).waiting).toMatchObject([{ reason: 'older_messages', ahead: 1 }]);

  await fixture.database.pool.query(
    `UPDATE sessions SET state = 'RECONNECTING', state_reason = 'The line is down.',
       reachout_locked_until = now() + interval '1 minute' WHERE id = $1`,
    [session.id],
  );
  await fixture.database.pool.query(`UPDATE outbox SET not_before = now() + interval '1 hour' WHERE message_id = $1`, [
    second.messageId,
  ]);
  await fixture.database.pool.query(`UPDATE worker_leases SET ended_at = now()`);
  const { waiting } = await timeline(second.messageId);
  expect(waiting).toMatchObject([
    { reason: 'scheduled', until: expect.any(String) },
    { reason: 'no_owner' },
    { reason: 'session', sessionState: 'reconnecting', message: 'The line is down.' },
    { reason: 'time_lock', until: expect.any(String) },
    { reason: 'older_messages', ahead: 1 },
  ]);
  await fixture.database.pool.query(`UPDATE worker_leases SET ended_at = NULL`);
});

it('tells of a message that came in', async () => {
  const message = {
    ...owner(),
    id: newId(),
    waMessageId: 'A1',
    chatJid: '15551234567@s.whatsapp.net',
    fromJid: '15551234567@s.whatsapp.net',
    fromMe: false,
    type: 'text' as const,
    text: 'hi',
    waTimestamp: new Date(1_700_000_000_000),
  };
  await storeInbound(fixture.database.pool, [message]);
  const told = await timeline(message.id);
  expect(told).toMatchObject({ state: 'received', waiting: [] });
  const person = { jid: message.chatJid, phoneNumber: '+15551234567' };
  expect(told.identities).toMatchObject({ chat: person, from: person });
  expect(steps(told)).toEqual(['received', 'event message.received']);
});

it('is shown to those who may see the message', async () => {
  const { messageId } = await send();
  const url = `/api/messages/${messageId}/timeline`;
  const stranger = await fixture.register();
  const another = await fixture.createSession(user);
  expect((await fixture.call('GET', url, { as: user.token })).status).toBe(200);
  expect((await fixture.call('GET', url, { as: stranger.token })).status).toBe(404);
  expect((await fixture.call('GET', url, { as: another.key })).status).toBe(404);
  expect((await fixture.call('GET', url)).status).toBe(401);
  expect((await fixture.call('GET', '/api/messages/none/timeline', { as: user.token })).body.code).toBe(
    'MESSAGE_NOT_FOUND',
  );
});
