/**
 * What a sent message costs in write-ahead log, statement by statement: records alone, without full-page images, which
 * come once per page and checkpoint. The bounds are some per cent above what was measured (docs/benchmarks.md).
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

/** Bytes per message of each step, on average; the steps of one message run one after the other. */
async function measure(steps: Record<string, () => Promise<unknown>>): Promise<Record<string, number>> {
  const spent: Record<string, number> = Object.fromEntries(Object.keys(steps).map((name) => [name, 0]));
  for (let n = 0; n < WARM_UP + MESSAGES; n += 1) {
    let before = await walBytes();
    for (const [name, step] of Object.entries(steps)) {
      await step();
      const after = await walBytes();
      if (n >= WARM_UP) spent[name] = spent[name]! + (after - before) / MESSAGES;
      before = after;
    }
  }
  return spent;
}

async function serverCounts(): Promise<boolean> {
  const { rows } = await database.pool.query<{ version: number; images: string }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('full_page_writes') AS images`,
  );
  return rows[0]!.version >= COUNTS_BY_BACKEND && rows[0]!.images === 'off';
}

const within = (bounds: Record<string, number>) =>
  Object.fromEntries(Object.entries(bounds).map(([name, bound]) => [name, expect.toSatisfy((bytes) => bytes < bound)]));

it('a sent message writes less than its bound, with each receipt on its own or both together', async ({ skip }) => {
  if (!(await serverCounts())) skip('needs PostgreSQL 18 without full-page images, as npm test starts it');
  let waMessageId = '';
  const newMessage = (key?: string): AcceptedMessage => {
    const request = { type: 'text' as const, text: 'A message of ordinary length, as people write them.' };
    waMessageId = newWaMessageId();
    return {
      messageId: newId(),
      waMessageId,
      sessionId: owner.sessionId,
      chatJid: CHAT,
      request,
      ...(key && { idempotency: { key, requestHash: hashRequest(request) } }),
    };
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
      states.map((state) => ({
        ...owner,
        waMessageId,
        state,
        at: new Date(),
        ...(state === 'SENT' && { wireAt: new Date() }),
      })),
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
  expect(apart).toEqual(within({ accept: 1_440, claim: 740, keys: 610, sent: 1_480, delivered: 1_030, read: 1_020 }));
  expect(atOwner).toEqual(within({ accept: 2_100, sent: 1_490, receipts: 1_770 }));
  expect(together).toEqual(within({ accept: 1_900, claim: 790, keys: 610, sent: 1_480, receipts: 1_770 }));
});
