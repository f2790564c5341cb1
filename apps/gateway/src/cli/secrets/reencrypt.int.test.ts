import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  DEFAULT_TIMING,
  journalContext,
  placeSession,
  registerWorker,
  SESSION_KEYS_BOX,
  sessionKeyContext,
  writeManySessionKeys,
} from '@wa-gate/cluster';
import { assertMasterKey, MESSAGE_KEY_BOX, type Queryable, readMessageKey } from '@wa-gate/db';
import { openProxy, PROXY_BOX, parseProxy, sealProxy } from '@wa-gate/egress';
import { createSecretBox, KEY_ID_SLICE, newId } from '@wa-gate/kit';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMailQueue, MAIL_BOX, mailContext } from '../../modules/mail/index.ts';
import { configurationContext, secretContext, WEBHOOK_SECRETS_BOX } from '../../modules/webhooks/index.ts';
import { reencrypt } from './reencrypt.ts';
import { resealColumn } from './reseal-column.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';

const [OLD, NEW, FOREIGN] = [randomBytes(32), randomBytes(32), randomBytes(32)] as const;
const ROTATING = [NEW, OLD];
const SESSION_KEYS = SEALED_COLUMNS.find(({ table }) => table === 'session_keys')!;

let database: TestDatabase;
let session: SeededSession;
beforeEach(async () => {
  database = await createTestDatabase();
  session = await seedSession(database.pool);
  await assertMasterKey(database.pool, [OLD]);
});
afterEach(() => database.drop());

const sealKey = (masterKey: Buffer, keyId: string, text: string, kind = 'session'): Buffer =>
  createSecretBox([masterKey], SESSION_KEYS_BOX).seal(
    Buffer.from(text),
    sessionKeyContext(session.sessionId, kind, keyId),
  );
const storeKey = (keyId: string, value: Buffer) =>
  database.pool.query(`INSERT INTO session_keys (session_id, kind, key_id, value) VALUES ($1, 'session', $2, $3)`, [
    session.sessionId,
    keyId,
    value,
  ]);
const readKey = async (keyId: string, masterKey = NEW): Promise<string> => {
  const { rows } = await database.pool.query('SELECT value FROM session_keys WHERE key_id = $1', [keyId]);
  const context = sessionKeyContext(session.sessionId, 'session', keyId);
  return createSecretBox([masterKey], SESSION_KEYS_BOX).open(rows[0].value, context).toString();
};

describe('sealing everything under the first key (MR-152)', () => {
  it('reaches every sealed column, and what was in it is the same afterwards', async () => {
    const { pool } = database;
    const box = createSecretBox([OLD], SESSION_KEYS_BOX);
    const hash = randomBytes(32);
    await storeKey('a|b', sealKey(OLD, 'a|b', 'key'));
    await pool.query(
      `INSERT INTO inbound_journal (session_id, hash, stanza_id, enc_index, enc_count, stanza, plaintext) VALUES ($1, $2, 's', 0, 1, $3, $4),
         ($1, '\\x01', 't', 0, 1, NULL, NULL)`,
      [
        session.sessionId,
        hash,
        box.seal(Buffer.from('stanza'), journalContext(session.sessionId, 'stanza', hash)),
        box.seal(Buffer.from('plaintext'), journalContext(session.sessionId, 'plaintext', hash)),
      ],
    );
    await pool.query(
      `INSERT INTO webhooks (id, session_id, url, events, secret) VALUES (gen_random_uuid(), $1, 'http://127.0.0.1/', '{}', $2)`,
      [
        session.sessionId,
        createSecretBox([OLD], WEBHOOK_SECRETS_BOX).seal(Buffer.from('whsec_x'), secretContext(session.sessionId)),
      ],
    );
    // One of a workspace: its secrets and its headers are sealed to itself.
    const endpointId = newId();
    const webhookBox = createSecretBox([OLD], WEBHOOK_SECRETS_BOX);
    await pool.query(
      `INSERT INTO webhooks (id, endpoint_id, workspace_id, url, events, secret, previous_secret, configuration)
       VALUES ($1, $1, $2, 'http://127.0.0.1/', '{}', $3, $4, $5)`,
      [
        endpointId,
        session.workspaceId,
        webhookBox.seal(Buffer.from('whsec_new'), secretContext(endpointId)),
        webhookBox.seal(Buffer.from('whsec_old'), secretContext(endpointId)),
        webhookBox.seal(Buffer.from('{"headers":{}}'), configurationContext(endpointId)),
      ],
    );
    await createMailQueue({ box: createSecretBox([OLD], MAIL_BOX), isOn: true }).enqueue(pool, {
      to: 'ann@example.test',
      subject: 's',
      text: 'mail',
    });

    const proxy = parseProxy('http://ann:secret@proxy.example:3128');
    const sealed = sealProxy(createSecretBox([OLD], PROXY_BOX), session.sessionId, proxy);
    await pool.query('INSERT INTO session_connections (session_id, proxy) VALUES ($1, $2)', [
      session.sessionId,
      sealed,
    ]);

    const messageKey = await readMessageKey(pool, [OLD]);

    const report = await reencrypt(pool, ROTATING);
    expect(report).toMatchObject({ resealed: 10, left: 0 });
    expect(report.columns.map(({ resealed }) => resealed)).toEqual([1, 1, 1, 2, 1, 1, 1, 1, 1]);
    expect(await readMessageKey(pool, [NEW])).toEqual(messageKey);

    const { rows } = await pool.query(
      `SELECT j.stanza, j.plaintext, w.secret, m.content, m.id, p.secret AS present, p.previous_secret AS former, p.configuration
       FROM inbound_journal j, webhooks w, mails m, webhooks p
       WHERE j.stanza IS NOT NULL AND w.session_id IS NOT NULL AND p.session_id IS NULL`,
    );
    const open = (purpose: string, value: Buffer, context: string) =>
      createSecretBox([NEW], purpose).open(value, context).toString();
    expect(await readKey('a|b')).toBe('key');
    const half = (part: 'stanza' | 'plaintext') =>
      open(SESSION_KEYS_BOX, rows[0][part], journalContext(session.sessionId, part, hash));
    expect([half('stanza'), half('plaintext')]).toEqual(['stanza', 'plaintext']);
    expect(open(WEBHOOK_SECRETS_BOX, rows[0].secret, secretContext(session.sessionId))).toBe('whsec_x');
    const ofEndpoint = (value: Buffer, context: string) => open(WEBHOOK_SECRETS_BOX, value, context);
    expect(ofEndpoint(rows[0].present, secretContext(endpointId))).toBe('whsec_new');
    expect(ofEndpoint(rows[0].former, secretContext(endpointId))).toBe('whsec_old');
    expect(ofEndpoint(rows[0].configuration, configurationContext(endpointId))).toBe('{"headers":{}}');
    const { rows: connections } = await pool.query('SELECT proxy FROM session_connections');
    expect(openProxy(createSecretBox([NEW], PROXY_BOX), session.sessionId, connections[0].proxy)).toEqual(proxy);
    expect(JSON.parse(open(MAIL_BOX, rows[0].content, mailContext(rows[0].id))).text).toBe('mail');
  });

  it('knows every box that the code makes', async () => {
    const root = fileURLToPath(new URL('../../../../../', import.meta.url));
    const boxes = new Set<string>();
    for (const part of ['apps/gateway/src', 'apps/worker/src', 'packages']) {
      for (const name of await readdir(`${root}${part}`, { recursive: true })) {
        if (!name.endsWith('.ts') || /node_modules|dist\/|\.test\.ts$|testing\/|cli\//.test(name)) continue;
        const source = await readFile(`${root}${part}/${name}`, 'utf8');
        for (const [, purpose] of source.matchAll(/createSecretBox\(\s*[\w.]+,\s*([^)]+)\)/g))
          boxes.add(purpose!.trim());
      }
    }
    const [keys, installation, ...others] = [
      'SESSION_KEYS_BOX',
      "'installation'",
      'MAIL_BOX',
      'MESSAGE_KEY_BOX',
      'PROXY_BOX',
      'WEBHOOK_SECRETS_BOX',
    ];
    // The check of the installation has a statement of its own. Tickets of streams are stored nowhere, and live for
    // minutes. `purpose: string` is the definition.
    expect([...boxes].filter((box) => !box.includes(':')).sort()).toEqual(
      [keys, installation, ...others, 'TICKET_BOX'].sort(),
    );
    expect(new Set(SEALED_COLUMNS.map(({ box }) => box))).toEqual(
      new Set([SESSION_KEYS_BOX, MAIL_BOX, MESSAGE_KEY_BOX, PROXY_BOX, WEBHOOK_SECRETS_BOX]),
    );
  });

  it('works through many rows in batches, each once', async () => {
    for (let index = 0; index < 25; index += 1)
      await storeKey(`k${index}`, sealKey(OLD, `k${index}`, `value ${index}`));
    await storeKey('new', sealKey(NEW, 'new', 'new'));
    const report = await resealColumn(database.pool, SESSION_KEYS, { masterKeys: ROTATING, batch: 4 });
    expect(report).toEqual({ name: 'session_keys.value', resealed: 25, unreadable: 0, left: 0 });
    expect(await readKey('k24')).toBe('value 24');
    expect(await readKey('new')).toBe('new');
  });

  it('leaves alone what no key opens, says so, and keeps the old keys needed', async () => {
    await storeKey('foreign', sealKey(FOREIGN, 'foreign', 'of another key'));
    await storeKey('moved', sealKey(OLD, 'elsewhere', 'bound to another row'));
    await storeKey('good', sealKey(OLD, 'good', 'good'));
    const report = await reencrypt(database.pool, ROTATING);
    expect(report.columns[0]).toEqual({ name: 'session_keys.value', resealed: 1, unreadable: 2, left: 2 });
    expect(report.left).toBe(2);
    expect(await readKey('foreign', FOREIGN)).toBe('of another key');
    // Whoever has the new key alone could not read everything, and is refused.
    await expect(assertMasterKey(database.pool, [NEW])).rejects.toThrow('not the key');
  });

  it('never overwrites what an owner has written since it was read', async () => {
    await storeKey('raced', sealKey(OLD, 'raced', 'before'));
    // Between the page and its replacement: an owner writes, committed, under the old key still.
    let hasRaced = false;
    const racing = {
      async query(text: string, values: unknown[]) {
        if (text.startsWith('WITH wanted') && !hasRaced) {
          hasRaced = true;
          await database.pool.query('UPDATE session_keys SET value = $1 WHERE key_id = $2', [
            sealKey(OLD, 'raced', 'after'),
            'raced',
          ]);
        }
        return database.pool.query(text, values);
      },
    } as Queryable;
    const report = await resealColumn(racing, SESSION_KEYS, { masterKeys: ROTATING });
    expect(hasRaced).toBe(true);
    expect(report).toMatchObject({ resealed: 1, left: 0 });
    expect(await readKey('raced')).toBe('after');
  });

  it('waits for nobody: a row that is being written is met again, and told of when it stays', async () => {
    await storeKey('held', sealKey(OLD, 'held', 'held'));
    await storeKey('free', sealKey(OLD, 'free', 'free'));
    const owner = await database.pool.connect();
    await owner.query('BEGIN');
    await owner.query(`UPDATE session_keys SET value = value WHERE key_id = 'held'`);
    const report = await reencrypt(database.pool, ROTATING);
    expect(report.columns[0]).toMatchObject({ resealed: 1, unreadable: 0, left: 1 });
    await owner.query('COMMIT');
    owner.release();
    expect(await reencrypt(database.pool, ROTATING)).toMatchObject({ resealed: 1, left: 0 });
  });

  it('goes on beside a worker that writes all the time, without a deadlock, a lost write or a refused one (I2)', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    for (const key of keys) await storeKey(key, sealKey(OLD, key, `${key} 0`));
    await registerWorker(database.pool, workerRegistration('w1'), DEFAULT_TIMING);
    const placed = await placeSession(database.pool, session.sessionId);
    const owner = { sessionId: session.sessionId, epoch: placed!.epoch };

    const written = new Map<string, string>(keys.map((key) => [key, `${key} 0`]));
    let isDone = false;
    const writing = (async () => {
      // As a worker that was started with the new key in front.
      for (let round = 1; !isDone || round < 10; round += 1) {
        const upserts = keys
          .filter((_, index) => (index + round) % 3 === 0)
          .reverse()
          .map((keyId) => {
            written.set(keyId, `${keyId} ${round}`);
            return { kind: 'session', keyId, value: sealKey(NEW, keyId, `${keyId} ${round}`) };
          });
        expect(await writeManySessionKeys(database.pool, [{ owner, upserts, deletes: [] }])).toEqual([]);
      }
    })();
    for (let run = 0; run < 3; run += 1) {
      await resealColumn(database.pool, SESSION_KEYS, { masterKeys: ROTATING, batch: 7 });
    }
    isDone = true;
    await writing;
    expect(await reencrypt(database.pool, ROTATING)).toMatchObject({ left: 0 });
    for (const key of keys) expect(await readKey(key)).toBe(written.get(key));
  });
});

it('a sealed value names its key where the statements look for it', () => {
  const box = createSecretBox([NEW], 'test');
  const sealed = box.seal(Buffer.from('x'), 'c');
  expect(sealed.subarray(KEY_ID_SLICE.from - 1, KEY_ID_SLICE.from - 1 + KEY_ID_SLICE.for)).toEqual(box.keyId);
  expect(createSecretBox([OLD, NEW], 'test').keyId).not.toEqual(box.keyId);
});
