import { beforeAll, expect, test } from 'vitest';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
} from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookEvent } from '../harness/webhook-receiver.ts';

const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
});

test('a text goes to the webhook, signed, and into the list of messages (MR-060, MR-069, MR-072)', async () => {
  const webhook = await subscribe(tenant, session.sessionId);
  const { id } = await system().sandbox.sendText(friend.number, session.phone.number, 'good morning');
  const event = await webhook.waitForEvent('message.received', ({ data }) => data.waMessageId === id);
  expect(event).toMatchObject({
    sessionId: session.sessionId,
    data: { text: 'good morning', type: 'text', fromMe: false, senderName: 'Friend' },
  });
  expect(webhook.requests.map(({ problem }) => problem)).toEqual(webhook.requests.map(() => null));

  const stored = (await session.api.messages(session.sessionId)).filter(({ waMessageId }) => waMessageId === id);
  expect(stored).toMatchObject([{ text: 'good morning', direction: 'inbound' }]);
  await webhook.close();
});

test('a text in a group names the group and the member', async () => {
  const webhook = await subscribe(tenant, session.sessionId);
  const group = await system().sandbox.createGroup({
    owner: friend.number,
    subject: 'Two of us',
    participants: [session.phone.number],
  });
  const { id } = await system().sandbox.sendText(friend.number, group.id, 'to the group');
  const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
  expect(data).toMatchObject({ chat: group.id, text: 'to the group' });
  expect([`${friend.number}@s.whatsapp.net`, `${friend.lid.split('@')[0]}@lid`]).toContain(data.from);
  await webhook.close();
});

test('what the owner types on the phone is reported as sent by the owner', async () => {
  const webhook = await subscribe(tenant, session.sessionId);
  const { id } = await system().sandbox.sendText(session.phone.number, friend.number, 'by hand');
  const { data } = await webhook.waitForEvent('message.sent', (event) => event.data.waMessageId === id);
  expect(data).toMatchObject({ text: 'by hand', fromMe: true });
  await webhook.close();
});

test('an event that is refused comes again, under the same id; the next event does not wait for it', async () => {
  const webhook = await subscribe(tenant, session.sessionId, ['message.received']);
  webhook.fail(({ data }) => data.text === 'one', 422, 400);
  const first = await system().sandbox.sendText(friend.number, session.phone.number, 'one');
  const isFirst = ({ data }: WebhookEvent) => data.waMessageId === first.id;
  await waitFor(() => webhook.requests.some(({ event }) => isFirst(event)));
  const second = system().sandbox.sendText(friend.number, session.phone.number, 'two');
  // The first event gets no answer before the second one has arrived. A sender that waits for the first would never
  // send the second.
  webhook.hold(
    isFirst,
    second.then(({ id }) => webhook.waitForEvent('message.received', ({ data }) => data.waMessageId === id)),
  );

  await webhook.waitForEvent('message.received', isFirst);
  const tries = webhook.requests.filter(({ event }) => event.data.waMessageId === first.id);
  expect(tries.map(({ answered }) => answered)).toEqual([422, 400, 200]);
  expect(new Set(tries.map(({ event }) => event.id)).size).toBe(1);
  expect(tries.map(({ attempt }) => attempt)).toEqual(['1', '2', '3']);
  expect(webhook.requests.filter(({ problem }) => problem !== null)).toEqual([]);
  // The first pauses of the brief: one second, then two; with the fifth that may be added to the first.
  const [a, b, c] = tries.map(({ at }) => at);
  expect(b! - a!).toBeGreaterThan(700);
  expect(c! - b!).toBeGreaterThan(1_400);
  // Receivers order by seq: the later event arrived first, and its seq shows that.
  // A receipt of what was typed on the phone may still have been on its way to the webhook of the test before.
  const received = webhook.events.filter(({ event }) => event === 'message.received');
  expect(received.map(({ data }) => data.text)).toEqual(['two', 'one']);
  const [two, one] = received;
  expect(two!.seq).toBeGreaterThan(one!.seq);
  await webhook.close();
});

test('a webhook gets only the events that it asked for (MR-070)', async () => {
  const webhook = await subscribe(tenant, session.sessionId, ['message.sent']);
  const incoming = await system().sandbox.sendText(friend.number, session.phone.number, 'not for the webhook');
  const answer = await session.api.send(
    session.sessionId,
    { to: friend.number, type: 'text', message: 'for the webhook' },
    { wait: 'sent' },
  );
  await webhook.waitForEvent('message.sent', ({ data }) => data.messageId === answer.body.data.messageId);
  expect(webhook.requests.filter(({ event }) => event.data.waMessageId === incoming.id)).toEqual([]);
  await webhook.close();
});

expectSoundSystem(system);
