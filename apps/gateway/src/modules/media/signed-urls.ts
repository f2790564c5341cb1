import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from '@wa-gate/kit';

/** URLs that work for a while without a key. */
export interface SignedUrls {
  /** The query of a URL of this media that works until then. */
  sign(mediaId: string, expiresAt: Date): string;
  /** Whether the query is one of ours, and still works. */
  verify(mediaId: string, expires: string, signature: string): 'valid' | 'expired' | 'forged';
}

const PURPOSE = 'media-urls';

/** @param masterKeys the first signs, all verify */
export function createSignedUrls(masterKeys: readonly Uint8Array[]): SignedUrls {
  const keys = masterKeys.map((key) => deriveKey(key, PURPOSE));
  const signatureOf = (key: Buffer, mediaId: string, expires: string): Buffer =>
    createHmac('sha256', key).update(`${mediaId}.${expires}`).digest();

  return {
    sign(mediaId, expiresAt) {
      const expires = String(Math.floor(expiresAt.getTime() / 1_000));
      const signature = signatureOf(keys[0]!, mediaId, expires).toString('base64url');
      return `expires=${expires}&signature=${signature}`;
    },
    verify(mediaId, expires, signature) {
      const given = Buffer.from(signature, 'base64url');
      const isOurs = keys.some((key) => {
        const expected = signatureOf(key, mediaId, expires);
        return expected.length === given.length && timingSafeEqual(expected, given);
      });
      if (!isOurs) return 'forged';
      return Number(expires) * 1_000 > Date.now() ? 'valid' : 'expired';
    },
  };
}
