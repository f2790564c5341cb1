import { newId } from '@wa-gate/kit';
import { applyChanges, type InboundChange, storeInbound } from '@wa-gate/messaging';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
const ANN = '15550001@s.whatsapp.net';
const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);
let user: TestUser;
let session: TestSession;
let messageId: string;

const owner = () => ({ sessionId: session.id, epoch: 1 });
const get = (path: string, as = session.key) => fixture.call('GET', path, { as });

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
  messageId = newId();
  const message = {
    chatJid: ANN,
    fromJid: ANN,
    fromMe: false,
    type: 'text' as const,
    text: 'first',
    waTimestamp: at(0),
  };
  await storeInbound(fixture.database.pool, [{ ...owner(), id: messageId, waMessageId: 'M1', ...message }]);
});

async function change(change: Pick<InboundChange, 'kind' | 'data' | 'waMessageId'> & Partial<InboundChange>) {
  const common = { chatJid: ANN, fromJid: ANN, fromMe: false, byAdmin: false, senderName: 'Ann', waTimestamp: at(1) };
  const target = { waMessageId: 'M1', fromMe: false };
  await applyChanges(fixture.database.pool, [{ ...owner(), id: newId(), ...common, target, ...change }]);
}

it('shows the present state in lists and in the message, and the history by itself (MR-060)', async () => {
  await change({ kind: 'edit', waMessageId: 'E1', data: { type: 'text', text: 'second' } });
  await change({ kind: 'reaction', waMessageId: 'R1', data: { emoji: '👍' } });
  await change({ kind: 'pin', waMessageId: 'P1', data: { isPinned: true, seconds: 60 } });
  const message = (await get(`/api/messages/${messageId}`)).body.data;
  expect(message).toMatchObject({
    text: 'second',
    editedAt: at(1).toISOString(),
    revokedAt: null,
    deletedForMeAt: null,
    reactions: [
      { emoji: '👍', changeId: 'R1', from: ANN, fromMe: false, senderName: 'Ann', timestamp: at(1).toISOString() },
    ],
  });
  const listed = (await get(`/api/sessions/${session.slug}/messages`)).body.data.messages;
  expect(listed).toEqual([message]);

  await change({ kind: 'revoke', waMessageId: 'D1', data: {}, waTimestamp: at(2) });
  await change({ kind: 'reaction', waMessageId: 'R2', data: { emoji: '' }, waTimestamp: at(3) });
  expect((await get(`/api/messages/${messageId}`)).body.data).toMatchObject({
    type: 'text',
    text: null,
    revokedAt: at(2).toISOString(),
    reactions: [],
  });
  const { body } = await get(`/api/messages/${messageId}/changes`);
  expect(body.data).toMatchObject({ messageId, waMessageId: 'M1' });
  expect(body.data.changes).toMatchObject([
    { kind: 'edit', changeId: 'E1', data: { text: 'second' }, previous: { type: 'text', text: 'first' } },
    { kind: 'reaction', changeId: 'R1', data: { emoji: '👍' }, isCurrent: false },
    { kind: 'pin', data: { isPinned: true, seconds: 60 }, isCurrent: true },
    { kind: 'revoke', byAdmin: false, previous: { type: 'text', text: 'second' }, isCurrent: true },
    { kind: 'reaction', data: { emoji: '' }, isCurrent: true },
  ]);
});

it('shows an untouched message without changes, and no message of others', async () => {
  expect((await get(`/api/messages/${messageId}`)).body.data).toMatchObject({
    editedAt: null,
    revokedAt: null,
    deletedForMeAt: null,
    reactions: [],
  });
  expect((await get(`/api/messages/${messageId}/changes`)).body.data.changes).toEqual([]);
  const stranger = await fixture.createSession(await fixture.register());
  const refused = await get(`/api/messages/${messageId}/changes`, stranger.key);
  expect([refused.status, refused.body.code]).toEqual([404, 'MESSAGE_NOT_FOUND']);
});
