import {
  decodeKey,
  encodeKey,
  markKeysStale,
  type Ownership,
  readSessionKind,
  StaleEpochError,
  sessionKeyContext,
} from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  createParty,
  introduce,
  openTestStore,
  ownedSession,
  padded,
  type SignalParty,
  testBox,
} from '../testing/signal-parties.ts';
import { addTransactionCapability, initAuthCreds } from './baileys.ts';
import { renewStaleKeys } from './key-renewal.ts';
import { createKeySealer } from './key-sealer.ts';
import { createSignalRepository } from './signal-repository.ts';

/** That nothing is sent twice under one key, and everything is read: compose/recovery.int.test.ts (MR-183). */

const ANN = '15550001111@s.whatsapp.net';
const US = '15552223333@s.whatsapp.net';
const ME = { id: '15552223333:4@s.whatsapp.net', lid: '9988:4@lid' };
const GROUP = '120363000000000001@g.us';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

async function write(sessionId: string, kind: string, keyId: string, value: unknown): Promise<void> {
  await database.pool.query('INSERT INTO session_keys (session_id, kind, key_id, value) VALUES ($1, $2, $3, $4)', [
    sessionId,
    kind,
    keyId,
    testBox.seal(encodeKey(kind, value), sessionKeyContext(sessionId, kind, keyId)),
  ]);
}

async function read(sessionId: string, kind: string): Promise<Map<string, unknown>> {
  const rows = await readSessionKind(database.pool, sessionId, kind);
  return new Map(
    [...rows].map(([keyId, sealed]) => [
      keyId,
      decodeKey(kind, testBox.open(sealed, sessionKeyContext(sessionId, kind, keyId))),
    ]),
  );
}

/** Two parties that have written to each other; the first one's keys are marked. */
async function staleParty(): Promise<{ us: SignalParty; ann: SignalParty; answer: Uint8Array }> {
  const us = await createParty(database.pool, createSignalRepository());
  const ann = await createParty(database.pool, createSignalRepository());
  await introduce(us, ann, ANN, 1);
  const first = await us.repository.encryptMessage({ jid: ANN, data: padded('hello') });
  await ann.repository.decryptMessage({ jid: US, ...first });
  const { ciphertext } = await ann.repository.encryptMessage({ jid: US, data: padded('hello to you') });
  const { sessionId } = us.owner;
  // The identity of the party is in the credentials, which are stored once a phone has linked them.
  const account = { details: Buffer.of(1) };
  await write(sessionId, 'creds', 'creds', {
    ...us.creds,
    me: ME,
    account,
    nextPreKeyId: 31,
    firstUnuploadedPreKeyId: 31,
  });
  await markKeysStale(database.pool, newId(), [sessionId]);
  us.store.close();
  return { us, ann, answer: ciphertext };
}

const renew = (owner: Ownership) =>
  renewStaleKeys({ pool: database.pool, sealer: createKeySealer(testBox, 'split', owner.sessionId), owner });

async function reopen(owner: Ownership): Promise<SignalParty['repository']> {
  const store = await openTestStore(database.pool, owner);
  const party = await createParty(database.pool, createSignalRepository());
  const keys = addTransactionCapability(store.state.keys, party.logger, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 0,
  });
  return createSignalRepository()({ creds: store.state.creds, keys }, party.logger, async () => []);
}

it('closes sessions for sending and keeps them for reading', async () => {
  const { us, answer } = await staleParty();
  expect(await renew(us.owner)).toBe(true);
  const repository = await reopen(us.owner);
  expect(await repository.validateSession(ANN)).toMatchObject({ exists: false });
  await expect(repository.encryptMessage({ jid: ANN, data: padded('old ratchet') })).rejects.toThrow('No open session');
  expect(await repository.decryptMessage({ jid: ANN, type: 'msg', ciphertext: answer })).toBeInstanceOf(Uint8Array);
  // What was read has opened nothing.
  expect(await repository.validateSession(ANN)).toMatchObject({ exists: false });
});

it('removes the own sender keys under both names, and keeps those of others', async () => {
  const { us } = await staleParty();
  const { sessionId } = us.owner;
  const own = [`${GROUP}::15552223333::4`, `${GROUP}::9988_1::4`];
  const others = [`${GROUP}::15552223333::5`, `${GROUP}::119988_1::4`, `${GROUP}::777_1::0`];
  for (const name of [...own, ...others]) await write(sessionId, 'sender-key', name, Buffer.from('[]'));
  await write(sessionId, 'sender-key-memory', GROUP, { [ANN]: true });
  await renew(us.owner);
  expect([...(await read(sessionId, 'sender-key')).keys()].sort()).toEqual(others.sort());
  expect((await read(sessionId, 'sender-key-memory')).size).toBe(0);
});

it('lets the numbers of prekeys leap, and does all of it once', async () => {
  const { us } = await staleParty();
  const creds = async () => (await read(us.owner.sessionId, 'creds')).get('creds');
  await renew(us.owner);
  expect(await creds()).toMatchObject({ nextPreKeyId: 50_031, firstUnuploadedPreKeyId: 50_031, me: ME });
  expect(await renew(us.owner)).toBe(false);
  expect(await creds()).toMatchObject({ nextPreKeyId: 50_031 });
});

it('begins the numbers anew before they need a fourth byte', async () => {
  const owner = await ownedSession(database.pool);
  await write(owner.sessionId, 'creds', 'creds', {
    ...initAuthCreds(),
    me: ME,
    nextPreKeyId: 16_700_000,
    firstUnuploadedPreKeyId: 16_700_000,
  });
  await markKeysStale(database.pool, newId(), [owner.sessionId]);
  await renew(owner);
  expect((await read(owner.sessionId, 'creds')).get('creds')).toMatchObject({ nextPreKeyId: 1 });
});

it('is refused to a former owner, and the mark stays (I2)', async () => {
  const { us } = await staleParty();
  const former = { ...us.owner, epoch: us.owner.epoch - 1 };
  await expect(renew(former)).rejects.toThrow(StaleEpochError);
  const { rowCount } = await database.pool.query('SELECT 1 FROM stale_keys WHERE session_id = $1', [
    us.owner.sessionId,
  ]);
  expect(rowCount).toBe(1);
  expect(await (await reopen(us.owner)).validateSession(ANN)).toMatchObject({ exists: false });
});
