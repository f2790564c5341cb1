import { createHash } from 'node:crypto';
import {
  type Ownership,
  placeSession,
  readSessionKeys,
  releaseSession,
  StaleEpochError,
  sessionKeyContext,
} from '@wa-gate/cluster';
import { createPool, type Pool, type RecordForm } from '@wa-gate/db';
import { createSecretBox, systemClock, UnsealError } from '@wa-gate/kit';
import { createFaultProxy, createTestDatabase, type FaultProxy, type TestDatabase, waitFor } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTestStore, ownedSession, testBox } from '../testing/signal-parties.ts';
import { type AuthStore, type AuthStoreDependencies, openAuthStore } from './auth-store.ts';
import { proto } from './baileys.ts';
import { createKeyWriter, KeysLostError } from './key-writer.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** Sets the credentials as after a link. */
function link(store: AuthStore): void {
  const part = Buffer.from('linked');
  store.state.creds.account = proto.ADVSignedDeviceIdentity.create({ details: part, accountSignature: part });
  store.state.creds.me = { id: '1555:7@s.whatsapp.net', lid: '99:7@lid' };
}

const storedKinds = async (sessionId: string): Promise<string[]> =>
  (
    await database.pool.query<{ kind: string }>(
      'SELECT DISTINCT kind FROM session_keys WHERE session_id = $1 ORDER BY kind',
      [sessionId],
    )
  ).rows.map(({ kind }) => kind);

describe('what is stored', () => {
  it('comes back for the next owner, credentials and keys', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(database.pool, owner);
    link(store);
    store.saveCreds();
    await store.set({
      session: { '99_1.0': { version: 'v1' } as never },
      'pre-key': { 5: { public: Buffer.alloc(32, 1), private: Buffer.alloc(32, 2) } },
      'lid-mapping': { 1666: '77' },
    });
    await store.flush();

    const next = await openTestStore(database.pool, owner);
    expect(next.isPaired()).toBe(true);
    expect(Buffer.from(next.state.creds.noiseKey.private)).toEqual(Buffer.from(store.state.creds.noiseKey.private));
    expect(await next.state.keys.get('session', ['99_1.0', 'absent'])).toEqual({ '99_1.0': { version: 'v1' } });
    expect((await next.state.keys.get('pre-key', ['5']))['5']?.private).toEqual(Buffer.alloc(32, 2));
  });

  it('is sealed, and bound to its session, kind and id', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(database.pool, owner);
    const secret = Buffer.from('0123456789abcdef0123456789abcdef');
    await store.set({ 'identity-key': { a: secret } });
    const sealed = (await readSessionKeys(database.pool, owner.sessionId, 'identity-key', ['a'])).get('a')!;
    expect(sealed.includes(secret)).toBe(false);
    expect(testBox.open(sealed, `${owner.sessionId}|identity-key|a`)).toEqual(secret);
    expect(() => testBox.open(sealed, `${owner.sessionId}|identity-key|b`)).toThrow(UnsealError);
  });

  it('is nothing before a phone has linked the device', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(database.pool, owner);
    store.state.creds.pairingCode = 'ABCD1234';
    store.saveCreds();
    await store.flush();
    expect(await storedKinds(owner.sessionId)).toEqual([]);
  });

  it('includes the credentials with every new prekey, in the same statement', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(database.pool, owner);
    link(store);
    store.state.creds.nextPreKeyId = 42;
    await store.set({ 'pre-key': { 41: { public: Buffer.alloc(32), private: Buffer.alloc(32) } } });
    expect((await openTestStore(database.pool, owner)).state.creds.nextPreKeyId).toBe(42);
  });

  it('is the newest state of the credentials, however fast they change', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(database.pool, owner);
    link(store);
    for (let n = 1; n <= 50; n += 1) {
      store.state.creds.accountSyncCounter = n;
      store.saveCreds();
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await store.flush();
    expect((await openTestStore(database.pool, owner)).state.creds.accountSyncCounter).toBe(50);
  });
});

describe('the cache', () => {
  it('never shows a value that a later write has replaced, and hands out copies of what Baileys changes in place', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(database.pool, owner);
    await store.set({ 'device-list': { u: ['0'] } });
    const list = (await store.state.keys.get('device-list', ['u'])).u!;
    list.push('9');
    expect((await store.state.keys.get('device-list', ['u'])).u).toEqual(['0']);

    // Concurrent reads and writes of one key: the last read must return the last write.
    for (let n = 0; n < 30; n += 1) {
      const fresh = await openTestStore(database.pool, owner);
      await Promise.all([fresh.state.keys.get('lid-mapping', ['x']), fresh.set({ 'lid-mapping': { x: String(n) } })]);
      expect((await fresh.state.keys.get('lid-mapping', ['x'])).x).toBe(String(n));
    }
  });

  it('knows absence too, until the key is written', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(database.pool, owner);
    expect(await store.state.keys.get('tctoken', ['a'])).toEqual({});
    await store.set({ tctoken: { a: { token: Buffer.from('t') } } });
    expect(await store.state.keys.get('tctoken', ['a'])).toEqual({ a: { token: Buffer.from('t') } });
    await store.set({ tctoken: { a: null } });
    expect(await store.state.keys.get('tctoken', ['a'])).toEqual({});
  });

  it('keeps no prekeys', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(database.pool, owner);
    await store.set({ 'pre-key': { 1: { public: Buffer.alloc(32), private: Buffer.alloc(32) } } });
    await store.state.keys.get('pre-key', ['1']);
    await database.pool.query('DELETE FROM session_keys WHERE session_id = $1', [owner.sessionId]);
    expect(await store.state.keys.get('pre-key', ['1'])).toEqual({});
  });
});

describe('a stale owner (I2, I7)', () => {
  it('is refused, reported once and synchronously, and can do nothing more', async () => {
    const owner = await ownedSession(database.pool);
    const failures: Error[] = [];
    const store = await openTestStore(database.pool, owner, (error) => failures.push(error));
    await store.set({ 'lid-mapping': { x: 'mine' } });
    await releaseSession(database.pool, owner.sessionId, 'test');
    const next = await placeSession(database.pool, owner.sessionId);

    let toldBeforeRejection = false;
    await store.set({ 'lid-mapping': { x: 'stale' } }).catch((error: unknown) => {
      toldBeforeRejection = failures.length === 1;
      expect(error).toBeInstanceOf(StaleEpochError);
    });
    expect(toldBeforeRejection).toBe(true);
    await expect(async () => store.state.keys.get('lid-mapping', ['x'])).rejects.toThrow(StaleEpochError);
    await expect(store.set({ 'lid-mapping': { y: '1' } })).rejects.toThrow(StaleEpochError);
    expect(failures).toHaveLength(1);

    const heir = await openTestStore(database.pool, { sessionId: owner.sessionId, epoch: next!.epoch });
    expect(await heir.state.keys.get('lid-mapping', ['x', 'y'])).toEqual({ x: 'mine' });
  });

  it('takes nobody else of its worker down with it', async () => {
    const [mine, lost] = [await ownedSession(database.pool), await ownedSession(database.pool)];
    const writer = createKeyWriter({ pool: database.pool, clock: systemClock });
    const open = (owner: typeof mine) =>
      openAuthStore({
        pool: database.pool,
        writer,
        box: testBox,
        recordForm: 'split',
        clock: systemClock,
        owner,
        onFailure: () => undefined,
      });
    const [first, second] = [await open(mine), await open(lost)];
    await releaseSession(database.pool, lost.sessionId, 'test');
    const results = await Promise.allSettled([
      first.set({ 'lid-mapping': { x: '1' } }),
      second.set({ 'lid-mapping': { x: '1' } }),
      first.set({ 'lid-mapping': { y: '1' } }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('session records', () => {
  const open = (owner: Ownership, recordForm: RecordForm) =>
    openAuthStore({
      pool: database.pool,
      writer: createKeyWriter({ pool: database.pool, clock: systemClock }),
      box: testBox,
      recordForm,
      clock: systemClock,
      owner,
      onFailure: () => undefined,
    });
  const key = (name: string) => createHash('sha256').update(name).digest('base64');
  const record = (counter: number) => ({
    _sessions: {
      base: {
        registrationId: 7,
        currentRatchet: {
          ephemeralKeyPair: { pubKey: key('own'), privKey: key('private') },
          lastRemoteEphemeralKey: key('remote'),
          previousCounter: 0,
          rootKey: key('root'),
        },
        indexInfo: {
          baseKey: 'base',
          baseKeyType: 1,
          closed: -1,
          used: 1_764_550_000_000,
          created: 1,
          remoteIdentityKey: '',
        },
        _chains: {
          [key('own')]: { chainKey: { counter, key: key(`sending ${counter}`) }, chainType: 1, messageKeys: {} },
          [key('remote')]: { chainKey: { counter: 3, key: key('receiving') }, chainType: 2, messageKeys: {} },
        },
      },
    },
    version: 'v1',
  });
  const sealed = async ({ sessionId }: Ownership, keyId: string) => {
    const { rows } = await database.pool.query<{ value: Buffer }>(
      `SELECT value FROM session_keys WHERE session_id = $1 AND kind = 'session' AND key_id = $2`,
      [sessionId, keyId],
    );
    return rows[0]!.value;
  };

  it('are read in every form, and written in the one of the installation', async () => {
    const owner = await ownedSession(database.pool);
    const stored = async (keyId: string) =>
      testBox.open(await sealed(owner, keyId), sessionKeyContext(owner.sessionId, 'session', keyId));
    const forms = ['json', 'compact', 'split'] as const;
    for (const form of forms) await (await open(owner, form)).set({ session: { [form]: record(5) as never } });
    expect(JSON.parse((await stored('json')).toString())).toEqual(record(5));
    const firstBytes = await Promise.all([stored('compact'), stored('split')]);
    expect(firstBytes.map(([byte]) => byte)).toEqual([1, 2]);
    for (const form of forms)
      expect(await (await open(owner, form)).state.keys.get('session', [...forms])).toEqual({
        json: record(5),
        compact: record(5),
        split: record(5),
      });
  });

  it('are the same behind their first bytes until the ratchet turns, so that little of a message is logged', async () => {
    const owner = await ownedSession(database.pool);
    const store = await open(owner, 'split');
    const values: Buffer[] = [];
    for (const counter of [5, 6, 7]) {
      await store.set({ session: { x: record(counter) as never } });
      values.push(await sealed(owner, 'x'));
    }
    const turned = record(7);
    turned._sessions.base.currentRatchet.rootKey = key('another root');
    await store.set({ session: { x: turned as never } });
    values.push(await sealed(owner, 'x'));

    const ends = values.map((value) => value.subarray(150).toString('hex'));
    expect(new Set(ends.slice(0, 3)).size).toBe(1);
    expect(ends[3]).not.toBe(ends[0]);
    expect(new Set(values.map((value) => value.toString('hex'))).size).toBe(4);
    expect(await (await open(owner, 'split')).state.keys.get('session', ['x'])).toEqual({ x: turned });
  });
});

describe('keys that cannot be opened', () => {
  it('are never taken for absent: credentials refuse to open, keys end the store', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(database.pool, owner);
    link(store);
    store.saveCreds();
    await store.set({ 'lid-mapping': { x: '1' } });
    await store.flush();

    const box = createSecretBox([Buffer.alloc(32, 9)], 'session-keys');
    const writer = createKeyWriter({ pool: database.pool, clock: systemClock });
    const withOtherKey: AuthStoreDependencies = {
      pool: database.pool,
      writer,
      box,
      recordForm: 'split',
      clock: systemClock,
      owner,
      onFailure: () => undefined,
    };
    await expect(openAuthStore(withOtherKey)).rejects.toThrow(UnsealError);

    await database.pool.query(`DELETE FROM session_keys WHERE session_id = $1 AND kind = 'creds'`, [owner.sessionId]);
    const failures: Error[] = [];
    const blind = await openAuthStore({ ...withOtherKey, onFailure: (error) => failures.push(error) });
    await expect(async () => blind.state.keys.get('lid-mapping', ['x'])).rejects.toThrow(UnsealError);
    expect(failures).toHaveLength(1);
  });
});

describe('a database that goes away', () => {
  let proxy: FaultProxy;
  let pool: Pool;
  beforeAll(async () => {
    proxy = await createFaultProxy(database.url);
    pool = createPool({ url: proxy.url, name: 'fault', max: 4 });
  });
  afterEach(() => proxy.set('forward'));
  afterAll(async () => {
    await pool?.end();
    await proxy?.close();
  });

  it('is waited for when it certainly wrote nothing', async () => {
    const owner = await ownedSession(database.pool);
    const store = await openTestStore(pool, owner);
    await store.set({ 'lid-mapping': { x: '1' } });
    await pool.query('SELECT 1');
    // All connections of the pool are closed, new ones are refused for a moment.
    proxy.set('refuse');
    const reading = store.state.keys.get('device-list', ['u']);
    setTimeout(() => proxy.set('forward'), 120);
    expect(await reading).toEqual({});
  });

  it('ends the store when it may or may not have written', async () => {
    const owner = await ownedSession(database.pool);
    const failures: Error[] = [];
    const store = await openTestStore(pool, owner, (error) => failures.push(error));
    // A lock on the placement keeps the statement running while the connection is cut.
    const holder = await database.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM session_placements WHERE session_id = $1 FOR UPDATE', [owner.sessionId]);
    const write = store.set({ 'lid-mapping': { x: '1' } });
    write.catch(() => undefined);
    await waitFor(async () => {
      const { rows } = await database.pool.query(
        `SELECT 1 FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'fault' AND wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    proxy.set('refuse');
    await expect(write).rejects.toThrow(KeysLostError);
    await holder.query('ROLLBACK');
    holder.release();
    expect(failures).toHaveLength(1);
    await expect(store.set({ 'lid-mapping': { y: '1' } })).rejects.toThrow(KeysLostError);
  });
});
