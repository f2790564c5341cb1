import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { decodeKey, readSessionKind, SESSION_KEYS_BOX, sessionKeyContext } from '@wa-gate/cluster';
import { createSecretBox } from '@wa-gate/kit';
import { createTestDatabase, testRedisUrl } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useGateway } from '../testing/use-gateway.ts';
import { runCli } from './run-cli.ts';
import { parseBaileysJson, parseKeyName, readKey } from './transfer/baileys-folder.ts';
import { readEvolution } from './transfer/evolution.ts';
import { openBundle, sealBundle } from './transfer/session-bundle.ts';

/** What is read and written. That imported sessions connect: apps/e2e/recovery. */

const fixture = useGateway();
let folder: string;
let owner: { email: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wag-transfer-'));
  owner = await fixture.register();
  await fixture.database.pool.query(`UPDATE users SET tier = 'MAX' WHERE email = $1`, [owner.email]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function wag(args: string[], input = '') {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(args, {
    env: { DATABASE_URL: fixture.database.url, WAG_MASTER_KEY: fixture.masterKey.toString('base64') },
    stdin: Readable.from([input]),
    stdout: (text) => out.push(text),
    stderr: (text) => err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const bytes = (count: number) => ({ type: 'Buffer', data: randomBytes(count).toString('base64') });
const pair = () => ({ private: bytes(32), public: bytes(32) });

/** Credentials as Baileys writes them; no key of them is used here. */
const credentials = (me: object | undefined) => ({
  noiseKey: pair(),
  signedIdentityKey: pair(),
  signedPreKey: { keyPair: pair(), signature: bytes(64), keyId: 1 },
  registrationId: 77,
  advSecretKey: randomBytes(32).toString('base64'),
  nextPreKeyId: 31,
  firstUnuploadedPreKeyId: 31,
  me,
  account: { details: 'AQID', accountSignatureKey: 'BAUG', accountSignature: 'BwgJ', deviceSignature: 'CgsM' },
});
const ME = { id: '15550001111:7@s.whatsapp.net', lid: '9988:7@lid', name: 'Ann' };

async function writeFolder(name: string, files: Record<string, unknown>): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  for (const [file, value] of Object.entries(files)) {
    await writeFile(join(path, file), typeof value === 'string' ? value : JSON.stringify(value));
  }
  return path;
}

describe('names of keys', () => {
  it.each([
    ['session-9988_1.0', 'session', '9988_1.0'],
    ['sender-key-1203@g.us--9988_1--7', 'sender-key', '1203@g.us::9988_1::7'],
    ['sender-key-1555-1600@g.us--1555--0', 'sender-key', '1555-1600@g.us::1555::0'],
    ['sender-key-memory-1555-1600@g.us', 'sender-key-memory', '1555-1600@g.us'],
    ['app-state-sync-key-AAAA__b=', 'app-state-sync-key', 'AAAA/b='],
    ['app-state-sync-version-regular_low', 'app-state-sync-version', 'regular_low'],
    ['pre-key-12', 'pre-key', '12'],
    ['lid-mapping-9988_reverse', 'lid-mapping', '9988_reverse'],
    ['tctoken-__index', 'tctoken', '__index'],
  ])('%s', (name, kind, keyId) => {
    expect(parseKeyName(name, true)).toEqual({ kind, keyId });
  });

  it('others are none, and neither is what is not of its kind', () => {
    expect(parseKeyName('store-contacts', true)).toBeNull();
    expect(readKey('pre-key-1', '{"public":"x"}', true)).toBeNull();
    expect(readKey('session-1.0', '{"_sessions":', true)).toBeNull();
    expect(readKey('session-1.0', 'null', true)).toBeNull();
  });

  it('bytes of every version of Baileys are read', () => {
    const wanted = Buffer.from([1, 2, 3]);
    for (const text of ['{"type":"Buffer","data":"AQID"}', '{"type":"Buffer","data":[1,2,3]}', '{"0":1,"1":2,"2":3}']) {
      expect(parseBaileysJson(text)).toEqual(wanted);
    }
  });
});

describe('wag import baileys (MR-199)', () => {
  it('makes a linked session whose keys are sealed and marked, and shows its key once', async () => {
    const session = { _sessions: { abc: { indexInfo: { closed: -1 } } }, version: 'v1' };
    const path = await writeFolder('baileys', {
      'creds.json': credentials(ME),
      'session-1666_1.0.json': session,
      'sender-key-1203@g.us--9988_1--7.json': bytes(40),
      'pre-key-30.json': pair(),
      'README.json': {},
    });
    const { code, out } = await wag([
      'import',
      'baileys',
      path,
      '--owner',
      owner.email,
      '--session',
      'moved',
      '--network',
      'sandbox',
      '--json',
    ]);
    expect(code).toBe(0);
    const [imported] = JSON.parse(out).sessions;
    expect(imported).toMatchObject({
      sessionId: 'moved',
      phoneNumber: '15550001111',
      keys: 4,
      ignored: ['README.json'],
    });
    const shown = await fixture.call('GET', '/api/sessions/moved', { as: imported.apiKey });
    expect(shown.body.data).toMatchObject({ sessionId: 'moved', phoneNumber: '+15550001111', network: 'sandbox' });

    const box = createSecretBox([fixture.masterKey], SESSION_KEYS_BOX);
    const read = async (kind: string, keyId: string) => {
      const sealed = (await readSessionKind(fixture.database.pool, imported.id, kind)).get(keyId)!;
      return decodeKey(kind, box.open(sealed, sessionKeyContext(imported.id, kind, keyId)));
    };
    expect(await read('session', '1666_1.0')).toEqual(session);
    expect(await read('creds', 'creds')).toMatchObject({ me: ME, account: { details: Buffer.from([1, 2, 3]) } });
    const marked = await fixture.database.pool.query('SELECT 1 FROM stale_keys WHERE session_id = $1', [imported.id]);
    expect(marked.rowCount).toBe(1);
  });

  it.each([
    ['that is not there', 'absent', undefined, 'cannot be read (ENOENT)'],
    ['that no phone has linked', 'unlinked', credentials(undefined), 'a device that no phone has linked'],
    ['of something else', 'other', { hello: 1 }, 'are no credentials of Baileys: noiseKey'],
    ['that is damaged', 'damaged', '{"noiseKey":', 'is not JSON'],
  ])('refuses a folder %s', async (_what, name, creds, sentence) => {
    const path = creds === undefined ? join(folder, name) : await writeFolder(name, { 'creds.json': creds });
    const { code, err } = await wag(['import', 'baileys', path, '--owner', owner.email, '--session', name]);
    expect([code, err]).toEqual([1, expect.stringContaining(sentence)]);
  });

  it('refuses an owner who is not there', async () => {
    const path = await writeFolder('owned', { 'creds.json': credentials(ME) });
    const { code, err } = await wag([
      'import',
      'baileys',
      path,
      '--owner',
      'nobody@example.test',
      '--session',
      'owned',
    ]);
    expect([code, err]).toEqual([1, expect.stringContaining('There is no user nobody@example.test')]);
  });
});

describe('wag import evolution (MR-199)', () => {
  const ID = '0c7ff3c3-5a5f-4b9e-8d1e-0f1a7e3f2b11';

  it('finds keys that Evolution API keeps in its Redis, under their own names', async () => {
    const source = await createTestDatabase();
    const hash = `evolution:instance:${ID}`;
    try {
      await source.pool.query(EVOLUTION_TABLES);
      await source.pool.query(`INSERT INTO "Instance" VALUES ($1, 'Shop', 'WHATSAPP-BAILEYS')`, [ID]);
      // The text of Baileys' JSON, as JSON once more.
      await source.pool.query('INSERT INTO "Session" VALUES ($1, $2)', [
        ID,
        JSON.stringify(JSON.stringify(credentials(ME))),
      ]);
      await fixture.redis.hset(hash, {
        'session-1666_1.0': JSON.stringify({ _sessions: {}, version: 'v1' }),
        'sender-key-1203@g.us::9988_1::7': JSON.stringify(bytes(40)),
        messages: '[]',
      });
      const [instance] = await readEvolution({ databaseUrl: source.url, redisUrl: testRedisUrl() });
      const keys = instance!.device!.keys.map(({ kind, keyId }) => [kind, keyId]);
      expect(keys.sort()).toEqual([
        ['creds', 'creds'],
        ['sender-key', '1203@g.us::9988_1::7'],
        ['session', '1666_1.0'],
      ]);
    } finally {
      await fixture.redis.del(hash);
      await source.drop();
    }
  });

  it('says what is wrong with the database that it was given', async () => {
    const line = ['import', 'evolution', '--owner', owner.email, '--database'];
    const other = await wag([...line, fixture.database.url]);
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('has no tables of Evolution API 2')]);
    const text = await wag([...line, 'evolution']);
    expect([text.code, text.err]).toEqual([1, expect.stringContaining('is not a URL of PostgreSQL')]);
  });
});

describe('wag import baileys-api (MR-199)', () => {
  const hashOf = (number: string) => `@baileys-api:connections:${number}:authState`;
  const numbers = ['+15550001111', '+15550002222', '+15550003333'];
  const line = ['import', 'baileys-api', '--redis', testRedisUrl(), '--owner'];
  afterAll(() => fixture.redis.del(numbers.map(hashOf)));

  it('takes what its Redis has of linked numbers, and says what it leaves out', async () => {
    await fixture.redis.hset(hashOf(numbers[0]!), {
      creds: JSON.stringify(credentials(ME)),
      metadata: '{"webhookUrl":"https://example.com/hook"}',
      'import-candidates': '{"candidates":[],"index":0}',
      'session-1666_1.0': JSON.stringify({ _sessions: {}, version: 'v1' }),
      'sender-key-1203@g.us::9988_1::7': JSON.stringify(bytes(40)),
      'app-state-sync-key-AAAA/b=': JSON.stringify({ keyData: bytes(32) }),
      'pre-key-4': '{"public":"x"}',
    });
    await fixture.redis.hset(hashOf(numbers[1]!), { creds: JSON.stringify(credentials(undefined)) });
    await fixture.redis.hset(hashOf(numbers[2]!), { metadata: '{}' });
    const { code, out } = await wag([...line, owner.email, '--network', 'sandbox', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      sessions: [{ sessionId: '15550001111', phoneNumber: '15550001111', keys: 4, ignored: ['pre-key-4'] }],
      leftOut: [
        { name: numbers[1], reason: expect.stringContaining('a device that no phone has linked') },
        { name: numbers[2], reason: 'it has no credentials' },
      ],
    });
  });

  it('says what is not there', async () => {
    const absent = await wag([...line, owner.email, '--only', '15550009999']);
    expect([absent.code, absent.err]).toEqual([1, expect.stringContaining('has no connection of 15550009999')]);
    const away = await wag(['import', 'baileys-api', '--redis', 'redis://127.0.0.1:1', '--owner', owner.email]);
    expect([away.code, away.err]).toEqual([1, expect.stringContaining('The Redis of baileys-api does not answer')]);
  });
});

const EVOLUTION_TABLES = `CREATE TABLE "Instance" (id text, name text, integration text);
  CREATE TABLE "Session" ("sessionId" text, creds text);`;

describe('a sealed bundle', () => {
  const content = {
    session: {
      slug: 'one',
      name: 'One',
      network: 'SANDBOX' as const,
      phoneNumber: '1555',
      lid: null,
      pushName: null,
      settings: {},
    },
    keys: [{ kind: 'creds', keyId: 'creds', value: 'c2VjcmV0' }],
  };
  const passphrase = 'a passphrase that is long enough';

  it('is opened by its passphrase alone, and shows no key', async () => {
    const text = await sealBundle(content, passphrase);
    expect(text).not.toContain('c2VjcmV0');
    expect(await openBundle(text, passphrase)).toEqual(content);
    await expect(openBundle(text, `${passphrase}!`)).rejects.toThrow('The passphrase is not the one of this bundle');
    await expect(openBundle(text.replace('"one"', '"two"'), passphrase)).rejects.toThrow('the file was changed');
    await expect(openBundle('{}', passphrase)).rejects.toThrow('no bundle');
    await expect(sealBundle(content, 'short')).rejects.toThrow('at least 12 characters');
  });

  it('of a session that is not there is not made', async () => {
    const { code, err } = await wag(['export', 'absent', join(folder, 'bundle.json')], `${passphrase}\n`);
    expect([code, err]).toEqual([1, expect.stringContaining('There is no session absent')]);
  });
});

describe('wag import wa-gate (MR-199)', () => {
  it('takes users with their passwords, linked sessions and webhooks, and says what it leaves out', async () => {
    const source = await createTestDatabase();
    try {
      await source.pool.query(V2_TABLES);
      const hash = '$2b$12$C6UzMDM.H6dfI/f/IKxGhuM3zYV9x1h7Q1dXxkT6r9lC2vQ5p3b5e';
      await source.pool.query(
        `INSERT INTO v2.users VALUES ('u1', 'Old One', 'old.one@example.test', $1, 'USER', 'PRO', true)`,
        [hash],
      );
      await source.pool.query(`INSERT INTO v2.sessions VALUES ('old-1', 'u1', 'Old'), ('old-2', 'u1', 'Never linked')`);
      await source.pool.query(
        `INSERT INTO v2.webhooks VALUES ('w1', 'old-1', 'https://example.com/hook', '{message.received}', 'a secret of sixteen', true)`,
      );
      const auth = await writeFolder('auth', {});
      await writeFolder(join('auth', 'old-1'), { 'creds.json': credentials(ME) });
      const url = new URL(source.url);
      url.searchParams.set('schema', 'v2');
      const { code, out, err } = await wag([
        'import',
        'wa-gate',
        '--database',
        url.href,
        '--auth',
        auth,
        '--network',
        'sandbox',
        '--json',
      ]);
      expect([code, err]).toEqual([0, '']);
      const report = JSON.parse(out);
      expect(report).toMatchObject({
        users: { imported: 1, known: 0 },
        sessions: [{ sessionId: 'old-1', phoneNumber: '15550001111' }],
        leftOut: [{ name: 'old-2', reason: expect.stringContaining('there is no') }],
      });
      const { rows } = await fixture.database.pool.query(
        `SELECT u.password_hash AS hash, u.tier, w.url, w.events FROM users u JOIN sessions s ON s.user_id = u.id JOIN webhooks w ON w.session_id = s.id
         WHERE u.email = 'old.one@example.test'`,
      );
      expect(rows).toEqual([{ hash, tier: 'PRO', url: 'https://example.com/hook', events: ['message.received'] }]);
      const hook = await fixture.call('GET', '/api/sessions/old-1/webhook', { as: report.sessions[0].apiKey });
      expect(hook.status).toBe(200);
    } finally {
      await source.drop();
    }
  });
});

/** The tables of the brief of WA-Gate v2, without the columns that nothing here reads. */
const V2_TABLES = `CREATE SCHEMA v2;
  CREATE TABLE v2.users (id text, name text, email text, password_hash text, role text, tier text, is_active boolean, created_at timestamp DEFAULT now());
  CREATE TABLE v2.sessions (id text, user_id text, name text, created_at timestamp DEFAULT now());
  CREATE TABLE v2.webhooks (id text, session_id text, url text, events text[], secret text, is_active boolean);`;
