import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { generateKeyPair, type KeyPair, sharedSecret } from './curve.ts';
import { hkdf } from './kdf.ts';

/**
 * The side of the phone in a link by an 8-character code. Both ends wrap an ephemeral key with a key derived from the
 * code. The companion then proves that it has both by sealing a bundle to their agreement.
 */
const pbkdf2Async = promisify(pbkdf2);
const ITERATIONS = 131_072;
const SALT_LENGTH = 32;
const CTR_IV_LENGTH = 16;
const GCM_IV_LENGTH = 12;
const GCM_TAG_LENGTH = 16;
const KEY_LENGTH = 32;

/** The code was wrong, or the data of the companion violates the protocol. */
export class PairingCodeError extends Error {
  override readonly name = 'PairingCodeError';
}

/** The state of the phone between its hello and the finish of the companion. */
export interface PrimaryPairing {
  /** Content of `link_code_pairing_wrapped_primary_ephemeral_pub`: salt, iv, wrapped key. */
  wrappedEphemeral: Buffer;
  ephemeral: KeyPair;
  companionEphemeral: Buffer;
}

/**
 * The code was entered: unwraps the ephemeral key of the companion and makes an own one. A wrong code shows only at the
 * finish of the companion. The two key derivations run off the event loop.
 */
export async function startPrimaryPairing(code: string, wrappedCompanion: Buffer): Promise<PrimaryPairing> {
  const [theirSalt, theirIv, wrapped] = cut(wrappedCompanion, SALT_LENGTH, CTR_IV_LENGTH);
  if (wrapped.length !== KEY_LENGTH) throw new PairingCodeError('wrapped ephemeral key has the wrong length');
  const salt = randomBytes(SALT_LENGTH);
  const iv = randomBytes(CTR_IV_LENGTH);
  const [theirKey, ourKey] = await Promise.all([codeKey(code, theirSalt), codeKey(code, salt)]);
  const decipher = createDecipheriv('aes-256-ctr', theirKey, theirIv);
  const companionEphemeral = Buffer.concat([decipher.update(wrapped), decipher.final()]);
  const ephemeral = generateKeyPair();
  const cipher = createCipheriv('aes-256-ctr', ourKey, iv);
  const wrappedEphemeral = Buffer.concat([salt, iv, cipher.update(ephemeral.publicKey), cipher.final()]);
  return { wrappedEphemeral, ephemeral, companionEphemeral };
}

/** Opens the companion's key bundle and returns its identity and the ADV secret both sides now share. */
export function finishPrimaryPairing(options: {
  pairing: PrimaryPairing;
  phoneIdentity: KeyPair;
  /** Content of `link_code_pairing_wrapped_key_bundle`. */
  wrappedBundle: Buffer;
  /** Content of `companion_identity_public`. */
  companionIdentity: Buffer;
}): { companionIdentity: Buffer; advSecret: Buffer } {
  const { pairing, phoneIdentity, wrappedBundle, companionIdentity } = options;
  const [salt, iv, sealed] = cut(wrappedBundle, SALT_LENGTH, GCM_IV_LENGTH);
  const shared = sharedSecret(pairing.ephemeral.privateKey, pairing.companionEphemeral);
  const bundle = openBundle(hkdf(shared, 32, 'link_code_pairing_key_bundle_encryption_key', salt), iv, sealed);
  const [companion, primary, random] = cut(bundle, KEY_LENGTH, KEY_LENGTH);
  if (random.length !== KEY_LENGTH) throw new PairingCodeError('key bundle has the wrong length');
  if (!companion.equals(companionIdentity)) throw new PairingCodeError('key bundle names another companion identity');
  if (!primary.equals(phoneIdentity.publicKey)) throw new PairingCodeError('key bundle names another phone identity');
  const agreement = sharedSecret(phoneIdentity.privateKey, companionIdentity);
  const advSecret = hkdf(Buffer.concat([shared, agreement, random]), 32, 'adv_secret');
  return { companionIdentity: Buffer.from(companion), advSecret };
}

function openBundle(key: Buffer, iv: Buffer, sealed: Buffer): Buffer {
  const end = sealed.length - GCM_TAG_LENGTH;
  if (end < 0) throw new PairingCodeError('key bundle is too short');
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: GCM_TAG_LENGTH });
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch (cause) {
    throw new PairingCodeError('key bundle does not open: the code was wrong', { cause });
  }
  return plain;
}

function codeKey(code: string, salt: Buffer): Promise<Buffer> {
  return pbkdf2Async(code, salt, ITERATIONS, 32, 'sha256');
}

/** Cuts off two leading parts of given lengths; the third is the rest. */
function cut(data: Buffer, first: number, second: number): [Buffer, Buffer, Buffer] {
  if (data.length <= first + second) throw new PairingCodeError('pairing data is too short');
  return [data.subarray(0, first), data.subarray(first, first + second), data.subarray(first + second)];
}
