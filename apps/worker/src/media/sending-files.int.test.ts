import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { scaleTiming } from '@wa-gate/cluster';
import type { FileReference, OutboundRequest } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import { newWaMessageId } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FILE } from '../testing/files.ts';
import { startReconciler } from '../testing/reconciler.ts';
import type { PhoneMessage } from '../testing/sandbox.ts';
import { startWorld, type World } from '../testing/world.ts';

/** From the media store and the outbox to the phones of the sandbox, which fetch, check and decrypt by themselves. */
const TIMING = scaleTiming(1 / 4);
const PATIENCE = { timeoutMs: 25_000 };

let world: World;
let reconciler: ReturnType<typeof startReconciler>;
let sender: { sessionId: string; number: string };
let friend: string;
beforeAll(async () => {
  world = await startWorld({ timing: TIMING });
  reconciler = startReconciler({ pool: world.database.pool, redis: world.redis, timing: TIMING });
  sender = await world.createPaired();
  friend = await world.sandbox.createPhone();
});
afterAll(async () => {
  await reconciler?.stop();
  await world?.stop();
});

async function put(bytes: Buffer, more: Partial<FileReference> = {}): Promise<FileReference> {
  const storageKey = `test/${newId()}`;
  await world.media.put(storageKey, Readable.from([bytes]));
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  const { animated: _, fileName: __, ...facts } = FILE;
  return { ...facts, mediaId: newId(), storageKey, sha256, size: bytes.length, ...more };
}

const shownAt = (number: string, id: string): Promise<PhoneMessage> =>
  waitFor(async () => (await world.sandbox.inbox(number)).find((message) => message.id === id), {
    ...PATIENCE,
    what: `${id} at the phone`,
  });
const violations = async () => (await world.sandbox.recorder<{ violations: unknown[] }>('violations')).violations;
const send = (request: OutboundRequest, to = friend) => world.accept(sender.sessionId, to, { request });

const { seconds, width, height, waveform, thumbnail } = FILE;
const picture = { width, height, thumbnail };

describe('phones show what was asked for, and the bytes are the same (MR-011)', () => {
  const KINDS: [string, (media: FileReference) => OutboundRequest, Partial<PhoneMessage>, object][] = [
    ['image', (media) => ({ type: 'image', media, caption: 'hi 👋' }), { type: 'image', text: 'hi 👋' }, picture],
    ['view once', (media) => ({ type: 'image', media, viewOnce: true }), { type: 'image' }, { viewOnce: true }],
    [
      'video',
      (media) => ({ type: 'video', media, caption: 'c' }),
      { type: 'video', text: 'c' },
      { ...picture, seconds },
    ],
    ['GIF', (media) => ({ type: 'video', media, gif: true }), { type: 'video' }, { ...picture, seconds, gif: true }],
    [
      'video note',
      (media) => ({ type: 'video', media, videoNote: true }),
      { type: 'video' },
      { ...picture, seconds, videoNote: true },
    ],
    ['audio', (media) => ({ type: 'audio', media }), { type: 'audio' }, { seconds }],
    [
      'voice note',
      (media) => ({ type: 'audio', media, voice: true }),
      { type: 'audio' },
      { seconds, waveform, voice: true },
    ],
    [
      'voice note to be heard once',
      (media) => ({ type: 'audio', media, voice: true, viewOnce: true }),
      { type: 'audio' },
      { voice: true, viewOnce: true },
    ],
    [
      'document',
      (media) => ({ type: 'document', media, fileName: 'Rechnung – 請求書.pdf', caption: 'due' }),
      { type: 'document', text: 'due' },
      { fileName: 'Rechnung – 請求書.pdf', thumbnail },
    ],
    [
      'sticker',
      (media) => ({ type: 'sticker', media: { ...media, animated: true } }),
      { type: 'sticker' },
      { width, height, animated: true },
    ],
  ];
  it.each(KINDS)('%s', async (_, request, shown, media) => {
    const bytes = randomBytes(100_001);
    const { waMessageId } = await send(request(await put(bytes)));
    const message = await shownAt(friend, waMessageId);
    expect(message).toMatchObject({ ...shown, wireCount: 1, media: { bytes: bytes.length, ...media } });
    expect((await world.sandbox.file(friend, waMessageId)).equals(bytes)).toBe(true);
    // As the own phone shows it.
    expect(await shownAt(sender.number, waMessageId)).toMatchObject(shown);
    expect(await violations()).toEqual([]);
  });

  it('in a group too, with mentions in the caption of a picture that is seen once', async () => {
    const made = { owner: friend, subject: 'g', participants: [sender.number], addressing: 'lid' };
    const { id } = await world.sandbox.post<{ id: string }>('/groups', made);
    const { lid } = await world.sandbox.phone(friend);
    const bytes = randomBytes(2_000);
    const request: OutboundRequest = {
      type: 'image',
      media: await put(bytes),
      caption: `look @${friend}`,
      viewOnce: true,
      context: { mentions: [`${friend}@s.whatsapp.net`] },
    };
    const { waMessageId } = await send(request, id);
    const message = await shownAt(friend, waMessageId);
    expect(message).toMatchObject({ text: `look @${lid}`, media: { viewOnce: true } });
    expect(message.details.mentions).toEqual([`${lid}@lid`]);
    expect((await world.sandbox.file(friend, waMessageId)).equals(bytes)).toBe(true);
    expect(await violations()).toEqual([]);
  });

  it('an album: one accept, and each part with a fate of its own, in order', async () => {
    const files = [randomBytes(3_000), randomBytes(200_000), randomBytes(10)];
    const types = ['image', 'video', 'image'] as const;
    const references = await Promise.all(files.map((bytes) => put(bytes)));
    const gone = { ...references[2]!, storageKey: 'test/gone' };
    const parts = [references[0]!, references[1]!, gone].map((media, index) => {
      const album = { messageId: newId(), waMessageId: 'ALBUM' };
      const request: OutboundRequest = { type: types[index]!, media, caption: `${index}`, context: { album } };
      return { messageId: newId(), waMessageId: newWaMessageId(), request };
    });
    const request: OutboundRequest = { type: 'album', items: types.map((type) => ({ type })) as never };
    const album = await world.accept(sender.sessionId, friend, { request, parts });
    await shownAt(friend, parts[1]!.waMessageId);
    const shown = (await world.sandbox.inbox(friend)).slice(-3);
    expect(shown.map(({ id }) => id)).toEqual([album.waMessageId, parts[0]!.waMessageId, parts[1]!.waMessageId]);
    expect(shown.map(({ type }) => type)).toEqual(['album', 'image', 'video']);
    for (const index of [0, 1])
      expect((await world.sandbox.file(friend, parts[index]!.waMessageId)).equals(files[index]!)).toBe(true);
    const failed = await world.waitForMessage(parts[2]!.messageId, 'FAILED');
    expect(failed).toMatchObject({ errorCode: 'MEDIA_NOT_FOUND' });
    const { content } = await world.message(album.messageId);
    expect(content).toEqual({
      images: 2,
      videos: 1,
      parts: parts.map(({ messageId, waMessageId }) => ({ messageId, waMessageId })),
    });
  });
});

describe('a worker that is killed during uploads (I8)', () => {
  it('each message is at the phone once, with its bytes and in its place', async () => {
    const one = await send({ type: 'document', media: await put(randomBytes(70_000)), fileName: 'uploaded before' });
    await shownAt(friend, one.waMessageId);
    const phones = [friend, await world.sandbox.createPhone(), await world.sandbox.createPhone()];
    // The first upload stands still; the second one is done, and WhatsApp's answer to its message is lost.
    await world.sandbox.fault({ kind: 'upload-stalled' });
    const sent: { id: string; to: string; bytes: Buffer | null }[] = [];
    const note = async (to: string, text: string) => {
      const { waMessageId } = await world.send(sender.sessionId, to, text);
      sent.push({ id: waMessageId, to, bytes: null });
    };
    const file = async (to: string) => {
      const bytes = randomBytes(3_000_000);
      const ids = await send({ type: 'document', media: await put(bytes), fileName: 'a' }, to);
      sent.push({ id: ids.waMessageId, to, bytes });
      return ids;
    };
    const stalled = await file(phones[0]!);
    await note(phones[0]!, 'behind the first');
    const isTaken = async () => (await world.sandbox.faults()).every(({ kind }) => kind !== 'upload-stalled');
    await waitFor(isTaken, { ...PATIENCE, what: `the upload of ${stalled.messageId}` });
    await world.sandbox.fault({ kind: 'drop', phone: sender.number, stanza: 'ack', count: 1 });
    const unanswered = await file(phones[1]!);
    await shownAt(phones[1]!, unanswered.waMessageId);
    await note(phones[1]!, 'behind the second');
    await file(phones[2]!);

    await world.workers[0]!.kill();
    await world.workers[0]!.start();
    for (const { id, to } of sent) await shownAt(to, id);
    for (const { id, to, bytes } of sent)
      if (bytes) expect((await world.sandbox.file(to, id)).equals(bytes)).toBe(true);
    for (const to of phones) {
      const ids = sent.filter((one_) => one_.to === to).map(({ id }) => id);
      const shown = (await world.sandbox.inbox(to)).map(({ id }) => id).filter((id) => ids.includes(id));
      expect(shown).toEqual(ids);
    }
    const { keys } = await world.sandbox.recorder<{ keys: { reused: number } }>('summary');
    expect(keys.reused).toBe(0);
    expect(await violations()).toEqual([]);
  });
});
