import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';

/** The name is exactly 32 bytes, so Noise uses it as the initial hash without hashing it. */
const PROTOCOL = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0', 'latin1');
const TAG_LENGTH = 16;
const EMPTY = Buffer.alloc(0);

/** A handshake message that is malformed or does not authenticate, or a transport frame that does not. */
export class NoiseError extends Error {
  override readonly name = 'NoiseError';
}

/** AES-256-GCM under one key with a counting nonce: one direction of the transport, or the handshake's current key. */
export class CipherState {
  readonly #key: Buffer;
  readonly #nonce = Buffer.alloc(12);
  #counter = 0;

  constructor(key: Buffer) {
    this.#key = key;
  }

  seal(plain: Buffer, associated: Buffer = EMPTY): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.#key, this.#next());
    if (associated.length > 0) cipher.setAAD(associated);
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  open(sealed: Buffer, associated: Buffer = EMPTY): Buffer {
    if (sealed.length < TAG_LENGTH) throw new NoiseError('ciphertext is shorter than its tag');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, this.#next(), { authTagLength: TAG_LENGTH });
    if (associated.length > 0) decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_LENGTH));
    const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_LENGTH));
    try {
      decipher.final();
    } catch (cause) {
      throw new NoiseError('ciphertext does not authenticate', { cause });
    }
    return plain;
  }

  #next(): Buffer {
    this.#nonce.writeUInt32BE(this.#counter++, 8);
    return this.#nonce;
  }
}

/** Noise's symmetric state: transcript hash, chaining key, and the cipher they currently yield. */
export class SymmetricState {
  #hash: Buffer = PROTOCOL;
  #chainingKey: Buffer = PROTOCOL;
  #cipher = new CipherState(PROTOCOL);

  mixHash(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest();
  }

  mixKey(secret: Buffer): void {
    const [chainingKey, key] = this.#derive(secret);
    this.#chainingKey = chainingKey;
    this.#cipher = new CipherState(key);
  }

  encryptAndHash(plain: Buffer): Buffer {
    const sealed = this.#cipher.seal(plain, this.#hash);
    this.mixHash(sealed);
    return sealed;
  }

  decryptAndHash(sealed: Buffer): Buffer {
    const plain = this.#cipher.open(sealed, this.#hash);
    this.mixHash(sealed);
    return plain;
  }

  /** The transport keys: first initiator to responder, then back. */
  split(): [CipherState, CipherState] {
    const [first, second] = this.#derive(EMPTY);
    return [new CipherState(first), new CipherState(second)];
  }

  #derive(secret: Buffer): [Buffer, Buffer] {
    const out = Buffer.from(hkdfSync('sha256', secret, this.#chainingKey, '', 64));
    return [out.subarray(0, 32), out.subarray(32)];
  }
}
