import { createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encrypted, encryptedLength, measure, mediaKeysOf, Sidecar } from './media-cipher.ts';
import { MEDIA_TYPES, type MediaType } from './media-type.ts';

const mediaKey = Buffer.alloc(32, 3);
const TYPES = Object.keys(MEDIA_TYPES) as MediaType[];

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/** By the description of the scheme, over the whole file at once. */
function sidecarOf(key: Buffer, whole: Buffer): Buffer {
  const macs: Buffer[] = [];
  for (let at = 0; at < whole.length; at += 65_536) {
    const window = whole.subarray(at, at + 65_536 + 16);
    macs.push(createHmac('sha256', key).update(window).digest().subarray(0, 10));
  }
  return Buffer.concat(macs);
}

describe('the encrypted form of a file (MR-011)', () => {
  it.each([0, 1, 15, 16, 17, 65_535, 65_536, 65_550, 200_003])(
    '%i bytes come back, whatever the chunks',
    async (size) => {
      const plain = randomBytes(size);
      const keys = mediaKeysOf(mediaKey, 'video');
      for (const chunk of [7_001, 65_536]) {
        const measured = await measure(inChunks(plain, chunk), keys, true);
        const form = await collect(encrypted(inChunks(plain, chunk), keys, measured.mac));
        expect(measured.size).toBe(size);
        expect(measured.sha256).toEqual(sha256(plain));
        expect(measured.encSha256).toEqual(sha256(form));
        expect(form).toHaveLength(encryptedLength(size));
        const ciphertext = form.subarray(0, -10);
        expect(form.subarray(-10)).toEqual(
          createHmac('sha256', keys.macKey).update(keys.iv).update(ciphertext).digest().subarray(0, 10),
        );
        const decipher = createDecipheriv('aes-256-cbc', keys.cipherKey, keys.iv);
        expect(Buffer.concat([decipher.update(ciphertext), decipher.final()]).equals(plain)).toBe(true);
        expect(measured.sidecar).toEqual(sidecarOf(keys.macKey, Buffer.concat([keys.iv, form])));
      }
    },
  );

  it('has a sidecar only where phones play what they have not got yet', async () => {
    const { sidecar } = await measure(inChunks(randomBytes(100), 10), mediaKeysOf(mediaKey, 'image'), false);
    expect(sidecar).toBeUndefined();
  });

  it.each(TYPES)('the keys of %s are 16, 32 and 32 bytes that follow from key and type', (type) => {
    const keys = mediaKeysOf(mediaKey, type);
    expect([keys.iv.length, keys.cipherKey.length, keys.macKey.length]).toEqual([16, 32, 32]);
    expect(mediaKeysOf(mediaKey, type)).toEqual(keys);
    expect(mediaKeysOf(Buffer.alloc(32, 4), type).cipherKey).not.toEqual(keys.cipherKey);
  });
});

it('a sidecar does not depend on how the bytes come', () => {
  const whole = randomBytes(3 * 65_536 + 16);
  const macs = [1, 15, 16, 17, 4_096, 65_536, 65_537, whole.length].map((size) => {
    const sidecar = new Sidecar(mediaKey);
    for (let at = 0; at < whole.length; at += size) sidecar.update(whole.subarray(at, at + size));
    return sidecar.digest().toString('hex');
  });
  expect(new Set(macs)).toEqual(new Set([sidecarOf(mediaKey, whole).toString('hex')]));
});
