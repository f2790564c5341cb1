import { createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { getMediaKeys, type MediaType } from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import { decryptMedia, encryptMedia, MediaError, type MediaKind } from './media-crypto.ts';

/** Our names of kinds, and those of Baileys where they differ. */
const KINDS: [MediaKind, MediaType][] = [
  ['image', 'image'],
  ['video', 'video'],
  ['audio', 'audio'],
  ['ptt', 'ptt'],
  ['document', 'document'],
  ['sticker', 'sticker'],
  ['gif', 'gif'],
  ['ptv', 'ptv'],
  ['history', 'md-msg-hist'],
  ['app-state', 'md-app-state'],
  ['thumbnail-link', 'thumbnail-link'],
];

describe('media', () => {
  test.each(KINDS)('%s: keys are those that Baileys derives', async (ours, theirs) => {
    const plain = randomBytes(1000);
    const { mediaKey, enc } = encryptMedia(plain, ours);
    const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, theirs);
    const mac = createHmac('sha256', macKey!).update(iv).update(enc.subarray(0, -10)).digest();
    expect(mac.subarray(0, 10)).toEqual(enc.subarray(-10));
    const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
    expect(Buffer.concat([decipher.update(enc.subarray(0, -10)), decipher.final()])).toEqual(plain);
  });

  test.each([0, 1, 15, 16, 17, 100_000])('%i bytes go there and back', (size) => {
    const plain = randomBytes(size);
    const { enc, mediaKey, fileLength } = encryptMedia(plain, 'image');
    expect(fileLength).toBe(size);
    expect(decryptMedia(enc, mediaKey, 'image')).toEqual(plain);
  });

  test('damage, another key and another kind are noticed', () => {
    const { enc, mediaKey } = encryptMedia(Buffer.from('picture'), 'image');
    const damaged = Buffer.from(enc);
    damaged[3]! ^= 1;
    expect(() => decryptMedia(damaged, mediaKey, 'image')).toThrow(MediaError);
    expect(() => decryptMedia(enc, randomBytes(32), 'image')).toThrow(MediaError);
    expect(() => decryptMedia(enc, mediaKey, 'video')).toThrow(MediaError);
    expect(() => decryptMedia(enc.subarray(0, 10), mediaKey, 'image')).toThrow(MediaError);
  });
});
