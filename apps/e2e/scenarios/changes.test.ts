import type { Message } from '@wa-gate/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
import type { WebhookEvent, WebhookReceiver } from '../harness/webhook-receiver.ts';

/** Edits, deletions and reactions, made by phones and seen through the public API. */
const system = useSystem({ workers: 2 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
let other: Phone;
let webhook: WebhookReceiver;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  other = await addPhone(system(), 'Other');
  webhook = await subscribe(tenant, session.sessionId);
});
afterAll(() => webhook?.close());

const sandbox = () => system().sandbox;
const messageOf = (id: unknown): Promise<Message> => session.api.wa.messages.get({ id: String(id) });
const historyOf = async (id: unknown) => (await session.api.wa.messages.changes({ id: String(id) })).changes;
const told = (type: string, changeId: string): Promise<WebhookEvent> =>
  webhook.waitForEvent(type, ({ data }) => data.changeId === changeId);
/** How often a change was told; ask after a later event has come. */
const countOf = (changeId: string) => webhook.events.filter(({ data }) => data.changeId === changeId).length;

/** A text to the session's account, as the webhook has it. */
async function say(phone: Phone, text: string, to = session.phone.number) {
  const { id } = await sandbox().sendText(phone.number, to, text);
  const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
  return { id, messageId: data.messageId };
}
type Change = { type: string; [field: string]: unknown };
async function change(phone: Phone, to: string, request: Change) {
  return (await sandbox().send(phone.number, { to, ...request })).id;
}
const toUs = (phone: Phone, request: Change) => change(phone, session.phone.number, request);

async function sendByApi(to: string, message: string) {
  const { body } = await session.api.send(session.sessionId, { to, message }, { wait: 'sent' });
  return body.data;
}

/** A group whose owner, and so its administrator, is the friend. */
const newGroup = (addressing: 'pn' | 'lid', ...more: Phone[]) =>
  sandbox().createGroup({
    owner: friend.number,
    subject: 'Some of us',
    participants: [session.phone, other, ...more].map(({ number }) => number),
    addressing,
  });

/** Waits until a phone shows a message, so that it can change it. */
const shownBy = (phone: Phone, id: string) =>
  waitFor(async () => (await sandbox().inbox(phone.number)).some((shown) => shown.id === id), {
    what: `${id} at the phone of ${phone.number}`,
  });

describe.each([
  ['plain', {}],
  ['encrypted once more', { encrypted: true }],
])('an edit, %s (MR-060)', (_, form) => {
  test('by the contact: the event names the first message, lists show what it says now, the history what it said', async () => {
    const { id, messageId } = await say(friend, 'first');
    const edit = await toUs(friend, { type: 'edit', target: id, text: 'second', ...form });
    const { data } = await told('message.edited', edit);
    expect(data).toMatchObject({ messageId, waMessageId: id, fromMe: false, type: 'text', text: 'second' });

    const again = await toUs(friend, { type: 'edit', target: id, text: 'third', ...form });
    expect((await told('message.edited', again)).data).toMatchObject({ messageId, text: 'third' });

    const listed = (await session.api.messages(session.sessionId)).filter(({ waMessageId }) => waMessageId === id);
    expect(listed).toMatchObject([{ id: messageId, text: 'third', editedAt: expect.any(String), revokedAt: null }]);
    expect(await historyOf(messageId)).toMatchObject([
      { kind: 'edit', data: { text: 'second' }, previous: { text: 'first' }, isCurrent: false },
      { kind: 'edit', data: { text: 'third' }, previous: { text: 'second' }, isCurrent: true },
    ]);
    expect(countOf(edit)).toBe(1);
  });

  test('by a member of a group, and of what the owner sent by the API and edits on the phone', async () => {
    const group = await newGroup('lid');
    const { id, messageId } = await say(friend, 'first', group.id);
    const edit = await change(friend, group.id, { type: 'edit', target: id, text: 'second', ...form });
    expect((await told('message.edited', edit)).data).toMatchObject({ messageId, chat: group.id, text: 'second' });

    const sent = await sendByApi(friend.number, 'by the API');
    await shownBy(session.phone, sent.waMessageId);
    const own = await change(session.phone, friend.number, {
      type: 'edit',
      target: sent.waMessageId,
      text: 'by hand',
      ...form,
    });
    expect((await told('message.edited', own)).data).toMatchObject({ messageId: sent.messageId, fromMe: true });
    expect(await messageOf(sent.messageId)).toMatchObject({ direction: 'outbound', text: 'by hand' });
  });
});

test('another member of a group cannot edit or delete a message; its administrator can delete it (MR-060)', async () => {
  const member = await addPhone(system(), 'Member');
  const group = await newGroup('lid', member);
  const { id: seen, messageId: seenId } = await say(other, 'seen by the member', group.id);
  await shownBy(member, seen);
  const forged = await change(member, group.id, { type: 'revoke', target: seen });

  const { id, messageId } = await say(other, 'of the other', group.id);
  await shownBy(friend, id);
  const revoke = await change(friend, group.id, { type: 'revoke', target: id });
  expect((await told('message.revoked', revoke)).data).toMatchObject({ messageId, byAdmin: true });
  expect(await messageOf(messageId)).toMatchObject({ text: null, revokedAt: expect.any(String) });
  expect((await historyOf(messageId)).at(-1)).toMatchObject({ kind: 'revoke', previous: { text: 'of the other' } });
  expect(countOf(forged)).toBe(0);
  expect(await messageOf(seenId)).toMatchObject({ text: 'seen by the member', revokedAt: null });
});

test('a deletion by the contact, and by the owner on the phone: the words are in the history alone (MR-060)', async () => {
  const { id, messageId } = await say(friend, 'to be deleted');
  const revoke = await toUs(friend, { type: 'revoke', target: id });
  expect((await told('message.revoked', revoke)).data).toMatchObject({ messageId, byAdmin: false, fromMe: false });
  expect(await messageOf(messageId)).toMatchObject({ type: 'text', text: null });

  const sent = await sendByApi(friend.number, 'to be deleted by hand');
  await shownBy(session.phone, sent.waMessageId);
  const own = await change(session.phone, friend.number, { type: 'revoke', target: sent.waMessageId });
  expect((await told('message.revoked', own)).data).toMatchObject({ messageId: sent.messageId, fromMe: true });
});

test.each([
  ['plain', {}],
  ['encrypted once more', { encrypted: true }],
])('reactions, %s, are no messages: each person has one, and can take it back (MR-060)', async (_, form) => {
  const group = await newGroup('lid');
  const { id, messageId } = await say(friend, 'what do you think?', group.id);
  await shownBy(other, id);
  const react = (phone: Phone, emoji: string) =>
    change(phone, group.id, { type: 'reaction', target: id, emoji, ...form });
  const first = await react(other, '👍');
  expect((await told('message.reaction', first)).data).toMatchObject({ messageId, emoji: '👍', isRemoved: false });
  await told('message.reaction', await react(other, '❤️'));
  await told('message.reaction', await react(friend, '😮'));
  expect((await messageOf(messageId)).reactions).toMatchObject([
    { emoji: '❤️', senderName: 'Other' },
    { emoji: '😮', senderName: 'Friend' },
  ]);
  const last = await react(other, '');
  expect((await told('message.reaction', last)).data).toMatchObject({ emoji: '', isRemoved: true });
  const message = await messageOf(messageId);
  expect(message.reactions).toMatchObject([{ emoji: '😮' }]);
  expect(message.text).toBe('what do you think?');
  const types = (await session.api.messages(session.sessionId)).map(({ type }) => type);
  expect(types).not.toContain('reaction');
});

test('a reaction to what the API sent, by the contact and by the owner’s phone', async () => {
  const sent = await sendByApi(friend.number, 'do you like it?');
  await shownBy(friend, sent.waMessageId);
  const theirs = await toUs(friend, { type: 'reaction', target: sent.waMessageId, emoji: '👍' });
  expect((await told('message.reaction', theirs)).data).toMatchObject({ messageId: sent.messageId, fromMe: false });
  await shownBy(session.phone, sent.waMessageId);
  const ours = await change(session.phone, friend.number, { type: 'reaction', target: sent.waMessageId, emoji: '🎉' });
  expect((await told('message.reaction', ours)).data).toMatchObject({ messageId: sent.messageId, fromMe: true });
});

test('what Baileys tells wrongly or hides: changes that come at once with their message keep their ids and their order', async () => {
  const to = session.phone.number;
  const { id } = await sandbox().sendText(friend.number, to, 'first');
  const changes = [
    await change(friend, to, { type: 'edit', target: id, text: 'second' }),
    await change(friend, to, { type: 'reaction', target: id, emoji: '👍' }),
    await change(friend, to, { type: 'edit', target: id, text: 'third' }),
    await change(friend, to, { type: 'revoke', target: id }),
  ];
  const { data } = await told('message.revoked', changes.at(-1)!);
  const about = webhook.events.filter((event) => event.data.waMessageId === id);
  expect(about.map(({ event }) => event)).toEqual([
    'message.received',
    'message.edited',
    'message.reaction',
    'message.edited',
    'message.revoked',
  ]);
  expect(about.slice(1).map((event) => event.data.changeId)).toEqual(changes);
  expect(await messageOf(data.messageId)).toMatchObject({ text: null, reactions: [{ emoji: '👍' }] });
});

test('a deletion by an administrator: of ours by the contact, of the contact’s by our own phone (MR-060)', async () => {
  const group = await newGroup('lid');
  const sent = await sendByApi(group.id, 'ours');
  await shownBy(friend, sent.waMessageId);
  const theirs = await change(friend, group.id, { type: 'revoke', target: sent.waMessageId });
  expect((await told('message.revoked', theirs)).data).toMatchObject({
    messageId: sent.messageId,
    fromMe: false,
    byAdmin: true,
  });
  expect(await messageOf(sent.messageId)).toMatchObject({ direction: 'outbound', text: null });

  const own = await sandbox().createGroup({
    owner: session.phone.number,
    subject: 'Ours',
    participants: [friend.number],
    addressing: 'lid',
  });
  const { id, messageId } = await say(friend, 'theirs', own.id);
  await shownBy(session.phone, id);
  const ours = await change(session.phone, own.id, { type: 'revoke', target: id });
  expect((await told('message.revoked', ours)).data).toMatchObject({ messageId, fromMe: true, byAdmin: true });
  expect(await messageOf(messageId)).toMatchObject({ direction: 'inbound', text: null });
});

test('a reaction that cannot be read at first is no message of its own, and is told when it can be read', async () => {
  const { id, messageId } = await say(friend, 'spoil the answer');
  const [device] = await sandbox().devices(session.phone.number);
  await sandbox().addFault({ kind: 'corrupt', device: `${session.phone.number}:${device!.id}` });
  const reaction = await toUs(friend, { type: 'reaction', target: id, emoji: '👍' });
  expect((await told('message.reaction', reaction)).data).toMatchObject({ messageId, emoji: '👍' });
  expect(webhook.events.filter(({ data }) => data.waMessageId === reaction)).toEqual([]);
});

test('a change that comes under the other name of the chat finds its message: what came by number is edited by LID', async () => {
  const { id, messageId } = await say(friend, 'first');
  const edit = await toUs(friend, { type: 'edit', target: id, text: 'second', addressing: 'lid' });
  expect((await told('message.edited', edit)).data).toMatchObject({ messageId, text: 'second' });
  const sent = await sendByApi(friend.number, 'and ours?');
  await shownBy(friend, sent.waMessageId);
  const theirs = await toUs(friend, { type: 'reaction', target: sent.waMessageId, emoji: '👍', addressing: 'lid' });
  expect((await told('message.reaction', theirs)).data).toMatchObject({ messageId: sent.messageId });
});

test('a change that comes before its message waits for it, also across a kill of the worker (MR-060)', async () => {
  const id = `3EB0${Date.now().toString(16).toUpperCase()}`;
  const edit = await toUs(friend, { type: 'edit', target: id, text: 'second', unseen: true });
  await waitFor(
    async () => {
      const { rows } = await system().services.pool.query(
        'SELECT 1 FROM message_changes WHERE wa_message_id = $1 AND message_id IS NULL',
        [edit],
      );
      return rows.length === 1;
    },
    { what: 'the change to wait' },
  );
  const { rows } = await system().services.pool.query<{ worker: string }>(
    'SELECT p.worker_id AS worker FROM session_placements p JOIN sessions s ON s.id = p.session_id WHERE s.slug = $1',
    [session.sessionId],
  );
  // A worker is named after its process and the run.
  const owner = system().workers.find(({ name }) => rows[0]?.worker.startsWith(`${name}-`));
  await system().restart(owner!.name, 'SIGKILL');
  await sandbox().send(friend.number, { to: session.phone.number, type: 'text', text: 'first', id });
  const { data } = await told('message.edited', edit);
  expect(data).toMatchObject({ waMessageId: id, text: 'second' });
  const types = webhook.events.filter((event) => event.data.waMessageId === id).map(({ event }) => event);
  expect(types).toEqual(['message.received', 'message.edited']);
  expect(await messageOf(data.messageId)).toMatchObject({ text: 'second' });
  expect(countOf(edit)).toBe(1);
});

test('a form that nobody knows is message.unsupported, and no empty message.received', async () => {
  const { id } = await sandbox().send(friend.number, { to: session.phone.number, type: 'unknown' });
  const { data } = await webhook.waitForEvent('message.unsupported', (event) => event.data.waMessageId === id);
  expect(data).toMatchObject({ type: 'unknown', content: { kind: 'paymentInviteMessage' } });
  expect(webhook.eventsOf(String(data.messageId))).toEqual(['message.unsupported']);
});

expectSoundSystem(system);
