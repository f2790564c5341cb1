import type { ErrorCode } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import { eraseContact, recordOutcomes, storeInbound } from '@wa-gate/messaging';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
const ANN = '15550001@s.whatsapp.net';
const GROUP = '120363000000000001@g.us';
let user: TestUser;
let session: TestSession;

const owner = () => ({ sessionId: session.id, epoch: 1 });
const call = (method: 'POST' | 'PATCH' | 'DELETE' | 'GET', path: string, body?: unknown, headers = {}) =>
  fixture.call(method, path, { as: session.key, headers, ...(body !== undefined && { body }) });
const queued = (path: string) => `${path}${path.includes('?') ? '&' : '?'}wait=queued`;

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});

/** A text of the API; nobody sends it, so it waits unless it is `sent`. */
async function own(options: { to?: string; sentAt?: Date } = {}) {
  const { to = ANN, sentAt } = options;
  const { body } = await call('POST', queued(`/api/sessions/${session.slug}/send`), { to, text: 'first' });
  const { messageId, waMessageId } = body.data as { messageId: string; waMessageId: string };
  if (sentAt) await recordOutcomes(fixture.database.pool, [{ ...owner(), waMessageId, state: 'SENT', at: sentAt }]);
  return messageId;
}
async function received({ chatJid = ANN, type = 'text' }: { chatJid?: string; type?: 'text' | 'location' } = {}) {
  const id = newId();
  const message = { chatJid, fromJid: ANN, fromMe: false, type, text: 'theirs', waTimestamp: new Date() };
  await storeInbound(fixture.database.pool, [{ ...owner(), id, waMessageId: id.toUpperCase(), ...message }]);
  return id;
}
const outboxOf = async (messageId: string) => {
  const { rows } = await fixture.database.pool.query(
    'SELECT request, state, lane, seq FROM outbox WHERE change_of = $1 ORDER BY seq',
    [messageId],
  );
  return rows;
};
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe('a change is accepted into the outbox (MR-130)', () => {
  it.each([
    ['POST', '/reaction', { emoji: '👍' }, { change: 'reaction', data: { emoji: '👍' } }],
    ['DELETE', '/reaction', undefined, { change: 'reaction', data: { emoji: '' } }],
    ['PATCH', '', { text: 'second' }, { change: 'edit', data: { type: 'text', text: 'second' } }],
    ['DELETE', '', undefined, { change: 'revoke', data: {} }],
    ['POST', '/pin', { duration: '24h' }, { change: 'pin', data: { isPinned: true, seconds: 86_400 } }],
    ['DELETE', '/pin', undefined, { change: 'pin', data: { isPinned: false } }],
    ['POST', '/keep', undefined, { change: 'keep', data: { isKept: true } }],
    ['DELETE', '/keep', undefined, { change: 'keep', data: { isKept: false } }],
  ] as const)('%s …%s %j', async (method, path, body, request) => {
    const messageId = await own({ sentAt: minutesAgo(1) });
    const answer = await call(method, queued(`/api/messages/${messageId}${path}`), body);
    expect([answer.status, answer.body.data]).toEqual([
      202,
      expect.objectContaining({
        messageId,
        changeId: expect.stringMatching(/^3EB0/),
        status: 'queued',
        state: 'queued',
      }),
    ]);
    expect(await outboxOf(messageId)).toMatchObject([{ state: 'QUEUED', request: { type: 'change', ...request } }]);
    const { body: history } = await call('GET', `/api/messages/${messageId}/changes`);
    expect(history.data.changes).toMatchObject([
      { kind: request.change, isCurrent: false, fromMe: true, source: 'api', status: 'queued', data: request.data },
    ]);
  });

  it('behind its message, which waits itself, and not before that is due', async () => {
    const messageId = await own();
    const later = new Date(Date.now() + 3_600_000);
    await fixture.database.pool.query(`UPDATE outbox SET lane = 'CAMPAIGN', not_before = $2 WHERE message_id = $1`, [
      messageId,
      later,
    ]);
    expect((await call('PATCH', queued(`/api/messages/${messageId}`), { text: 'second' })).status).toBe(202);
    const { rows } = await fixture.database.pool.query(
      'SELECT message_id = $1 AS "isMessage", lane, not_before AS "notBefore" FROM outbox WHERE session_id = $2 ORDER BY seq',
      [messageId, session.id],
    );
    expect(rows).toEqual([
      { isMessage: true, lane: 'CAMPAIGN', notBefore: later },
      { isMessage: false, lane: 'CAMPAIGN', notBefore: later },
    ]);
  });

  it('once for a key and for a clientMessageId; another request under it is refused; also when it would be too late now', async () => {
    const messageId = await own({ sentAt: minutesAgo(1) });
    const path = queued(`/api/messages/${messageId}`);
    const edit = (text: string, key = 'edit-1') => call('PATCH', path, { text }, { 'idempotency-key': key });
    const first = await edit('second');
    const again = await edit('second');
    expect(again.body.data).toEqual(first.body.data);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect((await edit('third')).body.code).toBe('IDEMPOTENCY_MISMATCH');
    await fixture.database.pool.query(`UPDATE messages SET sent_at = now() - interval '1 day' WHERE id = $1`, [
      messageId,
    ]);
    expect((await edit('second')).body.data).toMatchObject({ changeId: first.body.data.changeId });
    expect((await edit('second', 'edit-2')).body.code).toBe('CHANGE_TOO_LATE');

    const react = () =>
      call('POST', queued(`/api/messages/${messageId}/reaction`), { emoji: '👍', clientMessageId: 'a' });
    expect((await react()).body.data).toEqual((await react()).body.data);
    expect(await outboxOf(messageId)).toHaveLength(2);
  });
});

describe('a change that cannot be made is refused, and nothing is stored (MR-130)', () => {
  const refused = async (answer: ReturnType<typeof call>, status: number, code: ErrorCode) => {
    const { status: got, body } = await answer;
    expect([got, body.code]).toEqual([status, code]);
    return body;
  };

  it('an edit after 15 minutes and a deletion after 60 hours, with the end of the time', async () => {
    const sentAt = minutesAgo(16);
    const messageId = await own({ sentAt });
    const { details } = await refused(
      call('PATCH', `/api/messages/${messageId}`, { text: 'x' }),
      409,
      'CHANGE_TOO_LATE',
    );
    expect(new Date(details.until).getTime() - sentAt.getTime()).toBe(15 * 60_000);
    const older = await own({ sentAt: minutesAgo(60 * 60 + 1) });
    await refused(call('DELETE', `/api/messages/${older}`), 409, 'CHANGE_TOO_LATE');
  });

  it('of somebody else: an edit; a deletion for everyone outside of groups', async () => {
    const theirs = await received();
    await refused(call('PATCH', `/api/messages/${theirs}`, { text: 'x' }), 422, 'CHANGE_NOT_POSSIBLE');
    await refused(call('DELETE', `/api/messages/${theirs}`), 422, 'CHANGE_NOT_POSSIBLE');
    const inGroup = await received({ chatJid: GROUP });
    expect((await call('DELETE', queued(`/api/messages/${inGroup}`))).status).toBe(202);
  });

  it('of a message that was deleted, is about to be, was never sent, or that this caller does not know', async () => {
    const messageId = await own({ sentAt: minutesAgo(1) });
    expect((await call('DELETE', queued(`/api/messages/${messageId}`))).status).toBe(202);
    await refused(call('POST', `/api/messages/${messageId}/reaction`, { emoji: '👍' }), 409, 'MESSAGE_DELETED');

    const failed = await own();
    await fixture.database.pool.query(`UPDATE messages SET state = 'FAILED' WHERE id = $1`, [failed]);
    await refused(call('POST', `/api/messages/${failed}/pin`, {}), 409, 'MESSAGE_NOT_SENT');

    await refused(call('POST', `/api/messages/${newId()}/keep`), 404, 'MESSAGE_NOT_FOUND');
    await refused(call('DELETE', '/api/messages/no-id'), 404, 'MESSAGE_NOT_FOUND');
    const stranger = await fixture.register();
    const answer = await fixture.call('PATCH', `/api/messages/${await own()}`, {
      as: stranger.token,
      body: { text: 'x' },
    });
    expect([answer.status, answer.body.code]).toEqual([404, 'MESSAGE_NOT_FOUND']);
  });

  it.each([
    ['two emojis', '👍👍'],
    ['a word', 'yes'],
    ['a digit', '1'],
    ['half of an emoji', '\ud83d'],
  ])('a reaction with %s', async (_, emoji) => {
    await refused(call('POST', `/api/messages/${await received()}/reaction`, { emoji }), 400, 'VALIDATION');
  });

  it.each(['👍', '👍🏽', '❤️', '❤', '👨‍👩‍👧', '🇮🇩', '1️⃣', ''])('a reaction with %s is none of these', async (emoji) => {
    expect((await call('POST', queued(`/api/messages/${await received()}/reaction`), { emoji })).status).toBe(202);
  });

  it('what has no text, a wrong duration, a field that is not known', async () => {
    const messageId = await own({ sentAt: minutesAgo(1) });
    await refused(call('PATCH', `/api/messages/${messageId}`, { text: ' \n' }), 400, 'VALIDATION');
    await refused(call('POST', `/api/messages/${messageId}/pin`, { duration: '1h' }), 400, 'VALIDATION');
    await refused(call('POST', `/api/messages/${messageId}/reaction`, { emoji: '👍', x: 1 }), 400, 'VALIDATION');
    expect(await outboxOf(messageId)).toEqual([]);
  });

  it('of a kind that has no words', async () => {
    const { body } = await call('POST', queued(`/api/sessions/${session.slug}/send`), {
      to: ANN,
      type: 'location',
      latitude: 1,
      longitude: 2,
    });
    await refused(call('PATCH', `/api/messages/${body.data.messageId}`, { text: 'x' }), 422, 'CHANGE_NOT_POSSIBLE');
  });
});

it('the changes of a message and their outbox rows are deleted with it', async () => {
  const messageId = await own({ sentAt: minutesAgo(1) });
  await call('POST', queued(`/api/messages/${messageId}/reaction`), { emoji: '👍' });
  await fixture.database.pool.query('DELETE FROM messages WHERE id = $1', [messageId]);
  expect(await outboxOf(messageId)).toEqual([]);
});

it('I8 the keys of an erased message and of its changes are free again', async () => {
  const send = () =>
    call('POST', queued(`/api/sessions/${session.slug}/send`), { to: ANN, text: 'a', clientMessageId: 'order-1' });
  const keys = async () =>
    (await fixture.database.pool.query('SELECT FROM idempotency_keys WHERE session_id = $1', [session.id])).rowCount;
  const { messageId, waMessageId } = (await send()).body.data;
  await recordOutcomes(fixture.database.pool, [{ ...owner(), waMessageId, state: 'SENT', at: new Date() }]);
  const body = { emoji: '👍' };
  await call('POST', queued(`/api/messages/${messageId}/reaction`), body, { 'idempotency-key': 'reaction-1' });
  expect(await keys()).toBe(2);
  const { rows } = await fixture.database.pool.query('SELECT workspace_id AS id FROM sessions WHERE id = $1', [
    session.id,
  ]);
  const contact = { workspaceId: rows[0].id, contactId: newId(), jids: [ANN] };
  expect(await eraseContact(fixture.database.pool, contact, { messages: true })).toBeGreaterThan(0);
  expect(await keys()).toBe(0);
  const again = await send();
  expect([again.status, again.body.data.messageId === messageId]).toEqual([202, false]);
});
