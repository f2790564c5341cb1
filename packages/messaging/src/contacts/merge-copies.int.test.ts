import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyChanges, type InboundChange } from '../inbound/changes.ts';
import { type InboundMessage, storeInbound } from '../inbound/inbound.ts';
import { findViolations } from '../invariants/invariants.ts';
import { recordOutcomes } from '../outbox/outcomes.ts';
import type { ContactFact } from './contact-fact.ts';
import { eraseContact } from './erase.ts';
import { learnContacts } from './learn.ts';
import { findCopiesOfMessages } from './merge-copies.ts';
import { publishContactMerges } from './merges.ts';

const NUMBER = '15550001@s.whatsapp.net';
const SPELLING = '15559991@s.whatsapp.net';
const LID = '200001@lid';
const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);

let database: TestDatabase;
let session: SeededSession;
let owner: Ownership;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  await query("INSERT INTO session_keys (session_id, kind, key_id, value) VALUES ($1, 'creds', 'creds', 'x')", [
    session.sessionId,
  ]);
  owner = { sessionId: session.sessionId, epoch: (await placeSession(database.pool, session.sessionId))!.epoch };
});

const query = async <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []) =>
  (await database.pool.query<T>(text, values)).rows;
const learn = (...facts: Omit<ContactFact, 'sessionId' | 'at'>[]) =>
  learnContacts(
    database.pool,
    facts.map((fact) => ({ sessionId: owner.sessionId, at: new Date(), ...fact })),
  );
const publish = () => publishContactMerges(database.pool, [owner]);

/** The same message under one name of its chat. @returns our id of it */
async function arrive(waMessageId: string, chatJid: string, more: Partial<InboundMessage> = {}): Promise<string> {
  const id = newId();
  await learn({ jid: chatJid });
  const message = { ...owner, id, waMessageId, chatJid, fromJid: chatJid, fromMe: false, waTimestamp: at(0) };
  await storeInbound(database.pool, [{ ...message, type: 'text', text: 'hello', ...more }]);
  return id;
}
const unreadable = { type: 'unknown', text: undefined, isStub: true } as const;

let changes = 0;
async function change(chatJid: string, target: string, more: Partial<InboundChange>): Promise<void> {
  const named = { ...owner, id: newId(), waMessageId: `C${++changes}`, chatJid, fromJid: chatJid };
  const common = { fromMe: false, byAdmin: false, target: { waMessageId: target, fromMe: false } };
  await applyChanges(database.pool, [{ ...named, ...common, kind: 'reaction', data: {}, waTimestamp: at(1), ...more }]);
}

const messages = () =>
  query<{ id: string }>(
    `SELECT id, chat_jid AS chat, chat_alt_jid AS alt, text, is_stub AS "isStub", state, edited_at AS "editedAt",
      revoked_at AS "revokedAt", delivered_at AS "deliveredAt" FROM messages WHERE session_id = $1 ORDER BY id`,
    [owner.sessionId],
  );
const aliases = () =>
  query(
    'SELECT a.id, a.message_id AS of FROM message_aliases a JOIN messages m ON m.id = a.message_id WHERE m.session_id = $1 ORDER BY a.id',
    [owner.sessionId],
  );
const current = (messageId: string) =>
  query('SELECT kind, data FROM message_changes WHERE message_id = $1 AND is_current ORDER BY id', [messageId]);

describe('a message that came under two names before these were known to be one person (MR-136)', () => {
  it('becomes one: the older id stays, the other one still finds it, and the event says so, once', async () => {
    const older = await arrive('A1', NUMBER, { senderName: undefined });
    const younger = await arrive('A1', LID, { senderName: 'Ann' });
    await arrive('A2', LID);
    await learn({ jid: NUMBER, altJid: LID });
    const { events } = await publish();
    expect(events).toMatchObject([
      { type: 'contact.merged', data: { mergedMessages: [{ messageId: older, mergedMessageIds: [younger] }] } },
    ]);
    expect(await messages()).toMatchObject([{ id: older, chat: NUMBER, alt: LID, text: 'hello' }, { chat: LID }]);
    expect(await aliases()).toEqual([{ id: younger, of: older }]);
    expect((await publish()).events).toEqual([]);
    // A further copy under either name is known, and told by nothing.
    await arrive('A1', LID);
    await arrive('A1', NUMBER);
    expect(await messages()).toHaveLength(2);
    expect(await findViolations(database.pool)).toEqual([]);
  });

  it('of two of which one could not be read, the readable one stays', async () => {
    const stub = await arrive('A1', NUMBER, unreadable);
    const readable = await arrive('A1', LID);
    await learn({ jid: NUMBER, altJid: LID });
    await publish();
    expect(await messages()).toMatchObject([{ id: readable, text: 'hello', isStub: false }]);
    expect(await aliases()).toEqual([{ id: stub, of: readable }]);
  });

  it('keeps what was done to each: the latest edit, the latest reaction, the history', async () => {
    const older = await arrive('A1', NUMBER);
    await arrive('A1', LID);
    await change(NUMBER, 'A1', { data: { emoji: '👍' }, waTimestamp: at(1) });
    await change(LID, 'A1', { kind: 'edit', data: { type: 'text', text: 'hello again' }, waTimestamp: at(2) });
    await learn({ jid: NUMBER, altJid: LID });
    await publish();
    await change(LID, 'A1', { data: { emoji: '❤️' }, waTimestamp: at(3) });
    expect(await messages()).toMatchObject([{ id: older, text: 'hello again', editedAt: at(2) }]);
    expect(await current(older)).toEqual([
      { kind: 'edit', data: { type: 'text', text: 'hello again' } },
      { kind: 'reaction', data: { emoji: '❤️' } },
    ]);
    expect(await findViolations(database.pool)).toEqual([]);
  });

  it('two reactions of the person to two rows are one: the later', async () => {
    const older = await arrive('A1', NUMBER);
    const other = await arrive('A1', LID);
    const react = (id: string, emoji: string, seconds: number) =>
      query(
        `INSERT INTO message_changes (id, session_id, message_id, kind, wa_message_id, target_wa_message_id, target_from_me, chat_jid,
           from_jid, from_me, data, is_current, wa_timestamp)
         SELECT $1, session_id, id, 'reaction', $2, wa_message_id, false, chat_jid, from_jid, false, $3, true, $4 FROM messages WHERE id = $5`,
        [newId(), `R${++changes}`, { emoji }, at(seconds), id],
      );
    await react(older, '❤️', 9);
    await react(other, '👍', 5);
    await learn({ jid: NUMBER, altJid: LID });
    await publish();
    expect(await current(older)).toEqual([{ kind: 'reaction', data: { emoji: '❤️' } }]);
  });

  it('is deleted when one of them was', async () => {
    await arrive('A1', NUMBER);
    await arrive('A1', LID);
    await change(LID, 'A1', { kind: 'revoke', waTimestamp: at(5) });
    await learn({ jid: NUMBER, altJid: LID });
    await publish();
    expect(await messages()).toMatchObject([{ text: null, revokedAt: at(5) }]);
  });

  it('typed on the phone: it is as far as the receipts of either say, and gets the further ones', async () => {
    const typed = { fromMe: true, fromJid: '99@lid' };
    const older = await arrive('A1', NUMBER, typed);
    await arrive('A1', LID, typed);
    const receipt = (state: 'DELIVERED' | 'READ', seconds: number) =>
      recordOutcomes(database.pool, [{ ...owner, waMessageId: 'A1', state, at: at(seconds) }]);
    await receipt('DELIVERED', 3);
    await learn({ jid: NUMBER, altJid: LID });
    await publish();
    expect(await messages()).toMatchObject([{ id: older, state: 'DELIVERED', deliveredAt: at(3) }]);
    await receipt('READ', 4);
    expect(await messages()).toMatchObject([{ id: older, state: 'READ' }]);
  });

  it('its files stay, whichever of the two they came with', async () => {
    const older = await arrive('A1', NUMBER);
    const younger = await arrive('A1', LID);
    const files = [older, younger].map((messageId) => ({ id: newId(), messageId }));
    for (const { id, messageId } of files)
      await query(
        `INSERT INTO media (id, workspace_id, session_id, message_id, direction, status) VALUES ($1, $2, $3, $4, 'inbound', 'pending')`,
        [id, session.workspaceId, owner.sessionId, messageId],
      );
    await learn({ jid: NUMBER, altJid: LID });
    await publish();
    const found = await query('SELECT id, message_id AS "messageId" FROM media WHERE workspace_id = $1 ORDER BY id', [
      session.workspaceId,
    ]);
    expect(found).toEqual(files.map(({ id }) => ({ id, messageId: older })));
  });

  it('three names, learnt one by one: one message, and both other ids find it', async () => {
    const bySpelling = await arrive('A1', SPELLING);
    const byNumber = await arrive('A1', NUMBER);
    const byLid = await arrive('A1', LID);
    await learn({ jid: NUMBER, altJid: LID });
    await publish();
    expect(await aliases()).toEqual([{ id: byLid, of: byNumber }]);
    await learn({ jid: NUMBER, spellings: [SPELLING] });
    await publish();
    expect((await messages()).map(({ id }) => id)).toEqual([bySpelling]);
    expect(await aliases()).toEqual([
      { id: byNumber, of: bySpelling },
      { id: byLid, of: bySpelling },
    ]);
    for (const chat of [NUMBER, LID, SPELLING]) await arrive('A1', chat);
    expect(await messages()).toHaveLength(1);
    expect(await findViolations(database.pool)).toEqual([]);
  });

  it('all three at once, though several changes of the contact wait to be told', async () => {
    const bySpelling = await arrive('A1', SPELLING);
    await arrive('A1', NUMBER);
    await arrive('A1', LID);
    await learn({ jid: NUMBER, altJid: LID });
    await learn({ jid: NUMBER, spellings: [SPELLING] });
    const { events } = await publish();
    expect(events).toHaveLength(2);
    expect((await messages()).map(({ id }) => id)).toEqual([bySpelling]);
    expect(await aliases()).toHaveLength(2);
  });

  it('a stale owner merges nothing and tells nothing; the next one does both (I2)', async () => {
    await arrive('A1', NUMBER);
    await arrive('A1', LID);
    await learn({ jid: NUMBER, altJid: LID });
    const stale = await publishContactMerges(database.pool, [{ ...owner, epoch: owner.epoch - 1 }]);
    expect(stale).toMatchObject({ events: [], stale: [owner.sessionId] });
    expect(await messages()).toHaveLength(2);
    expect((await publish()).events).toHaveLength(1);
    expect(await messages()).toHaveLength(1);
  });

  it('of different people with the same id nothing is merged, nor in another session', async () => {
    await arrive('A1', NUMBER);
    await arrive('A1', '15550002@s.whatsapp.net');
    const other = await seedSession(database.pool, { state: 'CONNECTED' });
    await query('UPDATE sessions SET workspace_id = $1 WHERE id = $2', [session.workspaceId, other.sessionId]);
    await learn({ jid: LID });
    await learn({ jid: NUMBER, altJid: LID });
    const { copies } = await findCopiesOfMessages(database.pool, [owner.sessionId, other.sessionId], 500);
    expect(copies).toEqual([]);
    await publish();
    expect(await messages()).toHaveLength(2);
  });

  it('is erased with its contact, and so is what events say of it under the other id', async () => {
    await arrive('A1', NUMBER, { text: 'a secret' });
    const younger = await arrive('A1', LID, { text: 'a secret' });
    await learn({ jid: NUMBER, altJid: LID });
    await publish();
    const [contact] = await query<{ id: string }>(
      'SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into IS NULL',
      [session.workspaceId],
    );
    const erased = { workspaceId: session.workspaceId, contactId: contact!.id, jids: [NUMBER, LID] };
    expect(await eraseContact(database.pool, erased, { messages: true })).toBe(1);
    const events = await query('SELECT data FROM events WHERE session_id = $1', [owner.sessionId]);
    expect(JSON.stringify(events)).not.toContain('a secret');
    expect(await query('SELECT 1 FROM message_keys WHERE session_id = $1', [owner.sessionId])).toEqual([]);
    expect(await query('SELECT 1 FROM message_aliases WHERE id = $1', [younger])).toEqual([]);
  });
});
