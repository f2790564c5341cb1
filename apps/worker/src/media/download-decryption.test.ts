import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { DownloadDecryption, type ExpectedFile } from './download-decryption.ts';
import { FileDamagedError, FileTooLargeError } from './download-errors.ts';
import { encryptedLength, mediaKeysOf } from './media-cipher.ts';

const KEYS = mediaKeysOf(Buffer.alloc(32, 5), 'document');
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/** As a phone does it. */
function encrypt(plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', KEYS.cipherKey, KEYS.iv);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  const mac = createHmac('sha256', KEYS.macKey).update(KEYS.iv).update(ciphertext).digest();
  return Buffer.concat([ciphertext, mac.subarray(0, 10)]);
}

/** Decrypts what comes in pieces of so many bytes. */
async function open(encrypted: Buffer, piece: number, expected: Partial<ExpectedFile> = {}): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = 0; at < encrypted.length; at += piece) pieces.push(encrypted.subarray(at, at + piece));
  const decryption = new DownloadDecryption(KEYS, { maxBytes: 1_000_000, ...expected });
  const [opened] = await Promise.all([buffer(decryption), pipeline(Readable.from(pieces), decryption)]);
  expect(decryption.result).toEqual({ size: opened.length, sha256: sha256(opened) });
  return opened;
}

describe('a file that is whole (MR-060)', () => {
  it.each([0, 1, 15, 16, 17, 4_095, 70_000])('of %i bytes, in pieces of several sizes', async (size) => {
    const plain = randomBytes(size);
    const expected = { size, sha256: sha256(plain) };
    const encrypted = encrypt(plain);
    expect(encrypted).toHaveLength(encryptedLength(size));
    for (const piece of size < 5_000 ? [7, 16, 1_024] : [1_024, 65_536])
      expect(await open(encrypted, piece, expected)).toEqual(plain);
  });

  it('whose message tells neither length nor hash', async () => {
    expect(await open(encrypt(Buffer.from('hello')), 9)).toEqual(Buffer.from('hello'));
  });
});

describe('a file that is not what the message tells of never comes to its end', () => {
  const plain = randomBytes(50_000);
  const expected = { size: plain.length, sha256: sha256(plain) };
  const whole = encrypt(plain);
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(whole);
    copy[at] = copy[at]! ^ 1;
    return copy;
  };

  it.each<[string, Buffer, Partial<ExpectedFile>]>([
    ['nothing at all', Buffer.alloc(0), expected],
    ['less than a MAC', whole.subarray(0, 5), expected],
    ['cut off at a block', whole.subarray(0, 32_000), expected],
    ['cut off inside of a block', whole.subarray(0, 32_005), expected],
    ['without its MAC', whole.subarray(0, -10), expected],
    ['with another byte at the beginning', changed(0), expected],
    ['with another byte in the middle', changed(25_000), expected],
    ['with another byte in the last block', changed(whole.length - 12), expected],
    ['with another MAC', changed(whole.length - 1), expected],
    ['with more bytes', Buffer.concat([whole, Buffer.alloc(16)]), expected],
    ['other bytes of the same length', randomBytes(whole.length), expected],
    ['of another hash', whole, { ...expected, sha256: sha256(Buffer.from('another')) }],
    ['of another length within the same block', whole, { ...expected, size: plain.length + 1 }],
    ['of a smaller length', whole, { ...expected, size: plain.length - 100 }],
  ])('%s', async (_, encrypted, said) => {
    for (const piece of [1_000, 65_536])
      await expect(open(encrypted, piece, said)).rejects.toBeInstanceOf(FileDamagedError);
  });

  it('and one that is larger than allowed is left before its end', async () => {
    const limit = { maxBytes: 10_000 };
    await expect(open(whole, 1_000, limit)).rejects.toBeInstanceOf(FileTooLargeError);
    expect(await open(encrypt(randomBytes(10_000)), 1_000, limit)).toHaveLength(10_000);
  });
});
