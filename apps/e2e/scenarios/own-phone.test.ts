import type { Message, MessageReceiptsResult } from '@wa-gate/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** What the owner types on the phone, and who has received and read messages of the account. */
const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
let other: Phone;
let webhook: WebhookReceiver;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  [friend, other] = await Promise.all([addPhone(system(), 'Friend'), addPhone(system(), 'Other')]);
  for (const { number } of [friend, other]) await sandbox().updatePhone(number, { receipts: 'off' });
  webhook = await subscribe(tenant, session.sessionId);
});
afterAll(() => webhook?.close());

const sandbox = () => system().sandbox;
const messageOf = (id: unknown): Promise<Message> => session.api.wa.messages.get({ id: String(id) });
const receiptsOf = (id: unknown): Promise<MessageReceiptsResult> =>
  session.api.wa.messages.receipts({ id: String(id) });
const waitForState = (id: unknown, state: string) =>
  waitFor(async () => (await messageOf(id)).state === state, { what: `${String(id)} to be ${state}` });

async function type(to: string, text: string) {
  const { id } = await sandbox().sendText(session.phone.number, to, text);
  const { data } = await webhook.waitForEvent('message.sent', (event) => event.data.waMessageId === id);
  return { id, data };
}
async function give(phone: Phone, id: string, receipt: 'delivered' | 'read') {
  await waitFor(async () => (await sandbox().inbox(phone.number)).some((shown) => shown.id === id), {
    what: `${id} at the phone of ${phone.number}`,
  });
  await sandbox().sendReceipt(phone.number, [id], receipt);
}
const newGroup = (addressing: 'pn' | 'lid') =>
  sandbox().createGroup({
    owner: friend.number,
    subject: 'Us',
    participants: [session.phone.number, other.number],
    addressing,
  });
const groupNameOf = (phone: Phone, addressing: 'pn' | 'lid') => (addressing === 'lid' ? `${phone.lid}@lid` : phone.jid);

describe('typed on the phone (MR-061)', () => {
  test('in a direct chat: the event and the list say so, and it is delivered and read as the API’s are', async () => {
    const { id, data } = await type(friend.number, 'by hand');
    expect(data).toMatchObject({ source: 'phone', fromMe: true, text: 'by hand' });
    expect(await messageOf(data.messageId)).toMatchObject({ source: 'phone', direction: 'outbound', status: 'sent' });
    await give(friend, id, 'delivered');
    await waitForState(data.messageId, 'delivered');
    await give(friend, id, 'read');
    await waitForState(data.messageId, 'read');
    await webhook.waitForEvent('message.read', (event) => event.data.messageId === data.messageId);
    expect(webhook.eventsOf(String(data.messageId))).toEqual(['message.sent', 'message.delivered', 'message.read']);
  });

  test.each(['pn', 'lid'] as const)('in a group of %s names', async (addressing) => {
    const group = await newGroup(addressing);
    const { id, data } = await type(group.id, 'by hand, to all');
    expect(data).toMatchObject({ source: 'phone', chat: group.id });
    await give(friend, id, 'read');
    await give(other, id, 'read');
    await waitForState(data.messageId, 'read');
    expect(await receiptsOf(data.messageId)).toMatchObject({ delivered: 2, read: 2 });
  });

  test('a note to self, from the phone and from the API', async () => {
    const { data } = await type(session.phone.number, 'buy milk');
    expect(data).toMatchObject({ source: 'phone', text: 'buy milk', to: session.phone.jid });
    const { body } = await session.api.send(
      session.sessionId,
      { to: session.phone.number, message: 'and bread' },
      { wait: 'sent' },
    );
    expect(body.data.status).toBe('sent');
    await waitFor(async () => (await sandbox().inbox(session.phone.number)).some(({ text }) => text === 'and bread'), {
      what: 'the note at the own phone',
    });
    expect(await messageOf(body.data.messageId)).toMatchObject({ source: 'api' });
  });
});

describe('receipts (MR-062, MR-063)', () => {
  test.each(['pn', 'lid'] as const)(
    'of a message to a group of %s names: all members, not the first one',
    async (addressing) => {
      const group = await newGroup(addressing);
      const { body } = await session.api.send(session.sessionId, { to: group.id, message: 'to all' }, { wait: 'sent' });
      const { messageId, waMessageId } = body.data;
      expect(await receiptsOf(messageId)).toMatchObject({ recipients: 2, delivered: 0, read: 0, receipts: [] });

      await give(friend, waMessageId, 'read');
      await waitFor(async () => (await receiptsOf(messageId)).read === 1, { what: 'the first receipt' });
      expect(await messageOf(messageId)).toMatchObject({ status: 'sent', deliveredAt: null });
      expect(await receiptsOf(messageId)).toMatchObject({
        recipients: 2,
        delivered: 1,
        read: 1,
        receipts: [{ jid: groupNameOf(friend, addressing), readAt: expect.any(String) }],
      });

      await give(other, waMessageId, 'delivered');
      await waitForState(messageId, 'delivered');
      await give(other, waMessageId, 'read');
      await waitForState(messageId, 'read');
      expect((await receiptsOf(messageId)).receipts.map(({ jid }) => jid).toSorted()).toEqual(
        [friend, other].map((phone) => groupNameOf(phone, addressing)).toSorted(),
      );
      await webhook.waitForEvent('message.read', ({ data }) => data.messageId === messageId);
      expect(webhook.eventsOf(messageId)).toEqual(['message.sent', 'message.delivered', 'message.read']);
    },
  );

  test('of a direct chat, and none of a message that came', async () => {
    const { body } = await session.api.send(session.sessionId, { to: friend.number, message: 'x' }, { wait: 'sent' });
    const { messageId, waMessageId } = body.data;
    await give(friend, waMessageId, 'read');
    await waitForState(messageId, 'read');
    expect(await receiptsOf(messageId)).toMatchObject({
      recipients: 1,
      delivered: 1,
      read: 1,
      receipts: [{ jid: friend.jid }],
    });

    const { id } = await sandbox().sendText(friend.number, session.phone.number, 'hello');
    const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
    const refused = await session.api.call<{ code: string }>(`/api/messages/${String(data.messageId)}/receipts`);
    expect([refused.status, refused.body.code]).toEqual([400, 'VALIDATION']);
  });
});

describe('done to chats on the phone, and by the API at the same time (MR-035, MR-014)', () => {
  interface ShownChat {
    chat: string;
    unreadCount: number;
    isArchived: boolean;
    labels: { labelId: string; name: string }[];
  }
  const onPhone = (setting: Record<string, unknown>) => sandbox().changeSetting(session.phone.number, setting);
  const chatOf = async (phone: Phone): Promise<ShownChat> => {
    const { chats } = await session.api.wa.chats.listAll({ search: phone.number });
    return chats[0]!;
  };
  const fromSession = (path: string, method: 'PATCH' | 'POST' | 'PUT', json?: unknown) =>
    session.api.call<{ code?: string }>(`/api/sessions/${session.sessionId}/${path}`, {
      method,
      ...(json !== undefined && { json }),
    });

  test('what is looked at on the phone is read here, and what came later is not', async () => {
    const { id } = await sandbox().sendText(friend.number, session.phone.number, 'looked at');
    await webhook.waitForEvent('message.received', ({ data }) => data.waMessageId === id);
    await waitFor(async () => (await chatOf(friend)).unreadCount > 0, { what: 'an unread message' });
    await sandbox().sendReceipt(session.phone.number, [id], 'read');
    await webhook.waitForEvent('chat.read');
    expect((await chatOf(friend)).unreadCount).toBe(0);
    const later = await sandbox().sendText(friend.number, session.phone.number, 'not looked at');
    await webhook.waitForEvent('message.received', ({ data }) => data.waMessageId === later.id);
    expect((await chatOf(friend)).unreadCount).toBe(1);
  });

  test('what was done while no worker was there comes when one is', async () => {
    await onPhone({ action: 'label', label: '1', name: 'Before' });
    await webhook.waitForEvent('label.created', ({ data }) => data.name === 'Before');
    const restarting = system().restart('worker-1', 'SIGKILL');
    await waitFor(async () => (await sandbox().devices(session.phone.number)).every(({ connected }) => !connected), {
      what: 'nobody to be connected',
    });
    await onPhone({ action: 'archive', chat: friend.number });
    await onPhone({ action: 'labelChat', label: '1', chat: friend.number });
    await restarting;
    await webhook.waitForEvent('chat.updated', ({ data }) => data.isArchived === true);
    await webhook.waitForEvent('label.assigned', ({ data }) => data.labelId === '1');
    expect(await chatOf(friend)).toMatchObject({ isArchived: true, labels: [{ labelId: '1', name: 'Before' }] });
  });

  test('phone and API write at the same time: both are heard', async () => {
    const answers = await Promise.all([
      fromSession(`chats/${friend.number}`, 'PATCH', { isPinned: true }),
      onPhone({ action: 'pin', chat: other.number }),
      fromSession(`chats/${friend.number}`, 'PATCH', { isArchived: false }),
      onPhone({ action: 'archive', chat: other.number }),
    ]);
    expect([answers[0].status, answers[2].status]).toEqual([200, 200]);
    const phone = await sandbox().chats(session.phone.number);
    expect(phone.find(({ chat }) => chat === friend.number)).toMatchObject({ isArchived: false, isPinned: true });
    await webhook.waitForEvent('chat.updated', ({ data }) => data.isArchived === true && data.chat === other.jid);
  });

  test('WhatsApp that does not answer is no success, and the change can be repeated', { timeout: 60_000 }, async () => {
    const fault = await sandbox().addFault({
      kind: 'iq-silence',
      xmlns: 'w:sync:app:state',
      phone: session.phone.number,
    });
    const silent = await fromSession(`chats/${friend.number}`, 'PATCH', { isMuted: true });
    expect(silent).toMatchObject({ status: 504, body: { code: 'WA_TIMEOUT' } });
    await sandbox().cancelFault(fault);
    const again = await fromSession(`chats/${friend.number}`, 'PATCH', { isMuted: true });
    expect(again).toMatchObject({ status: 200, body: { data: { isMuted: true, mutedUntil: null } } });
  });

  test('a worker that dies before WhatsApp has answered: the caller is told so, and no label is made twice', async () => {
    const fault = await sandbox().addFault({
      kind: 'iq-silence',
      xmlns: 'w:sync:app:state',
      phone: session.phone.number,
    });
    const asked = async () => {
      const { stanzas } = (await sandbox().summary()) as unknown as { stanzas: { in: Record<string, number> } };
      return stanzas.in['iq:w:sync:app:state'] ?? 0;
    };
    const before = await asked();
    const creating = fromSession('labels', 'POST', { name: 'Cut off' });
    await waitFor(async () => (await asked()) > before, { what: 'the query that nobody answers' });
    await system().restart('worker-1', 'SIGKILL');
    expect(await creating).toMatchObject({
      body: { code: expect.stringMatching(/^(OUTCOME_UNKNOWN|SESSION_MOVING)$/) },
    });
    await sandbox().cancelFault(fault);
    await waitForStatus(tenant.api, session.sessionId, 'connected');
    const made = (await sandbox().labels(session.phone.number)).filter(({ name }) => name === 'Cut off');
    expect(made.length).toBeLessThanOrEqual(1);
  });

  test('what there is not is refused with the reason', async () => {
    const label = await fromSession(`labels/77/chats/${friend.number}`, 'PUT');
    expect(label).toMatchObject({ status: 404, body: { code: 'LABEL_NOT_FOUND' } });
    const strange = await fromSession('chats/6281100000001/clear', 'POST', {});
    expect(strange).toMatchObject({ status: 404, body: { code: 'MESSAGE_NOT_FOUND' } });
    const over = await fromSession(`chats/${friend.number}`, 'PATCH', { mutedUntil: '2020-01-01T00:00:00Z' });
    expect(over).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
  });
});

expectSoundSystem(system);
