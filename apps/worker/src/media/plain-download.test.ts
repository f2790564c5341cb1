import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import type { ExpectedFile } from './download-decryption.ts';
import { FileDamagedError, FileTooLargeError } from './download-errors.ts';
import { PlainDownload } from './plain-download.ts';

const file = randomBytes(10_000);
const sha256 = createHash('sha256').update(file).digest();
const whole: ExpectedFile = { size: file.length, sha256, maxBytes: 1_000_000 };

async function open(bytes: Buffer, expected: ExpectedFile): Promise<Buffer> {
  const download = new PlainDownload(expected);
  const pieces = [bytes.subarray(0, 4_000), bytes.subarray(4_000)];
  const [opened] = await Promise.all([buffer(download), pipeline(Readable.from(pieces), download)]);
  expect(download.result).toEqual({ size: opened.length, sha256 });
  return opened;
}

it('a file that is not encrypted comes as it is, also when its message does not tell its length (MR-060)', async () => {
  expect((await open(file, whole)).equals(file)).toBe(true);
  expect((await open(file, { ...whole, size: undefined })).equals(file)).toBe(true);
});

it.each<[string, Buffer, Partial<ExpectedFile>, typeof FileDamagedError | typeof FileTooLargeError]>([
  ['a byte less', file.subarray(1), {}, FileDamagedError],
  ['a byte more', Buffer.concat([file, Buffer.of(1)]), {}, FileDamagedError],
  ['another file of its length', randomBytes(file.length), {}, FileDamagedError],
  ['no hash to compare with', file, { sha256: undefined }, FileDamagedError],
  ['more than is stored', file, { size: undefined, maxBytes: 9_999 }, FileTooLargeError],
])('%s never comes to its end (MR-060)', async (_, bytes, expected, error) => {
  await expect(open(bytes, { ...whole, ...expected })).rejects.toThrow(error);
});
