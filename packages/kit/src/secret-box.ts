import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** The sealed value cannot be opened: another key, or changed bytes. Callers must not treat it as absent. */
export class UnsealError extends Error {
  override name = 'UnsealError';
}

/** The master key is missing or not 32 bytes of base64. */
export class MasterKeyError extends Error {
  override name = 'MasterKeyError';
}

export interface SecretBox {
  /** The id of the sealing key: the bytes of {@link KEY_ID_SLICE} in its values. */
  readonly keyId: Buffer;
  /** Seals `plain`. `context` (such as session, kind and id) is bound to it and is needed to open it. */
  seal(plain: Uint8Array, context: string): Buffer;
  /** @throws {UnsealError} when the bytes were changed, moved to another context, or sealed under an unknown key */
  open(sealed: Uint8Array, context: string): Buffer;
}

const FORMAT = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;

/**
 * The position of the key id in a sealed value, counted from 1 as in SQL `substring`. Values of older keys are found by
 * it.
 */
export const KEY_ID_SLICE = { from: 2, for: KEY_ID_BYTES } as const;

/**
 * Parses `WAG_MASTER_KEY`: base64 of 32 bytes. Older keys may follow after commas. The first one seals, all of them
 * open.
 *
 * @throws {MasterKeyError}
 */
export function parseMasterKeys(value: string): Buffer[] {
  return value.split(',').map((part) => {
    const key = Buffer.from(part.trim(), 'base64');
    if (key.length !== 32) {
      throw new MasterKeyError(
        'WAG_MASTER_KEY must be 32 bytes in base64 (make one with: openssl rand -base64 32), several separated by commas.',
      );
    }
    return key;
  });
}

/** Derived keys by master key and purpose: every request between gateway and worker needs one. */
const derived = new WeakMap<Uint8Array, Map<string, Buffer>>();

/**
 * Derives a key of 32 bytes for one purpose, so that no two uses share a key. The bytes of neither key may be changed.
 */
export function deriveKey(masterKey: Uint8Array, purpose: string): Buffer {
  let keys = derived.get(masterKey);
  if (!keys) {
    keys = new Map();
    derived.set(masterKey, keys);
  }
  let key = keys.get(purpose);
  if (!key) {
    key = Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `wa-gate/${purpose}`, 32));
    keys.set(purpose, key);
  }
  return key;
}

/**
 * AES-256-GCM with a random nonce. Layout: format (1) | key id (4) | nonce (12) | tag (16) | ciphertext. The key id
 * allows rotation: new values are sealed with the first key, and values of older keys still open.
 */
export function createSecretBox(masterKeys: readonly Uint8Array[], purpose: string): SecretBox {
  const keys = masterKeys.map((masterKey) => {
    const key = deriveKey(masterKey, purpose);
    return { key, id: createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES) };
  });
  const [current] = keys;
  if (!current) throw new MasterKeyError('At least one master key is needed.');
  const byId = new Map(keys.map(({ id, key }) => [id.toString('hex'), key]));

  return {
    keyId: current.id,
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce);
      cipher.setAAD(Buffer.from(context));
      const body = cipher.update(plain);
      cipher.final();
      return Buffer.concat([Buffer.of(FORMAT), current.id, nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (bytes.length < HEADER_BYTES + TAG_BYTES || bytes[0] !== FORMAT) throw new UnsealError('Not a sealed value.');
      const keyId = bytes.subarray(1, 1 + KEY_ID_BYTES).toString('hex');
      const key = byId.get(keyId);
      if (!key) throw new UnsealError(`Sealed under key ${keyId}, which this process does not have.`);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1 + KEY_ID_BYTES, HEADER_BYTES));
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(HEADER_BYTES, HEADER_BYTES + TAG_BYTES));
      try {
        const body = decipher.update(bytes.subarray(HEADER_BYTES + TAG_BYTES));
        decipher.final();
        return body;
      } catch (cause) {
        throw new UnsealError('The sealed value was changed, or belongs to another context.', { cause });
      }
    },
  };
}
