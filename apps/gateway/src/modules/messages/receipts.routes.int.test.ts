import { newId } from '@wa-gate/kit';
import { claimOutbox, type Outcome, recordOutcomes, storeInbound } from '@wa-gate/messaging';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
const GROUP = '120363000000000001@g.us';
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
const second = (n: number) => new Date(Math.ceil(Date.now() / 1000) * 1000 + n * 1000);
const get = async (path: string) => fixture.call('GET', path, { as: session.key });
const receiptsOf = async (id: string) => (await get(`/api/messages/${id}/receipts`)).body;

async function send(to: string): Promise<{ messageId: string; waMessageId: string }> {
  const url = `/api/sessions/${session.slug}/send?wait=queued`;
  const { body } = await fixture.call('POST', url, { as: session.key, body: { to, message: 'Hello' } });
  await claimOutbox(fixture.database.pool, [owner()], 1);
  return body.data;
}
const record = (...outcomes: Omit<Outcome, 'sessionId' | 'epoch'>[]) =>
  recordOutcomes(
    fixture.database.pool,
    outcomes.map((outcome) => ({ ...owner(), ...outcome })),
  );

it('says which members of a group have received and read a message, and how many there are (MR-062, MR-063)', async () => {
  const { messageId, waMessageId } = await send(GROUP);
  expect((await receiptsOf(messageId)).data).toMatchObject({ recipients: null, delivered: 0, receipts: [] });
  await record({ waMessageId, state: 'SENT', at: second(0), recipients: 2 });
  const at = second(1);
  await record({ waMessageId, state: 'READ', at, participant: '91@lid' });
  expect((await receiptsOf(messageId)).data).toEqual({
    messageId,
    waMessageId,
    chat: GROUP,
    recipients: 2,
    delivered: 1,
    read: 1,
    played: 0,
    receipts: [{ jid: '91@lid', deliveredAt: at.toISOString(), readAt: at.toISOString(), playedAt: null }],
  });
  expect((await get(`/api/messages/${messageId}`)).body.data).toMatchObject({ status: 'sent', source: 'api' });
  await record({ waMessageId, state: 'DELIVERED', at: second(2), participant: '92@lid' });
  expect((await get(`/api/messages/${messageId}`)).body.data).toMatchObject({ status: 'delivered' });
});

it('of a direct chat says what the message says, and refuses a message that came', async () => {
  const { messageId, waMessageId } = await send('6281234567890');
  await record({ waMessageId, state: 'READ', at: second(1) });
  expect((await receiptsOf(messageId)).data).toMatchObject({
    recipients: 1,
    delivered: 1,
    read: 1,
    receipts: [{ jid: '6281234567890@s.whatsapp.net' }],
  });
  const id = newId();
  const jid = '15550001@s.whatsapp.net';
  const message = {
    chatJid: jid,
    fromJid: jid,
    fromMe: false,
    type: 'text' as const,
    text: 'x',
    waTimestamp: second(0),
  };
  await storeInbound(fixture.database.pool, [{ ...owner(), id, waMessageId: 'IN1', ...message }]);
  expect(await receiptsOf(id)).toMatchObject({ code: 'VALIDATION' });
  expect((await get(`/api/messages/${id}`)).body.data).not.toHaveProperty('source');
});

it('what was typed on the phone has its source', async () => {
  const id = newId();
  const typed = {
    fromJid: '1000@s.whatsapp.net',
    fromMe: true,
    type: 'text' as const,
    text: 'x',
    waTimestamp: second(0),
  };
  await storeInbound(fixture.database.pool, [{ ...owner(), id, waMessageId: 'P1', chatJid: GROUP, ...typed }]);
  expect((await get(`/api/messages/${id}`)).body.data).toMatchObject({ source: 'phone', direction: 'outbound' });
  expect((await receiptsOf(id)).data).toMatchObject({ recipients: null, receipts: [] });
});
