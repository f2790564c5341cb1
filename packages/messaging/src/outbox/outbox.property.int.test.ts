import { type Ownership, placeSession, registerWorker, releaseSession, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptMessage } from './accept.ts';
import { acceptAtOwner } from './accept-at-owner.ts';
import type { AcceptedMessage } from './acceptance.ts';
import {
  beginAttempt,
  claimOutbox,
  findOutboxPayload,
  inspectOutbox,
  type OutboxItem,
  returnOutbox,
  storePayload,
} from './outbox.ts';
import { type Outcome, recordOutcomes } from './outcomes.ts';
import { newWaMessageId } from './wa-message-id.ts';

/** The lease of the one worker, which nobody renews, outlasts the file. */
const LASTING = scaleTiming(60);

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), LASTING);
});
afterAll(() => database?.drop());

/**
 * What happens to the outbox of one session. `who` picks a message, `stale` lets an owner act that is none any more.
 * `lapses`: when the gateway accepts an offered message itself, by the side of its owner.
 */
type Step =
  | { do: 'accept'; text: string; careful: boolean }
  | { do: 'offer'; text: string; careful: boolean; lapses: 'never' | 'before' | 'meanwhile' | 'after'; stale: boolean }
  | { do: 'claim'; limit: number; stale: boolean }
  | { do: 'return'; who: number; attempted: boolean; stale: boolean }
  | { do: 'begin'; who: number; stale: boolean }
  | { do: 'store'; who: number; stale: boolean }
  | { do: 'take over' }
  | { do: 'report'; who: number; state: Outcome['state']; stale: boolean }
  | { do: 'settle the uncertain' };

const who = fc.nat(5);
const stale = fc.boolean();
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('accept' as const), text: fc.string(), careful: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('offer' as const),
      text: fc.string(),
      careful: fc.boolean(),
      lapses: fc.constantFrom('never' as const, 'before' as const, 'meanwhile' as const, 'after' as const),
      stale,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 4 }), stale }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('return' as const), who, attempted: fc.boolean(), stale }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('begin' as const), who, stale }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('store' as const), who, stale }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'take over' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      who,
      state: fc.constantFrom('SENT', 'DELIVERED', 'READ', 'FAILED'),
      stale,
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'settle the uncertain' }) },
);

/** What the product says of an attempt whose fate nobody knows. */
const UNCERTAIN = { errorCode: 'SEND_UNCERTAIN', errorMessage: 'It may have been sent.' };
const RANK = ['QUEUED', 'FAILED', 'UNKNOWN', 'SENT', 'DELIVERED', 'READ'];

interface Expected {
  messageId: string;
  waMessageId: string;
  text: string;
  careful: boolean;
  row: 'queued' | 'sending' | 'done';
  /** The owner that has claimed it has begun to send it. */
  begun: boolean;
  /** Under which epoch it was claimed last. */
  epoch: number;
  attempts: number;
  state: string;
  /** The bytes that were stored first, before an attempt: the request does not say them. */
  payload: string | null;
}

/** What any owner makes of a row: of the stored bytes, or of the request. */
const bytesOf = (item: Pick<OutboxItem, 'payload' | 'request' | 'waMessageId'>): string =>
  item.payload?.toString() ?? `${item.waMessageId}|${'text' in item.request ? item.request.text : ''}`;

class Model {
  readonly owner: Ownership;
  readonly messages: Expected[] = [];

  constructor(owner: Ownership) {
    this.owner = { ...owner };
  }

  at(index: number): Expected | undefined {
    return this.messages[index % Math.max(1, this.messages.length)];
  }

  /** What an earlier owner may have sent, and nobody may send again. */
  uncertain(): Expected[] {
    return this.messages.filter(
      ({ row, epoch, careful, begun }) => row === 'sending' && epoch < this.owner.epoch && careful && begun,
    );
  }

  claimable(limit: number): Expected[] {
    const uncertain = this.uncertain();
    return this.messages
      .filter(({ row, epoch }) => row === 'queued' || (row === 'sending' && epoch < this.owner.epoch))
      .filter((message) => !uncertain.includes(message))
      .slice(0, limit);
  }

  report(message: Expected, state: string): void {
    if (RANK.indexOf(state) <= RANK.indexOf(message.state) || (state === 'UNKNOWN' && message.state !== 'QUEUED'))
      return;
    if (RANK.indexOf(message.state) < RANK.indexOf('SENT')) message.row = 'done';
    message.state = state;
  }
}

it('a message, accepted by the gateway or by the owner or by both at once, keeps its id and its bytes over claims, crashes, returns, takeovers and stale owners, and none is lost (I8, I2)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const { pool } = database;
      const { sessionId } = await seedSession(pool, { state: 'CONNECTED' });
      const placed = await placeSession(pool, sessionId);
      const model = new Model({ sessionId, epoch: placed!.epoch });
      const as = (isStale: boolean): Ownership => ({ sessionId, epoch: model.owner.epoch - (isStale ? 1 : 0) });

      for (const now of steps) {
        switch (now.do) {
          case 'accept': {
            const ids = { messageId: newId(), waMessageId: newWaMessageId() };
            const text = now.text.replaceAll('\0', '');
            const request = { type: 'text' as const, text };
            const target = { sessionId, chatJid: '15550001@s.whatsapp.net' };
            await acceptMessage(pool, { ...ids, ...target, request, failIfUncertain: now.careful });
            model.messages.push({
              ...ids,
              text,
              careful: now.careful,
              row: 'queued',
              begun: false,
              epoch: 0,
              attempts: 0,
              state: 'QUEUED',
              payload: null,
            });
            break;
          }
          case 'offer': {
            const ids = { messageId: newId(), waMessageId: newWaMessageId() };
            const text = now.text.replaceAll('\0', '');
            const { careful, lapses } = now;
            const message: AcceptedMessage = {
              ...ids,
              sessionId,
              chatJid: '15550001@s.whatsapp.net',
              request: { type: 'text', text },
              failIfUncertain: careful,
            };
            const payload = `${ids.waMessageId}|${text}`;
            const own = as(now.stale);
            const atOwner = () =>
              acceptAtOwner(
                pool,
                [{ owner: own, message, payload: Buffer.from(payload) }],
                [{ owner: own, upserts: [], deletes: [], messageId: ids.messageId }],
              );
            const mayTake = !now.stale && model.claimable(1).length === 0;
            if (lapses === 'before') await acceptMessage(pool, message);
            const [{ accepted, stale: left }] = await Promise.all([
              atOwner(),
              ...(lapses === 'meanwhile' ? [acceptMessage(pool, message)] : []),
            ] as const);
            if (lapses === 'after') expect(await acceptMessage(pool, message)).toEqual({ outcome: 'accepted' });
            expect(left).toEqual(now.stale ? [sessionId] : []);
            const taken = accepted.get(ids.messageId);
            if (lapses !== 'meanwhile') expect(taken !== undefined).toBe(mayTake && lapses !== 'before');
            if (taken) expect([mayTake, taken.failIfUncertain]).toEqual([true, careful]);
            else if (lapses === 'never') break;
            model.messages.push({
              ...ids,
              text,
              careful,
              row: taken ? 'sending' : 'queued',
              begun: taken !== undefined && careful,
              epoch: taken ? model.owner.epoch : 0,
              attempts: taken ? 1 : 0,
              state: 'QUEUED',
              payload: taken ? payload : null,
            });
            break;
          }
          case 'claim': {
            const items = await claimOutbox(pool, [as(now.stale)], now.limit);
            const expected = now.stale ? [] : model.claimable(now.limit);
            expect(items.map(({ messageId }) => messageId)).toEqual(expected.map(({ messageId }) => messageId));
            items.forEach((item, n) => {
              const message = expected[n]!;
              expect(item.waMessageId).toBe(message.waMessageId);
              expect(bytesOf(item)).toBe(message.payload ?? `${message.waMessageId}|${message.text}`);
              Object.assign(message, {
                row: 'sending',
                begun: false,
                epoch: model.owner.epoch,
                attempts: message.attempts + 1,
              });
              expect(item.attempts).toBe(message.attempts);
            });
            break;
          }
          case 'return': {
            const message = model.at(now.who);
            if (!message) break;
            await returnOutbox(pool, as(now.stale), [{ messageId: message.messageId, attempted: now.attempted }]);
            if (now.stale || message.row !== 'sending' || message.epoch !== model.owner.epoch) break;
            message.row = 'queued';
            if (!now.attempted) message.attempts -= 1;
            break;
          }
          case 'begin': {
            const message = model.at(now.who);
            if (!message) break;
            const isOwn = !now.stale && message.row === 'sending' && message.epoch === model.owner.epoch;
            expect(await beginAttempt(pool, as(now.stale), message.messageId)).toBe(isOwn);
            if (isOwn) message.begun = true;
            break;
          }
          case 'store': {
            const message = model.at(now.who);
            if (!message) break;
            const isOwn = !now.stale && message.row === 'sending' && message.epoch === model.owner.epoch;
            const bytes = `random ${newId()}`;
            const stored = await storePayload(pool, as(now.stale), message.messageId, Buffer.from(bytes));
            if (isOwn) message.payload ??= bytes;
            expect(stored?.toString() ?? null).toBe(isOwn ? message.payload : null);
            break;
          }
          case 'take over':
            await releaseSession(pool, sessionId, 'test');
            model.owner.epoch = (await placeSession(pool, sessionId))!.epoch;
            break;
          case 'report': {
            const message = model.at(now.who);
            if (!message) break;
            const refused = now.state === 'FAILED' && { errorCode: '479', errorMessage: 'refused' };
            const { waMessageId } = message;
            const outcome = { ...as(now.stale), waMessageId, state: now.state, at: new Date(), ...refused };
            await recordOutcomes(pool, [outcome]);
            if (!now.stale) model.report(message, now.state);
            break;
          }
          case 'settle the uncertain': {
            const [state] = await inspectOutbox(pool, [sessionId]);
            const lost = model.uncertain();
            expect((state?.uncertain ?? []).sort()).toEqual(lost.map(({ waMessageId }) => waMessageId).sort());
            const at = new Date();
            await recordOutcomes(
              pool,
              lost.map(({ waMessageId }) => ({ ...model.owner, waMessageId, state: 'UNKNOWN', at, ...UNCERTAIN })),
            );
            for (const message of lost) model.report(message, 'UNKNOWN');
          }
        }
      }

      const { rows } = await pool.query(
        `SELECT m.id AS "messageId", m.wa_message_id AS "waMessageId", o.wa_message_id AS "outboxWaMessageId", m.text, m.state
         FROM messages m JOIN outbox o ON o.message_id = m.id WHERE m.session_id = $1 ORDER BY o.seq`,
        [sessionId],
      );
      expect(rows).toEqual(
        model.messages.map(({ messageId, waMessageId, text, state }) => ({
          messageId,
          waMessageId,
          outboxWaMessageId: waMessageId,
          text,
          state,
        })),
      );
      for (const { waMessageId, payload, text } of model.messages) {
        const found = await findOutboxPayload(pool, sessionId, waMessageId);
        expect(bytesOf({ ...found!, waMessageId })).toBe(payload ?? `${waMessageId}|${text}`);
      }
    }),
    { numRuns: 60 },
  );
}, 300_000);
