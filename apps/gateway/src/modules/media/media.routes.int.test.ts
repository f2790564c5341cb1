import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { compareMediaStore, eraseContact, expireMedia, newFileSweep, sweepUnusedFiles } from '@wa-gate/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDeletionLoop } from '../../jobs/deletions/index.ts';
import { fileForm, formOf, PDF, PNG, storedAndInWork } from '../../testing/files.ts';
import { createGatewayFixture, type GatewayFixture, type TestUser } from '../../testing/gateway-fixture.ts';

let fixture: GatewayFixture;
/** The same installation, but it fetches from public addresses alone, as it does by default. */
let guarded: GatewayFixture;
let user: TestUser;
let files: Server;
let filesUrl: string;
/** What the server of files answers, by path. */
const ANSWERS: Record<string, (response: import('node:http').ServerResponse) => void> = {
  '/photo.png': (response) => response.setHeader('content-type', 'image/png').end(PNG),
  '/named': (response) =>
    response.setHeader('content-disposition', `attachment; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf`).end(PDF),
  '/empty': (response) => response.end(),
  '/gone': (response) => response.writeHead(404).end('no'),
  '/broken': (response) => response.writeHead(500).end('no'),
  '/large': (response) => response.setHeader('content-length', String(200 * 1_048_576)).end('x'),
  '/endless': (response) => {
    const timer = setInterval(() => response.write(Buffer.alloc(1_048_576)), 1);
    response.on('close', () => clearInterval(timer));
  },
  '/cut': (response) => {
    response.setHeader('content-length', '100000');
    response.write('only this');
    setTimeout(() => response.destroy(), 50);
  },
  '/to-photo': (response) => response.writeHead(302, { location: '/photo.png' }).end(),
  '/to-file': (response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/round': (response) => response.writeHead(302, { location: '/round' }).end(),
};

beforeAll(async () => {
  fixture = await createGatewayFixture({ MEDIA_URL_ALLOW_PRIVATE: 'true', MEDIA_MAX_BYTES: String(4 * 1_048_576) });
  guarded = await createGatewayFixture({}, { beside: fixture });
  user = await fixture.register();
  files = createServer((request, response) => (ANSWERS[request.url!] ?? ANSWERS['/gone']!)(response));
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
});
afterAll(async () => {
  files?.close();
  await guarded?.close();
  await fixture?.close();
});

const upload = (form: { body: Buffer; headers: Record<string, string> }, as = user.token) =>
  fixture.call('POST', '/api/media', { as, ...form });
const json = (body: unknown, on = fixture, as = user.token) => on.call('POST', '/api/media', { as, body });
const get = (url: string, as: string | undefined = user.token, headers: Record<string, string> = {}) =>
  fixture.call('GET', url, { ...(as && { as }), headers });

describe('uploading a file (MR-051)', () => {
  it('by multipart: the bytes come back as they were, under the name and the type of the file', async () => {
    const { status, body } = await upload(fileForm(PNG, 'pixel.png', 'image/png'));
    expect(status).toBe(201);
    expect(body.data).toMatchObject({
      direction: 'upload',
      status: 'ready',
      sessionId: null,
      messageId: null,
      mimetype: 'image/png',
      size: PNG.length,
      fileName: 'pixel.png',
      width: 1,
      height: 1,
    });
    const content = await get(`/api/media/${body.data.mediaId}/content`);
    expect(content.raw.equals(PNG)).toBe(true);
    expect(content.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(PNG.length),
      'content-disposition': 'inline; filename="pixel.png"',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
    });
    expect(content.headers['content-security-policy']).toMatch(/default-src 'none'.*sandbox/);
    expect((await get(`/api/media/${body.data.mediaId}`)).body.data).toEqual(body.data);
  });

  it('fields beside the file count, before and after it', async () => {
    const file = { name: 'file', value: PDF, fileName: 'scan.pdf', type: 'application/pdf' };
    for (const parts of [
      [{ name: 'fileName', value: 'invoice 7.pdf' }, file],
      [file, { name: 'fileName', value: 'invoice 7.pdf' }],
    ]) {
      const { status, body } = await upload(formOf(parts));
      expect([status, body.data.fileName, body.data.mimetype]).toEqual([201, 'invoice 7.pdf', 'application/pdf']);
    }
  });

  it('by base64 in JSON, small and larger than any other body', async () => {
    const large = Buffer.concat([PDF, randomBytes(2 * 1_048_576)]);
    for (const [bytes, text] of [
      [PNG, PNG.toString('base64')],
      [PNG, `data:image/png;base64,${PNG.toString('base64')}`],
      [PNG, PNG.toString('base64url')],
      [large, large.toString('base64')],
    ] as const) {
      const { status, body } = await json({ base64: text, fileName: 'x' });
      expect(status).toBe(201);
      const content = await get(`/api/media/${body.data.mediaId}/content`);
      expect(content.raw.equals(bytes)).toBe(true);
    }
    expect((await storedAndInWork(fixture)).inWork).toEqual([]);
  });

  it('by URL, with the name that its server gives, also after a redirect', async () => {
    const photo = await json({ url: `${filesUrl}/photo.png` });
    expect([photo.status, photo.body.data?.fileName, photo.body.data?.mimetype]).toEqual([
      201,
      'photo.png',
      'image/png',
    ]);
    const redirected = await json({ url: `${filesUrl}/to-photo` });
    expect([redirected.status, redirected.body.data?.fileName]).toEqual([201, 'photo.png']);
    const named = await json({ url: `${filesUrl}/named` });
    expect([named.status, named.body.data?.fileName]).toEqual([201, 'résumé.pdf']);
  });

  it('the same bytes lie once, and stay while a file is left that has them', async () => {
    const bytes = Buffer.concat([PDF, randomBytes(100)]);
    const before = (await storedAndInWork(fixture)).stored.length;
    const ids = [];
    for (const name of ['a.pdf', 'b.pdf']) ids.push((await upload(fileForm(bytes, name))).body.data.mediaId);
    expect((await storedAndInWork(fixture)).stored).toHaveLength(before + 1);
    const gone = await fixture.call('DELETE', `/api/media/${ids[0]}`, { as: user.token });
    expect(gone.body.data).toEqual({ mediaId: ids[0], deleted: true });
    expect((await get(`/api/media/${ids[0]}/content`)).body.code).toBe('MEDIA_NOT_FOUND');
    expect((await get(`/api/media/${ids[1]}/content`)).raw.equals(bytes)).toBe(true);
    await fixture.call('DELETE', `/api/media/${ids[1]}`, { as: user.token });
    expect((await storedAndInWork(fixture)).stored).toHaveLength(before);
  });

  it('is listed, newest first, page by page', async () => {
    const other = await fixture.register();
    const ids = [];
    for (let n = 0; n < 3; n += 1) {
      const form = fileForm(Buffer.concat([PDF, randomBytes(8)]), `${n}.pdf`);
      ids.unshift((await upload(form, other.token)).body.data.mediaId);
    }
    const first = (await get('/api/media?limit=2', other.token)).body.data;
    expect(first.media.map(({ mediaId }: { mediaId: string }) => mediaId)).toEqual(ids.slice(0, 2));
    expect(first.pagination.hasMore).toBe(true);
    const second = (await get(`/api/media?limit=2&cursor=${first.pagination.nextCursor}`, other.token)).body.data;
    expect(second.media.map(({ mediaId }: { mediaId: string }) => mediaId)).toEqual(ids.slice(2));
    expect(second.pagination).toEqual({ nextCursor: null, hasMore: false });
    expect((await get('/api/media?cursor=x', other.token)).body.code).toBe('VALIDATION');
    const usage = (await get('/api/media/usage', other.token)).body.data;
    expect(usage).toMatchObject({ files: 3, storedBytes: 3 * (PDF.length + 8), maxFileBytes: 4 * 1_048_576 });
  });
});

describe('what is wrong with a file is told by code, field and limit, and leaves nothing (MR-051)', () => {
  const lying = Buffer.from('<html><script>alert(1)</script></html>');
  const cases: [string, () => ReturnType<typeof json>, number, string, Record<string, unknown>?][] = [
    ['no file', () => json({}), 400, 'VALIDATION'],
    ['two sources', () => json({ url: `${filesUrl}/photo.png`, base64: 'AAAA' }), 400, 'VALIDATION'],
    ['an unknown field', () => json({ base64: 'AAAA', name: 'x' }), 400, 'VALIDATION'],
    ['no base64', () => json({ base64: 'not base64!' }), 422, 'MEDIA_UNREADABLE', { field: 'base64' }],
    ['0 bytes', () => upload(fileForm(Buffer.alloc(0))), 422, 'MEDIA_EMPTY', { field: 'file' }],
    [
      'too large',
      () => upload(fileForm(Buffer.alloc(4 * 1_048_576 + 1, 'x'), 'a.txt')),
      413,
      'MEDIA_TOO_LARGE',
      { field: 'file', maxBytes: 4 * 1_048_576 },
    ],
    [
      'too large in base64',
      () => json({ base64: Buffer.alloc(4 * 1_048_576 + 1, 'x').toString('base64') }),
      413,
      'MEDIA_TOO_LARGE',
      { field: 'base64', maxBytes: 4 * 1_048_576 },
    ],
    ['a lying name', () => upload(fileForm(lying, 'photo.png')), 422, 'MEDIA_TYPE_MISMATCH', { field: 'file' }],
    [
      'a lying type',
      () => json({ base64: PNG.toString('base64'), mimetype: 'application/pdf' }),
      422,
      'MEDIA_TYPE_MISMATCH',
      { field: 'base64' },
    ],
    [
      'a file under another name',
      () => upload(formOf([{ name: 'upload', value: PNG, fileName: 'a.png' }])),
      400,
      'VALIDATION',
    ],
    [
      'two files',
      () => upload(formOf([1, 2].map(() => ({ name: 'file', value: PNG, fileName: 'a.png' })))),
      400,
      'VALIDATION',
    ],
    ['a form without a file', () => upload(formOf([{ name: 'fileName', value: 'a' }])), 400, 'VALIDATION'],
    [
      'a form that was cut off',
      () => {
        const { body, headers } = fileForm(PNG);
        return upload({ body: body.subarray(0, body.length - 30), headers });
      },
      400,
      'BAD_REQUEST',
    ],
    [
      'another content type',
      () => upload({ body: PNG, headers: { 'content-type': 'image/png' } }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['a URL without a file', () => json({ url: `${filesUrl}/gone` }), 422, 'MEDIA_UNREACHABLE', { field: 'url' }],
    ['a server that fails', () => json({ url: `${filesUrl}/broken` }), 422, 'MEDIA_UNREACHABLE', { field: 'url' }],
    ['nobody there', () => json({ url: 'http://127.0.0.1:9/x' }), 422, 'MEDIA_UNREACHABLE', { field: 'url' }],
    [
      'an unknown name',
      () => json({ url: 'http://no-such-host.invalid/x' }),
      422,
      'MEDIA_UNREACHABLE',
      { field: 'url' },
    ],
    ['an empty answer', () => json({ url: `${filesUrl}/empty` }), 422, 'MEDIA_EMPTY', { field: 'url' }],
    [
      'an answer that says it is too large',
      () => json({ url: `${filesUrl}/large` }),
      413,
      'MEDIA_TOO_LARGE',
      { field: 'url' },
    ],
    ['an answer without an end', () => json({ url: `${filesUrl}/endless` }), 413, 'MEDIA_TOO_LARGE', { field: 'url' }],
    ['an answer that is cut off', () => json({ url: `${filesUrl}/cut` }), 422, 'MEDIA_UNREACHABLE', { field: 'url' }],
    ['redirects without an end', () => json({ url: `${filesUrl}/round` }), 422, 'MEDIA_UNREACHABLE', { field: 'url' }],
    ['a redirect to a file', () => json({ url: `${filesUrl}/to-file` }), 422, 'MEDIA_URL_FORBIDDEN', { field: 'url' }],
    ['another scheme', () => json({ url: 'ftp://example.com/a.png' }), 400, 'VALIDATION'],
    ['a password in the URL', () => json({ url: 'http://a:b@example.com/a.png' }), 422, 'MEDIA_URL_FORBIDDEN'],
    ['a session that is not there', () => json({ base64: 'AAAA', sessionId: 'none' }), 404, 'SESSION_NOT_FOUND'],
  ];

  it.each(cases)('%s', async (_what, call, status, code, details) => {
    const before = await storedAndInWork(fixture);
    const rows = async () => (await fixture.database.pool.query('SELECT count(*) AS count FROM media')).rows[0]!.count;
    const count = await rows();
    const answer = await call();
    expect([answer.status, answer.body.code, answer.body.error]).toEqual([status, code, expect.any(String)]);
    if (details) expect(answer.body.details).toMatchObject(details);
    expect(await storedAndInWork(fixture)).toEqual(before);
    expect(await rows()).toBe(count);
  });

  it('a file that a gateway of the default settings fetches comes from a public address, on every hop', async () => {
    for (const url of [
      `${filesUrl}/photo.png`,
      'http://localhost/x',
      'http://[::1]/x',
      'http://[::ffff:127.0.0.1]/x',
      'http://2130706433/x',
      'http://169.254.169.254/latest/meta-data',
      'http://10.0.0.1/x',
    ]) {
      const { status, body } = await json({ url }, guarded);
      expect([url, status, body.code, body.details?.field]).toEqual([url, 422, 'MEDIA_URL_FORBIDDEN', 'url']);
    }
  });

  it('more than the tier allows in all, or for one file', async () => {
    const poor = await fixture.register();
    await fixture.database.pool.query(`UPDATE users SET tier = 'BASIC' WHERE email = $1`, [poor.email]);
    const tier = (bytes: number, most: number) =>
      fixture.database.pool.query(`UPDATE tiers SET media_bytes = $1, media_max_bytes = $2 WHERE tier = 'BASIC'`, [
        bytes,
        most,
      ]);
    await tier(1_000, 2_000_000);
    expect((await upload(fileForm(PNG), poor.token)).status).toBe(201);
    const over = await upload(fileForm(Buffer.alloc(999, 'x'), 'a.txt'), poor.token);
    expect([over.status, over.body.code]).toEqual([413, 'MEDIA_QUOTA']);
    expect(over.body.details).toEqual({ storedBytes: PNG.length, maxStoredBytes: 1_000, size: 999 });
    // What is stored already takes no room.
    expect((await upload(fileForm(PNG), poor.token)).status).toBe(201);
    await tier(1_000, 10);
    const large = await json({ base64: PNG.toString('base64') }, fixture, poor.token);
    expect([large.status, large.body.code, large.body.details.maxBytes]).toEqual([413, 'MEDIA_TOO_LARGE', 10]);
  });
});

describe('reading a file', () => {
  let id: string;
  const text = Buffer.from('0123456789');
  beforeAll(async () => {
    id = (await upload(fileForm(text, 'naïve 数.txt', 'text/plain'))).body.data.mediaId;
  });

  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=5-900', 206, '56789', 'bytes 5-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=0-1,4-5', 200, '0123456789', undefined],
    ['lines=1-2', 200, '0123456789', undefined],
    ['bytes=x', 200, '0123456789', undefined],
  ])('Range: %s is %i', async (range, status, body, contentRange) => {
    const answer = await get(`/api/media/${id}/content`, user.token, { range });
    expect([answer.status, answer.raw.toString(), answer.headers['content-range']]).toEqual([
      status,
      body,
      contentRange,
    ]);
  });

  it('HEAD says the same without the bytes, and what the caller has is not sent again', async () => {
    const whole = await get(`/api/media/${id}/content`);
    const head = await fixture.app.inject({
      method: 'HEAD',
      url: `/api/media/${id}/content`,
      headers: { authorization: `Bearer ${user.token}` },
    });
    expect([head.statusCode, head.body, head.headers['content-length']]).toEqual([200, '', '10']);
    for (const name of ['etag', 'content-type', 'content-disposition', 'accept-ranges'])
      expect(head.headers[name]).toBe(whole.headers[name]);
    const etag = String(whole.headers.etag);
    expect((await get(`/api/media/${id}/content`, user.token, { 'if-none-match': etag })).status).toBe(304);
    expect((await get(`/api/media/${id}/content`, user.token, { 'if-none-match': '"x"' })).status).toBe(200);
    const part = { range: 'bytes=1-2' };
    expect((await get(`/api/media/${id}/content`, user.token, { ...part, 'if-range': etag })).status).toBe(206);
    expect((await get(`/api/media/${id}/content`, user.token, { ...part, 'if-range': '"x"' })).status).toBe(200);
  });

  it('the name stands in Content-Disposition as the standard has it; what could run a script is saved', async () => {
    const { headers } = await get(`/api/media/${id}/content`);
    expect(headers['content-disposition']).toBe(
      `attachment; filename="naïve ?.txt"; filename*=UTF-8''na%C3%AFve%20%E6%95%B0.txt`,
    );
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    const { body } = await upload(fileForm(svg, 'x.svg'));
    const content = await get(`/api/media/${body.data.mediaId}/content`);
    expect(content.headers['content-disposition']).toMatch(/^attachment/);
    const png = (await upload(fileForm(PNG))).body.data.mediaId;
    expect((await get(`/api/media/${png}/content?download=true`)).headers['content-disposition']).toMatch(
      /^attachment/,
    );
  });

  it('a signed URL works without a key, for a while, and for this file alone', async () => {
    const sign = (body?: unknown) => fixture.call('POST', `/api/media/${id}/url`, { as: user.token, body });
    const { url, expiresAt } = (await sign({ expiresInSeconds: 60 })).body.data;
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 60_000)).toBeLessThan(5_000);
    const read = await fixture.call('GET', url);
    expect([read.status, read.raw.toString()]).toEqual([200, '0123456789']);
    expect((await fixture.call('GET', `${url}&download=true`)).status).toBe(200);
    const other = (await upload(fileForm(PNG))).body.data.mediaId;
    expect((await fixture.call('GET', url.replace(id, other))).body.code).toBe('MEDIA_NOT_FOUND');
    expect((await fixture.call('GET', url.replace(/expires=\d+/, 'expires=99999999999'))).body.code).toBe(
      'MEDIA_NOT_FOUND',
    );
    const short = (await sign({ expiresInSeconds: 1 })).body.data.url;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await fixture.call('GET', short)).body).toMatchObject({ code: 'FORBIDDEN', error: /expired/ });
    expect((await sign()).status).toBe(200);
  });

  it('is for its workspace alone, and for a session key only when it is of its session', async () => {
    const other = await fixture.register();
    await fixture.startWorker('media-worker');
    const session = await fixture.createSession(user);
    const sessions = await upload(fileForm(PNG), session.key);
    expect(sessions.body.data.sessionId).toBe(session.slug);
    for (const url of [`/api/media/${id}`, `/api/media/${id}/content`]) {
      expect((await get(url, other.token)).body.code).toBe('MEDIA_NOT_FOUND');
      expect((await get(url, session.key)).body.code).toBe('MEDIA_NOT_FOUND');
      expect((await get(url, '')).status).toBe(401);
    }
    expect((await fixture.call('DELETE', `/api/media/${id}`, { as: other.token })).body.code).toBe('MEDIA_NOT_FOUND');
    expect((await fixture.call('POST', `/api/media/${id}/url`, { as: other.token })).body.code).toBe('MEDIA_NOT_FOUND');
    const own = (await get('/api/media', session.key)).body.data.media;
    expect(own.map(({ mediaId }: { mediaId: string }) => mediaId)).toEqual([sessions.body.data.mediaId]);
    expect((await get(`/api/media/${sessions.body.data.mediaId}`)).status).toBe(200);
    expect((await get('/api/media', other.token)).body.data.media).toEqual([]);
  });

  it('a key may be narrowed to reading or to uploading', async () => {
    const key = async (permissions: string[]) =>
      (await fixture.call('POST', '/api/keys', { as: user.token, body: { name: 'narrow', permissions } })).body.data
        .apiKey;
    const [reader, uploader] = [await key(['media.view']), await key(['media.upload'])];
    expect((await get(`/api/media/${id}/content`, reader)).status).toBe(200);
    expect((await upload(fileForm(PNG), reader)).status).toBe(403);
    expect((await get('/api/messages', reader)).status).toBe(403);
    expect((await upload(fileForm(PNG), uploader)).status).toBe(201);
    expect((await get(`/api/media/${id}`, uploader)).status).toBe(403);
  });
});

describe('what becomes of files', () => {
  const row = async (id: string) =>
    (await fixture.database.pool.query('SELECT status, file_id FROM media WHERE id = $1', [id])).rows[0];
  const fresh = async () => {
    const bytes = Buffer.concat([PDF, randomBytes(16)]);
    return (await upload(fileForm(bytes, 'a.pdf'))).body.data.mediaId as string;
  };

  it('after their retention they expire: the row says so, the bytes are gone', async () => {
    const id = await fresh();
    await fixture.database.pool.query(`UPDATE media SET expires_at = now() - interval '1 s' WHERE id = $1`, [id]);
    const before = (await storedAndInWork(fixture)).stored.length;
    expect(await expireMedia(fixture.database.pool, 1_000)).toBe(1);
    await sweepUnusedFiles(fixture.database.pool, fixture.media, newFileSweep(), 1_000);
    expect((await storedAndInWork(fixture)).stored).toHaveLength(before - 1);
    const content = await get(`/api/media/${id}/content`);
    expect([content.status, content.body.code]).toEqual([410, 'MEDIA_EXPIRED']);
    expect((await get(`/api/media/${id}`)).body.data).toMatchObject({
      status: 'expired',
      error: { code: 'MEDIA_EXPIRED' },
    });
    const signed = await fixture.call('POST', `/api/media/${id}/url`, { as: user.token });
    expect(signed.body.code).toBe('MEDIA_EXPIRED');
  });

  it('one that is still fetched from WhatsApp is not ready', async () => {
    const id = await fresh();
    await fixture.database.pool.query(`UPDATE media SET status = 'pending', file_id = NULL WHERE id = $1`, [id]);
    expect((await get(`/api/media/${id}/content`)).body.code).toBe('MEDIA_NOT_READY');
  });

  it('the comparison removes files without a row and expires rows without a file, and nothing else', async () => {
    const [kept, lost] = [await fresh(), await fresh()];
    const { rows } = await fixture.database.pool.query<{ key: string }>(
      'SELECT f.storage_key AS key FROM media m JOIN media_files f ON f.id = m.file_id WHERE m.id = $1',
      [lost],
    );
    await fixture.media.remove([rows[0]!.key]);

    for (const key of ['files/w/aa/orphan', 'uploads/w/0197a1b2-0000-7000-8000-000000000000/part'])
      await fixture.media.put(key, Readable.from([Buffer.from('x')]));
    expect(await compareMediaStore(fixture.database.pool, fixture.media)).toMatchObject({ orphans: 0, lost: 0 });
    const found = await compareMediaStore(fixture.database.pool, fixture.media, -60_000);
    expect(found.orphans).toBe(2);
    expect(found.lost).toBe(1);
    expect(await row(kept)).toMatchObject({ status: 'ready' });
    expect(await row(lost)).toMatchObject({ status: 'expired', file_id: null });
    expect((await get(`/api/media/${kept}/content`)).status).toBe(200);
  });

  it('a store that lacks most of its files is not the right one: nothing expires', async () => {
    const ids = await Promise.all(Array.from({ length: 25 }, fresh));
    const { rows } = await fixture.database.pool.query<{ key: string }>(
      'SELECT f.storage_key AS key FROM media m JOIN media_files f ON f.id = m.file_id WHERE m.id = ANY($1)',
      [ids],
    );
    await fixture.media.remove(rows.map(({ key }) => key));
    expect((await compareMediaStore(fixture.database.pool, fixture.media, -60_000)).lost).toBeNull();
    expect(await row(ids[0]!)).toMatchObject({ status: 'ready' });
    await fixture.database.pool.query('DELETE FROM media WHERE id = ANY($1)', [ids]);
    await sweepUnusedFiles(fixture.database.pool, fixture.media, newFileSweep(), 1_000);
  });

  it('a session takes its files along when it is deleted', async () => {
    const session = await fixture.createSession(user);
    const { mediaId } = (await upload(fileForm(Buffer.concat([PDF, randomBytes(9)]), 'a.pdf'), session.key)).body.data;
    const { rows } = await fixture.database.pool.query<{ key: string }>(
      'SELECT f.storage_key AS key FROM media m JOIN media_files f ON f.id = m.file_id WHERE m.id = $1',
      [mediaId],
    );
    expect(await fixture.media.stat(rows[0]!.key)).not.toBeNull();
    await fixture.database.pool.query('DELETE FROM sessions WHERE id = $1', [session.id]);
    expect((await fixture.call('GET', `/api/media/${mediaId}`, { as: user.token })).body.code).toBe('MEDIA_NOT_FOUND');
    const { media, database } = fixture;
    const finishRequest = () => Promise.reject(new Error('nothing was requested'));
    const logger = createLogger({ service: 'test', level: 'silent' });
    await createDeletionLoop({ pool: database.pool, media, finishRequest, clock: systemClock, logger }).round();
    expect(await row(mediaId)).toBeUndefined();
    expect(await fixture.media.stat(rows[0]!.key)).toBeNull();
  });

  it('a file that was given with a message is deleted with it, and one that was uploaded before stays', async () => {
    await fixture.startWorker('worker-of-files');
    const session = await fixture.createSession(user);
    await fixture.setState(session, 'CONNECTED');
    const to = '15550009@s.whatsapp.net';
    const bytes = Buffer.concat([PDF, randomBytes(9)]);
    const { mediaId } = (await upload(fileForm(bytes, 'before.pdf'), session.key)).body.data;
    const send = async (media: unknown) => {
      const body = { to, type: 'document', fileName: 'a.pdf', media };
      const answer = await fixture.call('POST', `/api/sessions/${session.slug}/send?wait=queued`, {
        as: session.key,
        body,
      });
      expect([answer.status, answer.body.error]).toEqual([202, undefined]);
      return answer.body.data.messageId as string;
    };
    const filesOf = async (messageId: string) => (await get(`/api/messages/${messageId}/media`)).body.data.media;
    const own = Buffer.concat([PDF, randomBytes(9)]);
    // As programs give it that came from elsewhere.
    const sent = await send({ base64: `data:application/pdf;base64,${own.toString('base64')}` });
    const [given] = await filesOf(sent);
    expect(given).toMatchObject({ messageId: sent, fileName: 'a.pdf', status: 'ready', size: own.length });
    await send({ mediaId });
    const { rows } = await fixture.database.pool.query('SELECT workspace_id AS id FROM sessions WHERE id = $1', [
      session.id,
    ]);
    const contact = { workspaceId: rows[0].id, contactId: newId(), jids: [to] };
    expect(await eraseContact(fixture.database.pool, contact, { messages: true })).toBe(2);
    expect([await row(given.mediaId), await row(mediaId)]).toEqual([
      undefined,
      expect.objectContaining({ status: 'ready' }),
    ]);
  });
});
