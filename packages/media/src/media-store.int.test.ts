import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMediaStore } from './create-media-store.ts';
import type { MediaConfig } from './environment.ts';
import { MediaMissingError, type MediaStore, MediaStoreError } from './media-store.ts';
import { S3_SERVERS } from './testing/s3-servers.ts';

interface Subject {
  config: MediaConfig;
  stop(): Promise<void>;
}

async function localSubject(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'wag-media-'));
  return {
    config: { store: 'local', folder: join(folder, 'media') },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
/** In pieces, and of a length that is not known before its end. */
function streamOf(bytes: Buffer, piece = 64 * 1024): Readable {
  return Readable.from(
    (function* () {
      for (let from = 0; from < bytes.length; from += piece) yield bytes.subarray(from, from + piece);
    })(),
  );
}
/** Gives so many bytes, and then neither more nor an end. */
function stalledAfter(bytes: number): Readable {
  let given = 0;
  return new Readable({
    read() {
      if (given >= bytes) return;
      given += 65_536;
      this.push(randomBytes(65_536));
    },
  });
}
const keysOf = async (store: MediaStore, prefix = ''): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys.sort();
};

describe.each([
  ['local', localSubject],
  ['fauxqs', S3_SERVERS.fauxqs],
  ['s3rver', S3_SERVERS.s3rver],
] as const)('the media store: %s (MR-051)', (name, start) => {
  let subject: Subject;
  let store: MediaStore;
  beforeAll(async () => {
    subject = await start();
    store = createMediaStore(subject.config);
  });
  afterAll(async () => {
    await store?.close();
    await subject?.stop();
  });

  // The largest is sent to S3 in parts.
  it.each([0, 1, 100_000, 5 * 1_048_576, 12 * 1_048_576 + 7])('gives %i bytes back as they came', async (size) => {
    const bytes = randomBytes(size);
    const key = `files/sizes/${size}`;
    expect(await store.put(key, streamOf(bytes))).toEqual({ size, sha256: sha256(bytes) });
    expect(await store.stat(key)).toEqual({ size });
    expect((await buffer(await store.get(key))).equals(bytes)).toBe(true);
  });

  it('gives ranges, both ends included', async () => {
    await store.put('files/range', streamOf(Buffer.from('0123456789')));
    const read = async (start: number, end?: number) =>
      (await buffer(await store.get('files/range', { start, end }))).toString();
    expect(await read(2, 3)).toBe('23');
    expect(await read(0, 1)).toBe('01');
    // s3rver takes an end of 0 for none.
    if (name !== 's3rver') expect(await read(0, 0)).toBe('0');
    expect(await read(7)).toBe('789');
    expect(await read(0)).toBe('0123456789');
  });

  it('replaces a file as a whole', async () => {
    await store.put('files/replaced', streamOf(Buffer.from('a longer text')));
    await store.put('files/replaced', streamOf(Buffer.from('short')));
    expect((await buffer(await store.get('files/replaced'))).toString()).toBe('short');
  });

  it('a body that fails leaves nothing', async () => {
    const failing = Readable.from(
      (async function* () {
        yield randomBytes(6 * 1_048_576);
        throw new Error('the source broke');
      })(),
    );
    await expect(store.put('files/broken', failing)).rejects.toThrow('the source broke');
    expect(await store.stat('files/broken')).toBeNull();
    expect(await keysOf(store, 'files/broken')).toEqual([]);
    expect(await store.sweepAbandoned(new Date(Date.now() + 60_000))).toBe(0);
  });

  it('an aborted put leaves nothing, and ends its source', async () => {
    const source = stalledAfter(11 * 1_048_576);
    const controller = new AbortController();
    const put = store.put('files/aborted', source, { signal: controller.signal });
    setTimeout(() => controller.abort(), 200);
    await expect(put).rejects.toThrow();
    await waitFor(() => source.destroyed, { what: 'the end of the source' });
    expect(await store.stat('files/aborted')).toBeNull();
    expect(await store.sweepAbandoned(new Date(Date.now() + 60_000))).toBe(0);
  });

  it('says of a file that is missing that it is', async () => {
    expect(await store.stat('files/none')).toBeNull();
    await expect(store.get('files/none')).rejects.toBeInstanceOf(MediaMissingError);
    await store.remove(['files/none']);
  });

  it('lists and removes by key', async () => {
    await store.put('files/w1/aa/one', streamOf(Buffer.from('1')));
    await store.put('files/w1/bb/two', streamOf(Buffer.from('22')));
    await store.put('files/w2/aa/three', streamOf(Buffer.from('333')));
    expect(await keysOf(store, 'files/w1/')).toEqual(['files/w1/aa/one', 'files/w1/bb/two']);
    for await (const { size, modifiedAt } of store.list('files/w2/')) {
      expect(size).toBe(3);
      expect(Math.abs(Date.now() - modifiedAt.getTime())).toBeLessThan(120_000);
    }
    await store.remove(['files/w1/aa/one', 'files/w1/bb/two', 'files/w1/none']);
    expect(await keysOf(store, 'files/w1/')).toEqual([]);
    expect(await keysOf(store, 'files/w2/')).toHaveLength(1);
  });

  it.each(['../outside', 'a/../../b', '/etc/passwd', 'a//b', '.hidden', 'a/.hidden', '', 'a b', 'a\0b'])(
    'takes no key that could lead elsewhere: %j',
    async (key) => {
      await expect(store.put(key, streamOf(Buffer.from('x')))).rejects.toThrow(/is no key/);
      await expect(store.stat(key)).rejects.toThrow(/is no key/);
    },
  );

  it('has an identity that others with the same store have too', async () => {
    const identity = await store.identify();
    const other = createMediaStore(subject.config);
    expect(await other.identify()).toBe(identity);
    expect(identity).toMatch(name === 'local' ? /^local:[0-9a-f-]{36}$/ : /^s3:media\/installation\/$/);
    expect(store.isShared).toBe(name !== 'local');
    await other.close();
  });
});

describe('a folder as the media store', () => {
  let subject: Subject;
  let folder: string;
  beforeAll(async () => {
    subject = await localSubject();
    folder = (subject.config as { folder: string }).folder;
  });
  afterAll(() => subject?.stop());

  it('is named by one process when many begin at once', async () => {
    const identities = await Promise.all(Array.from({ length: 20 }, () => createMediaStore(subject.config).identify()));
    expect(new Set(identities).size).toBe(1);
  });

  it('keeps what is being written out of sight, and sweeps what was left', async () => {
    const store = createMediaStore(subject.config);
    const source = stalledAfter(100_000);
    const controller = new AbortController();
    const put = store.put('files/slow', source, { signal: controller.signal });
    await waitFor(async () => (await readdir(join(folder, '.incoming'))).length > 0, { what: 'a file in work' });
    expect(await keysOf(store)).toEqual([]);
    expect(await store.sweepAbandoned(new Date(Date.now() - 3_600_000))).toBe(0);
    // As after a kill.
    expect(await store.sweepAbandoned(new Date(Date.now() + 60_000))).toBe(1);
    controller.abort();
    await expect(put).rejects.toThrow();
  });

  it('that cannot be made is refused in a sentence', async () => {
    await writeFile(join(folder, '..', 'file'), '');
    const store = createMediaStore({ store: 'local', folder: join(folder, '..', 'file', 'media') });
    await expect(store.identify()).rejects.toThrow(/^MEDIA_DIR: .*\/file\/media cannot be used \(ENOTDIR\)/);
    await expect(store.identify()).rejects.toBeInstanceOf(MediaStoreError);
  });
});

describe('a bucket that cannot be used is refused in a sentence', () => {
  it('that is not there', async () => {
    const server = await S3_SERVERS.fauxqs();
    const store = createMediaStore({ ...server.config, bucket: 'other' });
    await expect(store.identify()).rejects.toThrow(/^MEDIA_STORE=s3: there is no bucket other at http:/);
    await store.close();
    await server.stop();
  });

  it('whose server does not answer', async () => {
    const store = createMediaStore({
      store: 's3',
      bucket: 'media',
      region: 'us-east-1',
      prefix: '',
      endpoint: 'http://127.0.0.1:9',
      forcePathStyle: true,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    await expect(store.identify()).rejects.toThrow(
      /^MEDIA_STORE=s3: http:\/\/127\.0\.0\.1:9 cannot be used \(ECONNREFUSED/,
    );
    await store.close();
  });
});
