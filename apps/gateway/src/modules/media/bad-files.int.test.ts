import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32, deflateSync } from 'node:zlib';
import { KIND_NAMES, type KindName, kindOf } from '@wa-gate/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PNG, storedAndInWork } from '../../testing/files.ts';
import {
  createGatewayFixture,
  type GatewayFixture,
  type TestSession,
  type TestUser,
} from '../../testing/gateway-fixture.ts';
import { createFileFetcher } from './intake/fetch-file.ts';

/** Every kind with a file is sent with every kind of bad file: nothing is accepted, and nothing stays behind. */
const MB = 1_048_576;
const MAX_BYTES = 2 * MB;

let fixture: GatewayFixture;
/** The same installation, but it fetches from public addresses alone, as it does by default. */
let guarded: GatewayFixture;
let user: TestUser;
let session: TestSession;
let files: Server;
let filesUrl: string;

beforeAll(async () => {
  fixture = await createGatewayFixture({ MEDIA_URL_ALLOW_PRIVATE: 'true', MEDIA_MAX_BYTES: String(MAX_BYTES) });
  guarded = await createGatewayFixture({}, { beside: fixture });
  user = await fixture.register();
  await fixture.startWorker('worker-1');
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
  files = createServer((request, response) => {
    if (request.url === '/large') response.setHeader('content-length', String(MAX_BYTES + 1)).end('x');
    else if (request.url === '/empty') response.end();
    else response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
  });
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
});
afterAll(async () => {
  files?.close();
  await guarded?.close();
  await fixture?.close();
});

/** A PNG that says it has so many pixels. Its data are those of as many, unless there are `rows` of them. */
function png(width: number, height: number, rows = height): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  const pixels = Buffer.alloc((1 + width * 3) * rows);
  const parts = [chunk('IHDR', head), chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

interface BadFile {
  media: { base64: string } | { url: string };
  fileName?: string;
}
const bytes = (of: Buffer | string): BadFile => ({ media: { base64: Buffer.from(of).toString('base64') } });

interface Shape {
  kind: KindName;
  /** Where errors say that the file is. @default media */
  field?: string;
  /** It is a picture, and measured in pixels. */
  isPicture?: boolean;
  /** Any bytes will do. */
  takesAny?: boolean;
  /** Something that begins as such a file and is none. */
  corrupt?: Buffer;
  to?: string;
  request: (file: BadFile) => object;
}

const WEBP = Buffer.concat([Buffer.from('RIFF\x40\0\0\0WEBPVP8 \x34\0\0\0', 'latin1'), Buffer.alloc(52, 7)]);
const MP4 = Buffer.concat([Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isomiso2', 'latin1'), Buffer.alloc(4_000, 7)]);
const OGG = Buffer.concat([
  Buffer.from('OggS\0\x02', 'latin1'),
  Buffer.alloc(22),
  Buffer.from('\x01\x13OpusHead'),
  Buffer.alloc(400),
]);
const CHANNEL = '120363401234567890@newsletter';
const picture = { isPicture: true, corrupt: png(300, 200, 1).subarray(0, -30) };

const SHAPES: Record<string, Shape> = {
  image: { kind: 'image', ...picture, request: (file) => ({ type: 'image', ...file }) },
  'image seen once': { kind: 'image', ...picture, request: (file) => ({ type: 'image', viewOnce: true, ...file }) },
  'post of a channel': { kind: 'image', ...picture, to: CHANNEL, request: (file) => ({ type: 'image', ...file }) },
  'status update': {
    kind: 'image',
    ...picture,
    to: 'status',
    request: (file) => ({ type: 'image', status: { only: ['+6281234567890'] }, ...file }),
  },
  'picture of an album': {
    kind: 'album',
    ...picture,
    field: 'items[1].media',
    request: (file) => ({ type: 'album', items: [{ ...bytes(PNG) }, file] }),
  },
  'picture of a preview': {
    kind: 'text',
    ...picture,
    field: 'linkPreview.picture',
    request: ({ media }) => ({ message: 'https://example.com', linkPreview: { title: 'x', picture: media } }),
  },
  sticker: { kind: 'sticker', isPicture: true, corrupt: WEBP, request: (file) => ({ type: 'sticker', ...file }) },
  video: { kind: 'video', corrupt: MP4, request: (file) => ({ type: 'video', ...file }) },
  'GIF playback': { kind: 'video', corrupt: MP4, request: (file) => ({ type: 'video', gif: true, ...file }) },
  'video note': { kind: 'video', corrupt: MP4, request: (file) => ({ type: 'video', videoNote: true, ...file }) },
  audio: { kind: 'audio', corrupt: OGG, request: (file) => ({ type: 'audio', ...file }) },
  'voice note': { kind: 'audio', corrupt: OGG, request: (file) => ({ type: 'audio', voice: true, ...file }) },
  document: { kind: 'document', takesAny: true, request: (file) => ({ type: 'document', ...file }) },
};

interface Bad {
  file: (shape: Shape) => BadFile;
  is: readonly [status: number, code: string, details?: object];
  /** Whether such a file is bad for it. @default for all */
  concerns?: (shape: Shape) => boolean;
  guarded?: boolean;
}

const BAD: Record<string, Bad> = {
  'no bytes': { file: () => ({ media: { url: `${filesUrl}/empty` } }), is: [422, 'MEDIA_EMPTY'] },
  'another type': {
    file: () => bytes('<html>just words</html>'),
    is: [422, 'MEDIA_TYPE_MISMATCH'],
    concerns: ({ takesAny }) => !takesAny,
  },
  'a lying name': {
    file: () => ({ ...bytes('<html>just words</html>'), fileName: 'photo.png' }),
    is: [422, 'MEDIA_TYPE_MISMATCH'],
    concerns: ({ field }) => field !== 'linkPreview.picture',
  },
  'too many bytes': {
    file: () => ({ media: { url: `${filesUrl}/large` } }),
    is: [413, 'MEDIA_TOO_LARGE', { maxBytes: MAX_BYTES }],
  },
  'nobody there': { file: () => ({ media: { url: 'http://127.0.0.1:9/x' } }), is: [422, 'MEDIA_UNREACHABLE'] },
  'a private address': {
    file: () => ({ media: { url: `${filesUrl}/photo.png` } }),
    is: [422, 'MEDIA_URL_FORBIDDEN'],
    guarded: true,
  },
  'more than 10 000 pixels': {
    file: () => bytes(png(10_001, 4)),
    is: [413, 'MEDIA_TOO_LARGE', { maxPixelsPerSide: 10_000, width: 10_001 }],
    concerns: ({ isPicture }) => isPicture === true,
  },
  'billions of pixels': {
    file: () => bytes(png(60_000, 60_000, 1)),
    is: [413, 'MEDIA_TOO_LARGE'],
    concerns: ({ isPicture }) => isPicture === true,
  },
  'what is cut off': {
    file: () => bytes(png(300, 200).subarray(0, 90)),
    is: [422, 'MEDIA_UNREADABLE'],
    concerns: ({ isPicture }) => isPicture === true,
  },
  'a corrupt container': {
    file: ({ corrupt }) => bytes(corrupt!),
    is: [422, 'MEDIA_UNREADABLE'],
    concerns: ({ corrupt }) => corrupt !== undefined,
  },
};

describe.each(Object.entries(SHAPES))('%s (MR-011, MR-157)', (_name, shape) => {
  const concerned = Object.entries(BAD).filter(([, { concerns }]) => concerns?.(shape) ?? true);
  it.each(concerned)('with %s is refused with code, field and limit, and leaves nothing', async (_bad, bad) => {
    const { file, is, guarded: isGuarded } = bad;
    const rows = async () => {
      const counted = ['media', 'messages', 'outbox'].map(
        (table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`,
      );
      return (await fixture.database.pool.query(`SELECT ${counted.join(', ')}`)).rows[0];
    };
    const before = [await storedAndInWork(fixture), await rows()];
    const { status, body } = await (isGuarded ? guarded : fixture).call(
      'POST',
      `/api/sessions/${session.slug}/send?wait=queued`,
      { as: session.key, body: { to: shape.to ?? '6281234567890', ...shape.request(file(shape)) } },
    );
    const [code, error, details] = [is[0], is[1], is[2] ?? {}];
    expect([status, body]).toMatchObject([
      code,
      { code: error, error: expect.any(String), details: { field: shape.field ?? 'media', ...details } },
    ]);
    expect([await storedAndInWork(fixture), await rows()]).toEqual(before);
  });
});

it('every kind with a file is among them (MR-011)', () => {
  const sent = Object.values(SHAPES).map(({ kind }) => kind);
  expect(KIND_NAMES.filter((name) => kindOf(name).files && !sent.includes(name))).toEqual([]);
});

it('a redirect of a public server to a private address is not followed (MR-051)', async () => {
  const fetcher = createFileFetcher({
    workFolder: fixture.workFolder,
    allowPrivate: false,
    isPublic: (address) => address === '127.0.0.1',
  });
  const fetched = fetcher.fetch(`${filesUrl}/moved`, { field: 'media', maxBytes: MAX_BYTES });
  await expect(fetched).rejects.toMatchObject({ code: 'MEDIA_URL_FORBIDDEN', details: { field: 'media' } });
  await fetcher.close();
});
