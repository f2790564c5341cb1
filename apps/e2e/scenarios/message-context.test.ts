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
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** Quotes, mentions, forwards, timers: what comes with a message, and what goes out with one. */
const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
let webhook: WebhookReceiver;
const DAY = 86_400;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  webhook = await subscribe(tenant, session.sessionId);
});
afterAll(() => webhook?.close());

const sandbox = () => system().sandbox;
const messageOf = (id: unknown): Promise<Message> => session.api.wa.messages.get({ id: String(id) });

async function receive(request: { type?: string; text?: string; to?: string; [field: string]: unknown }) {
  const { id } = await sandbox().send(friend.number, { to: session.phone.number, type: 'text', text: 'x', ...request });
  const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
  return { id, data, message: await messageOf(data.messageId) };
}
async function send(request: Record<string, unknown>) {
  const { status, body } = await session.api.send(
    session.sessionId,
    { to: friend.number, ...request },
    { wait: 'sent' },
  );
  // The phone may have it before the gateway answers.
  expect([status, body.data?.status]).toEqual([200, expect.stringMatching(/^(sent|delivered)$/)]);
  return body.data;
}
const shownBy = (phone: Phone, id: string) =>
  waitFor(async () => (await sandbox().inbox(phone.number)).find((shown) => shown.id === id), {
    what: `${id} at the phone of ${phone.number}`,
  });
const newGroup = (addressing: 'pn' | 'lid') =>
  sandbox().createGroup({ owner: friend.number, subject: 'Us', participants: [session.phone.number], addressing });

describe('what comes', () => {
  test('a reply to ours and one to theirs name the quoted message by our id, in the event and the list (MR-060)', async () => {
    const ours = await send({ message: 'a question' });
    await shownBy(friend, ours.waMessageId);
    const reply = await receive({ text: 'an answer', replyTo: ours.waMessageId });
    const replyTo = { messageId: ours.messageId, waMessageId: ours.waMessageId, type: 'text', text: 'a question' };
    expect(reply.data.replyTo).toMatchObject(replyTo);
    expect(reply.message.replyTo).toMatchObject(replyTo);

    const again = await receive({ text: 'more', replyTo: reply.id });
    expect(again.message.replyTo).toMatchObject({ messageId: reply.message.id, text: 'an answer' });
  });

  test('mentions in a group, forwards, a timer and the ad of a chat (MR-060)', async () => {
    const group = await newGroup('lid');
    const mentioned = await receive({ to: group.id, text: 'hi you', mentions: [session.phone.number] });
    expect(mentioned.message.mentions).toEqual([expect.stringMatching(/@lid$/)]);
    expect(mentioned.data.mentions).toEqual(mentioned.message.mentions);

    const ad = { id: 'ad-1', url: 'https://example.com/ad', title: 'Shoes' };
    const { message, data } = await receive({ text: 'about the ad', forwarded: 3, expiresIn: DAY, ad });
    const context = {
      forwardedCount: 3,
      expiresInSeconds: DAY,
      referral: { sourceType: 'ad', sourceId: 'ad-1', sourceUrl: ad.url, headline: 'Shoes' },
    };
    expect(message).toMatchObject(context);
    expect(data).toMatchObject(context);
    // The timer of the chat is over for the tests behind this one.
    await sandbox().send(friend.number, { to: session.phone.number, type: 'timer', seconds: 0 });
  });

  test('a plain message has none of it', async () => {
    const { message, data } = await receive({ text: 'plain' });
    for (const name of ['replyTo', 'mentions', 'forwardedCount', 'expiresInSeconds', 'viewOnce', 'referral']) {
      expect(message).not.toHaveProperty(name);
      expect(data).not.toHaveProperty(name);
    }
  });
});

describe('what goes out', () => {
  test('a reply quotes what is stored: theirs and ours, in a direct chat (MR-011)', async () => {
    const { id, message } = await receive({ text: 'what do you say?' });
    const sent = await send({ message: 'this', replyTo: message.id });
    expect(await shownBy(friend, sent.waMessageId)).toMatchObject({
      text: 'this',
      details: { quoted: { id, text: 'what do you say?', participant: friend.jid } },
    });
    expect((await messageOf(sent.messageId)).replyTo).toMatchObject({ messageId: message.id, waMessageId: id });

    const own = await send({ message: 'and this', replyTo: sent.messageId });
    const { details } = await shownBy(friend, own.waMessageId);
    expect(details).toMatchObject({ quoted: { id: sent.waMessageId, participant: session.phone.jid } });
  });

  test('a reply in a chat that is only known by its LID so far (MR-011)', async () => {
    const stranger = await addPhone(system(), 'Stranger');
    const { id } = await sandbox().send(stranger.number, {
      to: session.phone.number,
      type: 'text',
      text: 'who is there?',
      addressing: 'lid',
      hidesOtherName: true,
    });
    const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
    expect(data.identities).toMatchObject({ chat: { phoneNumber: null, lid: `${stranger.lid}@lid` } });
    const sent = await send({ to: data.chat, message: 'it is us', replyTo: data.messageId });
    expect(await shownBy(stranger, sent.waMessageId)).toMatchObject({
      text: 'it is us',
      details: { quoted: { id, text: 'who is there?' } },
    });
  });

  test.each(['pn', 'lid'] as const)('in a group of %s names are those of the group (MR-011)', async (addressing) => {
    const group = await newGroup(addressing);
    const { message } = await receive({ to: group.id, text: 'to all' });
    const sent = await send({
      to: group.id,
      message: `hello @${friend.number}`,
      replyTo: message.id,
      mentions: [`+${friend.number}`],
    });
    const name = addressing === 'lid' ? `${friend.lid}@lid` : friend.jid;
    expect(await shownBy(friend, sent.waMessageId)).toMatchObject({
      text: `hello @${name.split('@')[0]}`,
      details: { quoted: { participant: name, text: 'to all' }, mentions: [name] },
    });
    const own = await send({ to: group.id, message: 'mine', replyTo: sent.messageId });
    const ownName = addressing === 'lid' ? `${session.phone.lid}@lid` : session.phone.jid;
    expect((await shownBy(friend, own.waMessageId)).details).toMatchObject({ quoted: { participant: ownName } });
  });

  test('the timer of a chat is inside of every message to it: set by the contact, by the own phone, and off again', async () => {
    const contact = await addPhone(system(), 'Contact');
    const timed = async () => {
      const sent = await send({ to: contact.number, message: 'hello' });
      return (await shownBy(contact, sent.waMessageId)).details.expiresIn;
    };
    const set = async (phone: Phone, to: Phone, seconds: number) => {
      await sandbox().send(phone.number, { to: to.number, type: 'timer', seconds });
      await waitFor(async () => {
        const { rows } = await system().services.pool.query<{ seconds: number }>(
          'SELECT seconds FROM chat_timers WHERE chat_jid = $1',
          [contact.jid],
        );
        return (rows[0]?.seconds ?? 0) === seconds;
      });
    };
    expect(await timed()).toBeUndefined();
    await set(contact, session.phone, DAY);
    expect(await timed()).toBe(DAY);
    await set(session.phone, contact, 7 * DAY);
    expect(await timed()).toBe(7 * DAY);
    await system().restart('worker-1', 'SIGKILL');
    expect(await timed()).toBe(7 * DAY);
    await set(contact, session.phone, 0);
    expect(await timed()).toBeUndefined();
  });

  test('the timer of a group is inside of every message to it, also after it has changed', async () => {
    const group = await newGroup('lid');
    const timed = async () => {
      const sent = await send({ to: group.id, message: 'hello' });
      return (await shownBy(friend, sent.waMessageId)).details.expiresIn;
    };
    expect(await timed()).toBeUndefined();
    await sandbox().changeGroup(group.id, { ephemeralSeconds: DAY });
    await waitFor(async () => (await sandbox().waitingStanzas(session.phone.number)) === 0);
    expect(await timed()).toBe(DAY);
  });

  test('a reply to nothing, to a message of somebody else, and a mention of nobody are refused', async () => {
    const call = (json: Record<string, unknown>) =>
      session.api.call<{ code: string }>(`/api/sessions/${session.sessionId}/send`, {
        method: 'POST',
        json: { to: friend.number, message: 'x', ...json },
      });
    const stranger = await pairSession(system(), await registerTenant(system()));
    const { body } = await stranger.api.send(stranger.sessionId, { to: friend.number, message: 'x' }, { wait: 'sent' });
    const answers = await Promise.all([
      call({ replyTo: 'nothing' }),
      call({ replyTo: body.data.messageId }),
      call({ mentions: ['nobody'] }),
      call({ mentions: ['120363000000000000@g.us'] }),
    ]);
    expect(answers.map(({ status, body: { code } }) => [status, code])).toEqual([
      [400, 'VALIDATION'],
      [404, 'MESSAGE_NOT_FOUND'],
      [400, 'INVALID_RECIPIENT'],
      [400, 'VALIDATION'],
    ]);
  });
});

expectSoundSystem(system);
