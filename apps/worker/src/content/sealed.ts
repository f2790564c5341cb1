import { createDecipheriv, hkdfSync } from 'node:crypto';
import { proto } from '../whatsapp/baileys.ts';

/** The changes that WhatsApp may encrypt once more, with a key from the secret of the changed message. */
export type SealedKind = 'edit' | 'reaction';

/** An encrypted change, as it waits for its message. Bytes are base64. */
export type Sealed = { sealed: SealedKind; payload: string; iv: string };

export const sealedData = (sealed: SealedKind, payload: Uint8Array, iv: Uint8Array): Sealed => ({
  sealed,
  payload: Buffer.from(payload).toString('base64'),
  iv: Buffer.from(iv).toString('base64'),
});

/** The purpose of a key, which is part of what it is derived from. */
const PURPOSES: Readonly<Record<SealedKind, string>> = { edit: 'Message Edit', reaction: 'Enc Reaction' };
const TAG_BYTES = 16;

/** Who wrote the message and who changed it, each under all known names (phone number and LID). */
export interface SealedNames {
  authors: readonly string[];
  changers: readonly string[];
}

/**
 * Decrypts a change with the secret of its message. The names of both sides are part of the key, and nothing says in
 * which addressing: every pair is tried, and the tag of AES-GCM tells the right one. `null`: none fits.
 *
 * The scheme is that of public implementations (2026): HKDF-SHA256 over the secret, without salt, with id, author,
 * changer and purpose as its info; AES-256-GCM without additional data.
 */
export function openSealed(
  { sealed, payload, iv }: Sealed,
  targetId: string,
  secret: Uint8Array,
  { authors, changers }: SealedNames,
): proto.IMessage | null {
  for (const author of authors) {
    for (const changer of changers) {
      const info = `${targetId}${author}${changer}${PURPOSES[sealed]}`;
      const key = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, 32));
      const plain = decrypt(key, Buffer.from(iv, 'base64'), Buffer.from(payload, 'base64'));
      if (plain) return messageIn(sealed, plain);
    }
  }
  return null;
}

function decrypt(key: Buffer, iv: Buffer, sealed: Buffer): Buffer | null {
  if (sealed.length < TAG_BYTES) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv);
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}

/** A reaction is encrypted without the message around it. */
function messageIn(sealed: SealedKind, plain: Buffer): proto.IMessage | null {
  try {
    return sealed === 'edit'
      ? proto.Message.decode(plain)
      : { reactionMessage: proto.Message.ReactionMessage.decode(plain) };
  } catch {
    return null;
  }
}
