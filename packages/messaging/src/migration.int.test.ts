/**
 * The migration `message_storage` over a database that the version before has filled, and that version going on beside
 * the new one: with the statements that its processes have prepared before.
 */
import { placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { MESSAGE_TYPES, type MessageTypeName } from '@wa-gate/contracts';
import { assertMasterKey, readRecordForm } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import {
  createTestDatabase,
  migrateFrom,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaseWebhooks, readUndelivered, writeDeliveries } from './deliveries/deliveries.ts';
import { type InboundMessage, storeInbound } from './inbound/inbound.ts';
import { findViolations } from './invariants/invariants.ts';
import { acceptMessage } from './outbox/accept.ts';
import { claimOutbox } from './outbox/outbox.ts';
import { recordOutcomes } from './outbox/outcomes.ts';
import { newWaMessageId } from './outbox/wa-message-id.ts';
import { eraseAll } from './testing/erase-all.ts';
import { hasPreviousType, PreviousVersion } from './testing/previous-version.ts';

const MIGRATION = '20261129020000_message_storage';
const CHAT = '15550001@s.whatsapp.net';
const MASTER_KEY = Buffer.alloc(32, 1);
const TABLES = [
  'messages',
  'outbox',
  'events',
  'webhook_deliveries',
  'webhooks',
  'idempotency_keys',
  'inbound_journal',
];

let database: TestDatabase;
let previous: PreviousVersion;
let session: SeededSession;
let owner: { sessionId: string; epoch: number };
let webhookId: string;
let before: Record<string, Record<string, unknown>[]>;
let accepted: Awaited<ReturnType<PreviousVersion['accept']>>;

const query = async <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []) =>
  (await database.pool.query<T>(text, values)).rows;
const contents = async (table: string) =>
  (await query<{ row: Record<string, unknown> }>(`SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY t::text`)).map(
    ({ row }) => row,
  );

async function newSession(): Promise<{ session: SeededSession; owner: typeof owner; webhookId: string }> {
  const made = await seedSession(database.pool, { state: 'CONNECTED' });
  const placed = await placeSession(database.pool, made.sessionId);
  const id = newId();
  await query(`INSERT INTO webhooks (id, session_id, url, events, secret) VALUES ($1, $2, 'http://x', '{*}', 'x')`, [
    id,
    made.sessionId,
  ]);
  await query(`INSERT INTO session_keys VALUES ($1, 'creds', 'creds', 'x')`, [made.sessionId]);
  return { session: made, owner: { sessionId: made.sessionId, epoch: placed!.epoch }, webhookId: id };
}

beforeAll(async () => {
  database = await createTestDatabase({ before: MIGRATION });
  previous = new PreviousVersion(database.url);
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
  ({ session, owner, webhookId } = await newSession());

  await assertMasterKey(database.pool, [MASTER_KEY]);
  // Of everything that the migration touches something, made by the version before.
  accepted = await previous.accept(session.sessionId, 'sent before');
  await previous.accept(session.sessionId, 'claimed before', 'k1');
  await previous.claim(owner);
  await previous.outcome(owner, accepted.waMessageId, 'DELIVERED', Buffer.from('bytes'));
  await previous.accept(session.sessionId, 'queued before');
  for (const type of MESSAGE_TYPES) {
    await previous.receive(owner, { waMessageId: `IN-${type}`, kind: type, content: { of: type } });
    // The version before the previous one knew no kind.
    await previous.receive(owner, { waMessageId: `OLD-${type}`, kind: type });
  }
  await query(`UPDATE messages SET kind = NULL WHERE wa_message_id LIKE 'OLD-%'`);
  await previous.receive(owner, { waMessageId: 'OWN', fromMe: true });
  await previous.receive(owner, { waMessageId: 'STUB', kind: 'unknown', text: null, isStub: true });
  // A placeholder that the version before the previous one has filled in.
  await previous.receive(owner, { waMessageId: 'FILLED', kind: 'image' });
  await query(`UPDATE messages SET kind = 'unknown' WHERE wa_message_id = 'FILLED'`);
  await query(`INSERT INTO inbound_journal (session_id, hash, stanza_id, enc_index, enc_count, stanza, plaintext)
    VALUES ('${session.sessionId}', 'h', 's', 0, 1, 'stanza', 'plaintext')`);
  const [leased] = await previous.lease(newId());
  expect(leased).toMatchObject({ webhookId, sessionId: session.sessionId });
  await query(`UPDATE webhooks SET leased_until = NULL`);
  // Prepared on the connection before the migration; their columns must not change under them.
  await previous.list(session.workspaceId);
  await previous.run('find-message', [accepted.messageId, true, null, null]);
  await previous.run('analytics-messages', [accepted.messageId, newId()]);
  await previous.run('timeline-events', [accepted.messageId]);
  await previous.run('timeline-queue', [accepted.messageId]);
  await previous.deliver(owner, webhookId, { leasedBy: newId(), seq: 1 });

  before = Object.fromEntries(await Promise.all(TABLES.map(async (table) => [table, await contents(table)] as const)));
  await migrateFrom(database.pool, MIGRATION);
});

afterAll(async () => {
  await previous?.pool.end();
  await database?.drop();
});

describe('the migration', () => {
  it.each(TABLES)('leaves every row of %s as it was', async (table) => {
    expect(before[table]!.length).toBeGreaterThan(0);
    const after = (await contents(table)).map((row) => asBefore(table, row));
    const asTexts = (rows: object[]) => new Set(rows.map((row) => JSON.stringify(row)));
    expect(after).toHaveLength(before[table]!.length);
    expect(asTexts(after)).toEqual(asTexts(before[table]!));
  });
  /** New columns that were filled in, or have a default. */
  const FILLED: Readonly<Record<string, readonly string[]>> = {
    webhooks: ['endpoint_id', 'workspace_id', 'source_session_id', 'type', 'failed_probes', 'ordering'],
    webhook_deliveries: ['refusals'],
    messages: ['is_history'],
  };
  /** New columns are empty in rows of the version before, except for kinds that were filled in. */
  const asBefore = (table: string, row: Record<string, unknown>) => {
    if (table === 'messages' && String(row.wa_message_id).startsWith('OLD-')) row.kind = null;
    if (table === 'messages' && row.wa_message_id === 'FILLED') row.kind = 'unknown';
    return Object.fromEntries(
      Object.entries(row).filter(([column, value]) => {
        const isNew = !(column in before[table]![0]!);
        if (isNew && FILLED[table]?.includes(column)) expect(value, column).not.toBeNull();
        else if (isNew) expect(value, column).toBeNull();
        return !isNew;
      }),
    );
  };

  it('knows every message by its WhatsApp id, and breaks no invariant (I8)', async () => {
    expect(
      await query('SELECT session_id, chat_jid, from_me, wa_message_id, message_id FROM message_keys ORDER BY 5'),
    ).toEqual(
      await query('SELECT session_id, chat_jid, from_me, wa_message_id, id AS message_id FROM messages ORDER BY 5'),
    );
    expect(await findViolations(database.pool)).toEqual([]);
  });

  it.each(['IN', 'OLD'])('every message says what it is, without its old type (%s)', async (prefix) => {
    const rows = await query<{ kind: string }>('SELECT kind FROM messages WHERE wa_message_id LIKE $1 ORDER BY id', [
      `${prefix}-%`,
    ]);
    // A type that came later has no old one.
    const known = (type: string) => (prefix === 'IN' || hasPreviousType(type) ? type : 'unknown');
    expect(rows.map(({ kind }) => kind)).toEqual(MESSAGE_TYPES.map(known));
    expect(await query(`SELECT kind FROM messages WHERE wa_message_id = 'FILLED'`)).toEqual([{ kind: 'image' }]);
  });

  it('session records stay as the version before reads them; an installation that begins now splits them', async () => {
    expect(await readRecordForm(database.pool)).toBe('json');
    await query('DELETE FROM installation');
    await assertMasterKey(database.pool, [MASTER_KEY]);
    expect(await readRecordForm(database.pool)).toBe('split');
  });

  it('leaves nothing of itself', async () => {
    expect(await query(`SELECT proname FROM pg_proc WHERE proname IN ('fill_kinds', 'lock_tables')`)).toEqual([]);
    const unchecked = `SELECT conname FROM pg_constraint WHERE NOT convalidated OR conname = 'messages_kind_is_there'`;
    expect(await query(unchecked)).toEqual([]);
  });
});

describe('the version before, on connections from before', () => {
  it('answers with the same columns, and has no statement refused', async () => {
    const found = await previous.run('find-message', [accepted.messageId, true, null, null]);
    expect(found).toMatchObject([{ type: 'text', text: 'sent before', state: 'DELIVERED', metadata: { order: 7 } }]);
    expect(await previous.run('analytics-messages', [accepted.messageId, newId()])).not.toEqual([]);
    expect(await previous.run('timeline-events', [accepted.messageId])).toHaveLength(2);
    expect(await previous.run('timeline-queue', [accepted.messageId])).toMatchObject([{ state: 'SENT' }]);
    expect(await previous.run('count-messages', [session.workspaceId, ...Array(6).fill(null)])).toEqual([
      { total: 6 + 2 * MESSAGE_TYPES.length },
    ]);
  });

  it('accepts what the new one sends, and sends what the new one accepted (I8)', async () => {
    const { session: other, owner: its } = await newSession();
    const old = await previous.accept(other.sessionId, 'accepted by the old one', 'k2');
    expect(await acceptance(other.sessionId, 'accepted by the new one')).toEqual({ outcome: 'accepted' });
    expect(await keysOf(other.sessionId)).toBe(2);
    expect(await previous.accept(other.sessionId, 'accepted by the old one', 'k2')).toMatchObject({
      messageIds: [old.messageId],
    });

    const [first] = await claimOutbox(database.pool, [its], 1);
    expect(first).toMatchObject({ messageId: old.messageId, request: { type: 'text' } });
    const [second] = await previous.claim(its);
    expect(second).toMatchObject({ request: { text: 'accepted by the new one' } });
    await previous.outcome(its, first!.waMessageId, 'SENT', Buffer.from('old'));
    const { rows } = await database.pool.query<{ id: string }>(
      'SELECT wa_message_id AS id FROM messages WHERE id = $1',
      [second!.messageId],
    );
    await recordOutcomes(database.pool, [{ ...its, waMessageId: rows[0]!.id, state: 'SENT', at: new Date() }]);
    expect((await previous.list(other.workspaceId)).map(({ type, state }) => [type, state])).toEqual([
      ['text', 'SENT'],
      ['text', 'SENT'],
    ]);
    expect(await kindsOf(other.sessionId)).toEqual(['text', 'text']);
  });

  it('answers a phone that asks again for what the new one has sent: its bytes follow from the request (I8)', async () => {
    const { session: other, owner: its } = await newSession();
    await acceptance(other.sessionId, 'sent by the new one');
    const [item] = await claimOutbox(database.pool, [its], 1);
    const wireAt = new Date(1_700_000_000_000);
    const sent = { ...its, waMessageId: item!.waMessageId, state: 'SENT' as const, at: new Date(), wireAt };
    await recordOutcomes(database.pool, [sent]);
    expect(await previous.run('outbox-payload', [other.sessionId, item!.waMessageId])).toMatchObject([
      { payload: null, request: { type: 'text', text: 'sent by the new one' } },
    ]);
    // And it goes on with the receipts of a message that the new one has sent.
    const [{ moved }] = (await previous.outcome(its, item!.waMessageId, 'READ')) as [{ moved: unknown[] }];
    expect(moved).toEqual([{ sessionId: other.sessionId, messageId: item!.messageId, state: 'READ' }]);
  });

  it('begins no chat under a time-lock, and goes on with those that have begun', async () => {
    const { session: other, owner: its } = await newSession();
    await query(`UPDATE sessions SET reachout_locked_until = now() + interval '1 hour' WHERE id = $1`, [
      other.sessionId,
    ]);
    expect(await previous.accept(other.sessionId, 'new chat')).toMatchObject({ outcome: 'time-locked' });
    expect(await acceptance(other.sessionId, 'new chat')).toMatchObject({ outcome: 'time-locked' });
    await previous.receive(its, { waMessageId: 'FIRST' });
    expect(await previous.accept(other.sessionId, 'begun')).toMatchObject({ outcome: 'accepted' });
    expect(await acceptance(other.sessionId, 'begun')).toEqual({ outcome: 'accepted' });
  });

  it('stores no copy of what the new one has stored, and the other way round (I8)', async () => {
    const { owner: its } = await newSession();
    await previous.receive(its, { waMessageId: 'OLD', kind: 'image' });
    await storeInbound(database.pool, [inbound(its, 'NEW', { type: 'image' })]);
    expect(await previous.receive(its, { waMessageId: 'NEW' })).toEqual({ stored: [], told: [] });
    expect(await storeInbound(database.pool, [inbound(its, 'OLD')])).toMatchObject({ stored: [], events: [] });
    // A message from before the migration, too.
    expect(await storeInbound(database.pool, [inbound(owner, 'IN-text')])).toMatchObject({ stored: [], events: [] });
    expect(await kindsOf(its.sessionId)).toEqual(['image', 'image']);
  });

  it('fills in what the new one could not read, and the other way round (I5)', async () => {
    const { owner: its } = await newSession();
    const unread = await storeInbound(database.pool, [inbound(its, 'A', { type: 'unknown', isStub: true })]);
    const old = newId();
    await previous.receive(its, { id: old, waMessageId: 'B', kind: 'unknown', text: null, isStub: true });
    expect(await previous.receive(its, { waMessageId: 'A', kind: 'image' })).toEqual({
      stored: unread.stored,
      told: ['message.recovered'],
    });
    expect(await storeInbound(database.pool, [inbound(its, 'B')])).toMatchObject({
      stored: [old],
      events: [{ type: 'message.recovered', data: { messageId: old } }],
    });
    expect(await kindsOf(its.sessionId)).toEqual(['image', 'text']);
    // And a placeholder from before the migration.
    expect(await storeInbound(database.pool, [inbound(owner, 'STUB')])).toMatchObject({
      events: [{ type: 'message.recovered' }],
    });
  });

  it('shows what the new one has stored by its kind', async () => {
    const { session: other, owner: its } = await newSession();
    await storeInbound(database.pool, [inbound(its, 'LATER', { type: 'invented later' as MessageTypeName })]);
    await storeInbound(database.pool, [inbound(its, 'UNREAD', { type: 'unknown', isStub: true })]);
    expect((await previous.list(other.workspaceId)).map(({ type }) => type)).toEqual(['unknown', 'invented later']);
    expect(await kindsOf(its.sessionId)).toEqual(['invented later', 'unknown']);
  });

  it('delivers events of the new one, and the other way round', async () => {
    const { owner: its, webhookId: hook } = await newSession();
    await storeInbound(database.pool, [inbound(its, 'A'), inbound(its, 'B')]);
    const leasedBy = newId();
    await previous.lease(leasedBy);
    expect((await previous.due(hook)).map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'message.received'],
      [2, 'message.received'],
    ]);
    expect(await previous.deliver(its, hook, { leasedBy, seq: 1 })).toEqual([{ id: hook, isActive: true }]);
    await query('UPDATE webhooks SET leased_until = NULL WHERE id = $1', [hook]);
    await previous.receive(its, { waMessageId: 'C' });
    const [leased] = await leaseWebhooks(database.pool, { leasedBy: newId(), limit: 1, webhookIds: [hook] });
    const found = await readUndelivered(database.pool, [{ ...leased!, after: leased!.cursor }], 10);
    expect(found.get(hook)!.due.map(({ seq }) => seq)).toEqual([2, 3]);
    const result = {
      ...its,
      webhookId: hook,
      status: 'DELIVERED' as const,
      isAttempt: true,
      refusals: 0,
      ageMs: 0,
      durationMs: 1,
    };
    await writeDeliveries(database.pool, [], [{ ...result, seq: 3 }]);
    expect(await previous.due(hook)).toMatchObject([{ seq: 2 }]);
  });
});

describe('what there is room for now', () => {
  it('names, outbox and events go with their messages and sessions, without a foreign key', async () => {
    const { owner: its } = await newSession();
    const { owner: other } = await newSession();
    for (const one of [its, other]) {
      await storeInbound(database.pool, [inbound(one, 'A')]);
      await previous.receive(one, { waMessageId: 'B' });
      await acceptance(one.sessionId, 'C');
      await previous.accept(one.sessionId, 'D');
    }
    const counts = async (sessionId: string) =>
      await Promise.all(
        ['messages', 'message_keys', 'outbox', 'events'].map(
          async (table) => (await query(`SELECT 1 FROM ${table} WHERE session_id = $1`, [sessionId])).length,
        ),
      );
    expect(await counts(its.sessionId)).toEqual([4, 4, 2, 2]);
    await query(`DELETE FROM messages WHERE session_id = $1 AND text = 'C'`, [its.sessionId]);
    expect(await counts(its.sessionId)).toEqual([3, 3, 1, 2]);
    await query('DELETE FROM sessions WHERE id = $1', [its.sessionId]);
    await eraseAll(database.pool);
    expect(await counts(its.sessionId)).toEqual([0, 0, 0, 0]);
    expect(await counts(other.sessionId)).toEqual([4, 4, 2, 2]);
  });
});

const inbound = (its: typeof owner, waMessageId: string, more: Partial<InboundMessage> = {}): InboundMessage => ({
  ...its,
  id: newId(),
  waMessageId,
  chatJid: CHAT,
  fromJid: CHAT,
  fromMe: false,
  type: 'text',
  text: 'hello',
  waTimestamp: new Date(1_700_000_000_000),
  ...more,
});

const acceptance = (sessionId: string, text: string) =>
  acceptMessage(database.pool, {
    messageId: newId(),
    waMessageId: newWaMessageId(),
    sessionId,
    chatJid: CHAT,
    request: { type: 'text', text },
  });

const keysOf = async (sessionId: string) =>
  (await query<{ count: number }>('SELECT count(*) FROM message_keys WHERE session_id = $1', [sessionId]))[0]!.count;
const kindsOf = async (sessionId: string) =>
  (await query<{ kind: string }>('SELECT kind FROM messages WHERE session_id = $1 ORDER BY id', [sessionId])).map(
    ({ kind }) => kind,
  );
