import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { newId, newIdAt } from '@wa-gate/kit';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eraseContact } from '../contacts/erase.ts';
import { learnContacts } from '../contacts/learn.ts';
import { storeInbound } from '../inbound/inbound.ts';
import { updateSessionState } from '../sessions/session-state.ts';
import { finishHistoryChunk } from './chunks.ts';
import { claimGapRequest, type GapRequest, lookForGapChats, putBackGapRequest } from './gaps.ts';
import { type HistoryMessage, storeHistory } from './store-history.ts';

const ANN = '15550001@s.whatsapp.net';
const ANN_LID = '200001@lid';
const BEN = '15550002@s.whatsapp.net';
const GROUP = '120363041234567890@g.us';
/** A message counts in the millisecond in which it comes. */
const PACE = { settleMs: -1_000, answerMs: 60_000, attempts: 3, perMinute: 60 };

let database: TestDatabase;
let session: SeededSession;
let owner: Ownership;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  await query('DELETE FROM history_gap_chats');
  await begin();
});

const query = async <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []) =>
  (await database.pool.query<T>(text, values)).rows;

/** A session that was away from three hours ago until a minute ago. */
async function begin(): Promise<void> {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId: session.sessionId, epoch: (await placeSession(database.pool, session.sessionId))!.epoch };
  await query(`UPDATE sessions SET paired_at = now() - interval '2 days' WHERE id = $1`, [owner.sessionId]);
  await query(
    `INSERT INTO history_gaps (session_id, since, until, looked_to, ends_at)
     VALUES ($1, now() - interval '3 hours', now() - interval '1 minute', now() - interval '1 minute', now() + interval '14 days')`,
    [owner.sessionId],
  );
}

const set = (settings: object) =>
  query('UPDATE sessions SET settings = $2 WHERE id = $1', [owner.sessionId, JSON.stringify(settings)]);
const incoming = (chatJid: string, fromJid = chatJid) => ({
  waMessageId: newId(),
  chatJid,
  fromJid,
  fromMe: false,
  type: 'text' as const,
  text: 'hello',
});
const arrive = (chatJid: string, fromJid?: string) =>
  storeInbound(database.pool, [
    { ...owner, id: newId(), waTimestamp: new Date(), ...incoming(chatJid, fromJid), waMessageId: newId() },
  ]);
const look = async () => (await lookForGapChats(database.pool, [owner], new Map(), PACE)).due;
const claim = (pace = PACE) => claimGapRequest(database.pool, owner, newId(), pace);
async function asked(): Promise<GapRequest> {
  const request = await claim();
  if (request === null || request === 'budget spent') throw new Error(`No request: ${request}.`);
  return request;
}
interface ChatRow {
  chat: string;
  state: string;
  attempts: number;
  rounds: number;
  request: string | null;
  anchor: Record<string, unknown>;
}
const chats = () =>
  query<ChatRow>(
    `SELECT chat_jid AS chat, state, attempts, rounds, request_id AS request, anchor FROM history_gap_chats
     WHERE session_id = $1 ORDER BY chat_jid`,
    [owner.sessionId],
  );
const change = (values: string) =>
  query(`UPDATE history_gap_chats SET ${values} WHERE session_id = $1`, [owner.sessionId]);

/** The phone has answered a request. @returns the id of the part */
async function answered(requestId: string): Promise<string> {
  const id = newId();
  await query(
    `INSERT INTO history_chunks (id, session_id, kind, fingerprint, request_id) VALUES ($1, $2, 'on_request', $3, $4)`,
    [id, owner.sessionId, Buffer.from(id), requestId],
  );
  return id;
}
const finish = (id: string) =>
  finishHistoryChunk(database.pool, { ...owner, id, state: 'done', found: 0, chats: 1, refused: 0, hasMore: false });

describe('a look for chats', () => {
  /** A takeover that is not through has the row of the placement. */
  async function duringTakeover<T>(work: () => Promise<T>): Promise<T> {
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM session_placements WHERE session_id = $1 FOR UPDATE', [owner.sessionId]);
      return await work();
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }
  const lookBriefly = async () => {
    const client = await database.pool.connect();
    try {
      await client.query(`SET lock_timeout = '200ms'`);
      return (await lookForGapChats(client, [owner], new Map(), PACE)).due;
    } finally {
      await client.query('RESET lock_timeout');
      client.release();
    }
  };

  it('locks nothing while there is nothing to write, also with a chat to ask for; what it writes is fenced (I2)', async () => {
    expect(await duringTakeover(lookBriefly)).toEqual([]);
    await arrive(ANN);
    await expect(duringTakeover(lookBriefly)).rejects.toMatchObject({ code: '55P03' });
    expect(await chats()).toEqual([]);
    expect(await look()).toEqual([owner.sessionId]);
    expect(await chats()).toMatchObject([{ chat: ANN, state: 'waiting' }]);
    expect(await duringTakeover(lookBriefly)).toEqual([owner.sessionId]);
  });
});

describe('a gap (MR-012)', () => {
  it('is that of the account that is linked, and not of one before', async () => {
    await arrive(ANN);
    expect(await look()).toEqual([owner.sessionId]);
    await query('UPDATE sessions SET paired_at = now() WHERE id = $1', [owner.sessionId]);
    await arrive(BEN);
    expect([await look(), await claim(), (await chats()).length]).toEqual([[], null, 1]);

    await updateSessionState(database.pool, owner, { state: 'LOGGED_OUT' });
    expect(await chats()).toEqual([]);
    expect(await query('SELECT 1 FROM history_gaps WHERE session_id = $1', [owner.sessionId])).toEqual([]);
  });

  it('is left as it is, as soon as the session does not want it to be filled', async () => {
    await arrive(ANN);
    expect(await look()).toEqual([owner.sessionId]);
    await set({ fillGaps: false });
    expect([await look(), await claim()]).toEqual([[], null]);
    await set({ fillGaps: true });
    expect(await claim()).toMatchObject({ chatJid: ANN });
  });

  it('says nothing of chats that the session ignores', async () => {
    await set({ ignore: ['groups'] });
    await arrive(GROUP, ANN);
    await arrive(BEN);
    await look();
    expect((await chats()).map(({ chat }) => chat)).toEqual([BEN]);
    await set({ ignore: ['groups', 'persons'] });
    expect([await look(), await claim()]).toEqual([[], null]);
  });

  it('ends with its chats, whatever became of them', async () => {
    for (const chat of [ANN, BEN, GROUP]) await arrive(chat);
    await look();
    await asked();
    await query(`UPDATE history_gap_chats SET state = 'unanswered' WHERE session_id = $1 AND chat_jid = $2`, [
      owner.sessionId,
      GROUP,
    ]);
    await query(`UPDATE history_gaps SET ends_at = now() - interval '1 second' WHERE session_id = $1`, [
      owner.sessionId,
    ]);
    expect(await look()).toEqual([]);
    expect(await chats()).toEqual([]);
  });

  it('that follows another one takes over a chat whose answer has not come', async () => {
    await arrive(ANN);
    await look();
    const before = await asked();
    await query('UPDATE history_gaps SET until = now() WHERE session_id = $1', [owner.sessionId]);
    await arrive(ANN);
    await look();
    const [chat] = await chats();
    expect(chat).toMatchObject({ state: 'waiting', attempts: 0, request: null });
    expect(chat!.anchor.id).not.toBe(before.anchor.id);
  });
});

describe('a request about a gap (MR-012)', () => {
  it('counts for a minute in that of the whole fleet, also when it was answered at once', async () => {
    await arrive(ANN);
    await look();
    const one = { ...PACE, perMinute: 1 };
    const request = await asked();
    await putBackGapRequest(database.pool, request, 0);
    const again = await claim(one);
    expect(again, 'nothing was asked').toMatchObject({ requestId: request.requestId });
    await finish(await answered(request.requestId));
    expect((await chats()).map(({ state }) => state)).toEqual(['done']);

    await begin();
    await arrive(BEN);
    expect(await look()).toEqual([owner.sessionId]);
    expect(await claim(one)).toBe('budget spent');
    await query(`UPDATE history_gap_chats SET asked_at = now() - interval '2 minutes'`);
    expect(await claim(one)).toMatchObject({ chatJid: BEN });
  });

  it('is ended by its answer, also while it waits to be repeated', async () => {
    await arrive(ANN);
    await look();
    const request = await asked();
    await change(`asked_at = now() - interval '1 hour'`);
    await putBackGapRequest(database.pool, await asked(), 60_000);
    expect(await chats()).toMatchObject([{ state: 'waiting', attempts: 1, request: request.requestId }]);
    await finish(await answered(request.requestId));
    expect(await chats()).toMatchObject([{ state: 'done', rounds: 1 }]);
  });

  it('is the only one of its session, and no look finds the session until it has ended', async () => {
    await arrive(ANN);
    await arrive(BEN);
    expect(await look()).toEqual([owner.sessionId]);
    await asked();
    expect([await look(), await claim()]).toEqual([[], null]);
  });
});

describe('a person that was erased (MR-012, MR-052)', () => {
  const stored = (chunkId: string, messages: readonly HistoryMessage[]) =>
    storeHistory(database.pool, { ...owner, chunkId, messages, slotMs: 60_000 });
  const past = (chatJid: string, fromJid: string, secondsAgo: number): HistoryMessage => {
    const waTimestamp = new Date(Date.now() - secondsAgo * 1_000);
    return { ...incoming(chatJid, fromJid), id: newIdAt(waTimestamp, 0), waTimestamp, state: 'RECEIVED' };
  };
  const erase = () =>
    eraseContact(
      database.pool,
      { workspaceId: session.workspaceId, contactId: newId(), jids: [ANN, ANN_LID] },
      { messages: true },
    );
  beforeEach(async () => {
    await learnContacts(database.pool, [{ sessionId: owner.sessionId, jid: ANN_LID, altJid: ANN, at: new Date() }]);
    await arrive(ANN);
    await arrive(GROUP, ANN_LID);
    await look();
  });

  it('is not named by the rows of gaps', async () => {
    expect(JSON.stringify(await chats())).toContain('15550001');
    expect(JSON.stringify(await chats())).toContain('200001');
    await erase();
    await erase();
    const left = await chats();
    expect(JSON.stringify(left)).not.toMatch(/15550001|200001/);
    expect(left.map(({ state }) => state)).toEqual(['waiting', 'erased', 'erased']);
  });

  it('does not come back with an answer that was on its way, nor with the next one, nor with that of a group', async () => {
    const before = await asked();
    const others = await askedNext();
    await erase();
    const late = await answered((before.chatJid === ANN ? before : others).requestId);
    const ofGroup = await answered((before.chatJid === GROUP ? before : others).requestId);
    expect((await stored(late, [past(ANN, ANN, 7_200), past(ANN_LID, ANN_LID, 90_000)])).stored).toEqual([]);
    await finish(late);
    const ofBen = past(GROUP, BEN, 7_000);
    expect((await stored(ofGroup, [past(GROUP, ANN_LID, 7_100), ofBen])).stored).toEqual([ofBen.id]);
    await finish(ofGroup);

    await arrive(ANN);
    await look();
    const next = await answered((await asked()).requestId);
    expect((await stored(next, [past(ANN, ANN, 7_200)])).stored).toEqual([]);
    const afterwards = past(ANN, ANN, -1);
    expect((await stored(next, [afterwards])).stored).toEqual([afterwards.id]);
  });

  /** The other chat, as if the phone had been silent about the first one. */
  async function askedNext(): Promise<GapRequest> {
    await query(
      `UPDATE history_gap_chats SET attempts = 3, asked_at = now() - interval '1 hour' WHERE state = 'asked'`,
    );
    return await asked();
  }
});
