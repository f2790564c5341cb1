import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { createBase64Decoder, NotBase64Error } from './base64-decoder.ts';

/** In pieces of so many characters. */
const decoded = (text: string, piece: number): Promise<Buffer> => {
  const pieces = text.match(new RegExp(`[^]{1,${piece}}`, 'g')) ?? [];
  return buffer(Readable.from(pieces).pipe(createBase64Decoder()));
};

it.each([1, 3, 7, 1_000])('decodes what comes in pieces of %i characters', async (piece) => {
  for (const length of [0, 1, 2, 3, 4, 57, 1_000]) {
    const bytes = randomBytes(length);
    for (const text of [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('base64').replace(/(.{10})/g, '$1\r\n'),
      `data:image/png;name=a%2Cb;base64,${bytes.toString('base64')}`,
    ])
      expect((await decoded(text, piece)).equals(bytes)).toBe(true);
  }
});

it.each(['hello world!', 'AAAA=AAAA', 'A', 'AAAAA', 'data:text/plain,hello', 'é'])('refuses %j', async (text) => {
  for (const piece of [1, 100]) await expect(consume(text, piece)).rejects.toBeInstanceOf(NotBase64Error);
});

function consume(text: string, piece: number): Promise<Buffer> {
  const decoder = createBase64Decoder();
  Readable.from(text.match(new RegExp(`[^]{1,${piece}}`, 'g')) ?? []).pipe(decoder);
  return buffer(decoder);
}
