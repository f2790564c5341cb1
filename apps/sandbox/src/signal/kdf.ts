import { createHmac, hkdfSync } from 'node:crypto';

const ZERO_SALT = Buffer.alloc(32);

/** HKDF-SHA256. Without a salt Signal and WhatsApp use 32 zero bytes. */
export function hkdf(secret: Buffer, length: number, info: string, salt: Buffer = ZERO_SALT): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length));
}

export function hmacSha256(key: Buffer, ...parts: Uint8Array[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

const MESSAGE_KEY_SEED = Buffer.from([1]);
const NEXT_CHAIN_SEED = Buffer.from([2]);

/** The seed of the message key at the chain's current position. */
export const messageKeySeed = (chainKey: Buffer): Buffer => hmacSha256(chainKey, MESSAGE_KEY_SEED);
/** The chain key one position further. */
export const nextChainKey = (chainKey: Buffer): Buffer => hmacSha256(chainKey, NEXT_CHAIN_SEED);
