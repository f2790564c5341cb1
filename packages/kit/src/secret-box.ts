import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** The sealed value cannot be opened: another key, or changed bytes. Callers must not treat it as absent. */
export class UnsealError extends Error {
  override name = 'UnsealError';
}

/** The master key is missing or not 32 bytes of base64. */
export class MasterKeyError extends Error {
  override name = 'MasterKeyError';
}

/** The part of a sealed value that stays while the rest changes, sealed once by {@link SecretBox.sealLasting}. */
export type LastingPart = Buffer & { readonly lasting: unique symbol };

export interface SecretBox {
  /** The id of the sealing key: the bytes of {@link KEY_ID_SLICE} in its values. */
  readonly keyId: Buffer;
  /** Seals `plain`. `context` (such as session, kind and id) is bound to it and is needed to open it. */
  seal(plain: Uint8Array, context: string): Buffer;
  /** Seals what stays of a value: it can be a part of several values of one context, with the same bytes in each. */
  sealLasting(plain: Uint8Array, context: string): LastingPart;
  /**
   * Seals `plain`, at most 65 535 bytes, before a lasting part of this box and context. The value opens as both one
   * after the other. Only some bytes differ between two values with one lasting part, so that PostgreSQL logs a change
   * of the row without the rest (docs/decisions/0059-split-session-records.md).
   */
  sealBefore(plain: Uint8Array, lasting: LastingPart, context: string): Buffer;
  /** @throws {UnsealError} when the bytes were changed, moved to another context, or sealed under an unknown key */
  open(sealed: Uint8Array, context: string): Buffer;
}

const FORMAT = 1;
/** Of a value with a lasting part. */
const PARTS_FORMAT = 2;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEAL_BYTES = NONCE_BYTES + TAG_BYTES;
const LENGTH_BYTES = 2;
/** Contexts are texts and do not begin with such bytes: no part opens as another part, or as a whole value. */
const LASTING = Buffer.of(0, 1);
const CHANGING = Buffer.of(0, 2);

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

/** A sealed body: nonce (12) | tag (16) | ciphertext. */
function sealBody(key: Buffer, plain: Uint8Array, aad: Buffer): Buffer[] {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(aad);
  const body = cipher.update(plain);
  cipher.final();
  return [nonce, cipher.getAuthTag(), body];
}

/** @throws {UnsealError} */
function openBody(key: Buffer, sealed: Buffer, aad: Buffer): Buffer {
  if (sealed.length < SEAL_BYTES) throw new UnsealError('Not a sealed value.');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(NONCE_BYTES, SEAL_BYTES));
  try {
    const body = decipher.update(sealed.subarray(SEAL_BYTES));
    decipher.final();
    return body;
  } catch (cause) {
    throw new UnsealError('The sealed value was changed, or belongs to another context.', { cause });
  }
}

const lastingAad = (context: string): Buffer => Buffer.concat([LASTING, Buffer.from(context)]);

/** Binds the changing part to its lasting part by the nonce and the tag of that. */
const changingAad = (lasting: Buffer, context: string): Buffer =>
  Buffer.concat([CHANGING, lasting.subarray(0, SEAL_BYTES), Buffer.from(context)]);

/**
 * AES-256-GCM with random nonces. Layout: format (1) | key id (4) | sealed body. With a lasting part: format (1) | key
 * id (4) | length of the changing ciphertext (2) | sealed changing body | sealed lasting body. The key id allows
 * rotation: new values are sealed with the first key, and values of older keys still open.
 */
export function createSecretBox(masterKeys: readonly Uint8Array[], purpose: string): SecretBox {
  const keys = masterKeys.map((masterKey) => {
    const key = deriveKey(masterKey, purpose);
    return { key, id: createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES) };
  });
  const [current] = keys;
  if (!current) throw new MasterKeyError('At least one master key is needed.');
  const byId = new Map(keys.map(({ id, key }) => [id.toString('hex'), key]));

  function openParts(key: Buffer, rest: Buffer, context: string): Buffer {
    if (rest.length < LENGTH_BYTES + 2 * SEAL_BYTES) throw new UnsealError('Not a sealed value.');
    const end = LENGTH_BYTES + SEAL_BYTES + rest.readUInt16BE(0);
    const lasting = rest.subarray(end);
    return Buffer.concat([
      openBody(key, rest.subarray(LENGTH_BYTES, end), changingAad(lasting, context)),
      openBody(key, lasting, lastingAad(context)),
    ]);
  }

  return {
    keyId: current.id,
    seal(plain, context) {
      return Buffer.concat([Buffer.of(FORMAT), current.id, ...sealBody(current.key, plain, Buffer.from(context))]);
    },
    sealLasting(plain, context) {
      const parts = sealBody(current.key, plain, lastingAad(context));
      // It is kept for long: in memory of its own, not as a slice that keeps a whole slab of Node's pool.
      const lasting = Buffer.allocUnsafeSlow(SEAL_BYTES + plain.length);
      let end = 0;
      for (const part of parts) end += part.copy(lasting, end);
      return lasting as LastingPart;
    },
    sealBefore(plain, lasting, context) {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(plain.length);
      return Buffer.concat([
        Buffer.of(PARTS_FORMAT),
        current.id,
        length,
        ...sealBody(current.key, plain, changingAad(lasting, context)),
        lasting,
      ]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (bytes[0] !== FORMAT && bytes[0] !== PARTS_FORMAT) throw new UnsealError('Not a sealed value.');
      const keyId = bytes.subarray(1, 1 + KEY_ID_BYTES).toString('hex');
      const key = byId.get(keyId);
      if (!key) throw new UnsealError(`Sealed under key ${keyId}, which this process does not have.`);
      const rest = bytes.subarray(1 + KEY_ID_BYTES);
      return bytes[0] === FORMAT ? openBody(key, rest, Buffer.from(context)) : openParts(key, rest, context);
    },
  };
}
