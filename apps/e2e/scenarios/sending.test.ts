import { beforeAll, expect, test } from 'vitest';
import { newNumber } from '../harness/numbers.ts';
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

const system = useSystem({ workers: 1 });
const RECEIPTS = { deliveredMs: 300, readMs: 700 };
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  await system().sandbox.updatePhone(friend.number, { receipts: RECEIPTS });
});

const send = (to: string, message: string) =>
  session.api.send(session.sessionId, { to, type: 'text', message }, { wait: 'sent' });

const arrived = (phone: Phone, text: string) =>
  waitFor(async () => (await system().sandbox.inbox(phone.number)).find((message) => message.text === text), {
    what: `"${text}" at the phone`,
  });

const stateOf = async (messageId: string) =>
  (await session.api.messages(session.sessionId)).find((message) => message.messageId === messageId)?.state;

test('tells sent, delivered and read in that order, each once, by webhook and by the state of the message (MR-061, MR-062, MR-063)', async () => {
  const webhook = await subscribe(tenant, session.sessionId);
  const answer = await send(friend.number, 'in order');
  expect(answer).toMatchObject({ status: 200, body: { data: { status: 'sent' } } });
  const { messageId, waMessageId } = answer.body.data;

  expect((await arrived(friend, 'in order')).id).toBe(waMessageId);
  await webhook.waitForEvent('message.read', ({ data }) => data.messageId === messageId);
  expect(await stateOf(messageId)).toBe('read');

  // A complete second message: after it no event of the first one is pending.
  const second = await send(friend.number, 'and on');
  await webhook.waitForEvent('message.read', ({ data }) => data.messageId === second.body.data.messageId);
  for (const id of [messageId, second.body.data.messageId]) {
    expect(webhook.eventsOf(id)).toEqual(['message.sent', 'message.delivered', 'message.read']);
  }
  const seqs = webhook.events.map(({ seq }) => seq);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  await webhook.close();
});

test('a message state goes sent, delivered, read as the phone says it', async () => {
  const slow = await addPhone(system(), 'Slow');
  await system().sandbox.updatePhone(slow.number, { receipts: 'off' });
  const { messageId } = (await send(slow.number, 'step by step')).body.data;
  expect(await stateOf(messageId)).toBe('sent');
  const { id } = await arrived(slow, 'step by step');
  await system().sandbox.sendReceipt(slow.number, [id], 'delivered');
  await waitFor(async () => (await stateOf(messageId)) === 'delivered');
  await system().sandbox.sendReceipt(slow.number, [id], 'read');
  await waitFor(async () => (await stateOf(messageId)) === 'read');
});

test.each([
  ['digits', (phone: Phone) => phone.number],
  ['an international number', (phone: Phone) => `+${phone.number}`],
  ['a phone number jid', (phone: Phone) => `${phone.number}@s.whatsapp.net`],
  ['the old form of a jid', (phone: Phone) => `${phone.number}@c.us`],
  ['a LID', (phone: Phone) => (phone.lid.includes('@') ? phone.lid : `${phone.lid}@lid`)],
])('sends 1:1 to %s, once on the wire', async (form, address) => {
  const text = `to ${form}`;
  expect(await send(address(friend), text)).toMatchObject({ status: 200, body: { data: { status: 'sent' } } });
  expect((await arrived(friend, text)).wireCount).toBe(1);
});

test.each(['lid', 'pn'] as const)(
  'sends to a group (%s addressing), and every member has it once',
  async (addressing) => {
    const text = `to all, ${addressing}`;
    const other = await addPhone(system(), 'Other');
    const group = await system().sandbox.createGroup({
      owner: friend.number,
      subject: 'Three of us',
      participants: [session.phone.number, other.number],
      addressing,
    });
    expect(await send(group.id, text)).toMatchObject({ status: 200, body: { data: { status: 'sent' } } });
    for (const member of [friend, other]) {
      const message = await arrived(member, text);
      expect(message).toMatchObject({ chat: group.id, wireCount: 1 });
    }
  },
);

test('a number without WhatsApp: the answer says failed and why', async () => {
  const answer = await send(newNumber(), 'to nobody');
  expect(answer).toMatchObject({
    status: 200,
    body: {
      data: { status: 'failed', error: { code: expect.stringMatching(/\S/), message: expect.stringMatching(/\S/) } },
    },
  });
});

test('messages to one contact arrive in the order they were accepted in', async () => {
  const texts = Array.from({ length: 20 }, (_, index) => `number ${index}`);
  for (const text of texts) {
    const body = { to: friend.number, type: 'text', message: text };
    expect(await session.api.send(session.sessionId, body, { wait: 'queued' })).toMatchObject({
      status: 202,
      body: { data: { status: 'queued' } },
    });
  }
  await arrived(friend, texts.at(-1)!);
  const inbox = await system().sandbox.inbox(friend.number);
  expect(inbox.map(({ text }) => text).filter((text) => text?.startsWith('number '))).toEqual(texts);
});

expectSoundSystem(system);
