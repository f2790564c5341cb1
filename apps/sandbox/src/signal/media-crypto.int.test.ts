import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { encryptedStream } from '@whiskeysockets/baileys';
import { expect, test } from 'vitest';
import { encryptMedia } from './media-crypto.ts';

test('the file that Baileys would upload is what we make with the same key', async () => {
  const plain = randomBytes(5000);
  const theirs = await encryptedStream(plain, 'document');
  try {
    const ours = encryptMedia(plain, 'document', Buffer.from(theirs.mediaKey));
    expect(ours.fileEncSha256).toEqual(theirs.fileEncSha256);
    expect(ours.fileSha256).toEqual(theirs.fileSha256);
  } finally {
    await rm(theirs.encFilePath, { force: true });
  }
});
