import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { requestDownload } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';
import { DOWNLOAD_PACE, type DownloadPace } from './downloads.ts';

/** Everything that is waited for is short. */
const PACE: DownloadPace = {
  ...DOWNLOAD_PACE,
  pollMs: 100,
  silenceMs: 700,
  answerMs: 800,
  noConnectionMs: 100,
  maxAttempts: 3,
  retry: { initialMs: 20, maxMs: 100 },
};

interface MediaRow {
  id: string;
  status: string;
  storageKey: string | null;
  size: number | null;
  errorCode: string | null;
  errorMessage: string | null;
}

const file = randomBytes(200_000);
let world: World;
let sessionId: string;
let number: string;
let friend: string;

beforeAll(async () => {
  world = await startWorld({ downloads: PACE });
  ({ sessionId, number } = await world.createPaired());
  friend = await world.sandbox.createPhone('Friend');
});
afterAll(() => world?.stop());
afterEach(async () => {
  const { faults } = await world.sandbox.get<{ faults: { id: string }[] }>('/faults');
  for (const { id } of faults) await world.sandbox.cancelFault(id);
});

async function send(message: Record<string, unknown> = {}, from = friend, to = number): Promise<string> {
  const body = { to, type: 'image', data: file.toString('base64'), ...message };
  return (await world.sandbox.post<{ id: string }>(`/phones/${from}/messages`, body)).id;
}
const events = async (waMessageId: string) =>
  (await world.events(sessionId, 'media.')).filter(({ data }) => data.waMessageId === waMessageId);
/** The first event of the file. */
const outcome = (waMessageId: string) =>
  waitFor(async () => (await events(waMessageId))[0], { timeoutMs: 15_000, what: 'the outcome of the download' });

async function mediaOf(waMessageId: string): Promise<MediaRow> {
  const { rows } = await world.database.pool.query<MediaRow>(
    `SELECT m.id, m.status, f.storage_key AS "storageKey", m.size, m.error_code AS "errorCode", m.error_message AS "errorMessage"
     FROM messages g JOIN media m ON m.message_id = g.id LEFT JOIN media_files f ON f.id = m.file_id WHERE g.wa_message_id = $1`,
    [waMessageId],
  );
  return rows[0]!;
}
/** Its bytes are in the store. `toEqual` takes a second for 200 kB. */
async function isStored(waMessageId: string, bytes = file): Promise<void> {
  const stored = await buffer(await world.media.get((await mediaOf(waMessageId)).storageKey!));
  expect(stored.equals(bytes), `${stored.length} bytes of ${bytes.length}`).toBe(true);
}
const queued = async (): Promise<number> =>
  (await world.database.pool.query('SELECT 1 FROM media_downloads')).rowCount ?? 0;
async function stored(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of world.media.list('')) keys.push(key);
  return keys.sort();
}
const fault = (kind: string, more: object = {}) => world.sandbox.fault({ kind, ...more });

describe('a received file (MR-060)', () => {
  it('is fetched, verified and stored, and its message says what is known of it from the beginning', async () => {
    const thumbnail = Buffer.from('a small JPEG').toString('base64');
    const id = await send({ caption: 'look', width: 30, height: 40, thumbnail });
    const { type, data } = await outcome(id);
    const { id: mediaId, size } = await mediaOf(id);
    const known = { mediaId, mimetype: 'image/jpeg', size: file.length, width: 30, height: 40, thumbnail };
    expect(type).toBe('media.ready');
    expect(data).toMatchObject({ waMessageId: id, type: 'image', fromMe: false, media: { ...known, status: 'ready' } });
    const [received] = (await world.events(sessionId, 'message.received')).filter(
      ({ data: it }) => it.waMessageId === id,
    );
    expect(received?.data).toMatchObject({ text: 'look', media: { ...known, status: 'pending' } });
    expect(size).toBe(file.length);
    await isStored(id);
    expect(await queued()).toBe(0);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a video note', { type: 'video', note: true, seconds: 3 }],
    ['a voice note', { type: 'audio', voice: true, seconds: 2, waveform: Buffer.alloc(64, 50).toString('base64') }],
    ['a document with a caption', { type: 'document', fileName: 'Rechnung für März – 請求書 📄.pdf', caption: 'here' }],
    ['an animated sticker', { type: 'sticker', animated: true }],
    ['a Lottie sticker', { type: 'sticker', lottie: true, mimetype: 'application/was' }],
    ['a GIF', { type: 'video', gif: true }],
    ['what can be opened once', { viewOnce: true }],
    ['a voice note that can be heard once', { type: 'audio', voice: true, viewOnce: true }],
    ['a disappearing one', { expiresIn: 86_400 }],
    ['one of a single byte', { data: Buffer.from([7]).toString('base64') }],
  ])('%s', async (_, message) => {
    const bytes = message.data ? Buffer.from(message.data as string, 'base64') : randomBytes(30_000);
    const id = await send({ ...message, data: bytes.toString('base64') });
    expect((await outcome(id)).type).toBe('media.ready');
    await isStored(id, bytes);
  });

  it('that the own phone has sent is fetched, too', async () => {
    const id = await send({}, number, friend);
    expect((await outcome(id)).data).toMatchObject({ fromMe: true, media: { status: 'ready' } });
    await isStored(id);
  });

  it('of a group is fetched', async () => {
    const group = { owner: friend, subject: 'Group', participants: [number] };
    const { id: jid } = await world.sandbox.post<{ id: string }>('/groups', group);
    const id = await send({}, friend, jid);
    expect((await outcome(id)).data).toMatchObject({ media: { status: 'ready' } });
    await isStored(id);
  });

  it('pictures of an album name it', async () => {
    const album = await send({ type: 'album', images: 2, data: undefined });
    const [first, second] = [await send({ album }), await send({ album })];
    for (const id of [first, second]) expect((await outcome(id)).type).toBe('media.ready');
    const received = (await world.events(sessionId, 'message.received')).map(({ data }) => data);
    expect(received.find(({ waMessageId }) => waMessageId === album)).toMatchObject({
      type: 'album',
      content: { images: 2 },
    });
    expect(received.find(({ waMessageId }) => waMessageId === second)).toMatchObject({ album: { waMessageId: album } });
  });

  it('that the workspace has already lies there once', async () => {
    const bytes = randomBytes(5_000).toString('base64');
    const ids = [await send({ data: bytes }), await send({ data: bytes })];
    for (const id of ids) await outcome(id);
    const [one, other] = await Promise.all(ids.map(mediaOf));
    expect(one!.storageKey).toBe(other!.storageKey);
    const { rows } = await world.database.pool.query<{ key: string }>('SELECT storage_key AS key FROM media_files');
    expect(await stored()).toEqual(rows.map(({ key }) => key).sort());
  });
});

describe('a host that does not give the file at first', () => {
  it.each<[string, string, object]>([
    ['is slow', 'media-slow', { ms: 400, count: 1, direction: 'to' }],
    ['says 503', 'media-expired', { code: 503 }],
    ['ends the connection in the middle', 'media-cut', {}],
    ['falls silent in the middle', 'media-stalled', {}],
  ])('%s: it is tried again, and the phone is not asked', async (_, kind, more) => {
    await fault(kind, more);
    const id = await send();
    expect((await outcome(id)).type).toBe('media.ready');
    await isStored(id);
    const { acks } = await world.sandbox.recorder<{ acks: { type: string; id: string }[] }>('acks?limit=50000');
    expect(acks.filter((ack) => ack.id === id && ack.type === 'server-error')).toEqual([]);
  });

  it('for ever: it is given up with a reason, and asked for again by hand', async () => {
    await fault('media-expired', { code: 500, count: 3 });
    const id = await send();
    expect(await outcome(id)).toMatchObject({
      type: 'media.failed',
      data: {
        media: { status: 'failed', error: { code: 'MEDIA_UNREACHABLE', message: expect.stringContaining('500') } },
      },
    });
    expect(await queued()).toBe(0);
    const { id: mediaId } = await mediaOf(id);
    expect(await requestDownload(world.database.pool, mediaId)).toBe(sessionId);
    await waitFor(async () => (await mediaOf(id)).status === 'ready', { what: 'the file' });
    await isStored(id);
    expect((await events(id)).map(({ type }) => type)).toEqual(['media.failed', 'media.ready']);
    expect(await requestDownload(world.database.pool, mediaId)).toBeNull();
  });
});

describe('a file that is gone, or not the one of the message: the phone uploads it again', () => {
  it.each<[string, string, object]>([
    ['404', 'media-expired', { code: 404 }],
    ['410', 'media-expired', {}],
    ['403', 'media-expired', { code: 403 }],
    ['cut off, as if that were all', 'media-truncated', {}],
    ['another byte', 'media-flipped', {}],
    ['other bytes', 'media-wrong', {}],
  ])('%s', async (_, kind, more) => {
    await fault(kind, more);
    const id = await send();
    expect((await outcome(id)).type).toBe('media.ready');
    await isStored(id);
    expect(await events(id)).toHaveLength(1);
  });

  it('of a group, and of the own phone', async () => {
    const { id: jid } = await world.sandbox.post<{ id: string }>('/groups', {
      owner: friend,
      subject: 'G',
      participants: [number],
    });
    for (const [from, to] of [
      [friend, jid],
      [number, friend],
    ] as const) {
      await fault('media-expired');
      const id = await send({}, from, to);
      expect((await outcome(id)).type).toBe('media.ready');
      await isStored(id);
    }
  });

  it.each<[string, object, RegExp]>([
    ['refuses', { answer: 'refused' }, /answers 410.*does not have the file any more/],
    ['cannot read the question', { answer: 'unreadable' }, /could not read the question/],
    ['says nothing', { answer: 'silent' }, /has not answered within/],
  ])('but when the phone %s, it is expired', async (_, more, sentence) => {
    await fault('media-expired');
    await fault('media-retry', more);
    const before = await stored();
    const id = await send();
    expect(await outcome(id)).toMatchObject({
      type: 'media.failed',
      data: {
        media: { status: 'expired', error: { code: 'MEDIA_EXPIRED', message: expect.stringMatching(sentence) } },
      },
    });
    expect(await stored()).toEqual(before);
    expect(await queued()).toBe(0);
  });

  it.each(['sha256', 'length', 'bytes', 'absent'])(
    'but when the upload is no better (%s), it is expired, and nothing is left of it',
    async (spoiled) => {
      const before = await stored();
      const id = await send({ spoiled });
      expect(await outcome(id)).toMatchObject({ type: 'media.failed', data: { media: { status: 'expired' } } });
      expect(await stored()).toEqual(before);
    },
  );

  it('an answer that comes when nobody waits any more is used', async () => {
    await fault('media-expired');
    await world.sandbox.fault({ kind: 'delay', stanza: 'notification', ms: 1_500, phone: number });
    const id = await send();
    expect((await outcome(id)).type).toBe('media.failed');
    await waitFor(async () => (await mediaOf(id)).status === 'ready', { timeoutMs: 10_000, what: 'the late file' });
    await isStored(id);
  });
});

describe('what is not fetched', () => {
  const setting = (settings: object) =>
    world.database.pool.query('UPDATE sessions SET settings = $2 WHERE id = $1', [sessionId, JSON.stringify(settings)]);
  const pending = async (id: string) => {
    await waitFor(async () => Boolean(await mediaOf(id)), { what: 'the message' });
    expect(await mediaOf(id)).toMatchObject({ status: 'pending' });
    expect(await queued()).toBe(0);
  };
  afterEach(() => setting({}));

  it.each<[string, object, Record<string, unknown>, Record<string, unknown>]>([
    ['nothing', { auto: false }, {}, {}],
    ['other types than those of the session', { auto: ['audio', 'video'] }, {}, { type: 'audio' }],
    ['larger ones than the session wants', { auto: true, maxBytes: 100_000 }, {}, { data: 'AAAA' }],
  ])('%s: it waits until somebody asks for it', async (_, mediaDownload, left, fetched) => {
    await setting({ mediaDownload });
    const id = await send(left);
    await pending(id);
    if (Object.keys(fetched).length > 0) expect((await outcome(await send(fetched))).type).toBe('media.ready');
    await requestDownload(world.database.pool, (await mediaOf(id)).id);
    expect((await outcome(id)).type).toBe('media.ready');
    await isStored(id);
  });

  it('a file that is larger than the tier allows, with the limit', async () => {
    const { pool } = world.database;
    await pool.query('UPDATE tiers SET media_max_bytes = 150000');
    const id = await send();
    expect(await outcome(id)).toMatchObject({
      type: 'media.failed',
      data: {
        media: { status: 'failed', error: { code: 'MEDIA_TOO_LARGE', message: expect.stringContaining('150000') } },
      },
    });
    await pool.query('UPDATE tiers SET media_max_bytes = 104857600');
  });
});

describe('files and the life of workers (I2)', () => {
  it('a restart in the middle loses no file, and tells of each once', async () => {
    await fault('media-slow', { ms: 600, direction: 'to' });
    const ids = await Promise.all(
      Array.from({ length: 6 }, () => send({ data: randomBytes(3_000).toString('base64') })),
    );
    await waitFor(async () => (await Promise.all(ids.map(mediaOf))).every(Boolean), { what: 'the messages' });
    await world.restartHost();
    await world.waitForState(sessionId, 'CONNECTED');
    for (const id of ids) expect((await outcome(id)).type).toBe('media.ready');
    for (const id of ids) expect(await events(id)).toHaveLength(1);
    expect(await queued()).toBe(0);
    const { rows } = await world.database.pool.query<{ key: string }>('SELECT storage_key AS key FROM media_files');
    expect(await stored()).toEqual(rows.map(({ key }) => key).sort());
  });

  it('a session that is not connected asks its phone later', async () => {
    await fault('media-expired');
    await fault('media-slow', { ms: 300, count: 1, direction: 'to' });
    const id = await send();
    await waitFor(async () => Boolean(await mediaOf(id)), { what: 'the message' });
    await world.sandbox.fault({ kind: 'login-failure', code: 503, count: 2, phone: number });
    await world.sandbox.fault({ kind: 'cut', phone: number });
    expect((await outcome(id)).type).toBe('media.ready');
    await isStored(id);
  });

  it('a file of a message that is deleted meanwhile is forgotten, and its bytes are', async () => {
    await fault('media-slow', { ms: 800, count: 1, direction: 'to' });
    const before = await stored();
    const id = await send({ data: randomBytes(4_000).toString('base64') });
    await waitFor(async () => Boolean(await mediaOf(id)), { what: 'the message' });
    await world.database.pool.query('DELETE FROM messages WHERE wa_message_id = $1', [id]);
    expect(await queued()).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await stored()).toEqual(before);
    expect(await events(id)).toEqual([]);
  });
});
