import { placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storeInbound } from '../inbound/inbound.ts';
import { findViolations } from '../invariants/invariants.ts';
import { acceptMessage } from './accept.ts';
import { claimOutbox } from './outbox.ts';
import { type Outcome, recordOutcomes } from './outcomes.ts';
import { newWaMessageId } from './wa-message-id.ts';

const GROUP = '120363@g.us';
const [ANN, BOB, EVE] = ['91@lid', '92@lid', '93@lid'];
const at = (seconds: number) => new Date(Math.ceil(Date.now() / 1000) * 1000 + seconds * 1000);

let database: TestDatabase;
let session: SeededSession;
let owner: { sessionId: string; epoch: number };

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  const placed = await placeSession(database.pool, session.sessionId);
  owner = { sessionId: session.sessionId, epoch: placed!.epoch };
  await database.pool.query(`INSERT INTO session_keys VALUES ($1, 'creds', 'creds', 'x')`, [owner.sessionId]);
});
afterEach(async () => expect(await findViolations(database.pool)).toEqual([]));

async function send(recipients?: number) {
  const ids = { messageId: newId(), waMessageId: newWaMessageId() };
  const request = { type: 'text' as const, text: 'x' };
  await acceptMessage(database.pool, { ...ids, sessionId: owner.sessionId, chatJid: GROUP, request });
  await claimOutbox(database.pool, [owner], 10);
  await record({ waMessageId: ids.waMessageId, state: 'SENT', at: at(0), ...(recipients && { recipients }) });
  return ids;
}
const record = async (...outcomes: Omit<Outcome, 'sessionId' | 'epoch'>[]) =>
  (
    await recordOutcomes(
      database.pool,
      outcomes.map((outcome) => ({ ...owner, ...outcome })),
    )
  ).events.map(({ type }) => type);
const receipt = (
  waMessageId: string,
  participant: string,
  state: 'DELIVERED' | 'READ' | 'PLAYED',
  seconds = 1,
  recipients?: number,
) => ({ waMessageId, participant, state, at: at(seconds), ...(recipients && { recipients }) });
const messageOf = async (id: string) => {
  const { rows } = await database.pool.query(
    `SELECT state, sent_at AS "sentAt", delivered_at AS "deliveredAt", read_at AS "readAt", recipients FROM messages WHERE id = $1`,
    [id],
  );
  return rows[0];
};

describe('a message to a group', () => {
  it('is delivered when the last member has it, and read when the last one has read it (MR-062, MR-063)', async () => {
    const { messageId, waMessageId } = await send(3);
    expect(await record(receipt(waMessageId, ANN!, 'READ', 1))).toEqual([]);
    expect(
      await record(receipt(waMessageId, BOB!, 'DELIVERED', 2), receipt(waMessageId, BOB!, 'DELIVERED', 2)),
    ).toEqual([]);
    expect(await messageOf(messageId)).toMatchObject({ state: 'SENT', recipients: 3, deliveredAt: null });
    expect(await record(receipt(waMessageId, EVE!, 'DELIVERED', 3))).toEqual(['message.delivered']);
    expect(await messageOf(messageId)).toMatchObject({ state: 'DELIVERED', readAt: null });
    expect(await record(receipt(waMessageId, EVE!, 'READ', 4), receipt(waMessageId, BOB!, 'READ', 5))).toEqual([
      'message.read',
    ]);
    expect(await messageOf(messageId)).toMatchObject({ state: 'READ' });
    const { rows } = await database.pool.query(
      'SELECT jid, read_at FROM message_receipts WHERE message_id = $1 ORDER BY jid',
      [messageId],
    );
    expect(rows.map(({ jid }) => jid)).toEqual([ANN, BOB, EVE]);
    expect(rows.every(({ read_at: readAt }) => readAt !== null)).toBe(true);
  });

  it('gets all at once when all members report in one batch, and nothing twice', async () => {
    const { waMessageId } = await send(2);
    const all = [ANN, BOB].map((jid) => receipt(waMessageId, jid!, 'READ'));
    expect(await record(...all)).toEqual(['message.delivered', 'message.read']);
    expect(await record(...all)).toEqual([]);
  });

  it('counts the members that the receipt tells of where they were not counted when it was sent', async () => {
    const { waMessageId } = await send();
    expect(await record(receipt(waMessageId, ANN!, 'DELIVERED', 1, 2))).toEqual([]);
    expect(await record(receipt(waMessageId, BOB!, 'DELIVERED', 1, 2))).toEqual(['message.delivered']);
  });

  it('moves no further while nobody knows how many members there are', async () => {
    const { waMessageId } = await send();
    expect(await record(receipt(waMessageId, ANN!, 'DELIVERED'))).toEqual([]);
  });

  it('is sent, though its acknowledgement was lost, when a member has it', async () => {
    const ids = { messageId: newId(), waMessageId: newWaMessageId() };
    const request = { type: 'text' as const, text: 'x' };
    await acceptMessage(database.pool, { ...ids, sessionId: owner.sessionId, chatJid: GROUP, request });
    await claimOutbox(database.pool, [owner], 10);
    expect(await record(receipt(ids.waMessageId, ANN!, 'DELIVERED', 1, 2))).toEqual(['message.sent']);
    expect(await record(receipt(ids.waMessageId, BOB!, 'READ', 1, 2))).toEqual(['message.delivered']);
  });
});

describe('what was typed on the phone', () => {
  const type = async (waMessageId: string, chatJid: string) => {
    const id = newId();
    const typed = {
      fromJid: '1000@s.whatsapp.net',
      fromMe: true,
      type: 'text' as const,
      text: 'x',
      waTimestamp: at(0),
    };
    const { events } = await storeInbound(database.pool, [{ ...owner, id, waMessageId, chatJid, ...typed }]);
    expect(events).toMatchObject([{ type: 'message.sent', data: { source: 'phone' } }]);
    return id;
  };

  it('gets receipts as what the API has sent does (MR-062, MR-063)', async () => {
    const id = await type('P1', '15550001@s.whatsapp.net');
    expect(await record({ waMessageId: 'P1', state: 'READ', at: at(2) })).toEqual([
      'message.delivered',
      'message.read',
    ]);
    expect(await messageOf(id)).toMatchObject({ state: 'READ', sentAt: at(0), readAt: at(2) });
  });

  it('in a group, too', async () => {
    await type('P2', GROUP);
    expect(await record(receipt('P2', ANN!, 'READ', 1, 2))).toEqual([]);
    expect(await record(receipt('P2', BOB!, 'DELIVERED', 1, 2))).toEqual(['message.delivered']);
  });

  it('is forgotten with its message, and with its receipts', async () => {
    const id = await type('P3', GROUP);
    await record(receipt('P3', ANN!, 'READ', 1, 2));
    await database.pool.query('DELETE FROM messages WHERE id = $1', [id]);
    const { rows } = await database.pool.query(
      `SELECT (SELECT count(*) FROM phone_messages WHERE message_id = $1) AS phone,
        (SELECT count(*) FROM message_receipts WHERE message_id = $1) AS receipts`,
      [id],
    );
    expect(rows).toEqual([{ phone: 0, receipts: 0 }]);
    await database.pool.query('DELETE FROM sessions WHERE id = $1', [owner.sessionId]);
  });
});
