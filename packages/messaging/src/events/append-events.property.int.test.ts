import {
  type Ownership,
  placeSession,
  registerWorker,
  releaseSession,
  StaleEpochError,
  scaleTiming,
} from '@wa-gate/cluster';
import { EVENTS } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeInbound } from '../inbound/inbound.ts';
import { acceptMessage } from '../outbox/accept.ts';
import { claimOutbox } from '../outbox/outbox.ts';
import { recordOutcomes } from '../outbox/outcomes.ts';
import { newWaMessageId } from '../outbox/wa-message-id.ts';
import { updateSessionState } from '../sessions/session-state.ts';
import { appendControlEvent } from './append-control-event.ts';
import type { Appended } from './append-events.ts';

/** The lease of the one worker, which nobody renews, outlasts the file. */
const LASTING = scaleTiming(60);

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ max: 12 });
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 10_000 }), LASTING);
});
afterAll(() => database?.drop());

const SESSIONS = 3;

/** Something that appends events: to one session, or with one statement to all of them. */
type Writer =
  | { writes: 'inbound' | 'outcomes'; perSession: number[]; stale: boolean }
  | { writes: 'status'; session: number; events: number; stale: boolean }
  | { writes: 'control'; session: number };

const session = fc.nat(SESSIONS - 1);
const writer: fc.Arbitrary<Writer> = fc.oneof(
  fc.record({
    writes: fc.constantFrom('inbound' as const, 'outcomes' as const),
    perSession: fc.array(fc.nat(3), { minLength: SESSIONS, maxLength: SESSIONS }),
    stale: fc.boolean(),
  }),
  fc.record({ writes: fc.constant('status' as const), session, events: fc.nat(3), stale: fc.boolean() }),
  fc.record({ writes: fc.constant('control' as const), session }),
);

interface Target {
  owner: Ownership;
  /** Events that must be there in the end. */
  expected: number;
  /** Messages that wait for an outcome, by WhatsApp's ids. */
  sent: string[];
}

async function createTarget(messages: number): Promise<Target> {
  const { pool } = database;
  const { sessionId } = await seedSession(pool, { state: 'CONNECTED' });
  // Placed twice, so that there is an owner who is stale.
  await placeSession(pool, sessionId);
  await releaseSession(pool, sessionId, 'test');
  const { epoch } = (await placeSession(pool, sessionId))!;
  const sent = Array.from({ length: messages }, newWaMessageId);
  for (const waMessageId of sent) {
    const request = { type: 'text' as const, text: 'x' };
    await acceptMessage(pool, {
      messageId: newId(),
      sessionId,
      waMessageId,
      chatJid: '1@s.whatsapp.net',
      request,
    });
  }
  await claimOutbox(pool, [{ sessionId, epoch }], messages + 1);
  return { owner: { sessionId, epoch }, expected: 0, sent };
}

const ownerOf = ({ owner }: Target, isStale: boolean): Ownership =>
  isStale ? { ...owner, epoch: owner.epoch - 1 } : owner;

const STATUS = { type: 'session.status', data: EVENTS['session.status'].example } as const;

/** An owner runs one statement at a time that concerns several sessions, as the worker does (see APPEND_EVENTS). */
let lane: Promise<unknown> = Promise.resolve();
function inLane<T>(run: () => Promise<T>): Promise<T> {
  const result = lane.then(run);
  lane = result.catch(() => undefined);
  return result;
}

/** Begins the write and says in the model what it has to leave. */
async function write(targets: Target[], now: Writer): Promise<Appended> {
  const { pool } = database;
  switch (now.writes) {
    case 'inbound': {
      const messages = targets.flatMap((target, n) =>
        Array.from({ length: now.perSession[n]! }, () => {
          if (!now.stale) target.expected += 1;
          const jid = '2@s.whatsapp.net';
          const said = {
            chatJid: jid,
            fromJid: jid,
            fromMe: false,
            type: 'text' as const,
            text: 'hi',
            waTimestamp: new Date(),
          };
          return { ...ownerOf(target, now.stale), ...said, id: newId(), waMessageId: newWaMessageId() };
        }),
      );
      return await (now.stale ? storeInbound(pool, messages) : inLane(() => storeInbound(pool, messages)));
    }
    case 'outcomes': {
      const outcomes = targets.flatMap((target, n) =>
        target.sent.splice(0, now.perSession[n]).map((waMessageId) => {
          // The first outcome says delivered: two events, sent and delivered.
          if (!now.stale) target.expected += 2;
          return { ...ownerOf(target, now.stale), waMessageId, state: 'DELIVERED' as const, at: new Date() };
        }),
      );
      return await (now.stale ? recordOutcomes(pool, outcomes) : inLane(() => recordOutcomes(pool, outcomes)));
    }
    case 'status': {
      const target = targets[now.session]!;
      const events = Array.from({ length: now.events }, () => STATUS);
      if (!now.stale) target.expected += now.events;
      const writing = updateSessionState(pool, ownerOf(target, now.stale), { state: 'CONNECTED' }, events);
      if (!now.stale) return await writing;
      await expect(writing).rejects.toThrow(StaleEpochError);
      return { events: [], webhooks: [] };
    }
    case 'control': {
      const target = targets[now.session]!;
      target.expected += 1;
      const { sessionId } = target.owner;
      return await appendControlEvent(pool, { sessionId, ...STATUS });
    }
  }
}

const seqsOf = async (sessionId: string): Promise<number[]> => {
  const sql = 'SELECT seq FROM events WHERE session_id = $1 ORDER BY seq';
  return (await database.pool.query<{ seq: number }>(sql, [sessionId])).rows.map(({ seq }) => seq);
};
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

it('events of a session have gapless, increasing seqs, whoever appends at the same time, and a stale owner appends none (I11, I2)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(writer, { minLength: 2, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      async (rounds) => {
        const targets = await Promise.all(Array.from({ length: SESSIONS }, () => createTarget(12)));
        const last = new Map(targets.map(({ owner }) => [owner.sessionId, 0]));
        for (const round of rounds) {
          const writing = round.map((now) => write(targets, now));
          // Whoever reads meanwhile sees no hole: what is there is all that there ever was before it.
          for (const { owner } of targets) {
            const seen = await seqsOf(owner.sessionId);
            expect(seen).toEqual(upTo(seen.length));
          }
          for (const { events } of await Promise.all(writing)) {
            const own = new Map<string, number[]>();
            for (const { sessionId, seq } of events) own.set(sessionId, [...(own.get(sessionId) ?? []), seq]);
            for (const [sessionId, seqs] of own) {
              // One statement's events are neighbours, and come after everything that was written before it began.
              expect(seqs).toEqual(upTo(seqs.length).map((n) => seqs[0]! - 1 + n));
              expect(seqs[0]).toBeGreaterThan(last.get(sessionId)!);
            }
          }
          for (const { owner, expected } of targets) {
            last.set(owner.sessionId, expected);
            expect(await seqsOf(owner.sessionId)).toEqual(upTo(expected));
          }
        }
        const { rows } = await database.pool.query(
          'SELECT last_seq AS "lastSeq" FROM session_counters WHERE session_id = ANY($1::uuid[]) ORDER BY array_position($1, session_id)',
          [targets.map(({ owner }) => owner.sessionId)],
        );
        expect(rows).toEqual(targets.map(({ expected }) => ({ lastSeq: expected })));
      },
    ),
    { numRuns: 40 },
  );
}, 300_000);
