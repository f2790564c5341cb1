/**
 * What a sent message costs in write-ahead log, statement by statement: records alone, without full-page images, which
 * come once per page and checkpoint. Two figures of each step: of the ordinary message (the median), which is the same
 * to some bytes in each run, and the average, which has the page splits and prunings in it. The bounds are above what
 * was measured in ten runs beside other tests, by 1 % and by 10 % (docs/benchmarks.md).
 */
import { randomBytes } from 'node:crypto';
import {
  type Ownership,
  placeSession,
  registerWorker,
  SESSION_KEYS_BOX,
  scaleTiming,
  writeManySessionKeys,
} from '@wa-gate/cluster';
import { createSecretBox, newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { learnContacts } from './contacts/learn.ts';
import { acceptMessage } from './outbox/accept.ts';
import { acceptAtOwner } from './outbox/accept-at-owner.ts';
import type { AcceptedMessage } from './outbox/acceptance.ts';
import { hashRequest } from './outbox/idempotency.ts';
import { claimOutbox } from './outbox/outbox.ts';
import { type Outcome, recordOutcomes } from './outbox/outcomes.ts';
import { newWaMessageId } from './outbox/wa-message-id.ts';

/** The first PostgreSQL that counts the log of one backend. */
const COUNTS_BY_BACKEND = 180_000;
const CHAT = '6281297309265@s.whatsapp.net';
const WARM_UP = 20;
const MESSAGES = 200;
/** A session record of two conversations in two parts: what a message changes, and what stays while nobody answers. */
const CHANGING_BYTES = 80;
const LASTING_BYTES = 620;

let database: TestDatabase;
let owner: Ownership;

beforeAll(async () => {
  // One connection: its backend's counters are those of the test alone.
  database = await createTestDatabase({ max: 1 });
  await keepAutovacuumAway();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 10 }), scaleTiming(60));
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
  await writeKeys();
  const names = { push: 'A name of ordinary length' };
  await learnContacts(database.pool, [{ sessionId, jid: CHAT, altJid: '212345678901234@lid', names, at: new Date() }]);
});
afterAll(() => database?.drop());

const box = createSecretBox([randomBytes(32)], SESSION_KEYS_BOX);
const lasting = new Map(
  ['contact', 'own phone'].map((keyId) => [keyId, box.sealLasting(randomBytes(LASTING_BYTES), keyId)]),
);

/**
 * While ANALYZE looks at a table, no backend prunes the pages of the database: rows that are updated in place move to
 * other pages, and the average of `keys` was up to a third higher.
 */
async function keepAutovacuumAway(): Promise<void> {
  const { rows } = await database.pool.query<{ statement: string }>(
    `SELECT format('ALTER TABLE %s SET (autovacuum_enabled = off)', oid::regclass) AS statement FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  for (const { statement } of rows) await database.pool.query(statement);
}

/** Encrypting for a contact and for the own phone moves two ratchets. */
const keyWrite = () => ({
  owner,
  upserts: [...lasting].map(([keyId, part]) => ({
    kind: 'session',
    keyId,
    value: box.sealBefore(randomBytes(CHANGING_BYTES), part, keyId),
  })),
  deletes: [],
});
const writeKeys = () => writeManySessionKeys(database.pool, [keyWrite()]);

async function walBytes(): Promise<number> {
  await database.pool.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await database.pool.query<{ bytes: string }>(
    'SELECT wal_bytes::text AS bytes FROM pg_stat_get_backend_wal(pg_backend_pid())',
  );
  return Number(rows[0]!.bytes);
}

/** Bytes per message of one step. */
interface Spent {
  /** Of the ordinary message: half of them write no more. */
  ordinary: number;
  average: number;
}

/** Bytes per message of each step; the steps of one message run one after the other. */
async function measure(steps: Record<string, () => Promise<unknown>>): Promise<Record<string, Spent>> {
  const spent: Record<string, number[]> = Object.fromEntries(Object.keys(steps).map((name) => [name, []]));
  for (let n = 0; n < WARM_UP + MESSAGES; n += 1) {
    let before = await walBytes();
    for (const [name, step] of Object.entries(steps)) {
      await step();
      const after = await walBytes();
      if (n >= WARM_UP) spent[name]!.push(after - before);
      before = after;
    }
  }
  return Object.fromEntries(
    Object.entries(spent).map(([name, bytes]) => [
      name,
      {
        ordinary: bytes.toSorted((one, other) => one - other)[MESSAGES / 2]!,
        average: Math.round(bytes.reduce((sum, one) => sum + one, 0) / MESSAGES),
      },
    ]),
  );
}

async function serverCounts(): Promise<boolean> {
  const { rows } = await database.pool.query<{ version: number; images: string }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('full_page_writes') AS images`,
  );
  return rows[0]!.version >= COUNTS_BY_BACKEND && rows[0]!.images === 'off';
}

function messageOf({ sessionId }: Ownership, key?: string): AcceptedMessage {
  const request = { type: 'text' as const, text: 'A message of ordinary length, as people write them.' };
  return {
    messageId: newId(),
    waMessageId: newWaMessageId(),
    sessionId,
    chatJid: CHAT,
    request,
    ...(key && { idempotency: { key, requestHash: hashRequest(request) } }),
  };
}

const outcomeOf = (of: Ownership, waMessageId: string, state: Outcome['state']): Outcome => ({
  ...of,
  waMessageId,
  state,
  at: new Date(),
  ...(state === 'SENT' && { wireAt: new Date() }),
});

type Figures = Record<string, Record<string, Spent>>;

/** Of averages: what runs beside may keep pages from being pruned for a while. */
const SLACK = 1.5;

/** Fails with all figures when one is above its bound. */
function expectBelow(bounds: Record<string, Record<string, [ordinary: number, average: number]>>, figures: Figures) {
  const above = Object.entries(bounds).flatMap(([way, steps]) =>
    Object.entries(steps).flatMap(([step, [ordinary, average]]) => {
      const spent = figures[way]![step]!;
      return [
        ...(spent.ordinary > ordinary ? [`${way}, ${step}: ordinary ${spent.ordinary}, bound ${ordinary}`] : []),
        ...(spent.average > average * SLACK
          ? [`${way}, ${step}: average ${spent.average}, bound ${average * SLACK}`]
          : []),
      ];
    }),
  );
  expect(above, `bytes of log per message: ${JSON.stringify(figures, null, 1)}`).toEqual([]);
}

it('a sent message writes less than its bound, with each receipt on its own or both together', async ({ skip }) => {
  if (!(await serverCounts())) skip('needs PostgreSQL 18 without full-page images, as npm test starts it');
  let waMessageId = '';
  const newMessage = (key?: string): AcceptedMessage => {
    const message = messageOf(owner, key);
    waMessageId = message.waMessageId;
    return message;
  };
  const accept = (key?: string) => acceptMessage(database.pool, newMessage(key));
  const acceptWithKeys = async () => {
    const message = newMessage();
    const write = { ...keyWrite(), messageId: message.messageId };
    const { accepted } = await acceptAtOwner(database.pool, [{ owner, message, payload: null }], [write]);
    expect(accepted.size).toBe(1);
  };
  const outcomes = (...states: Outcome['state'][]) =>
    recordOutcomes(
      database.pool,
      states.map((state) => outcomeOf(owner, waMessageId, state)),
    );
  const claim = () => claimOutbox(database.pool, [owner], 5);

  const apart = await measure({
    accept: () => accept(),
    claim,
    keys: writeKeys,
    sent: () => outcomes('SENT'),
    delivered: () => outcomes('DELIVERED'),
    read: () => outcomes('READ'),
  });
  const together = await measure({
    accept: () => accept(newId()),
    claim,
    keys: writeKeys,
    sent: () => outcomes('SENT'),
    receipts: () => outcomes('DELIVERED', 'READ'),
  });
  const atOwner = await measure({
    accept: acceptWithKeys,
    sent: () => outcomes('SENT'),
    receipts: () => outcomes('DELIVERED', 'READ'),
  });
  expectBelow(
    {
      apart: {
        accept: [1_340, 1_560],
        claim: [701, 800],
        keys: [558, 700],
        sent: [1_372, 1_600],
        delivered: [956, 1_080],
        read: [964, 1_060],
      },
      together: {
        accept: [1_752, 2_030],
        claim: [701, 820],
        keys: [558, 700],
        sent: [1_372, 1_600],
        receipts: [1_666, 1_860],
      },
      atOwner: { accept: [1_865, 2_200], sent: [1_372, 1_600], receipts: [1_666, 1_860] },
    },
    { apart, together, atOwner },
  );
});
