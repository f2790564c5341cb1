/**
 * The moving cursor, the breaker and repetitions against a model: two holders of this version and one of the version
 * before lease, read, attempt, write, die, are too late, and let go, in any order, while events are appended by
 * processes of both versions, the endpoint takes nothing now and then, and deliveries are asked for again.
 */
import { EVENTS } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase } from '@wa-gate/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendControlEvent } from '../events/append-control-event.ts';
import { findViolations } from '../invariants/invariants.ts';
import { PREVIOUS_STATEMENTS } from '../testing/previous-statements.ts';
import {
  type DeliveryResult,
  type LeaseChange,
  type LeasedWebhook,
  leaseWebhooks,
  readRetries,
  readUndelivered,
  WAITING_DELIVERIES,
  writeDeliveries,
} from './deliveries.ts';
import { replayDeliveries } from './replay.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ max: 4 });
});
afterAll(() => database?.drop());

const WANTED = 'session.status';
const UNWANTED = 'session.loggedout';
const HOLDERS = 2;

/** `PENDING`: the endpoint takes nothing, and the event stays in line. */
type Outcome = 'DELIVERED' | 'RETRYING' | 'PENDING';
const outcomes = fc.array(fc.constantFrom<Outcome>('DELIVERED', 'DELIVERED', 'RETRYING', 'PENDING'), { maxLength: 4 });
const PROBE_MS = 60_000;
const holder = fc.nat(HOLDERS - 1);

type Step =
  | { does: 'append'; wanted: boolean[]; asBefore: boolean }
  | { does: 'lease' | 'die' | 'late'; holder: number }
  | { does: 'attempt'; holder: number; outcomes: Outcome[] }
  | { does: 'write'; holder: number; change: LeaseChange }
  | { does: 'expire' | 'change' | 'probe' }
  | { does: 'replay'; after: number; limit: number }
  | { does: 'previous'; outcomes: Outcome[]; dies: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('append' as const),
      wanted: fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
      asBefore: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('lease' as const), holder }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('attempt' as const), holder, outcomes }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('write' as const),
      holder,
      change: fc.constantFrom<LeaseChange>('hold', 'hold', 'retire', 'release', 'abandon'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('die' as const, 'late' as const), holder }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constantFrom('expire' as const, 'change' as const, 'probe' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('replay' as const),
      after: fc.nat(5),
      limit: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('previous' as const), outcomes, dies: fc.boolean() }) },
);

/** One webhook, those that deliver for it, and what the receiver has seen. */
class World {
  readonly webhookId = newId();
  sessionId = '';
  /** Wanted events, in order. */
  readonly wanted: number[] = [];
  /** Events in the order in which the receiver got them for the first time. */
  readonly seen: number[] = [];
  readonly delivered = new Set<number>();
  /** Events that were asked for again, and have not been taken since. */
  readonly owed = new Set<number>();
  readonly #holders: (
    | {
        leased: LeasedWebhook;
        known: number;
        /** Attempted under this lease, with a final result that is not written yet. */
        unsettled: number[];
        /** Read under this lease, and without a final result of it. */
        line: number[];
        breaker: LeasedWebhook['breaker'];
      }
    | undefined
  )[] = [];
  readonly #results: DeliveryResult[][] = Array.from({ length: HOLDERS }, () => []);

  /** The primary webhook of its session, or a further one, which the version before does not know. */
  async open(isPrimary: boolean): Promise<this> {
    const { sessionId, workspaceId } = await seedSession(database.pool, { state: 'CONNECTED' });
    this.sessionId = sessionId;
    await database.pool.query(
      `INSERT INTO webhooks (id, session_id, endpoint_id, source_session_id, workspace_id, url, events, secret, cursor)
       VALUES ($1, $2, $1, $3, $4, 'http://x', $5, 'x', $6)`,
      [this.webhookId, isPrimary ? sessionId : null, sessionId, workspaceId, [WANTED], isPrimary ? null : 0],
    );
    return this;
  }

  async take(now: Step): Promise<void> {
    switch (now.does) {
      case 'append':
        for (const wanted of now.wanted) await this.#append(wanted, now.asBefore);
        break;
      case 'lease':
        await this.#lease(now.holder);
        break;
      case 'attempt':
        await this.#attempt(now.holder, now.outcomes);
        break;
      case 'write':
        await this.#write(now.holder, now.change);
        break;
      case 'die':
        this.#holders[now.holder] = undefined;
        this.#results[now.holder] = [];
        break;
      case 'late':
        // It attempts nothing any more, and what it has done is written when another may hold the webhook.
        this.#holders[now.holder] = undefined;
        break;
      case 'expire':
        await this.expire();
        break;
      case 'change':
        await database.pool.query('UPDATE webhooks SET url = url || $2 WHERE id = $1', [this.webhookId, '/']);
        break;
      case 'previous':
        await this.#drainAsBefore(now.outcomes, now.dies);
        break;
      case 'probe':
        await database.pool.query('UPDATE webhooks SET probe_at = now() WHERE id = $1 AND probe_at > now()', [
          this.webhookId,
        ]);
        break;
      case 'replay':
        await this.#replay(now.after, now.limit);
        break;
    }
  }

  /** What nobody renews runs out. Who held it learns of it at its next read or write. */
  async expire(): Promise<void> {
    await database.pool.query(
      `UPDATE webhooks SET leased_until = now() - interval '1 s', held_until = now() - interval '3 s'
       WHERE id = $1 AND leased_until IS NOT NULL`,
      [this.webhookId],
    );
    this.#holders.fill(undefined);
  }

  /** One holder delivers all that there is. */
  async finish(): Promise<void> {
    for (let turn = 0; turn < 10; turn += 1) {
      await this.expire();
      await this.take({ does: 'probe' });
      await this.take({ does: 'lease', holder: 0 });
      await this.take({ does: 'attempt', holder: 0, outcomes: Array<Outcome>(100).fill('DELIVERED') });
      await database.pool.query('UPDATE webhook_deliveries SET next_attempt = now() WHERE webhook_id = $1', [
        this.webhookId,
      ]);
      const held = this.#holders[0];
      if (held) {
        for (const { seq } of (await readRetries(database.pool, [held.leased], 100)).get(this.webhookId)?.due ?? [])
          this.#note(0, seq, 'DELIVERED');
      }
      for (const index of [1, 0]) await this.take({ does: 'write', holder: index, change: 'hold' });
    }
  }

  async #lease(index: number): Promise<void> {
    if (this.#holders[index]) return;
    const which = { leasedBy: newId(), limit: 1, webhookIds: [this.webhookId] };
    const [leased] = await leaseWebhooks(database.pool, which);
    if (!leased) return;
    // An endpoint that takes nothing is left alone until its next probe, whoever it was that has found it out.
    expect(leased.breaker?.probeInMs ?? 0).toBeLessThanOrEqual(0);
    this.#holders[index] = { leased, known: leased.cursor, unsettled: [], line: [], breaker: leased.breaker };
  }

  async #replay(after: number, limit: number): Promise<void> {
    const before = await this.#ended();
    const statuses = ['DELIVERED', 'FAILED'] as const;
    const { count } = await replayDeliveries(database.pool, { webhookId: this.webhookId, statuses, after, limit });
    const again = before.filter((seq) => seq > after).slice(0, limit);
    expect(count).toBe(again.length);
    // One that was taken and is not written down yet may be written down as what was asked for.
    const isUnwritten = (seq: number) => this.#results.some((results) => results.some((result) => result.seq === seq));
    for (const seq of again) if (!isUnwritten(seq)) this.owed.add(seq);
  }

  async #ended(): Promise<number[]> {
    const { rows } = await database.pool.query<{ seq: number }>(
      `SELECT seq FROM webhook_deliveries WHERE webhook_id = $1 AND status IN ('DELIVERED', 'FAILED') ORDER BY seq`,
      [this.webhookId],
    );
    return rows.map(({ seq }) => seq);
  }

  async #append(wanted: boolean, asBefore: boolean): Promise<void> {
    const type = wanted ? WANTED : UNWANTED;
    const { sessionId } = this;
    let seq: number;
    if (asBefore) {
      const [row] = await previous<{ seq: number }>('append-control-event', [
        sessionId,
        type,
        JSON.stringify(EVENTS[type].example),
      ]);
      seq = row!.seq;
    } else {
      const data = EVENTS[type].example;
      const { events } = await appendControlEvent(database.pool, { sessionId, type, data } as never);
      seq = events[0]!.seq;
    }
    if (wanted) this.wanted.push(seq);
  }

  async #attempt(index: number, wishes: readonly Outcome[]): Promise<void> {
    await this.#lease(index);
    const held = this.#holders[index];
    if (!held) return;
    // What was read and not attempted, or stays in line, is read again.
    const after = held.line[0] === undefined ? held.known : held.line[0] - 1;
    const asked = { ...held.leased, after };
    const found = (await readUndelivered(database.pool, [asked], Math.max(1, wishes.length))).get(this.webhookId);
    if (!found) {
      this.#holders[index] = undefined;
      return;
    }
    held.known = found.upTo || held.known;
    held.line = found.due.map(({ seq }) => seq);
    for (const { seq } of found.due) {
      const outcome = wishes[held.unsettled.length];
      if (!outcome) break;
      this.#note(index, seq, outcome);
      held.breaker =
        outcome === 'PENDING'
          ? { failingForMs: 1, failedProbes: 1, probeInMs: PROBE_MS }
          : outcome === 'DELIVERED'
            ? null
            : held.breaker;
      if (outcome === 'PENDING') break;
      held.line.shift();
      held.unsettled.push(seq);
    }
  }

  #note(index: number, seq: number, status: Outcome): void {
    if (!this.seen.includes(seq)) this.seen.push(seq);
    if (status === 'DELIVERED') {
      this.delivered.add(seq);
      this.owed.delete(seq);
    }
    const { webhookId, sessionId } = this;
    const attempt = { isAttempt: true, refusals: 0, ageMs: 0, durationMs: 1, delayMs: PROBE_MS };
    this.#results[index]!.push({ webhookId, sessionId, seq, status, ...attempt });
  }

  /**
   * One statement names a delivery once, so that what came of it under a lost lease and under the next one is written
   * in turn, as the result writer of the gateway does.
   */
  async #write(index: number, change: LeaseChange): Promise<void> {
    const settled = new Set<number>();
    do {
      const batch = this.#takeResults(index);
      const held = this.#holders[index];
      if (!held && batch.length === 0) return;
      for (const { seq, status } of batch) if (status !== 'PENDING') settled.add(seq);
      // A result of an earlier lease lets the cursor pass too, because its row is written.
      const open = held && [...held.unsettled, ...held.line].find((seq) => !settled.has(seq));
      const progress = held && {
        webhookId: this.webhookId,
        leasedBy: held.leased.leasedBy,
        change,
        cursor: open === undefined ? held.known : open - 1,
        failures: 0,
        lastError: null,
        deliveredAgoMs: null,
        breaker: held.breaker,
      };
      const [written] = await writeDeliveries(database.pool, progress ? [progress] : [], batch);
      if (!written || written.isReleased || change === 'abandon') this.#holders[index] = undefined;
    } while (this.#results[index]!.length > 0);
    const held = this.#holders[index];
    if (held) {
      held.unsettled = [];
      held.line = held.line.filter((seq) => !settled.has(seq));
    }
  }

  /** The oldest result of each delivery. */
  #takeResults(index: number): DeliveryResult[] {
    const batch = new Map<number, DeliveryResult>();
    const rest: DeliveryResult[] = [];
    for (const result of this.#results[index]!) {
      if (batch.has(result.seq)) rest.push(result);
      else batch.set(result.seq, result);
    }
    this.#results[index] = rest;
    return [...batch.values()];
  }

  async #drainAsBefore(wishes: readonly Outcome[], dies: boolean): Promise<void> {
    const leasedBy = newId();
    const [leased] = await previous('lease-due-webhooks', [leasedBy, 1, 60_000, this.webhookId]);
    if (!leased) return;
    const due = await previous<{ seq: number }>('due-deliveries', [this.webhookId, 'PENDING', 20]);
    for (const [n, { seq }] of due.entries()) {
      const wish = wishes[n];
      if (!wish) break;
      // The version before knows no line.
      const status = wish === 'PENDING' ? 'RETRYING' : wish;
      if (!this.seen.includes(seq)) this.seen.push(seq);
      if (status === 'DELIVERED') this.delivered.add(seq);
      const one = [[this.webhookId], [leasedBy], [this.sessionId], [seq], [status], [60_000], [200], [null]];
      await previous('record-deliveries', [60_000, ...one]);
    }
    if (dies) await this.expire();
    else await previous('release-webhook', [this.webhookId, leasedBy]);
  }

  /** Wanted events whose delivery is not over. */
  async waiting(): Promise<number[]> {
    const { rows } = await database.pool.query<{ seq: number }>(
      `SELECT seq FROM ${WAITING_DELIVERIES} AS waiting WHERE webhook_id = $1 ORDER BY seq`,
      [this.webhookId],
    );
    return rows.map(({ seq }) => seq);
  }
}

/** Taken under a lease that has run out, not written yet, and then in line under the next lease of the same process. */
const DELIVERED_THEN_IN_LINE: Step[] = [
  { does: 'append', wanted: [true], asBefore: false },
  { does: 'attempt', holder: 1, outcomes: ['DELIVERED'] },
  { does: 'expire' },
  { does: 'attempt', holder: 1, outcomes: ['PENDING'] },
  { does: 'write', holder: 1, change: 'hold' },
];
/** The same, with an event behind it that was read and waits for its turn. */
const OTHERS_BEHIND_IT: Step[] = [
  { does: 'append', wanted: [true, true, true], asBefore: false },
  { does: 'attempt', holder: 1, outcomes: ['DELIVERED'] },
  { does: 'expire' },
  { does: 'attempt', holder: 1, outcomes: ['PENDING', 'DELIVERED'] },
  { does: 'attempt', holder: 1, outcomes: ['DELIVERED', 'DELIVERED'] },
];

const EXAMPLES = [DELIVERED_THEN_IN_LINE, OTHERS_BEHIND_IT];

async function previous<T extends object>(name: keyof typeof PREVIOUS_STATEMENTS, values: unknown[]): Promise<T[]> {
  const statement = { name: `previous-${name}`, text: PREVIOUS_STATEMENTS[name], values };
  return (await database.pool.query<T>(statement)).rows;
}

it('every wanted event is attempted, first attempts keep their order, and nothing waits for ever, whoever delivers, dies or is late (I10, I11)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }),
      async (isPrimary, steps) => {
        const world = await new World().open(isPrimary);
        for (const now of steps) {
          await world.take(now);
          // Nothing that the receiver has not got is forgotten.
          const waiting = new Set(await world.waiting());
          const forgotten = world.wanted.filter((seq) => !world.delivered.has(seq) && !waiting.has(seq));
          expect(forgotten).toEqual([]);
        }
        await world.finish();
        expect(world.seen).toEqual(world.wanted);
        expect([...world.owed]).toEqual([]);
        expect(await world.waiting()).toEqual([]);
        const { rows } = await database.pool.query<{ seq: number; status: string }>(
          'SELECT seq, status FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY seq',
          [world.webhookId],
        );
        expect(rows).toEqual(world.wanted.map((seq) => ({ seq, status: 'DELIVERED' })));
        const findings = await findViolations(database.pool, { settledMs: 0, limit: 1_000 });
        const its = findings.flatMap(({ name, rows: found }) => found.map((row) => ({ name, ...row })));
        expect(its.filter((row) => 'webhook_id' in row && row.webhook_id === world.webhookId)).toEqual([]);
      },
    ),
    { numRuns: 100, examples: [true, false].flatMap((primary) => EXAMPLES.map((steps) => [primary, steps])) },
  );
}, 300_000);
