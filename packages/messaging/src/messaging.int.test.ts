import { placeSession, registerWorker, releaseSession, scaleTiming } from '@wa-gate/cluster';
import { EVENTS } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  waitFor,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storeInbound } from './inbound/inbound.ts';
import { acceptMessage } from './outbox/accept.ts';
import { beginAttempt, claimOutbox, inspectOutbox, returnOutbox } from './outbox/outbox.ts';
import { recordOutcomes } from './outbox/outcomes.ts';
import { newWaMessageId } from './outbox/wa-message-id.ts';
import { updateSessionState } from './sessions/session-state.ts';
import { eraseAll } from './testing/erase-all.ts';

/** The lease of the one worker, which nobody renews, outlasts the file. */
const LASTING = scaleTiming(60);

let database: TestDatabase;
let session: SeededSession;
let owner: { sessionId: string; epoch: number };

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), LASTING);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  const placed = await placeSession(database.pool, session.sessionId);
  owner = { sessionId: session.sessionId, epoch: placed!.epoch };
});

async function accept(text = 'hello', changes: { chatJid?: string; failIfUncertain?: boolean } = {}) {
  const message = { messageId: newId(), waMessageId: newWaMessageId() };
  const acceptance = await acceptMessage(database.pool, {
    ...message,
    sessionId: session.sessionId,
    chatJid: '15550001@s.whatsapp.net',
    request: { type: 'text', text },
    ...changes,
  });
  expect(acceptance).toEqual({ outcome: 'accepted' });
  return message;
}

const stale = () => ({ ...owner, epoch: owner.epoch - 1 });
const events = async () =>
  (
    await database.pool.query<{ seq: number; type: string }>(
      'SELECT seq, type FROM events WHERE session_id = $1 ORDER BY seq',
      [session.sessionId],
    )
  ).rows.map((row) => `${row.seq} ${row.type}`);

async function subscribe(types: string[]): Promise<string> {
  const id = newId();
  await database.pool.query('INSERT INTO webhooks (id, session_id, url, events, secret) VALUES ($1, $2, $3, $4, $5)', [
    id,
    session.sessionId,
    'http://127.0.0.1/hook',
    types,
    Buffer.alloc(1),
  ]);
  return id;
}

describe('the outbox', () => {
  it('gives rows to the owner in the order they were accepted, each once', async () => {
    const accepted = [await accept('one'), await accept('two'), await accept('three')];
    const first = await claimOutbox(database.pool, [owner], 2);
    const second = await claimOutbox(database.pool, [owner], 2);
    expect([...first, ...second].map((item) => item.messageId)).toEqual(accepted.map((message) => message.messageId));
    expect(first[0]).toMatchObject({ request: { type: 'text', text: 'one' }, attempts: 1, payload: null });
    expect(await claimOutbox(database.pool, [owner], 2)).toEqual([]);
  });

  it('gives nothing to a stale owner (I2)', async () => {
    await accept();
    expect(await claimOutbox(database.pool, [stale()], 5)).toEqual([]);
    expect(await claimOutbox(database.pool, [owner], 5)).toHaveLength(1);
  });

  it('gives rows that an earlier epoch left in sending to the next owner, under the same id (I8)', async () => {
    const accepted = await accept();
    await claimOutbox(database.pool, [owner], 5);
    await releaseSession(database.pool, session.sessionId, 'test');
    const next = await placeSession(database.pool, session.sessionId);
    const [again] = await claimOutbox(database.pool, [{ sessionId: session.sessionId, epoch: next!.epoch }], 5);
    expect(again).toMatchObject({ messageId: accepted.messageId, waMessageId: accepted.waMessageId, attempts: 2 });
  });

  it('does not take back what a receipt settles while the claim waits for it (I8)', async () => {
    const { messageId, waMessageId } = await accept();
    await claimOutbox(database.pool, [owner], 5);
    await releaseSession(database.pool, session.sessionId, 'test');
    const next = { sessionId: session.sessionId, epoch: (await placeSession(database.pool, session.sessionId))!.epoch };
    const settling = await database.pool.connect();
    await settling.query('BEGIN');
    await recordOutcomes(settling, [{ ...next, waMessageId, state: 'DELIVERED', at: new Date() }]);
    const claiming = claimOutbox(database.pool, [next], 5);
    await waitFor(async () => {
      const waiting = await database.pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return waiting.rowCount === 1;
    });
    await settling.query('COMMIT');
    settling.release();
    expect(await claiming).toEqual([]);
    const { rows } = await database.pool.query('SELECT state, attempts FROM outbox WHERE message_id = $1', [messageId]);
    expect(rows).toEqual([{ state: 'SENT', attempts: 1 }]);
  });

  it('gives returned rows again at once, in their old place', async () => {
    const accepted = [await accept(), await accept()];
    await claimOutbox(database.pool, [owner], 1);
    await returnOutbox(database.pool, owner, [{ messageId: accepted[0]!.messageId, attempted: true }]);
    const again = await claimOutbox(database.pool, [owner], 5);
    expect(again.map(({ messageId }) => messageId)).toEqual(accepted.map(({ messageId }) => messageId));
  });

  it('notes every attempt: when, who, under which epoch', async () => {
    const { messageId } = await accept();
    await claimOutbox(database.pool, [owner], 5);
    await returnOutbox(database.pool, owner, [{ messageId, attempted: true }]);
    await claimOutbox(database.pool, [owner], 5);
    const { rows } = await database.pool.query('SELECT attempt_log FROM outbox WHERE message_id = $1', [messageId]);
    const attempt = { at: expect.stringMatching(/^\d{4}-/), epoch: owner.epoch, worker: 'worker-1' };
    expect(rows).toEqual([{ attempt_log: [attempt, attempt] }]);
  });

  it('does not count a claim of which no attempt was made', async () => {
    const { messageId } = await accept();
    await claimOutbox(database.pool, [owner], 5);
    await returnOutbox(database.pool, owner, [{ messageId, attempted: false }]);
    const { rows } = await database.pool.query('SELECT attempts, attempt_log FROM outbox WHERE message_id = $1', [
      messageId,
    ]);
    expect(rows).toEqual([{ attempts: 0, attempt_log: [] }]);
  });

  it('remembers the first of very many attempts, and the latest', async () => {
    const { messageId } = await accept();
    await database.pool.query(
      `UPDATE outbox SET attempts = 50, attempt_log = (SELECT jsonb_agg(jsonb_build_object('epoch', n)) FROM generate_series(1, 50) n)
       WHERE message_id = $1`,
      [messageId],
    );
    await claimOutbox(database.pool, [owner], 5);
    const { rows } = await database.pool.query<{ epochs: number[] }>(
      `SELECT jsonb_path_query_array(attempt_log, '$[*].epoch') AS epochs FROM outbox WHERE message_id = $1`,
      [messageId],
    );
    expect(rows[0]!.epochs).toHaveLength(50);
    expect([rows[0]!.epochs[0], rows[0]!.epochs[1], rows[0]!.epochs.at(-1)]).toEqual([1, 3, owner.epoch]);
  });
});

/** Another owner of the session: the next epoch. */
async function takeOver() {
  await releaseSession(database.pool, session.sessionId, 'test');
  const placed = await placeSession(database.pool, session.sessionId);
  return { sessionId: session.sessionId, epoch: placed!.epoch };
}

describe('a message that must not go out twice (onUncertain: "fail")', () => {
  it('is not claimed from an owner that had begun with it, but shown as uncertain; the others are claimed (I8)', async () => {
    const careful = await accept('careful', { failIfUncertain: true });
    const others = [await accept('usual'), await accept('careful, only claimed', { failIfUncertain: true })];
    await claimOutbox(database.pool, [owner], 5);
    expect(await beginAttempt(database.pool, owner, careful.messageId)).toBe(true);
    expect(await beginAttempt(database.pool, owner, others[0]!.messageId)).toBe(true);
    const next = await takeOver();
    expect(await beginAttempt(database.pool, owner, others[1]!.messageId)).toBe(false);
    const [state] = await inspectOutbox(database.pool, [session.sessionId]);
    expect(state).toMatchObject({ due: true, uncertain: [careful.waMessageId], sending: [] });
    expect((await claimOutbox(database.pool, [next], 5)).map(({ messageId }) => messageId)).toEqual(
      others.map(({ messageId }) => messageId),
    );
  });

  it('goes out when it had not been claimed, or was given back', async () => {
    const { messageId } = await accept('careful', { failIfUncertain: true });
    await claimOutbox(database.pool, [owner], 5);
    await beginAttempt(database.pool, owner, messageId);
    await returnOutbox(database.pool, owner, [{ messageId, attempted: true }]);
    await claimOutbox(database.pool, [owner], 5);
    const next = await takeOver();
    expect(await claimOutbox(database.pool, [next], 5)).toMatchObject([{ messageId, failIfUncertain: true }]);
  });

  it('becomes unknown, is told as failed, and moves on when WhatsApp knows it after all', async () => {
    const { messageId, waMessageId } = await accept('careful', { failIfUncertain: true });
    await claimOutbox(database.pool, [owner], 5);
    const at = new Date(1_700_000_000_000);
    const lost = {
      ...owner,
      waMessageId,
      state: 'UNKNOWN' as const,
      at,
      errorCode: 'SEND_UNCERTAIN',
      errorMessage: 'x',
    };
    const { events: told, moved } = await recordOutcomes(database.pool, [lost]);
    expect(moved).toEqual([{ sessionId: session.sessionId, messageId, state: 'UNKNOWN' }]);
    expect(told).toMatchObject([
      {
        type: 'message.failed',
        data: { state: 'unknown', errorCode: 'SEND_UNCERTAIN', error: 'x', timestamp: 1_700_000_000 },
      },
    ]);
    const states = async () =>
      (
        await database.pool.query(
          `SELECT m.state AS message, o.state AS outbox, m.error_code AS error FROM messages m
           JOIN outbox o ON o.message_id = m.id WHERE m.id = $1`,
          [messageId],
        )
      ).rows[0];
    expect(await states()).toEqual({ message: 'UNKNOWN', outbox: 'UNKNOWN', error: 'SEND_UNCERTAIN' });
    expect(await claimOutbox(database.pool, [owner], 5)).toEqual([]);
    await recordOutcomes(database.pool, [{ ...owner, waMessageId, state: 'DELIVERED', at }]);
    expect(await states()).toEqual({ message: 'DELIVERED', outbox: 'SENT', error: null });
    expect(await events()).toEqual(['1 message.failed', '2 message.sent', '3 message.delivered']);
  });

  it('does not become unknown once its fate is known', async () => {
    const { waMessageId } = await accept('careful', { failIfUncertain: true });
    await claimOutbox(database.pool, [owner], 5);
    const outcome = { ...owner, waMessageId, at: new Date(), errorCode: '479', errorMessage: 'x' };
    await recordOutcomes(database.pool, [{ ...outcome, state: 'FAILED' }]);
    expect((await recordOutcomes(database.pool, [{ ...outcome, state: 'UNKNOWN' }])).moved).toEqual([]);
  });
});

describe('while WhatsApp’s time-lock lasts', () => {
  const [known, stranger, group] = ['15550001@s.whatsapp.net', '15550002@s.whatsapp.net', '1203@g.us'];

  it('messages that would begin a chat wait and hold up no others; afterwards they go in their old order', async () => {
    const { waMessageId } = await accept('before');
    await claimOutbox(database.pool, [owner], 5);
    await recordOutcomes(database.pool, [{ ...owner, waMessageId, state: 'SENT', at: new Date() }]);
    const chats = [stranger, known, stranger, group];
    const accepted = [];
    for (const chatJid of chats) accepted.push((await accept('queued', { chatJid })).messageId);

    const lock = (until: string) =>
      database.pool.query(`UPDATE sessions SET reachout_locked_until = ${until} WHERE id = $1`, [session.sessionId]);
    await lock(`now() + interval '1 hour'`);
    const during = await claimOutbox(database.pool, [owner], 5);
    expect(during.map(({ messageId }) => messageId)).toEqual([accepted[1], accepted[3]]);
    expect((await inspectOutbox(database.pool, [session.sessionId]))[0]!.due).toBe(false);
    await lock(`now() - interval '1 second'`);
    expect((await inspectOutbox(database.pool, [session.sessionId]))[0]!.due).toBe(true);
    const after = await claimOutbox(database.pool, [owner], 5);
    expect(after.map(({ messageId }) => messageId)).toEqual([accepted[0], accepted[2]]);
  });
});

describe('outcomes (MR-061, MR-062, MR-063, MR-102)', () => {
  const outcome = (waMessageId: string, state: 'SENT' | 'DELIVERED' | 'READ' | 'FAILED', who = owner) => ({
    ...who,
    waMessageId,
    state,
    at: new Date(1_700_000_000_000),
    ...(state === 'FAILED' && { errorCode: '479', errorMessage: 'refused' }),
  });

  it('tells sent, delivered and read in that order, each once, whatever arrives how often', async () => {
    const { waMessageId } = await accept();
    await claimOutbox(database.pool, [owner], 5);
    await recordOutcomes(database.pool, [outcome(waMessageId, 'DELIVERED')]);
    await recordOutcomes(database.pool, [outcome(waMessageId, 'SENT'), outcome(waMessageId, 'READ')]);
    await recordOutcomes(database.pool, [outcome(waMessageId, 'READ'), outcome(waMessageId, 'DELIVERED')]);
    expect(await events()).toEqual(['1 message.sent', '2 message.delivered', '3 message.read']);
  });

  it('keeps when it went out, and closes the outbox row', async () => {
    const { waMessageId, messageId } = await accept();
    await claimOutbox(database.pool, [owner], 5);
    const wireAt = new Date(1_700_000_000_123);
    const result = await recordOutcomes(database.pool, [{ ...outcome(waMessageId, 'SENT'), wireAt }]);
    expect(result.moved).toEqual([{ sessionId: session.sessionId, messageId, state: 'SENT' }]);
    await recordOutcomes(database.pool, [outcome(waMessageId, 'READ')]);
    const { rows } = await database.pool.query(
      'SELECT o.state, m.wire_at FROM outbox o JOIN messages m ON m.id = o.message_id WHERE m.id = $1',
      [messageId],
    );
    expect(rows).toEqual([{ state: 'SENT', wire_at: wireAt }]);
  });

  it('records a refusal with its reason, and forgets it when WhatsApp acknowledges after all', async () => {
    const { waMessageId, messageId } = await accept();
    await claimOutbox(database.pool, [owner], 5);
    const refused = { ...outcome(waMessageId, 'FAILED'), errorCode: '463', errorMessage: 'time-locked' };
    await recordOutcomes(database.pool, [refused]);
    const read = async () =>
      (await database.pool.query('SELECT state, error_code FROM messages WHERE id = $1', [messageId])).rows[0];
    expect(await read()).toEqual({ state: 'FAILED', error_code: '463' });
    expect(
      (await database.pool.query('SELECT data FROM events WHERE session_id = $1', [session.sessionId])).rows,
    ).toMatchObject([{ data: { timestamp: 1_700_000_000, errorCode: '463', error: 'time-locked' } }]);
    await recordOutcomes(database.pool, [outcome(waMessageId, 'SENT')]);
    expect(await read()).toEqual({ state: 'SENT', error_code: null });
    expect(await events()).toEqual(['1 message.failed', '2 message.sent']);
  });

  it('never shows a later step before an earlier one, although receipts count whole seconds', async () => {
    const { waMessageId, messageId } = await accept();
    await claimOutbox(database.pool, [owner], 5);
    const acknowledged = new Date(1_700_000_000_700);
    await recordOutcomes(database.pool, [{ ...outcome(waMessageId, 'SENT'), at: acknowledged }]);
    await recordOutcomes(database.pool, [outcome(waMessageId, 'READ')]);
    const { rows } = await database.pool.query('SELECT sent_at, delivered_at, read_at FROM messages WHERE id = $1', [
      messageId,
    ]);
    expect(rows).toEqual([{ sent_at: acknowledged, delivered_at: acknowledged, read_at: acknowledged }]);
  });

  it('writes what is owned and reports what is stale in one batch (I2)', async () => {
    const mine = await accept();
    const other = await seedSession(database.pool);
    await claimOutbox(database.pool, [owner], 5);
    const result = await recordOutcomes(database.pool, [
      outcome(mine.waMessageId, 'SENT'),
      outcome('3EB0FFFF', 'SENT', { sessionId: other.sessionId, epoch: 7 }),
    ]);
    expect(result.stale).toEqual([other.sessionId]);
    expect(result.events.map((event) => event.type)).toEqual(['message.sent']);
  });

  it('makes deliveries only for webhooks that asked for the event (MR-070)', async () => {
    const webhookId = await subscribe(['message.read']);
    const { waMessageId } = await accept();
    await claimOutbox(database.pool, [owner], 5);
    expect((await recordOutcomes(database.pool, [outcome(waMessageId, 'SENT')])).webhooks).toEqual([]);
    expect((await recordOutcomes(database.pool, [outcome(waMessageId, 'READ')])).webhooks).toEqual([
      { webhookId, sessionId: session.sessionId, leasedBy: null, seqs: [3] },
    ]);
    const { rows } = await database.pool.query('SELECT seq FROM webhook_deliveries WHERE webhook_id = $1', [webhookId]);
    expect(rows).toEqual([{ seq: 3 }]);
  });
});

it('a session that is deleted takes along the events that are being written (I2)', async () => {
  const { waMessageId } = await accept();
  await claimOutbox(database.pool, [owner], 5);
  const writer = await database.pool.connect();
  try {
    await writer.query('BEGIN');
    const at = new Date();
    const { events: told } = await recordOutcomes(writer, [{ ...owner, waMessageId, state: 'SENT', at }]);
    expect(told).toHaveLength(1);
    const deletion = database.pool.query('DELETE FROM sessions WHERE id = $1', [session.sessionId]);
    const isWaiting = async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DELETE FROM %sessions%'`,
      );
      return rows.length > 0;
    };
    await waitFor(isWaiting, { what: 'the deletion, which waits for the fence' });
    await writer.query('COMMIT');
    await deletion;
  } finally {
    writer.release();
  }
  await eraseAll(database.pool);
  expect(await events()).toEqual([]);
  const late = await recordOutcomes(database.pool, [{ ...owner, waMessageId, state: 'READ', at: new Date() }]);
  expect(late.stale).toEqual([session.sessionId]);
});

describe('inbound messages (MR-060, MR-072)', () => {
  const inbound = (waMessageId: string, overrides = {}) => ({
    ...owner,
    id: newId(),
    waMessageId,
    chatJid: '15550001@s.whatsapp.net',
    chatAltJid: '99@lid',
    fromJid: '15550001@s.whatsapp.net',
    fromMe: false,
    senderName: 'Ann',
    type: 'text' as const,
    text: 'hi "there" \\ {1,2}',
    waTimestamp: new Date(1_700_000_000_000),
    ...overrides,
  });

  it('stores a message once, with one event, however often it comes', async () => {
    await subscribe(['*']);
    const first = await storeInbound(database.pool, [inbound('A1'), inbound('A2', { content: { quoted: 'x' } })]);
    const again = await storeInbound(database.pool, [inbound('A1')]);
    expect(first.stored).toHaveLength(2);
    expect(first.webhooks).toHaveLength(1);
    expect(again.stored).toEqual([]);
    expect(again.events).toEqual([]);
    expect(await events()).toEqual(['1 message.received', '2 message.received']);
    expect(first.events[0]?.data).toMatchObject({
      text: 'hi "there" \\ {1,2}',
      fromMe: false,
      timestamp: 1_700_000_000,
    });
  });

  it('stores the same message only once inside one batch', async () => {
    const result = await storeInbound(database.pool, [inbound('B1'), inbound('B1')]);
    expect(result.stored).toHaveLength(1);
    expect(await events()).toEqual(['1 message.received']);
  });

  it('refuses a stale owner without writing (I2)', async () => {
    const result = await storeInbound(database.pool, [inbound('C1', stale())]);
    expect(result.stale).toEqual([session.sessionId]);
    expect(await events()).toEqual([]);
  });
});

describe('the state of a session (MR-173)', () => {
  it('is written with its events, and never by a stale owner (I2)', async () => {
    await updateSessionState(database.pool, owner, { state: 'CONNECTED', phoneNumber: '1555', paired: true }, [
      { type: 'connection.open', data: EVENTS['connection.open'].example },
      { type: 'session.status', data: EVENTS['session.status'].example },
    ]);
    await expect(updateSessionState(database.pool, stale(), { state: 'ERROR' })).rejects.toThrow('moved on');
    const { rows } = await database.pool.query(
      'SELECT state, phone_number, paired_at IS NOT NULL AS paired FROM sessions WHERE id = $1',
      [session.sessionId],
    );
    expect(rows).toEqual([{ state: 'CONNECTED', phone_number: '1555', paired: true }]);
    expect(await events()).toEqual(['1 connection.open', '2 session.status']);
  });
});

it('gives gapless seqs under concurrent appends of one session (I11)', async () => {
  const messages = await Promise.all(Array.from({ length: 20 }, () => accept()));
  await claimOutbox(database.pool, [owner], 50);
  await Promise.all(
    messages.map(({ waMessageId }) =>
      recordOutcomes(database.pool, [{ ...owner, waMessageId, state: 'DELIVERED', at: new Date() }]),
    ),
  );
  expect((await events()).map((line) => Number(line.split(' ')[0]))).toEqual(
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
});
