import { downloadMediaMessage, type WAMessage } from '@whiskeysockets/baileys';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { type TestPhone, World } from '../testing/world.ts';

let world: World;
let alice: TestPhone;
let bob: TestPhone;
let client: BaileysClient;
beforeAll(async () => {
  world = await World.start();
  [alice, bob] = [await world.phone(), await world.phone()];
  client = await world.companion(alice);
});
afterAll(() => world.close());

const file = Buffer.alloc(40_000, 'a file ');

async function received(message: Record<string, unknown>): Promise<WAMessage> {
  const id = await bob.send({ to: alice.number, type: 'image', data: file.toString('base64'), ...message });
  const { messages } = await client.event('messages.upsert', (batch) =>
    batch.messages.some(({ key }) => key.id === id),
  );
  return messages.find(({ key }) => key.id === id)!;
}
/** The ciphertext as the media host gives it. */
async function download(message: WAMessage): Promise<Buffer> {
  const { dispatcher } = client.download.options;
  const { body } = await request(message.message!.imageMessage!.url!, { dispatcher, bodyTimeout: 800 });
  return Buffer.from(await body.arrayBuffer());
}
const fault = (kind: string, more: object = {}) => world.api.post('/faults', { kind, ...more });

describe('the next download goes wrong, and the one after it does not', () => {
  test('media-truncated: half of it, as if that were all', async () => {
    const message = await received({});
    const whole = await download(message);
    await fault('media-truncated');
    expect(await download(message)).toEqual(whole.subarray(0, whole.length >> 1));
    expect(await download(message)).toEqual(whole);
  });

  test('media-flipped and media-wrong: other bytes of the same length', async () => {
    const message = await received({});
    const whole = await download(message);
    await fault('media-flipped');
    const flipped = await download(message);
    expect(flipped.filter((byte, at) => byte !== whole[at])).toHaveLength(1);
    await fault('media-wrong');
    const wrong = await download(message);
    expect(wrong).toHaveLength(whole.length);
    expect(wrong.equals(whole)).toBe(false);
    expect(await download(message)).toEqual(whole);
  });

  test.each(['media-cut', 'media-stalled'])('%s: it does not come to its end', async (kind) => {
    const message = await received({});
    await fault(kind);
    await expect(download(message)).rejects.toThrow();
    expect((await download(message)).length).toBeGreaterThan(file.length);
  });

  test('media-slow may mean downloads alone, or uploads', async () => {
    const message = await received({});
    await fault('media-slow', { ms: 60_000, direction: 'from', count: 1 });
    expect((await download(message)).length).toBeGreaterThan(file.length);
    await world.api.delete(`/faults/${(await world.api.get<{ faults: { id: string }[] }>('/faults')).faults[0]!.id}`);
  });
});

describe('what a message says of its file', () => {
  test.each([
    ['sha256', { fileLength: file.length }],
    ['length', { fileLength: file.length + 1 }],
  ])('may be wrong: %s', async (spoiled, said) => {
    const { imageMessage } = (await received({ spoiled })).message!;
    expect({ fileLength: Number(imageMessage!.fileLength) }).toEqual(said);
  });

  test('may name a place where nothing is', async () => {
    const message = await received({ spoiled: 'absent' });
    message.message!.imageMessage!.url = null;
    const options = { ...client.download, host: world.sandbox.mediaHost };
    await expect(downloadMediaMessage(message, 'buffer', options as never)).rejects.toMatchObject({
      output: { statusCode: 404 },
    });
  });
});

describe('media-retry: the phone does not upload again', () => {
  test.each([
    ['refused', 404],
    ['unreadable', 412],
  ])('%s', async (answer, statusCode) => {
    await fault('media-retry', { answer, phone: alice.number });
    await expect(client.socket.updateMediaMessage(await received({}))).rejects.toMatchObject({
      output: { statusCode },
    });
  });

  test('silent', async () => {
    await fault('media-retry', { answer: 'silent', phone: alice.number });
    const asked = client.socket.updateMediaMessage(await received({})).then(() => 'answered');
    const later = new Promise<string>((resolve) => setTimeout(() => resolve('nothing'), 500));
    expect(await Promise.race([asked, later])).toBe('nothing');
    asked.catch(() => undefined);
  });
});

describe('phones send', () => {
  test('what can be opened once, in its envelope and with its keys', async () => {
    const { message } = await received({ viewOnce: true });
    expect(message!.viewOnceMessageV2!.message!.imageMessage!.mediaKey).toHaveLength(32);
  });

  test('a document with a caption in its envelope, and one without as it is', async () => {
    const named = { type: 'document', fileName: 'a.pdf' };
    expect((await received(named)).message!.documentMessage!.fileName).toBe('a.pdf');
    const captioned = (await received({ ...named, caption: 'look' })).message!;
    expect(captioned.documentWithCaptionMessage!.message!.documentMessage!.caption).toBe('look');
  });

  test('video notes, and stickers that move', async () => {
    expect((await received({ type: 'video', note: true })).message!.ptvMessage).toBeTruthy();
    expect((await received({ type: 'sticker', animated: true })).message!.stickerMessage!.isAnimated).toBe(true);
    const lottie = (await received({ type: 'sticker', lottie: true })).message!.lottieStickerMessage!;
    expect(lottie.message!.stickerMessage!.isLottie).toBe(true);
  });

  test('an album, whose pictures name it', async () => {
    const album = await received({ type: 'album', images: 1, data: undefined });
    expect(album.message!.albumMessage!.expectedImageCount).toBe(1);
    const picture = await received({ album: album.key.id });
    const { messageAssociation, messageSecret } = picture.message!.messageContextInfo!;
    expect(messageAssociation!.parentMessageKey!.id).toBe(album.key.id);
    expect(messageSecret).toHaveLength(32);
  });
});
