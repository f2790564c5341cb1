import { createHash } from 'node:crypto';
import { createLogger, newId } from '@wa-gate/kit';
import { createTestDatabase, type SeededSession, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eraseContact } from '../contacts/erase.ts';
import { eraseAll } from '../testing/erase-all.ts';
import { findMediaFile } from './files.ts';
import { keepMedia } from './keep-bytes.ts';
import { findMedia, findMediaOfMessages, insertReadyMedia, type NewMedia } from './media.ts';
import { assertMediaStore } from './registered-store.ts';
import { readMediaUsage } from './usage.ts';

let database: TestDatabase;
let owner: SeededSession;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  owner = await seedSession(database.pool);
});

/** A store of which only the names are of interest. */
function bareStore() {
  const keys = new Set<string>();
  return {
    keys,
    remove: async (gone: readonly string[]) => {
      for (const key of gone) keys.delete(key);
    },
    bytes: (text: string) => ({
      sha256: createHash('sha256').update(text).digest(),
      size: text.length,
      put: async (key: string) => void keys.add(key),
    }),
  };
}
const upload = (overrides: Partial<NewMedia> = {}): NewMedia => ({
  id: newId(),
  workspaceId: owner.workspaceId,
  direction: 'upload',
  mimetype: 'image/png',
  fileName: 'a.png',
  ...overrides,
});

describe('media and their files (MR-051)', () => {
  it('a media is found in its workspace alone, with where its bytes are', async () => {
    const store = bareStore();
    const media = upload({ facts: { width: 2, height: 3 } });
    const file = await keepMedia(database.pool, store, media, store.bytes('picture'));
    const found = await findMedia(database.pool, owner.workspaceId, media.id);
    expect(found).toMatchObject({
      id: media.id,
      status: 'ready',
      direction: 'upload',
      storageKey: file.storageKey,
      size: 7,
      mimetype: 'image/png',
      fileName: 'a.png',
      facts: { width: 2, height: 3 },
    });
    expect([...store.keys]).toEqual([file.storageKey]);
    expect(file.storageKey.startsWith(`files/${owner.workspaceId}/`)).toBe(true);
    const days = (found!.expiresAt!.getTime() - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThan(30.1);
    const other = await seedSession(database.pool);
    expect(await findMedia(database.pool, other.workspaceId, media.id)).toBeNull();
  });

  it('the same bytes lie once per workspace, also when they come at the same time', async () => {
    const store = bareStore();
    const files = await Promise.all(
      Array.from({ length: 8 }, () => keepMedia(database.pool, store, upload(), store.bytes('same'))),
    );
    expect(new Set(files.map(({ storageKey }) => storageKey)).size).toBe(1);
    expect([...store.keys]).toEqual([files[0]!.storageKey]);
    const other = await seedSession(database.pool);
    const elsewhere = await keepMedia(
      database.pool,
      store,
      upload({ workspaceId: other.workspaceId }),
      store.bytes('same'),
    );
    expect(elsewhere.storageKey).not.toBe(files[0]!.storageKey);
    expect(await readMediaUsage(database.pool, owner.workspaceId)).toEqual({
      storedBytes: 4,
      files: 1,
      maxStoredBytes: 1_073_741_824,
      maxFileBytes: 104_857_600,
      retentionDays: 30,
    });
  });

  it('a failure leaves neither file nor row', async () => {
    const store = bareStore();
    const media = upload();
    const broken = { ...media, direction: 'sideways' as 'upload' };
    await expect(keepMedia(database.pool, store, broken, store.bytes('lost'))).rejects.toThrow(/media_direction/);
    expect(store.keys.size).toBe(0);
    const { sha256 } = store.bytes('lost');
    expect(await findMediaFile(database.pool, owner.workspaceId, sha256)).toBeNull();
  });

  it('a file that is swept between look and reference is stored again', async () => {
    const store = bareStore();
    const first = await keepMedia(database.pool, store, upload(), store.bytes('swept'));
    let isSwept = false;
    const bytes = store.bytes('swept');
    // What reads the file finds it; what refers to it comes after the sweep.
    const pool = new Proxy(database.pool, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== 'connect' || isSwept) return typeof value === 'function' ? value.bind(target) : value;
        return async () => {
          isSwept = true;
          await target.query('DELETE FROM media WHERE workspace_id = $1', [owner.workspaceId]);
          await target.query('DELETE FROM media_files WHERE workspace_id = $1', [owner.workspaceId]);
          store.keys.clear();
          return target.connect();
        };
      },
    });
    const media = upload();
    const second = await keepMedia(pool, store, media, bytes);
    expect(second.storageKey).not.toBe(first.storageKey);
    expect([...store.keys]).toEqual([second.storageKey]);
    expect(await findMedia(database.pool, owner.workspaceId, media.id)).toMatchObject({ status: 'ready' });
  });

  it('goes with its message, its session and its workspace', async () => {
    const { sha256 } = bareStore().bytes('x');
    const messageId = newId();
    await database.pool.query(
      `INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, state)
       VALUES ($1, $2, 'OUTBOUND', 'WA', '1@s.whatsapp.net', true, 'text', 'QUEUED')`,
      [messageId, owner.sessionId],
    );
    const insert = (media: NewMedia) =>
      insertReadyMedia(database.pool, media, newId(), { sha256, size: 1, storageKey: `files/x/${newId()}` });
    const [ofMessage, ofSession, ofWorkspace] = [
      upload({ messageId, sessionId: owner.sessionId }),
      upload({ sessionId: owner.sessionId, direction: 'inbound' }),
      upload(),
    ];
    for (const media of [ofMessage, ofSession, ofWorkspace]) await insert(media);
    await database.pool.query('INSERT INTO media_downloads (media_id, session_id) VALUES ($1, $2)', [
      ofSession.id,
      owner.sessionId,
    ]);
    const found = async () => {
      const { rows } = await database.pool.query<{ id: string }>(
        'SELECT id FROM media WHERE workspace_id = $1 ORDER BY id',
        [owner.workspaceId],
      );
      return rows.map(({ id }) => id);
    };
    expect((await findMediaOfMessages(database.pool, [messageId])).map(({ id }) => id)).toEqual([ofMessage.id]);
    await database.pool.query('DELETE FROM messages WHERE id = $1', [messageId]);
    expect(await found()).toEqual([ofSession.id, ofWorkspace.id]);
    await database.pool.query('DELETE FROM sessions WHERE id = $1', [owner.sessionId]);
    await eraseAll(database.pool);
    expect(await found()).toEqual([ofWorkspace.id]);
    const downloads = await database.pool.query('SELECT 1 FROM media_downloads WHERE session_id = $1', [
      owner.sessionId,
    ]);
    expect(downloads.rowCount).toBe(0);
    await database.pool.query('DELETE FROM workspaces WHERE id = $1', [owner.workspaceId]);
    await eraseAll(database.pool);
    expect(await found()).toEqual([]);
    // The bytes are the sweep's: it needs to know where they are.
    expect(await findMediaFile(database.pool, owner.workspaceId, sha256)).not.toBeNull();
  });
});

it('a person who is erased leaves no name and no preview of a file in the events', async () => {
  const jid = '6281200000001@s.whatsapp.net';
  const [messageId, mediaId] = [newId(), newId()];
  await database.pool.query(
    `INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_jid, from_me, kind, state)
     VALUES ($1, $2, 'INBOUND', 'WA-IN', $3, $3, false, 'image', 'DELIVERED')`,
    [messageId, owner.sessionId, jid],
  );
  const media = { mediaId, status: 'ready', fileName: 'passport of Ann.jpg', thumbnail: 'AAAA' };
  const data = { messageId, waMessageId: 'WA-IN', chat: jid, from: jid, fromMe: false, type: 'image', media };
  await database.pool.query(`INSERT INTO events (session_id, seq, type, data) VALUES ($1, 1, 'media.ready', $2)`, [
    owner.sessionId,
    data,
  ]);
  await eraseContact(
    database.pool,
    { workspaceId: owner.workspaceId, contactId: newId(), jids: [jid] },
    { messages: true },
  );
  const { rows } = await database.pool.query('SELECT data FROM events WHERE session_id = $1', [owner.sessionId]);
  expect(rows.map((row) => row.data.media)).toEqual([{ mediaId, status: 'expired' }]);
});

describe('the media store of an installation', () => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const check = (identity: string, workerId?: string) =>
    assertMediaStore({
      pool: database.pool,
      store: { identify: async () => identity },
      where: 'MEDIA_DIR (/srv/media)',
      logger,
      ...(workerId !== undefined && { workerId }),
    });
  const age = (seconds: number) =>
    database.pool.query(`UPDATE installation SET media_store_seen_at = now() - make_interval(secs => $1)`, [seconds]);
  beforeAll(async () => {
    await database.pool.query(`INSERT INTO installation (id, key_check) VALUES (1, '\\x00') ON CONFLICT DO NOTHING`);
  });

  it('is the same for all its processes: one with another folder refuses to start, and says why', async () => {
    await check('local:a');
    await check('local:a', 'worker-1');
    await expect(check('local:b', 'worker-2')).rejects.toThrow(
      /^MEDIA_DIR \(\/srv\/media\) is not the media store of the other processes.*theirs is local:a, this one is local:b.*MEDIA_STORE=s3/s,
    );
    await age(60);
    await database.pool.query(
      `INSERT INTO workers (id, endpoint, network) VALUES ('worker-1', 'http://w1', 'SANDBOX')`,
    );
    await database.pool.query(
      `INSERT INTO worker_leases (worker_id, incarnation, expires_at) VALUES ('worker-1', 1, now() + interval '1 hour')`,
    );
    await expect(check('local:b', 'worker-2')).rejects.toThrow(/is not the media store/);
    await expect(check('s3:bucket/', 'worker-2')).rejects.toThrow(/theirs is local:a, this one is s3:bucket\//);
  });

  it('may be another one when no other worker lives', async () => {
    await age(60);
    await check('local:c', 'worker-1');
    await age(60);
    await expect(check('local:d', 'worker-2')).rejects.toThrow(/theirs is local:c/);
    await database.pool.query(`UPDATE worker_leases SET ended_at = now()`);
    await check('local:d', 'worker-2');
  });
});
