import type { Chat, LoggedEvent, Message } from '@wa-gate/contracts';
import { beforeAll, describe, expect, test } from 'vitest';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

/** What was said is found again: messages by words and by every name of a chat, chats with what is unread. */
const get = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let ann: Phone;
let bob: Phone;
let group: string;

const sandbox = () => get().sandbox;
/** Seconds since 1970. */
const ago = (seconds: number) => Math.floor(Date.now() / 1_000) - seconds;
const say = (from: Phone, text: string, more: Record<string, unknown> = {}) =>
  sandbox().send(from.number, { to: session.phone.number, type: 'text', text, ...more });
const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
const texts = async (path: string, parameters: Record<string, string> = {}) =>
  (await session.api.data<{ messages: Message[] }>(`${path}?${query(parameters)}`)).messages.map(({ text }) => text);
const find = (parameters: Record<string, string>) => texts('/api/messages', parameters);
const chats = async (parameters: Record<string, string> = {}) =>
  (await session.api.data<{ chats: Chat[] }>(`/api/chats?${query(parameters)}`)).chats;
const arrives = (text: string) =>
  waitFor(async () => (await find({ text: `"${text}"` })).length === 1, { what: `"${text}" to be found` });

beforeAll(async () => {
  tenant = await registerTenant(get());
  session = await pairSession(get(), tenant);
  [ann, bob] = [await addPhone(get(), 'Ann Wijaya'), await addPhone(get(), 'Bob')];
  const { id } = await sandbox().createGroup({
    owner: bob.number,
    subject: 'Us',
    participants: [ann.number, session.phone.number],
  });
  group = id;
  await say(ann, 'pesanan by LID', { addressing: 'lid' });
  await say(ann, 'pesanan by number', { addressing: 'pn' });
  await say(bob, 'Faktur INV/2026/0012 👍');
  await say(ann, `hubungi 0${ann.number.slice(2)}`, { to: group });
  for (const text of ['pesanan by LID', 'pesanan by number', 'Faktur INV/2026/0012', 'hubungi']) await arrives(text);
});

describe('the history (MR-035)', () => {
  test('is found by words, parts of words, numbers and emoji', async () => {
    expect(await find({ text: 'pesan' })).toEqual(['pesanan by number', 'pesanan by LID']);
    expect(await find({ text: '0012' })).toEqual(['Faktur INV/2026/0012 👍']);
    expect(await find({ text: '👍', direction: 'inbound' })).toEqual(['Faktur INV/2026/0012 👍']);
    expect(await find({ text: `+${ann.number}` })).toEqual([`hubungi 0${ann.number.slice(2)}`]);
  });

  test('of a chat is found by every name: number, LID, jid, contact, and a group by its own', async () => {
    const [{ identities }] = (
      await session.api.data<{ messages: [Message] }>(`/api/messages?${query({ chat: ann.number })}`)
    ).messages;
    const names = [ann.number, `+${ann.number}`, `${ann.lid}@lid`, ann.jid, identities.chat.contactId!];
    for (const chat of names) {
      const expected = ['pesanan by number', 'pesanan by LID'];
      expect(await find({ chat }), chat).toEqual(expected);
      expect(await texts(`/api/chats/${encodeURIComponent(chat)}/messages`), chat).toEqual(expected);
    }
    expect(await find({ chat: group })).toEqual([`hubungi 0${ann.number.slice(2)}`]);
    expect(await find({ contact: `${ann.lid}@lid` })).toHaveLength(3);
  });

  test('chats show names, the last message and what is unread; an answer or a mark makes a chat read', async () => {
    const found = await chats();
    expect(found.map(({ name, isGroup, unreadCount }) => [name, isGroup, unreadCount])).toEqual([
      [null, true, 1],
      ['Bob', false, 1],
      ['Ann Wijaya', false, 2],
    ]);
    expect(found[2]).toMatchObject({
      lastMessage: { text: 'pesanan by number' },
      identity: { phoneNumber: `+${ann.number}`, lid: `${ann.lid}@lid` },
    });
    await session.api.send(
      session.sessionId,
      { to: ann.number, type: 'text', message: 'on its way' },
      { wait: 'sent' },
    );
    const [first, ...others] = await chats();
    expect(first).toMatchObject({ name: 'Ann Wijaya', unreadCount: 0, lastMessage: { text: 'on its way' } });
    expect(others.map(({ unreadCount }) => unreadCount)).toEqual([1, 1]);
    expect(await chats({ search: 'wijaya' })).toHaveLength(1);
    // Written on the phone of the account.
    await sandbox().send(session.phone.number, { to: bob.number, type: 'text', text: 'from the phone' });
    await waitFor(async () => (await chats({ unread: 'true' })).length === 1, { what: 'the chat with Bob to be read' });
    const read = { method: 'POST' as const, json: { chat: group } };
    await session.api.data(`/api/sessions/${session.sessionId}/chats/read`, read);
    expect(await chats({ unread: 'true' })).toEqual([]);
  });

  test('is exported as it is shown, to those who may see it', async () => {
    const { body } = await session.api.call<Buffer>(`/api/messages/export?${query({ format: 'ndjson', chat: group })}`);
    expect(JSON.parse(body.toString())).toMatchObject({ chat: group, text: `hubungi 0${ann.number.slice(2)}` });
    const stranger = await registerTenant(get());
    expect((await stranger.api.wa.chats.listAll()).chats).toEqual([]);
    expect((await stranger.api.call(`/api/sessions/${session.sessionId}/chats`)).status).toBe(404);
  });
});

describe('what the phone has from before', () => {
  interface Asked {
    requestId: string;
    beforeMessageId: string;
    chat: string;
  }
  const ask = (chat: string, count?: number) =>
    session.api.data<Asked>(`/api/sessions/${session.sessionId}/chats/${encodeURIComponent(chat)}/history`, {
      method: 'POST',
      ...(count !== undefined && { json: { count } }),
    });
  const told = (requestId: string) =>
    waitFor(
      async () => {
        const query = new URLSearchParams({ events: 'history.progress', limit: '100' });
        const { events } = await session.api.data<{ events: LoggedEvent[] }>(`/api/events?${query}`);
        return events.map(({ data }) => data).find((data) => data.requestId === requestId);
      },
      { what: 'the older messages' },
    );

  test('comes on request, older and older, each message once, until there is no more', async () => {
    const eve = await addPhone(get(), 'Eve');
    await sandbox().addPast(session.phone.number, { chats: [{ chat: eve.number, count: 70, newestAt: ago(86_400) }] });
    const nothing = await session.api.call(`/api/sessions/${session.sessionId}/chats/+${eve.number}/history`, {
      method: 'POST',
      json: {},
    });
    expect([nothing.status, nothing.body]).toMatchObject([404, { code: 'MESSAGE_NOT_FOUND' }]);
    await say(eve, 'the first one here');
    await arrives('the first one here');
    const [asked, again] = [await ask(eve.number), await ask(`${eve.lid}@lid`)];
    const answers = await Promise.all([asked, again].map(({ requestId }) => told(requestId)));
    // Whichever part is read first stores what is in both.
    expect(answers.toSorted((a, b) => Number(b.stored) - Number(a.stored))).toMatchObject([
      { kind: 'on_request', chat: asked.chat, found: 50, stored: 50, hasMore: true },
      { kind: 'on_request', chat: asked.chat, found: 50, stored: 0, hasMore: true },
    ]);
    const rest = await ask(eve.number, 200);
    expect(rest.beforeMessageId).not.toBe(asked.beforeMessageId);
    expect(await told(rest.requestId)).toMatchObject({ found: 20, stored: 20, hasMore: false });
    const all = await texts(`/api/chats/${eve.number}/messages`, { limit: '100' });
    expect(all).toEqual(['the first one here', ...Array.from({ length: 70 }, (_, n) => `Past message ${n + 1}`)]);
    expect((await chats({ search: 'Eve' })).map(({ unreadCount }) => unreadCount)).toEqual([1]);
    expect(
      await session.api.wa.sessions.getHistory({ id: session.sessionId }),
      'what was asked for is no part of the linking',
    ).toMatchObject({ state: 'off', parts: { done: 0 } });
  });
});

describe('what was missed while the session was away', () => {
  test('is asked of the phone at the first message, by whichever worker lives, and told once (MR-012)', async () => {
    const dan = await addPhone(get(), 'Dan');
    const { pool } = get().services;
    const { sessionId } = session;
    const { rows: own } = await pool.query<{ id: string }>('SELECT id FROM sessions WHERE slug = $1', [sessionId]);
    const internal = own[0]!.id;
    const worker = get().process('worker-1');
    await worker.stop({ signal: 'SIGKILL' });
    await sandbox().addPast(session.phone.number, {
      chats: [{ chat: dan.number, messages: [2, 1].map((n) => ({ text: `missed ${n}`, at: ago(3_600 + n) })) }],
    });
    await pool.query(`UPDATE sessions SET last_seen_at = now() - interval '3 hours' WHERE id = $1`, [internal]);
    await worker.start();
    await say(dan, 'hello again');
    const asked = () =>
      waitFor(
        async () => {
          const { rows } = await pool.query<{ state: string }>(
            'SELECT state FROM history_gap_chats WHERE session_id = $1',
            [internal],
          );
          return rows.some(({ state }) => state !== 'waiting');
        },
        { what: 'the phone to be asked' },
      );
    await asked();
    await get().restart('worker-1', 'SIGKILL');
    // The next owner need not wait for an answer that the dead one may have confirmed.
    await pool.query(`UPDATE history_gap_chats SET asked_at = asked_at - interval '5 minutes' WHERE state = 'asked'`);
    const told = async (type: string) => {
      const { events } = await session.api.data<{ events: LoggedEvent[] }>(
        `/api/events?${query({ events: type, limit: '100' })}`,
      );
      return events.map(({ data }) => data);
    };
    await waitFor(async () => (await told('message.recovered')).length === 2, { what: 'the missed messages' });
    expect((await told('message.recovered')).map(({ text }) => text).toSorted()).toEqual(['missed 1', 'missed 2']);
    // The part ends after its messages are stored.
    const gap = await waitFor(
      async () => {
        const history = await session.api.wa.sessions.getHistory({ id: sessionId });
        return history.gap?.stored === 2 && history.gap;
      },
      { what: 'the gap to tell what was missing' },
    );
    expect(gap).toMatchObject({ failed: 0, stored: 2 });
    expect(await texts(`/api/chats/${dan.number}/messages`)).toEqual(['hello again', 'missed 1', 'missed 2']);
    expect((await told('history.progress')).filter(({ kind, stored }) => kind === 'gap' && stored === 2)).toHaveLength(
      1,
    );
  });
});

expectSoundSystem(get);
