import { createHash, randomBytes } from 'node:crypto';
import type { Message, SendResult, StoredMedia } from '@wa-gate/contracts';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { SMALL_MP4, SMALL_PNG, smallWav } from '../harness/small-files.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

/** Files from the API to a phone, which fetches, checks and decrypts them by itself. */
const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
});

const MB = 1_048_576;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const PDF = Buffer.from('%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n');
const base64 = (bytes: Buffer) => ({ base64: bytes.toString('base64') });

async function send(request: Record<string, unknown>): Promise<SendResult> {
  const answer = await session.api.send(session.sessionId, { to: friend.number, ...request }, { wait: 'sent' });
  expect(answer.body).toMatchObject({ data: { status: 'sent' } });
  return answer.body.data;
}

const shown = (id: string) =>
  waitFor(async () => (await system().sandbox.inbox(friend.number)).find((message) => message.id === id), {
    what: `${id} at the phone`,
    timeoutMs: 60_000,
  });
const fileAt = (id: string): Promise<Buffer> => system().sandbox.file(friend.number, id);

async function uploaded(bytes: Buffer, fileName: string): Promise<StoredMedia> {
  const form = new FormData();
  form.append('file', new Blob([bytes]), fileName);
  const answer = await fetch(`${system().process('gateway-1').url}/api/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${session.apiKey}` },
    body: form,
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { data: StoredMedia }).data;
}

describe('a document is the same file at the phone (MR-011)', () => {
  test.each([1, 2, 15, 16, 17, 65_536, 1_000_003])('%i bytes as base64', async (size) => {
    const bytes = randomBytes(size);
    const { waMessageId } = await send({ type: 'document', media: base64(bytes), fileName: 'a.bin' });
    expect(await shown(waMessageId)).toMatchObject({ type: 'document', wireCount: 1, media: { bytes: size } });
    expect(sha256(await fileAt(waMessageId))).toBe(sha256(bytes));
  });

  test('100 MB, uploaded before and sent twice', { timeout: 240_000 }, async () => {
    const bytes = randomBytes(100 * MB);
    const { mediaId } = await uploaded(bytes, 'large.bin');
    for (const fileName of ['first.bin', 'second.bin']) {
      const { waMessageId } = await send({ type: 'document', media: { mediaId }, fileName });
      await shown(waMessageId);
      expect(sha256(await fileAt(waMessageId))).toBe(sha256(bytes));
    }
  });
});

describe('each kind of file is the same at the phone and in the API (MR-011)', () => {
  const clip = { media: base64(SMALL_MP4) };
  const KINDS: [name: string, request: Record<string, unknown>, media: object, given?: Buffer][] = [
    ['a picture', { type: 'image', media: base64(SMALL_PNG), caption: 'Look' }, { width: 1, height: 1 }, SMALL_PNG],
    ['a video', { type: 'video', ...clip, caption: 'Watch' }, { mimetype: 'video/mp4' }, SMALL_MP4],
    ['a GIF', { type: 'video', ...clip, gif: true }, { gif: true }, SMALL_MP4],
    ['a video note', { type: 'video', ...clip, videoNote: true }, { videoNote: true }, SMALL_MP4],
    ['a sound', { type: 'audio', media: base64(smallWav(1)) }, { seconds: 1 }],
    ['a voice note', { type: 'audio', media: base64(smallWav(2)), voice: true }, { seconds: 2, voice: true }],
    ['a sticker', { type: 'sticker', media: base64(SMALL_PNG) }, { mimetype: 'image/webp', width: 512, height: 512 }],
  ];
  test.each(KINDS)('%s', async (_, request, media, given) => {
    const { messageId, waMessageId } = await send(request);
    const { type, caption: text = null } = request;
    expect(await shown(waMessageId)).toMatchObject({ type, text, wireCount: 1, media });
    const message = await session.api.data<Message>(`/api/messages/${messageId}`);
    expect(message).toMatchObject({ direction: 'outbound', type, text, content: media });
    const { mediaId } = message.content as { mediaId: string };
    const { body } = await session.api.call<Buffer>(`/api/media/${mediaId}/content`);
    expect(sha256(await fileAt(waMessageId))).toBe(sha256(body));
    if (given) expect(body.equals(given)).toBe(true);
  });
});

test('a file is forwarded as it is: what a phone has sent with its mark, the account’s own without (MR-011)', async () => {
  const forward = async (messageId: string) => {
    const answer = await session.api.call<{ data: SendResult }>(`/api/messages/${messageId}/forward?timeoutMs=25000`, {
      method: 'POST',
      json: { to: friend.number },
    });
    expect([answer.status, answer.body.data?.status], JSON.stringify(answer.body)).toEqual([200, 'sent']);
    return await shown(answer.body.data.waMessageId);
  };
  const bytes = randomBytes(5_000);
  const file = { type: 'document', data: bytes.toString('base64'), fileName: 'theirs.bin', caption: 'look' };
  const { id } = await system().sandbox.send(friend.number, { to: session.phone.number, ...file });
  const received = await waitFor(
    async () => {
      const { messages } = await session.api.data<{ messages: Message[] }>(
        `/api/sessions/${session.sessionId}/messages`,
      );
      return messages.find(({ waMessageId, media }) => waMessageId === id && media?.status === 'ready');
    },
    { what: 'the file of the phone' },
  );
  const seen = await forward(received.messageId);
  expect(seen).toMatchObject({ type: 'document', text: 'look', details: { forwarded: true, forwardingScore: 1 } });
  expect(seen.media).toMatchObject({ fileName: 'theirs.bin', bytes: bytes.length });
  expect(sha256(await fileAt(seen.id))).toBe(sha256(bytes));
  const own = await send({ type: 'image', media: base64(SMALL_PNG), caption: 'mine' });
  const again = await forward(own.messageId);
  expect([again.type, again.text, again.details?.forwarded]).toEqual(['image', 'mine', undefined]);
  // The media of a message goes with that message alone.
  const { media } = await session.api.data<{ media: StoredMedia[] }>(`/api/messages/${own.messageId}/media`);
  expect(media).toHaveLength(1);
});

describe('names of files are shown as they were given (MR-011)', () => {
  test.each([
    'a',
    '.hidden',
    'two words.pdf',
    'many.dots.v1.2.pdf',
    'Übergrößenträger.pdf',
    'café.txt',
    'cafe\u0301.txt',
    '請求書.pdf',
    'فاتورة.pdf',
    'счёт.pdf',
    '👩‍👩‍👧‍👦 🧾.pdf',
    "it's.pdf",
    'a "quoted" name.pdf',
    'semi;colon=1.pdf',
    'percent%20.pdf',
    'plus+and&.pdf',
    '#1 (final) [2].pdf',
    'trailing space .pdf',
    `${'long'.repeat(40)}.pdf`,
    'no-extension',
  ])('%s', async (fileName) => {
    const bytes = fileName.endsWith('.pdf') ? PDF : Buffer.from(fileName);
    const { messageId, waMessageId } = await send({ type: 'document', media: base64(bytes), fileName });
    expect((await shown(waMessageId)).media).toMatchObject({ fileName });
    const { content } = await session.api.data<Message>(`/api/messages/${messageId}`);
    expect(content).toMatchObject({ fileName });
  });
});

describe('pictures (MR-011)', () => {
  test('with a caption, and once', async () => {
    for (const more of [{ caption: 'one pixel 👋' }, { viewOnce: true }]) {
      const { messageId, waMessageId } = await send({ type: 'image', media: base64(SMALL_PNG), ...more });
      const { text, media } = await shown(waMessageId);
      expect(text).toBe(more.caption ?? null);
      expect(media?.viewOnce ?? false).toBe(more.viewOnce ?? false);
      const message = await session.api.data<Message>(`/api/messages/${messageId}`);
      expect(message).toMatchObject({ type: 'image', text: more.caption ?? null, content: { width: 1, height: 1 } });
      expect(message.viewOnce ?? false).toBe(more.viewOnce ?? false);
    }
  });

  test('an album is one request: its parts are messages of their own, in order', async () => {
    const items = ['a', 'b', 'c'].map((caption) => ({ media: base64(SMALL_PNG), caption }));
    const { messageId, waMessageId, parts = [] } = await send({ type: 'album', items });
    expect(parts).toHaveLength(3);
    await shown(parts[2]!.waMessageId);
    const inbox = (await system().sandbox.inbox(friend.number)).slice(-4);
    expect(inbox.map(({ id }) => id)).toEqual([waMessageId, ...parts.map((part) => part.waMessageId)]);
    expect(inbox.map(({ text }) => text)).toEqual([null, 'a', 'b', 'c']);
    const first = await session.api.data<Message>(`/api/messages/${parts[0]!.messageId}`);
    expect(first).toMatchObject({ type: 'image', album: { messageId, waMessageId } });
  });
});

describe('what WhatsApp’s media host refuses (MR-011)', () => {
  let fault: string | undefined;
  afterEach(async () => {
    if (fault)
      await system()
        .sandbox.cancelFault(fault)
        .catch(() => undefined);
  });

  test('is told with the status and the words of the host, and nothing was sent', async () => {
    fault = await system().sandbox.addFault({ kind: 'upload-refused', code: 413 });
    const media = base64(randomBytes(1_000));
    const answer = await session.api.send(
      session.sessionId,
      { to: friend.number, type: 'document', media, fileName: 'refused.bin' },
      { wait: 'sent' },
    );
    expect(answer.body.data).toMatchObject({
      status: 'failed',
      error: { code: 'MEDIA_UPLOAD_REFUSED', message: expect.stringContaining('HTTP 413') },
    });
  });
});

expectSoundSystem(system);
