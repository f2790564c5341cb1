import { createHash, randomBytes } from 'node:crypto';
import type { Message } from '@wa-gate/contracts';
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
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

const system = useSystem({ workers: 2 });
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
    const message = await session.api.data<Message>(`/api/messages/${String(data.messageId)}`);
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
    expect((await session.api.data<Message>(`/api/messages/${messageId}`)).media?.status).toBe('pending');
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
  const { workerId } = await session.api.data<{ workerId: string }>(`/api/sessions/${session.sessionId}/status`);
  // Ids of workers begin with the name of their process.
  await system().restart(workerId.slice(0, 'worker-1'.length), 'SIGKILL');
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

expectSoundSystem(system);
