import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { createMediaStore } from '@wa-gate/media';
import { compareMediaStore } from '@wa-gate/messaging';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { smallWav } from '../harness/small-files.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

const system = useSystem({ workers: 2, gateways: 2 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
let webhook: WebhookReceiver;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  webhook = await subscribe(tenant, session.sessionId);
});
afterAll(() => webhook?.close());

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const send = (bytes: Buffer, message: Record<string, unknown> = {}) =>
  system().sandbox.send(friend.number, {
    to: session.phone.number,
    type: 'document',
    fileName: 'file.bin',
    data: bytes.toString('base64'),
    ...message,
  });
const outcome = (waMessageId: string) =>
  webhook.waitForEvent('media.ready', ({ data }) => data.waMessageId === waMessageId);

/** Kills the worker that hosts the session, and starts it again. */
async function killOwner(): Promise<void> {
  const { workerId } = await session.api.wa.sessions.status({ id: session.sessionId });
  // Ids of workers begin with the name of their process.
  await system().restart(workerId!.slice(0, 'worker-1'.length), 'SIGKILL');
}
const waitUntilStruck = (fault: string) =>
  waitFor(async () => !(await system().sandbox.hasFault(fault)), { what: 'an upload to be under way' });
const shows = (waMessageId: string) =>
  waitFor(async () => (await system().sandbox.inbox(friend.number)).find(({ id }) => id === waMessageId), {
    what: `the file ${waMessageId} at the phone`,
    timeoutMs: 90_000,
  });
const folder = () => system().process('gateway-1').spec.env.MEDIA_DIR!;
/** Files in work of all processes. */
async function filesInWork(): Promise<string[]> {
  const base = `${folder()}-work`;
  const entries = await readdir(base, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** The bytes as the API gives them. */
async function content(mediaId: string): Promise<Buffer> {
  const response = await session.api.call<Buffer>(`/api/media/${mediaId}/content`);
  expect(response.status).toBe(200);
  return response.body;
}

describe('what arrives can be read through the API, byte for byte (MR-060)', () => {
  test.each([1, 17, 65_536, 5_000_000])('%i bytes', async (size) => {
    const bytes = randomBytes(size);
    const { id } = await send(bytes);
    const { data } = await outcome(id);
    const { mediaId } = data.media as { mediaId: string };
    expect(data.media).toMatchObject({ status: 'ready', size, fileName: 'file.bin' });
    expect(digest(await content(mediaId))).toBe(digest(bytes));
    const message = await session.api.wa.messages.get({ id: String(data.messageId) });
    expect(message.media).toMatchObject({ mediaId, status: 'ready', size });
  });

  test('an expired file is told, and comes when it is asked for again', async () => {
    await system().sandbox.addFault({ kind: 'media-expired' });
    await system().sandbox.addFault({ kind: 'media-retry', phone: session.phone.number });
    const bytes = randomBytes(1_000);
    const { id } = await send(bytes);
    const { data } = await webhook.waitForEvent('media.failed', (event) => event.data.waMessageId === id);
    expect(data.media).toMatchObject({ status: 'expired', error: { code: 'MEDIA_EXPIRED' } });
    const asked = await session.api.call(`/api/messages/${String(data.messageId)}/media/retry`, { method: 'POST' });
    expect([asked.status, asked.body]).toMatchObject([202, { data: { status: 'pending' } }]);
    const { mediaId } = (await outcome(id)).data.media as { mediaId: string };
    expect(await content(mediaId)).toEqual(bytes);
    const again = await session.api.call(`/api/messages/${String(data.messageId)}/media/retry`, { method: 'POST' });
    expect([again.status, again.body]).toMatchObject([200, { data: { mediaId, status: 'ready' } }]);
  });

  test('of a session that does not fetch by itself, when it is asked for', async () => {
    await tenant.api.call(`/api/sessions/${session.sessionId}`, {
      method: 'PATCH',
      json: { settings: { mediaDownload: { auto: false } } },
    });
    const bytes = randomBytes(1_000);
    const { id } = await send(bytes);
    const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
    const messageId = String(data.messageId);
    expect((await session.api.wa.messages.get({ id: messageId })).media?.status).toBe('pending');
    await session.api.call(`/api/messages/${messageId}/media/retry`, { method: 'POST' });
    expect(await content(((await outcome(id)).data.media as { mediaId: string }).mediaId)).toEqual(bytes);
    await tenant.api.call(`/api/sessions/${session.sessionId}`, {
      method: 'PATCH',
      json: { settings: { mediaDownload: { auto: true } } },
    });
  });
});

test('a worker that is killed in the middle of downloads loses no file, and each is told once (MR-060)', async () => {
  await system().sandbox.addFault({ kind: 'media-slow', ms: 700, direction: 'to' });
  const files = Array.from({ length: 8 }, () => randomBytes(300_000));
  const sent = await Promise.all(files.map((bytes) => send(bytes)));
  await webhook.waitForEvent('message.received', ({ data }) => data.waMessageId === sent[7]!.id);
  await killOwner();
  await waitForStatus(tenant.api, session.sessionId, 'connected');
  for (const [index, { id }] of sent.entries()) {
    const { data } = await outcome(id);
    expect(digest(await content((data.media as { mediaId: string }).mediaId))).toBe(digest(files[index]!));
  }
  const { pool } = system().services;
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*) FROM events WHERE type LIKE 'media.%' AND data->>'waMessageId' = ANY($1)`,
    [sent.map(({ id }) => id)],
  );
  expect(rows[0]!.count).toBe(sent.length);
  await waitFor(async () => (await pool.query('SELECT 1 FROM media_downloads')).rowCount === 0, {
    what: 'no more work',
  });
});

test('a worker that is killed in the middle of uploads: each accepted file is once at the phone, byte for byte (MR-011, I8)', async () => {
  const stalled = await system().sandbox.addFault({ kind: 'upload-stalled', count: 2 });
  const files = Array.from({ length: 6 }, () => randomBytes(200_000));
  const accepted = await Promise.all(
    files.map(async (bytes, n) => {
      const media = { base64: bytes.toString('base64') };
      const json = { to: friend.number, type: 'document', media, fileName: `${n}.bin`, caption: `file ${n}` };
      const { status, body } = await session.api.send(session.sessionId, json, { wait: 'queued' });
      expect(status, JSON.stringify(body)).toBeLessThan(300);
      return body.data;
    }),
  );
  await waitUntilStruck(stalled);
  await killOwner();
  for (const [n, { messageId, waMessageId }] of accepted.entries()) {
    expect(await shows(waMessageId)).toMatchObject({ type: 'document', text: `file ${n}` });
    expect(digest(await system().sandbox.file(friend.number, waMessageId))).toBe(digest(files[n]!));
    const isSent = async () => {
      const { status } = await session.api.wa.messages.get({ id: messageId });
      return status === 'sent' || status === 'delivered';
    };
    await waitFor(isSent, { what: `file ${n} to be sent` });
  }
  const inbox = await system().sandbox.inbox(friend.number);
  expect(
    inbox
      .filter(({ text }) => text?.startsWith('file '))
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(accepted.map(({ waMessageId }) => waMessageId).toSorted());
});

test('a worker that is killed when its file is at the phone: the next one sends the same bytes again, and none is shown twice (MR-011, I8)', async () => {
  const bytes = randomBytes(50_000);
  const [device] = await system().sandbox.devices(session.phone.number);
  const lost = { kind: 'drop', device: `${session.phone.number}:${device!.id}`, stanza: 'ack', count: 1_000 };
  const fault = await system().sandbox.addFault(lost);
  // A receipt says as much as the acknowledgement.
  await system().sandbox.updatePhone(friend.number, { receipts: 'off' });
  const json = {
    to: friend.number,
    type: 'document',
    media: { base64: bytes.toString('base64') },
    fileName: 'once.bin',
  };
  const { body } = await session.api.send(session.sessionId, json, { wait: 'queued' });
  const { waMessageId } = body.data;
  await shows(waMessageId);
  await killOwner();
  await system().sandbox.updatePhone(friend.number, { receipts: { deliveredMs: 0 } });
  await system().sandbox.cancelFault(fault);
  const again = await waitFor(
    async () => {
      const shown = await shows(waMessageId);
      return shown.wireCount > 1 && shown;
    },
    { what: 'the second copy', timeoutMs: 90_000 },
  );
  expect(digest(await system().sandbox.file(friend.number, again.id))).toBe(digest(bytes));
  expect((await system().sandbox.inbox(friend.number)).filter(({ id }) => id === waMessageId)).toHaveLength(1);
});

test('a gateway that is killed while it converts: the request that is repeated is sent once (MR-011, MR-157)', async () => {
  const other = system().gatewayAt(system().process('gateway-2').url).as(session.apiKey);
  const json = {
    to: friend.number,
    type: 'audio',
    voice: true,
    media: { base64: smallWav(60).toString('base64') },
  };
  const headers = { 'idempotency-key': 'converted-once' };
  const before = (await filesInWork()).length;
  const cut = other.send(session.sessionId, json, { headers }).then(
    ({ status }) => status,
    () => 'no answer',
  );
  await waitFor(async () => (await filesInWork()).length > before, { what: 'a file in work' });
  await system().restart('gateway-2', 'SIGKILL');
  expect(await cut).toBe('no answer');
  const { body } = await session.api.send(session.sessionId, json, { wait: 'sent', headers });
  expect(body.data, JSON.stringify(body)).toMatchObject({ status: 'sent' });
  expect((await shows(body.data.waMessageId)).media).toMatchObject({ voice: true, seconds: 60 });
  const repeated = await session.api.send(session.sessionId, json, { wait: 'sent', headers });
  expect(repeated.body.data.waMessageId).toBe(body.data.waMessageId);
  const voices = (await system().sandbox.inbox(friend.number)).filter(({ type }) => type === 'audio');
  expect(voices.map(({ id }) => id)).toEqual([body.data.waMessageId]);
});

test('a gateway that is killed in the middle of an upload, and all kills before: nothing is lost, and nothing stays behind (MR-051)', async () => {
  const { url } = system().process('gateway-2');
  const call = request(`${url}/api/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${session.apiKey}`, 'content-type': 'multipart/form-data; boundary=x' },
  });
  const ended = once(call, 'error');
  call.write('--x\r\ncontent-disposition: form-data; name="file"; filename="half.bin"\r\n\r\n');
  call.write(randomBytes(3_000_000));
  await waitFor(async () => (await filesInWork()).length > 0, { what: 'a file in work' });
  await system().restart('gateway-2', 'SIGKILL');
  await ended;
  expect(await filesInWork()).toEqual([]);
  const { pool } = system().services;
  const store = createMediaStore({ store: 'local', folder: folder() });
  const swept = await compareMediaStore(pool, store, 0);
  expect(swept.lost).toBe(0);
  expect(await compareMediaStore(pool, store, 0)).toEqual({ orphans: 0, lost: 0, abandoned: 0 });
  const { rows } = await pool.query<{ key: string }>('SELECT storage_key AS key FROM media_files ORDER BY 1');
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  expect(keys.toSorted()).toEqual(rows.map(({ key }) => key));
});

expectSoundSystem(system);
