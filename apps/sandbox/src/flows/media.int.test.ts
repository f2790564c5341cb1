import { createHash, randomBytes } from 'node:crypto';
import { type AnyMessageContent, downloadMediaMessage, type WAMessage } from '@whiskeysockets/baileys';
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

const file = randomBytes(70_000);
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** The file of a message in a phone's list, decrypted, as the control API serves it. */
async function fileAt(phone: TestPhone, id: string): Promise<Buffer> {
  const response = await fetch(`${world.api.url}${phone.path}/messages/${id}/media`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

async function incoming(id: string): Promise<WAMessage> {
  const { messages } = await client.event('messages.upsert', (batch) =>
    batch.messages.some((entry) => entry.key.id === id),
  );
  return messages.find((entry) => entry.key.id === id)!;
}

const download = async (message: WAMessage): Promise<Buffer> =>
  (await downloadMediaMessage(message, 'buffer', client.download as never)) as Buffer;

const OUTGOING: [string, AnyMessageContent][] = [
  ['image', { image: file, caption: 'a picture', jpegThumbnail: '' }],
  ['video', { video: file, jpegThumbnail: '' }],
  ['audio', { audio: file, mimetype: 'audio/mp4' }],
  ['document', { document: file, fileName: 'notes.bin', mimetype: 'application/octet-stream' }],
  ['sticker', { sticker: file }],
];

const INCOMING: [string, Record<string, unknown>][] = [
  ['image', { caption: 'from the phone' }],
  ['video', {}],
  ['audio', { voice: true }],
  ['document', { fileName: 'report.pdf' }],
  ['sticker', {}],
];

describe('media over TLS with the private certificate authority', () => {
  test.each(OUTGOING)('client to phone, byte-identical: %s', async (type, content) => {
    const sent = await client.socket.sendMessage(bob.pn, content);
    const id = sent!.key.id!;
    const entry = await bob.message(type, (message) => message.id === id);
    expect(entry.type).toBe(type);
    expect(sha256(await fileAt(bob, id))).toBe(sha256(file));
  });

  test.each(INCOMING)('phone to client, byte-identical: %s', async (type, extra) => {
    const id = await bob.send({ to: alice.number, type, data: file.toString('base64'), ...extra });
    expect(sha256(await download(await incoming(id)))).toBe(sha256(file));
  });

  test('several megabytes, both ways', async () => {
    const large = randomBytes(5_000_000);
    const sent = await client.socket.sendMessage(bob.pn, {
      document: large,
      fileName: 'big',
      mimetype: 'application/zip',
    });
    await bob.message('it', (message) => message.id === sent!.key.id);
    expect(sha256(await fileAt(bob, sent!.key.id!))).toBe(sha256(large));
  });

  test('a profile picture is set and fetched', async () => {
    const url = await client.socket
      .profilePictureUrl(bob.pn)
      .catch((error: { output?: { statusCode?: number } }) => error);
    expect(url).toMatchObject({ data: 404 });
  });

  test.each([404, 410])('a file that is gone: the download fails with %i', async (code) => {
    const id = await bob.send({ to: alice.number, type: 'image', data: file.toString('base64') });
    const message = await incoming(id);
    await world.api.post('/faults', { kind: 'media-expired', code });
    await expect(download(message)).rejects.toMatchObject({ output: { statusCode: code } });
    expect(sha256(await download(message))).toBe(sha256(file));
  });

  test('a slow media host is slow, and whole', async () => {
    const id = await bob.send({ to: alice.number, type: 'image', data: file.toString('base64') });
    const message = await incoming(id);
    await world.api.post('/faults', { kind: 'media-slow', ms: 400, count: 1 });
    const started = Date.now();
    expect(sha256(await download(message))).toBe(sha256(file));
    expect(Date.now() - started).toBeGreaterThanOrEqual(390);
  });

  test.each([
    ['refused', { kind: 'upload-refused', code: 413 }],
    ['cut', { kind: 'upload-cut' }],
  ])('an upload that is %s fails, and the next one does not', async (_, fault) => {
    await world.api.post('/faults', fault);
    await expect(client.socket.sendMessage(bob.pn, { image: file, jpegThumbnail: '' })).rejects.toThrow('Media upload');
    const sent = await client.socket.sendMessage(bob.pn, { image: file, jpegThumbnail: '' });
    await bob.message('the picture', (message) => message.id === sent!.key.id);
    expect(sha256(await fileAt(bob, sent!.key.id!))).toBe(sha256(file));
  });
});
