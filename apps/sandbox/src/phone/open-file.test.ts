import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { encryptMedia } from '../signal/media-crypto.ts';
import type { MediaReference } from './description.ts';
import { openFile } from './open-file.ts';

const plain = randomBytes(1_000);
const { enc, mediaKey, fileSha256, fileEncSha256, fileLength } = encryptMedia(plain, 'image');
const reference: MediaReference = {
  mimetype: 'image/jpeg',
  path: '/v/a',
  mediaKey: mediaKey.toString('base64'),
  fileSha256: fileSha256.toString('base64'),
  fileEncSha256: fileEncSha256.toString('base64'),
  bytes: fileLength,
};

test('a file is opened when it is what its message says', () => {
  expect(openFile(enc, reference, 'image').equals(plain)).toBe(true);
});

test.each<[string, Partial<MediaReference>, string]>([
  ['another hash', { fileSha256: randomBytes(32).toString('base64') }, 'its bytes have another hash'],
  ['another encrypted hash', { fileEncSha256: randomBytes(32).toString('base64') }, 'its encrypted bytes'],
  ['another length', { bytes: 999 }, 'it has 1000 bytes, and not 999'],
  ['another key', { mediaKey: randomBytes(32).toString('base64') }, 'does not authenticate'],
])('%s in the message: phones refuse the file', (_, wrong, sentence) => {
  expect(() => openFile(enc, { ...reference, ...wrong }, 'image')).toThrow(sentence);
});

test('a file of another kind is refused', () => {
  expect(() => openFile(enc, reference, 'video')).toThrow('does not authenticate');
});
