import { createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ownership, placeSession, registerWorker, releaseSession, scaleTiming } from '@wa-gate/cluster';
import type { FileReference } from '@wa-gate/contracts';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, waitFor, workerRegistration } from '@wa-gate/testkit';
import { fetch } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../testing/sandbox.ts';
import type { MediaConnection } from '../whatsapp/media-connection.ts';
import { sandboxNetwork, type WhatsAppNetwork } from '../whatsapp/network.ts';
import { mediaKeysOf } from './media-cipher.ts';
import type { MediaType } from './media-type.ts';
import type { UploadedFile } from './uploaded-file.ts';
import { UPLOAD_PACE, type UploadContext, type UploadPace, Uploads } from './uploads.ts';

/** The host of the real sandbox takes the files: its faults are those of a media host. */
let database: TestDatabase;
let sandbox: TestSandbox;
let network: WhatsAppNetwork;
let folder: string;
let mediaHost: string;
let owner: Ownership;
/** How often a connection was asked where to upload. */
let asked: number;

beforeAll(async () => {
  database = await createTestDatabase();
  sandbox = await startTestSandbox();
  network = sandboxNetwork(sandbox.url);
  folder = await mkdtemp(join(tmpdir(), 'wag-uploads-'));
  ({ mediaHost } = (await (await fetch(sandbox.url)).json()) as { mediaHost: string });
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(async () => {
  await network?.close();
  await sandbox?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
  asked = 0;
});

const store = {
  get: async (key: string) => createReadStream(join(folder, key)),
  stat: async (key: string) => await stat(join(folder, key)).catch(() => null),
};

const QUICK: UploadPace = { ...UPLOAD_PACE, noProgressMs: 1_500, retry: { initialMs: 10, maxMs: 20 } };
const uploadsWith = (pace: Partial<UploadPace> = {}) =>
  new Uploads({
    pool: database.pool,
    clock: systemClock,
    logger: createLogger({ service: 'test', level: 'silent' }),
    store,
    pace: { ...QUICK, ...pace },
  });

interface Contexts {
  hosts?: string[];
  signal?: AbortSignal;
  maxBytes?: number;
}

async function context({ hosts = [mediaHost], signal, maxBytes = 1 << 30 }: Contexts = {}): Promise<UploadContext> {
  const { dispatcher } = await network.endpoint();
  const known: MediaConnection = { hosts: hosts.map((hostname) => ({ hostname, maxBytes })), auth: 'a+/=', ttl: 60 };
  const connection = {
    mediaDispatcher: dispatcher,
    mediaConnection: async () => {
      asked += 1;
      return known;
    },
  };
  return { owner, connection, signal: signal ?? new AbortController().signal };
}

async function put(bytes: Buffer): Promise<FileReference> {
  const storageKey = newId();
  await writeFile(join(folder, storageKey), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  return { mediaId: newId(), storageKey, sha256, size: bytes.length, mimetype: 'application/octet-stream' };
}

/** What a phone does with the address and the keys of a message. */
async function fetched({ url, mediaKey, fileEncSha256 }: UploadedFile, type: MediaType): Promise<Buffer> {
  const { dispatcher } = await network.endpoint();
  const response = await fetch(url, { ...(dispatcher && { dispatcher }) });
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(createHash('sha256').update(bytes).digest()).toEqual(fileEncSha256);
  const { iv, cipherKey, macKey } = mediaKeysOf(mediaKey!, type);
  const ciphertext = bytes.subarray(0, -10);
  expect(createHmac('sha256', macKey).update(iv).update(ciphertext).digest().subarray(0, 10)).toEqual(
    bytes.subarray(-10),
  );
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

const violations = async () => (await sandbox.recorder<{ violations: unknown[] }>('violations')).violations;

it('the file of a channel lies there as it is, under its own hash, with the preview of the host, and is not mixed up with that of a chat (MR-011)', async () => {
  const bytes = randomBytes(70_001);
  const file = await put(bytes);
  const uploads = uploadsWith();
  const plain = await uploads.upload(await context(), { file, mediaType: 'image', isPlain: true });
  const { url, directPath, thumbnail, ...rest } = plain;
  expect(rest).toEqual({ fileSha256: Buffer.from(file.sha256, 'base64'), fileLength: bytes.length });
  expect([directPath.startsWith('/m1/'), thumbnail?.directPath]).toEqual([true, directPath]);
  const { dispatcher } = await network.endpoint();
  const response = await fetch(url, { ...(dispatcher && { dispatcher }) });
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  const known = await uploadsWith().upload(await context(), { file, mediaType: 'image', isPlain: true });
  expect(known).toEqual(plain);
  const sealed = await uploads.upload(await context(), { file, mediaType: 'image' });
  expect((await fetched(sealed, 'image')).equals(bytes)).toBe(true);
  expect(await violations()).toEqual([]);
});

describe('a file on its way to WhatsApp (MR-011)', () => {
  it.each<[number, MediaType]>([
    [1, 'image'],
    [16, 'ptt'],
    [65_536, 'sticker'],
    [3_000_000, 'video'],
    [250_001, 'document'],
  ])('%i bytes as %s are what was given, after decryption', async (size, mediaType) => {
    const bytes = randomBytes(size);
    const uploaded = await uploadsWith().upload(await context(), { file: await put(bytes), mediaType });
    expect(uploaded).toMatchObject({ fileLength: size, fileSha256: createHash('sha256').update(bytes).digest() });
    expect((await fetched(uploaded, mediaType)).equals(bytes)).toBe(true);
    expect(uploaded.sidecar?.length).toBe(
      ['ptt', 'video'].includes(mediaType) ? 10 * Math.ceil((16 + size + (16 - (size % 16)) + 10) / 65_536) : undefined,
    );
    expect(await violations()).toEqual([]);
  });

  it('is uploaded once for many messages of the session, now and later, and again as another type', async () => {
    const file = await put(randomBytes(5_000));
    const uploads = uploadsWith();
    const here = await context();
    const [first, second] = await Promise.all([
      uploads.upload(here, { file, mediaType: 'image' }),
      uploads.upload(here, { file: { ...file, mediaId: newId() }, mediaType: 'sticker' }),
    ]);
    expect(second).toBe(first);
    const later = await uploadsWith().upload(await context(), { file, mediaType: 'image' });
    expect(later).toEqual(first);
    const other = await uploads.upload(here, { file, mediaType: 'document' });
    expect(other.url).not.toBe(first.url);
  });

  it('is not shared with another session', async () => {
    const file = await put(randomBytes(500));
    const first = await uploadsWith().upload(await context(), { file, mediaType: 'image' });
    const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
    owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
    const second = await uploadsWith().upload(await context(), { file, mediaType: 'image' });
    expect(second.mediaKey).not.toEqual(first.mediaKey);
  });

  it('is uploaded again when WhatsApp has lost it, or when it is too old', async () => {
    const file = await put(randomBytes(500));
    const upload = async () => await uploadsWith({ freshMs: 0 }).upload(await context(), { file, mediaType: 'image' });
    const first = await upload();
    expect(await upload()).toEqual(first);
    await sandbox.fault({ kind: 'media-expired', code: 404 });
    const second = await upload();
    expect(second.url).not.toBe(first.url);
    await database.pool.query(`UPDATE media_uploads SET uploaded_at = now() - interval '8 days'`);
    expect((await upload()).url).not.toBe(second.url);
  });

  it('an owner that is none any more keeps nothing (I2)', async () => {
    const file = await put(randomBytes(500));
    const here = await context();
    await releaseSession(database.pool, owner.sessionId, 'test');
    await uploadsWith().upload(here, { file, mediaType: 'image' });
    const { rows } = await database.pool.query('SELECT 1 FROM media_uploads WHERE session_id = $1', [owner.sessionId]);
    expect(rows).toEqual([]);
  });
});

describe('a media host that does not do what it should (MR-011)', () => {
  it.each([
    ['500', { kind: 'upload-refused', code: 500 }],
    ['401', { kind: 'upload-refused', code: 401 }],
    ['a line that breaks', { kind: 'upload-cut' }],
    ['silence', { kind: 'upload-stalled' }],
  ])('%s: the file is sent again, to where WhatsApp says anew', async (_, fault) => {
    const bytes = randomBytes(400_000);
    await sandbox.fault(fault);
    const uploaded = await uploadsWith().upload(await context(), { file: await put(bytes), mediaType: 'video' });
    expect((await fetched(uploaded, 'video')).equals(bytes)).toBe(true);
    expect(asked).toBe(2);
  });

  it('a host that cannot be reached: the next one takes the file at once', async () => {
    const closed = await refusingPort();
    const bytes = randomBytes(400_000);
    const here = await context({ hosts: [`127.0.0.1:${closed}`, mediaHost] });
    const uploaded = await uploadsWith().upload(here, { file: await put(bytes), mediaType: 'image' });
    expect((await fetched(uploaded, 'image')).equals(bytes)).toBe(true);
    expect(asked).toBe(1);
  });

  it('413: the message can never be sent, with status and words', async () => {
    await sandbox.fault({ kind: 'upload-refused', code: 413 });
    const upload = uploadsWith().upload(await context(), { file: await put(randomBytes(400)), mediaType: 'image' });
    await expect(upload).rejects.toMatchObject({
      code: 'MEDIA_UPLOAD_REFUSED',
      message: expect.stringContaining('HTTP 413: {"error":"As the fault wants it."}'),
    });
  });

  it('a file above the limit of the host is not sent at all', async () => {
    const here = await context({ maxBytes: 300 });
    const upload = uploadsWith().upload(here, { file: await put(randomBytes(400)), mediaType: 'image' });
    await expect(upload).rejects.toMatchObject({
      code: 'MEDIA_TOO_LARGE',
      message: expect.stringContaining('300 bytes'),
    });
  });

  it('every host in every round fails: the reason is told', async () => {
    await sandbox.fault({ kind: 'upload-refused', code: 503, count: 4 });
    const upload = uploadsWith().upload(await context(), { file: await put(randomBytes(400)), mediaType: 'image' });
    await expect(upload).rejects.toMatchObject({
      code: 'MEDIA_UPLOAD_FAILED',
      message: expect.stringContaining('HTTP 503'),
    });
    expect(asked).toBe(4);
  });
});

describe('what is not in the media store', () => {
  it.each([
    ['a chat', false],
    ['a channel', true],
  ])(
    'a file for %s that is gone, or that has become another one, is refused before anything is sent',
    async (_, isPlain) => {
      const file = await put(randomBytes(400));
      const upload = async (wrong: Partial<FileReference>) =>
        await uploadsWith().upload(await context(), { file: { ...file, ...wrong }, mediaType: 'image', isPlain });
      await expect(upload({ storageKey: 'nothing' })).rejects.toMatchObject({ code: 'MEDIA_NOT_FOUND' });
      await expect(upload({ size: 399 })).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' });
      await expect(upload({ sha256: Buffer.alloc(32).toString('base64') })).rejects.toMatchObject({
        code: 'MEDIA_UNREADABLE',
      });
      expect(asked).toBe(0);
    },
  );
});

it('an upload ends at once when its connection is over, also while it waits (I7)', async () => {
  const ended = new AbortController();
  const uploads = uploadsWith({ noProgressMs: 60_000, perSession: 1 });
  const here = await context({ signal: ended.signal });
  await sandbox.fault({ kind: 'upload-stalled' });
  const files = [await put(randomBytes(3_000_000)), await put(randomBytes(3_000_000))];
  const both = Promise.allSettled(files.map((file) => uploads.upload(here, { file, mediaType: 'image' })));
  await waitFor(() => asked === 1, { what: 'the first upload' });
  const moved = new Error('moved');
  ended.abort(moved);
  expect(await both).toEqual([
    { status: 'rejected', reason: moved },
    { status: 'rejected', reason: moved },
  ]);
});

/** A port on which nobody listens. */
async function refusingPort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
