import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/**
 * The changes that WhatsApp encrypts once more, with a key from the secret of the changed message: votes and answers to
 * events always, the others now and then.
 */
export type SealedKind = 'edit' | 'reaction' | 'vote' | 'answer';

/** An encrypted change, as it waits for its message. Bytes are base64. */
export type Sealed = { sealed: SealedKind; payload: string; iv: string };

export const sealedData = (sealed: SealedKind, payload: Uint8Array, iv: Uint8Array): Sealed => ({
  sealed,
  payload: Buffer.from(payload).toString('base64'),
  iv: Buffer.from(iv).toString('base64'),
});

/** The purpose of a key, which is part of what it is derived from. */
const PURPOSES: Readonly<Record<SealedKind, string>> = {
  edit: 'Message Edit',
  reaction: 'Enc Reaction',
  vote: 'Poll Vote',
  answer: 'Event Response',
};
const TAG_BYTES = 16;
const IV_BYTES = 12;

/** Who wrote the message and who changed it, each under all known names (phone number and LID). */
export interface SealedNames {
  authors: readonly string[];
  changers: readonly string[];
}

/** Whose message it is and who changes it, under the names that the key is derived from. */
export interface SealedPair {
  author: string;
  changer: string;
}

/**
 * The scheme is that of public implementations (2026): HKDF-SHA256 over the secret, without salt, with id, author,
 * changer and purpose as its info; AES-256-GCM. Votes and answers have id and changer as additional data.
 */
function keyOf(sealed: SealedKind, targetId: string, secret: Uint8Array, { author, changer }: SealedPair) {
  const info = `${targetId}${author}${changer}${PURPOSES[sealed]}`;
  const isBallot = sealed === 'vote' || sealed === 'answer';
  return {
    key: Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, 32)),
    additional: Buffer.from(isBallot ? `${targetId}\0${changer}` : ''),
  };
}

/**
 * Encrypts a change with the secret of its message.
 *
 * @param own the secret of the change itself: its initialisation vector follows from it, so that every attempt makes
 * the same bytes (I8)
 */
export function seal(
  sealed: SealedKind,
  plain: Uint8Array,
  targetId: string,
  secret: Uint8Array,
  pair: SealedPair,
  own: Uint8Array,
): { encPayload: Buffer; encIv: Buffer } {
  const { key, additional } = keyOf(sealed, targetId, secret, pair);
  const encIv = Buffer.from(hkdfSync('sha256', own, Buffer.alloc(0), `${PURPOSES[sealed]} iv`, IV_BYTES));
  const cipher = createCipheriv('aes-256-gcm', key, encIv).setAAD(additional);
  return { encIv, encPayload: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) };
}

/**
 * Decrypts a change with the secret of its message. The names of both sides are part of the key, and nothing says in
 * which addressing: every pair is tried, and the tag of AES-GCM tells the right one. `null`: none fits.
 */
export function openSealed(
  { sealed, payload, iv }: Sealed,
  targetId: string,
  secret: Uint8Array,
  { authors, changers }: SealedNames,
): Buffer | null {
  for (const author of authors) {
    for (const changer of changers) {
      const { key, additional } = keyOf(sealed, targetId, secret, { author, changer });
      const plain = decrypt(key, Buffer.from(iv, 'base64'), Buffer.from(payload, 'base64'), additional);
      if (plain) return plain;
    }
  }
  return null;
}

function decrypt(key: Buffer, iv: Buffer, sealed: Buffer, additional: Buffer): Buffer | null {
  if (sealed.length < TAG_BYTES) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(additional);
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}
