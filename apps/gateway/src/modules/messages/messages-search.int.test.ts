import { messageStatesOf } from '@wa-gate/contracts';
import { firstIdAt, newId } from '@wa-gate/kit';
import { eraseContact, type InboundMessage, learnContacts, recordOutcomes } from '@wa-gate/messaging';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { receive } from '../../testing/inbound.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { readSearch } from '../message-index/index.ts';
import { createMessagesRepository } from './messages.repository.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;
let other: TestSession;
let stranger: TestUser;
/** Ids by what they are called here. */
const ids: Record<string, string> = {};

const ANN = '6281123456789@s.whatsapp.net';
const ANN_LID = '111222333@lid';
const BOB = '6281987654321@s.whatsapp.net';
const GROUP = '120363041234567890@g.us';

beforeAll(async () => {
  [user, stranger] = [await fixture.register(), await fixture.register()];
  await fixture.startWorker('worker-1');
  session = await fixture.createSession(user);
  other = await fixture.createSession(user);
  for (const each of [session, other]) await fixture.setState(each, 'CONNECTED');
  const foreign = await fixture.createSession(stranger);
  await fixture.setState(foreign, 'CONNECTED');
  const come = async (name: string, given: Partial<InboundMessage> & { chatJid: string }, to = session) => {
    ids[name] = await receive(fixture, to, given);
  };
  await come('order', {
    chatJid: ANN_LID,
    chatAltJid: ANN,
    senderName: 'Ann Wijaya',
    text: 'Pesanan saya belum datang',
  });
  await come('invoice', { chatJid: ANN, text: 'Faktur INV/2026/0012, lunas 👍🏽' });
  await come('file', { chatJid: BOB, type: 'document', text: 'lihat ini', content: { filename: 'laporan-akhir.pdf' } });
  await come('number', { chatJid: GROUP, fromJid: BOB, text: 'Hubungi 0811-2345-6789 ya' });
  await come('by Ann', { chatJid: GROUP, fromJid: ANN_LID, text: 'pengiriman besok' });
  await come('phone', { chatJid: ANN, fromJid: '1@s.whatsapp.net', fromMe: true, text: 'dari telepon' });
  await come('there', { chatJid: BOB, text: 'pesan lain' }, other);
  await come('foreign', { chatJid: BOB, text: 'pesanan orang lain' }, foreign);
  ids.sent = await send(session, ANN, 'Pesanan dikirim hari ini');
  ids.waits = await send(other, BOB, 'pesan yang menunggu');
  await outcome('sent', 'SENT');
});

async function send(from: TestSession, to: string, message: string): Promise<string> {
  const { body } = await fixture.call('POST', '/api/messages/send', { as: from.key, body: { to, message } });
  return body.data.messageId;
}
async function outcome(name: string, state: 'SENT' | 'FAILED'): Promise<void> {
  const { rows } = await fixture.database.pool.query('SELECT wa_message_id AS id FROM messages WHERE id = $1', [
    ids[name],
  ]);
  const at = new Date();
  await recordOutcomes(fixture.database.pool, [
    {
      ...{ sessionId: session.id, epoch: 1, waMessageId: rows[0].id, state, at },
      ...(state === 'FAILED' && { errorCode: 'SEND_FAILED', errorMessage: 'WhatsApp refused it.' }),
    },
  ]);
}

const list = (query: Record<string, string>, as = user.token, path = '/api/messages') =>
  fixture.call('GET', `${path}?${new URLSearchParams(query)}`, { as });
async function found(query: Record<string, string>, as = user.token, path?: string): Promise<string[]> {
  const { status, body } = await list(query, as, path);
  expect(status, JSON.stringify(body)).toBe(200);
  const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
  return body.data.messages.map(({ id }: { id: string }) => names.get(id) ?? id);
}

describe('GET /api/messages?text= (MR-035)', () => {
  it('finds parts of words, numbers in any spelling, emoji, names and files, also what waits to be sent', async () => {
    expect(await found({ text: 'pesan' })).toEqual(['waits', 'sent', 'there', 'order']);
    expect(await found({ text: 'irim' })).toEqual(['sent', 'by Ann']);
    expect(await found({ text: '0012' })).toEqual(['invoice']);
    expect(await found({ text: 'INV/2026/0012' })).toEqual(['invoice']);
    expect(await found({ text: '👍' })).toEqual(['invoice']);
    expect(await found({ text: 'LAPORAN' })).toEqual(['file']);
    expect(await found({ text: 'wijaya' })).toEqual(['order']);
    expect(await found({ text: 'saya pesanan' })).toEqual(['order']);
    expect(await found({ text: '"saya pesanan"' })).toEqual([]);
    for (const text of ['+62 811 2345 6789', '081123456789', '2345-6789', '6281123456789']) {
      expect(await found({ text }), text).toEqual(['number']);
    }
    expect(await found({ text: 'nothing of the kind' })).toEqual([]);
  });

  it('shows nothing of other workspaces, and a session key only its session', async () => {
    expect(await found({ text: 'pesanan' }, stranger.token)).toEqual(['foreign']);
    expect(await found({ text: 'pesan' }, session.key)).toEqual(['sent', 'order']);
    expect(await found({ text: 'pesan', sessionId: other.slug })).toEqual(['waits', 'there']);
    expect((await list({ text: 'pesan' }, stranger.token, `/api/sessions/${session.slug}/messages`)).status).toBe(404);
    expect(await found({ text: 'pesan' }, user.token, `/api/sessions/${session.slug}/messages`)).toEqual([
      'sent',
      'order',
    ]);
  });

  it('goes with every other filter, in pages of both directions, and is counted', async () => {
    expect(await found({ text: 'pesan', direction: 'inbound' })).toEqual(['there', 'order']);
    expect(await found({ text: 'pesan', chat: ANN })).toEqual(['sent', 'order']);
    expect(await found({ text: 'pesan', status: 'queued' })).toEqual(['waits']);
    expect(await found({ text: 'pesan', contact: ANN })).toEqual(['sent', 'order']);
    expect(await found({ text: 'lihat', type: 'document', hasMedia: 'true' })).toEqual(['file']);
    const first = (await list({ text: 'pesan', limit: '2', count: 'true' })).body.data;
    expect(first.pagination).toMatchObject({
      hasMore: true,
      nextCursor: ids.sent,
      previousCursor: ids.waits,
      total: 4,
    });
    const second = (await list({ text: 'pesan', limit: '2', cursor: first.pagination.nextCursor })).body.data;
    expect(second.pagination).toMatchObject({ hasMore: false, nextCursor: null });
    expect(await found({ text: 'pesan', limit: '2', cursor: ids.sent! })).toEqual(['there', 'order']);
    expect(await found({ text: 'pesan', limit: '2', after: ids.order! })).toEqual(['sent', 'there']);
  });

  it('forgets what is erased, and what it said before it was deleted for everyone', async () => {
    const chatJid = '6281333333333@s.whatsapp.net';
    ids.secret = await receive(fixture, session, { chatJid, text: 'rahasia besar' });
    expect(await found({ text: 'rahasia' })).toEqual(['secret']);
    const { rows } = await fixture.database.pool.query(
      'SELECT c.id, c.workspace_id FROM contacts c JOIN contact_identities i ON i.contact_id = c.id WHERE i.jid = $1',
      [chatJid],
    );
    const [{ id: contactId, workspace_id: workspaceId }] = rows;
    await eraseContact(fixture.database.pool, { workspaceId, contactId, jids: [chatJid] }, { messages: true });
    expect(await found({ text: 'rahasia' })).toEqual([]);
    const left = await fixture.database.pool.query(`SELECT FROM message_search WHERE document LIKE '%rahasia%'`);
    expect(left.rowCount).toBe(0);
    expect((await fixture.database.pool.query('SELECT FROM chats WHERE jid = $1', [chatJid])).rowCount).toBe(0);
  });
});

describe('GET /api/messages with filters (MR-035)', () => {
  it('finds a chat by any name of its person', async () => {
    const { rows } = await fixture.database.pool.query(
      'SELECT contact_id AS id FROM contact_identities WHERE jid = $1',
      [ANN],
    );
    const workspaceContact = await Promise.all(
      rows.map(async ({ id }: { id: string }) => (await found({ chat: id })).length > 0 && id),
    );
    const contactId = workspaceContact.find(Boolean) as string;
    for (const chat of [ANN, ANN_LID, '+62 811-2345-6789', '6281123456789@c.us', contactId]) {
      expect(await found({ chat }), chat).toEqual(['sent', 'phone', 'invoice', 'order']);
      const path = `/api/chats/${encodeURIComponent(chat)}/messages`;
      expect(await found({}, user.token, path), path).toEqual(['sent', 'phone', 'invoice', 'order']);
    }
    expect(
      await found({}, user.token, `/api/sessions/${other.slug}/chats/${encodeURIComponent(ANN)}/messages`),
    ).toEqual([]);
    expect(await found({ chat: GROUP })).toEqual(['by Ann', 'number']);
    expect(await found({ chat: newId() })).toEqual([]);
    expect((await list({}, user.token, `/api/chats/${newId()}/messages`)).body.code).toBe('CONTACT_NOT_FOUND');
  });

  it('finds what a person wrote, in groups too', async () => {
    for (const contact of [ANN, ANN_LID]) {
      expect(await found({ contact }), contact).toEqual(['sent', 'phone', 'by Ann', 'invoice', 'order']);
    }
    expect(await found({ contact: ANN, direction: 'inbound', chat: GROUP })).toEqual(['by Ann']);
    expect((await list({ contact: ANN, count: 'true', limit: '1' })).body.data.pagination.total).toBe(5);
  });

  it('finds by type, file, author, source and state', async () => {
    expect(await found({ type: 'document' })).toEqual(['file']);
    expect(await found({ hasMedia: 'true' })).toEqual(['file']);
    expect(await found({ hasMedia: 'false', sessionId: session.slug })).not.toContain('file');
    expect(await found({ fromMe: 'true' })).toEqual(['waits', 'sent', 'phone']);
    expect(await found({ fromMe: 'false', sessionId: other.slug })).toEqual(['there']);
    expect(await found({ source: 'phone' })).toEqual(['phone']);
    expect(await found({ source: 'api' })).toEqual(['waits', 'sent']);
    expect(await found({ state: 'sent' })).toEqual(['sent', 'phone']);
    expect(await found({ state: 'queued', status: 'queued' })).toEqual(['waits']);
  });

  it('reads forwards from where it was, while messages arrive', async () => {
    const start = (await list({ limit: '1', sessionId: other.slug })).body.data.pagination.previousCursor;
    expect(await found({ after: start, sessionId: other.slug })).toEqual([]);
    expect((await list({ after: start, sessionId: other.slug })).body.data.pagination).toEqual({
      nextCursor: null,
      previousCursor: start,
      hasMore: false,
    });
    for (const name of ['new 1', 'new 2', 'new 3']) ids[name] = await receive(fixture, other, { chatJid: BOB });
    expect(await found({ after: start, sessionId: other.slug, limit: '2' })).toEqual(['new 2', 'new 1']);
    const { previousCursor } = (await list({ after: start, sessionId: other.slug, limit: '2' })).body.data.pagination;
    expect(await found({ after: previousCursor, sessionId: other.slug, limit: '2' })).toEqual(['new 3']);
    expect(await found({ after: start, chat: BOB, sessionId: other.slug, limit: '1' })).toEqual(['new 1']);
  });

  it('a sent message says who sent it and when, also before WhatsApp has it', async () => {
    await fixture.database.pool.query(`UPDATE sessions SET phone_number = '6281100000000' WHERE id = ANY($1)`, [
      [session.id, other.id],
    ]);
    for (const name of ['sent', 'waits']) {
      const { body } = await fixture.call('GET', `/api/messages/${ids[name]}`, { as: user.token });
      expect(body.data).toMatchObject({ from: '6281100000000@s.whatsapp.net', timestamp: expect.any(String) });
    }
  });

  it.each([
    [{ direction: 'inbound', fromMe: 'true' }, /exclude each other/],
    [{ direction: 'inbound', source: 'api' }, /`source`/],
    [{ fromMe: 'false', source: 'phone' }, /`source`/],
    [{ status: 'read', state: 'queued' }, /has the status `queued`, not `read`/],
    [{ status: 'received', direction: 'outbound' }, /never are `received`/],
    [{ status: 'sent', direction: 'inbound' }, /never are `sent`/],
    [{ type: 'text', hasMedia: 'true' }, /Types with a file/],
    [{ type: 'image', hasMedia: 'false' }, /Types with a file/],
    [{ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }, /not before/],
    [{ cursor: newId(), after: newId() }, /one of them/],
    [{ after: '1' }, /previousCursor/],
    [{ contact: GROUP }, /Use `chat`/],
    [{ contact: 'nobody' }, /phone number/],
    [{ text: '!!!' }, /no letter/],
    [{ text: 'x'.repeat(201) }, /text/],
    [{ type: 'nothing' }, /type/],
  ] as [Record<string, string>, RegExp][])('%j is refused with what is wrong', async (query, sentence) => {
    const { status, body } = await list(query);
    expect([status, body.error]).toEqual([400, expect.stringMatching(sentence)]);
  });
});

describe('the export of messages (MR-035)', () => {
  const download = (query: Record<string, string>, as = user.token, path = '/api/messages/export') =>
    fixture.call('GET', `${path}?${new URLSearchParams(query)}`, { as });

  it('as CSV has a line for each message, and no formula', async () => {
    const chatJid = '6281444444444@s.whatsapp.net';
    const text = '=HYPERLINK("http://x.test";"a, b")\nline 2';
    await receive(fixture, session, { chatJid, senderName: '+cmd', text, waTimestamp: new Date(1_700_000_000_000) });
    const { status, headers, raw } = await download({ chat: chatJid });
    expect([status, headers['content-type'], headers['content-disposition']]).toEqual([
      200,
      'text/csv; charset=utf-8',
      'attachment; filename="messages.csv"',
    ]);
    const [row, ...more] = parse(raw, { columns: true });
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      sessionId: session.slug,
      timestamp: '2023-11-14T22:13:20.000Z',
      direction: 'inbound',
      chat: chatJid,
      chatPhoneNumber: `'+6281444444444`,
      fromName: `'+cmd`,
      text: `'${text}`,
      status: 'received',
    });
  });

  it('as NDJSON has the messages as the list shows them, by the same filters and for the same eyes', async () => {
    const { headers, raw } = await download({ format: 'ndjson', text: 'pesan' });
    expect(headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const lines = raw.toString().trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual((await list({ text: 'pesan' })).body.data.messages);
    const ofStranger = await download({ format: 'ndjson' }, stranger.token);
    expect(ofStranger.raw.toString().trim().split('\n')).toHaveLength(1);
    const ofSession = await download({ format: 'ndjson' }, session.key);
    expect(ofSession.raw.toString()).not.toContain(`"sessionId":"${other.slug}"`);
    expect((await download({}, stranger.token, `/api/sessions/${session.slug}/messages/export`)).status).toBe(404);
    expect((await download({ format: 'xml' })).status).toBe(400);
  });

  it('of many messages reads pages, and has each once', async () => {
    const many = await fixture.createSession(user);
    const first = firstIdAt(new Date('2026-01-01')).slice(0, -12);
    await fixture.database.pool.query(
      `INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_jid, from_me, kind, text, state)
       SELECT ($2 || lpad(n::text, 12, '0'))::uuid, $1, 'INBOUND', 'M' || n, $3, $3, false, 'text', 'text ' || n, 'RECEIVED'
       FROM generate_series(1, 1201) n`,
      [many.id, first, BOB],
    );
    const { raw } = await download({}, user.token, `/api/sessions/${many.slug}/messages/export`);
    const rows = parse(raw, { columns: true }) as { text: string }[];
    expect(rows.map(({ text }) => text)).toEqual(Array.from({ length: 1201 }, (_, n) => `text ${1201 - n}`));
  });
});

it('what is learnt of a person later is found at once, by its contact too (MR-035)', async () => {
  const [number, lid] = ['6281555555555@s.whatsapp.net', '444555666@lid'];
  ids.early = await receive(fixture, session, { chatJid: lid, text: 'dulu' });
  ids.late = await receive(fixture, session, { chatJid: number, text: 'sekarang' });
  await learnContacts(fixture.database.pool, [{ sessionId: session.id, jid: number, altJid: lid, at: new Date() }]);
  for (const chat of [number, lid]) expect(await found({ chat }), chat).toEqual(['late', 'early']);
});

describe('what was not sent (MR-035)', () => {
  it.each(['queued', 'sending', 'failed'] as const)('%s: only its rows of the outbox are read', async (status) => {
    const { pool } = fixture.database;
    const asked: string[] = [];
    const watched = {
      query: (statement: { name: string }) => {
        asked.push(statement.name);
        return pool.query(statement as never);
      },
    };
    const messages = createMessagesRepository(watched as never);
    const states = messageStatesOf(status);
    const search = { terms: readSearch('pesan')!, sessionIds: [session.id, other.id] };
    const { rows } = await pool.query<{ id: string }>('SELECT workspace_id AS id FROM sessions WHERE id = $1', [
      session.id,
    ]);
    const reach = { workspaceId: rows[0]!.id };
    await messages.list(reach, { states }, 50);
    await messages.list(reach, { states, search }, 50);
    await messages.count(reach, { states });
    expect(asked.filter((name) => name !== 'messages-by-ids')).toEqual([
      'list-unsent-messages',
      'search-unsent-desc',
      'count-unsent-messages',
    ]);
  });

  it('is found by its state, with words, in pages and counted, however many others have the word', async () => {
    ids.refused = await send(session, BOB, 'pesan yang gagal');
    await outcome('refused', 'FAILED');
    expect(await found({ status: 'failed' })).toEqual(['refused']);
    expect(await found({ status: 'failed', text: 'pesan' })).toEqual(['refused']);
    expect(await found({ status: 'failed', text: 'dikirim' })).toEqual([]);
    expect(await found({ state: 'failed', text: 'pesan', contact: BOB })).toEqual(['refused']);
    expect(await found({ status: 'failed', text: 'pesan', sessionId: other.slug })).toEqual([]);
    expect(await found({ status: 'queued' })).toEqual(['waits']);
    expect(await found({ status: 'failed', after: ids.sent! })).toEqual(['refused']);
    expect(await found({ status: 'failed', cursor: ids.refused })).toEqual([]);
    expect((await list({ status: 'failed', count: 'true' })).body.data.pagination.total).toBe(1);
    expect((await list({ status: 'failed', text: 'pesan', count: 'true' })).body.data.pagination.total).toBe(1);

    ids.later = await send(session, BOB, 'pesan untuk besok');
    await fixture.database.pool.query(
      `UPDATE outbox SET state = 'HELD', not_before = now() + interval '1 day' WHERE message_id = $1`,
      [ids.later],
    );
    expect(await found({ status: 'queued', text: 'pesan' })).toEqual(['later', 'waits']);
    expect(await found({ state: 'scheduled', text: 'pesan' })).toEqual(['later']);
    await fixture.call('POST', `/api/messages/${ids.later}/cancel`, { as: user.token });
    expect(await found({ status: 'failed', text: 'pesan' })).toEqual(['later', 'refused']);
    expect(await found({ state: 'cancelled', text: 'pesan' })).toEqual(['later']);
  });
});
