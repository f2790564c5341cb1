import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { sweepResumableUploads } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import * as tus from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PDF, PNG, storedAndInWork } from '../../testing/files.ts';
import { createGatewayFixture, type GatewayFixture, type TestUser } from '../../testing/gateway-fixture.ts';

let fixture: GatewayFixture;
let user: TestUser;
let origin: string;
beforeAll(async () => {
  fixture = await createGatewayFixture({ MEDIA_MAX_BYTES: String(16 * 1_048_576) });
  await fixture.app.listen({ host: '127.0.0.1', port: 0 });
  origin = `http://127.0.0.1:${(fixture.app.server.address() as AddressInfo).port}`;
  user = await fixture.register();
});
afterAll(() => fixture?.close());

const create = (length: number, headers: Record<string, string> = {}) =>
  fixture.call('POST', '/api/media/uploads', {
    as: user.token,
    headers: { 'upload-length': String(length), ...headers },
  });
const append = (id: string, offset: number, body: Buffer) =>
  fixture.call('PATCH', `/api/media/uploads/${id}`, {
    as: user.token,
    body,
    headers: { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
  });
const content = async (id: string) => (await fixture.call('GET', `/api/media/${id}/content`, { as: user.token })).raw;

describe('an upload in parts (MR-051)', () => {
  it('by a client of the tus protocol: in pieces, and the file has its bytes, name and type', async () => {
    const bytes = Buffer.concat([PDF, randomBytes(3 * 1_048_576)]);
    const url = await new Promise<string>((resolve, reject) => {
      const upload = new tus.Upload(Readable.from([bytes]) as never, {
        endpoint: `${origin}/api/media/uploads`,
        chunkSize: 1_000_000,
        uploadSize: bytes.length,
        headers: { authorization: `Bearer ${user.token}` },
        metadata: { filename: 'große Rechnung.pdf', filetype: 'application/pdf' },
        retryDelays: null as never,
        onError: reject,
        onSuccess: () => resolve(upload.url!),
      });
      upload.start();
    });
    const id = url.split('/').at(-1)!;
    const { body } = await fixture.call('GET', `/api/media/${id}`, { as: user.token });
    expect(body.data).toMatchObject({
      mediaId: id,
      status: 'ready',
      size: bytes.length,
      fileName: 'große Rechnung.pdf',
      mimetype: 'application/pdf',
    });
    expect((await content(id)).equals(bytes)).toBe(true);
    const { stored, inWork } = await storedAndInWork(fixture);
    expect(inWork).toEqual([]);
    expect(stored.filter((key) => key.startsWith('uploads/'))).toEqual([]);
    // It is complete for a client that has not heard the last answer.
    const again = await fixture.call('GET', `/api/media/uploads/${id}`, { as: user.token });
    expect(again.body.data).toMatchObject({ offset: bytes.length, length: bytes.length });
  });

  it('what has come before the line broke is kept, and the rest goes on behind it', async () => {
    const bytes = Buffer.concat([PDF, randomBytes(500_000)]);
    const { body, headers } = await create(bytes.length);
    const id = body.data.uploadId;
    expect(headers).toMatchObject({
      location: `/api/media/uploads/${id}`,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
    });
    const half = bytes.subarray(0, 250_000);
    const broken = request(`${origin}/api/media/uploads/${id}`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${user.token}`,
        'upload-offset': '0',
        'content-type': 'application/offset+octet-stream',
        'content-length': bytes.length,
      },
    });
    broken.on('error', () => undefined);
    await new Promise<void>((resolve) => broken.write(half, () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 100));
    broken.destroy();
    const state = async () =>
      (await fixture.call('GET', `/api/media/uploads/${id}`, { as: user.token })).body.data.offset as number;
    await waitFor(async () => (await state()) > 0, { what: 'the bytes before the break' });
    const offset = await state();
    expect(offset).toBeLessThanOrEqual(half.length);
    const head = await fixture.app.inject({
      method: 'HEAD',
      url: `/api/media/uploads/${id}`,
      headers: { authorization: `Bearer ${user.token}` },
    });
    expect(head.headers).toMatchObject({ 'upload-offset': String(offset), 'upload-length': String(bytes.length) });
    const wrong = await append(id, 0, bytes);
    expect([wrong.status, wrong.body.code, wrong.body.details]).toEqual([409, 'UPLOAD_OFFSET_MISMATCH', { offset }]);
    const last = await append(id, offset, bytes.subarray(offset));
    expect([last.status, last.headers['upload-offset']]).toEqual([204, String(bytes.length)]);
    expect((await content(id)).equals(bytes)).toBe(true);
  });

  it('of two parts for one place one counts', async () => {
    const bytes = Buffer.concat([PDF, randomBytes(1_000)]);
    const { uploadId: id } = (await create(bytes.length)).body.data;
    const answers = await Promise.all([append(id, 0, bytes.subarray(0, 600)), append(id, 0, bytes.subarray(0, 600))]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([204, 409]);
    await append(id, 600, bytes.subarray(600));
    expect((await content(id)).equals(bytes)).toBe(true);
  });

  it.each([
    ['no length', () => create(Number.NaN), 400, 'VALIDATION'],
    ['nothing', () => create(0), 422, 'MEDIA_EMPTY'],
    ['too much', () => create(16 * 1_048_576 + 1), 413, 'MEDIA_TOO_LARGE'],
    ['an upload that is not there', () => append(randomBytes(4).toString('hex'), 0, PNG), 404, 'MEDIA_NOT_FOUND'],
  ])('%s is refused', async (_what, call, status, code) => {
    const answer = await call();
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('more bytes than were announced, and bytes that are something else, end in a refusal that leaves nothing', async () => {
    const before = await storedAndInWork(fixture);
    const { uploadId: small } = (await create(10)).body.data;
    expect((await append(small, 0, PNG)).body.code).toBe('MEDIA_TOO_LARGE');
    const metadata = `filename ${Buffer.from('a.pdf').toString('base64')},filetype ${Buffer.from('application/pdf').toString('base64')}`;
    const { uploadId: lying } = (await create(PNG.length, { 'upload-metadata': metadata })).body.data;
    const answer = await append(lying, 0, PNG);
    expect([answer.status, answer.body.code]).toEqual([422, 'MEDIA_TYPE_MISMATCH']);
    expect((await append(lying, 0, PNG)).body.code).toBe('MEDIA_NOT_FOUND');
    expect(await fixture.call('DELETE', `/api/media/uploads/${small}`, { as: user.token })).toMatchObject({
      status: 204,
    });
    expect(await storedAndInWork(fixture)).toEqual(before);
  });

  it('is for its workspace alone, and is given up after a day', async () => {
    const { uploadId: id } = (await create(PNG.length)).body.data;
    await append(id, 0, PNG.subarray(0, 20));
    const other = await fixture.register();
    const theirs = await fixture.call('GET', `/api/media/uploads/${id}`, { as: other.token });
    expect(theirs.body.code).toBe('MEDIA_NOT_FOUND');
    await fixture.database.pool.query(`UPDATE resumable_uploads SET expires_at = now() WHERE id = $1`, [id]);
    expect((await append(id, 20, PNG.subarray(20))).body.code).toBe('MEDIA_NOT_FOUND');
    expect(await sweepResumableUploads(fixture.database.pool, fixture.media, 10)).toBe(1);
    expect((await storedAndInWork(fixture)).stored.filter((key) => key.includes(id))).toEqual([]);
  });
});

describe('a caller that hangs up', () => {
  it('in the middle of a form leaves nothing', async () => {
    const before = await storedAndInWork(fixture);
    const broken = request(`${origin}/api/media`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${user.token}`,
        'content-type': 'multipart/form-data; boundary=x',
        'content-length': 10_000_000,
      },
    });
    broken.on('error', () => undefined);
    broken.write('--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n');
    broken.write(randomBytes(300_000));
    await waitFor(async () => (await storedAndInWork(fixture)).inWork.length > 0, { what: 'a file in work' });
    broken.destroy();
    await waitFor(async () => (await storedAndInWork(fixture)).inWork.length === 0, { what: 'an empty work folder' });
    expect(await storedAndInWork(fixture)).toEqual(before);
  });

  it('in the middle of a large JSON body leaves nothing', async () => {
    const broken = request(`${origin}/api/media`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${user.token}`,
        'content-type': 'application/json',
        'content-length': 9_000_000,
      },
    });
    broken.on('error', () => undefined);
    broken.write(`{"base64":"${randomBytes(300_000).toString('base64')}`);
    await waitFor(async () => (await storedAndInWork(fixture)).inWork.length > 0, { what: 'a file in work' });
    broken.destroy();
    await waitFor(async () => (await storedAndInWork(fixture)).inWork.length === 0, { what: 'an empty work folder' });
  });
});
