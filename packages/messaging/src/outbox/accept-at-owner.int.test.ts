import { type Ownership, placeSession, readSessionKeys, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, waitFor, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acceptMessage } from './accept.ts';
import { acceptAtOwner } from './accept-at-owner.ts';
import type { AcceptedMessage } from './acceptance.ts';
import { hashRequest } from './idempotency.ts';
import { claimOutbox } from './outbox.ts';
import { newWaMessageId } from './wa-message-id.ts';

/** The lease of the one worker, which nobody renews, outlasts the file. */
const LASTING = scaleTiming(60);
const PAYLOAD = Buffer.from('protobuf');

let database: TestDatabase;
let owner: Ownership;
beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), LASTING);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  owner = await newOwner();
});

async function newOwner(): Promise<Ownership> {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  return { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
}

const messageFor = ({ sessionId }: Ownership, more: Partial<AcceptedMessage> = {}): AcceptedMessage => ({
  messageId: newId(),
  waMessageId: newWaMessageId(),
  sessionId,
  chatJid: '15550001@s.whatsapp.net',
  request: { type: 'text', text: 'hello' },
  ...more,
});

/** With one key of the message, and one that has nothing to do with it. */
async function accept(message: AcceptedMessage, as = owner) {
  const { messageId } = message;
  const key = (keyId: string) => ({ kind: 'session', keyId, value: Buffer.from(messageId) });
  return acceptAtOwner(
    database.pool,
    [{ owner: as, message, payload: PAYLOAD }],
    [
      { owner: as, upserts: [key(`of ${messageId}`)], deletes: [], messageId },
      { owner: as, upserts: [key(`beside ${messageId}`)], deletes: [] },
    ],
  );
}

async function keysBy({ messageId, sessionId }: AcceptedMessage): Promise<string[]> {
  const names = [`of ${messageId}`, `beside ${messageId}`];
  const found = await readSessionKeys(database.pool, sessionId, 'session', names);
  return names.filter((name) => found.has(name)).map((name) => name.split(' ')[0]!);
}

async function rowOf({ messageId }: AcceptedMessage) {
  const { rows } = await database.pool.query(
    `SELECT m.state, m.kind, m.text, m.metadata, m.api_key_id AS "apiKeyId", o.state AS outbox, o.epoch, o.attempts, o.payload,
       o.attempt_log AS log, o.fail_if_uncertain AS careful, k.message_id AS named
     FROM messages m JOIN outbox o ON o.message_id = m.id LEFT JOIN message_keys k ON k.message_id = m.id WHERE m.id = $1`,
    [messageId],
  );
  return rows[0];
}

describe('an accept at the owner', () => {
  it('makes message, outbox row in its first attempt with the bytes, and keys, in one statement (I4, I8)', async () => {
    const apiKeyId = newId();
    const message = messageFor(owner, { metadata: { order: 7 }, apiKeyId });
    expect(await accept(message)).toEqual({
      accepted: new Map([[message.messageId, { failIfUncertain: false }]]),
      stale: [],
    });
    const { log, ...row } = await rowOf(message);
    expect(row).toEqual({
      state: 'QUEUED',
      kind: 'text',
      text: 'hello',
      metadata: { order: 7 },
      apiKeyId,
      outbox: 'SENDING',
      epoch: owner.epoch,
      attempts: 1,
      payload: PAYLOAD,
      careful: false,
      named: message.messageId,
    });
    expect(log).toEqual([{ at: expect.any(String), epoch: owner.epoch, worker: 'worker-1' }]);
    expect(await keysBy(message)).toEqual(['of', 'beside']);
  });

  it('says of a message that must not go out twice that its attempt has begun, by wish or by setting', async () => {
    const wished = messageFor(owner, { failIfUncertain: true });
    expect((await accept(wished)).accepted.get(wished.messageId)).toEqual({ failIfUncertain: true });
    expect((await rowOf(wished)).log).toEqual([expect.objectContaining({ begun: true })]);
    await database.pool.query(`UPDATE sessions SET settings = '{"onUncertain":"fail"}' WHERE id = $1`, [
      owner.sessionId,
    ]);
    const set = messageFor(owner);
    expect((await accept(set)).accepted.get(set.messageId)).toEqual({ failIfUncertain: true });
  });

  it('serves many sessions at once, each by its own verdict', async () => {
    const owners = [owner, await newOwner(), await newOwner()];
    await database.pool.query(`UPDATE sessions SET state = 'LOGGED_OUT' WHERE id = $1`, [owners[1]!.sessionId]);
    const stale = { ...owners[2]!, epoch: owners[2]!.epoch - 1 };
    const offers = [owner, owners[1]!, stale].map((each) => ({
      owner: each,
      message: messageFor(each),
      payload: PAYLOAD,
    }));
    const writes = offers.map(({ owner: each, message: { messageId } }) => ({
      owner: each,
      upserts: [{ kind: 'session', keyId: `of ${messageId}`, value: PAYLOAD }],
      deletes: [],
      messageId,
    }));
    const { accepted, stale: left } = await acceptAtOwner(database.pool, offers, writes);
    expect([...accepted.keys()]).toEqual([offers[0]!.message.messageId]);
    expect(left).toEqual([stale.sessionId]);
    expect(await Promise.all(offers.map(({ message }) => keysBy(message)))).toEqual([['of'], [], []]);
  });
});

describe('nothing is accepted, and no key of the message is written,', () => {
  it.each([
    ['of an unlinked session', `paired_at = NULL`],
    ['of one that is logged out', `state = 'LOGGED_OUT'`],
    ['of one that is being linked', `state = 'PAIRING'`],
    ['of one that may not begin new chats', `reachout_locked_until = now() + interval '1 h'`],
  ])('%s', async (_what, change) => {
    await database.pool.query(`UPDATE sessions SET ${change} WHERE id = $1`, [owner.sessionId]);
    const message = messageFor(owner);
    expect((await accept(message)).accepted.size).toBe(0);
    expect([await rowOf(message), await keysBy(message)]).toEqual([undefined, ['beside']]);
  });

  it('while a row that is due waits in the outbox, and again once it is claimed', async () => {
    const first = messageFor(owner);
    await acceptMessage(database.pool, first);
    const second = messageFor(owner);
    expect((await accept(second)).accepted.size).toBe(0);
    await claimOutbox(database.pool, [owner], 10);
    expect((await accept(second)).accepted.size).toBe(1);
  });

  it('under an idempotency key in use; the ordinary accept says by which message', async () => {
    const idempotency = { key: 'order-7', requestHash: hashRequest('a') };
    const first = messageFor(owner, { idempotency });
    expect((await accept(first)).accepted.size).toBe(1);
    const second = messageFor(owner, { idempotency: { ...idempotency, clientMessageId: 'mine' } });
    expect((await accept(second)).accepted.size).toBe(0);
    expect([await rowOf(second), await keysBy(second)]).toEqual([undefined, ['beside']]);
    expect(await acceptMessage(database.pool, second)).toEqual({
      outcome: 'used',
      messageIds: [first.messageId],
      isSameRequest: true,
    });
    // The key that was new is free again.
    const third = messageFor(owner, { idempotency: { clientMessageId: 'mine', requestHash: hashRequest('b') } });
    expect((await accept(third)).accepted.size).toBe(1);
  });
});

describe('when the gateway accepts the same message by itself', () => {
  it('whoever commits first makes the one row, and the other finds it (I8)', async () => {
    for (let round = 0; round < 20; round += 1) {
      const own = await newOwner();
      const idempotency = { key: 'k', requestHash: hashRequest(round) };
      const message = messageFor(own, round % 2 ? { idempotency } : {});
      const [atOwner, atGateway] = await Promise.all([accept(message, own), acceptMessage(database.pool, message)]);
      expect(atGateway).toEqual({ outcome: 'accepted' });
      const isTaken = atOwner.accepted.has(message.messageId);
      expect((await rowOf(message)).outbox).toBe(isTaken ? 'SENDING' : 'QUEUED');
      expect(await keysBy(message)).toEqual(isTaken ? ['of', 'beside'] : ['beside']);
    }
  });

  it.each(['COMMIT', 'ROLLBACK'])('in a transaction that is still open, the owner waits for its %s', async (end) => {
    const message = messageFor(owner);
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      await acceptMessage(client, message);
      const own = accept(message);
      await waitFor(async () => {
        const { rows } = await database.pool.query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        );
        return rows.length > 0;
      });
      await client.query(end);
      expect((await own).accepted.size).toBe(end === 'ROLLBACK' ? 1 : 0);
    } finally {
      client.release();
    }
  });
});
