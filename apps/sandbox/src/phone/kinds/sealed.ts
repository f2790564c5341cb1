import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import type { Account } from '../../accounts/account.ts';
import { SandboxError } from '../../errors.ts';
import type { PhoneCore } from '../core.ts';
import type { InboxEntry } from '../inbox.ts';
import type { Chat } from '../server-port.ts';
import { known } from './references.ts';

/** What a change is encrypted for; a part of its key. */
export type Purpose = 'Message Edit' | 'Enc Reaction' | 'Poll Vote' | 'Event Response';

/** The field of a request for the encrypted form of a change. */
export const encrypted = Type.Optional(
  Type.Boolean({ description: 'Encrypts it once more, with the secret of the message that it changes' }),
);

/** The field of a request that decides about the names in the key. */
export const namedBy = Type.Optional(
  Type.Enum(['pn', 'lid'], { description: 'The names in the key: numbers or LIDs; default as in the chat' }),
);

/** The changed message of a request. */
interface Target {
  target: string;
  unseen?: boolean;
  secret?: string;
  namedBy?: 'pn' | 'lid';
}

function partsOf(phone: PhoneCore, { target: id, unseen, secret }: Target) {
  if (unseen && secret)
    return { from: phone.account, addressing: 'pn' as const, secret: Buffer.from(secret, 'base64') };
  const entry = known(phone, id);
  if (!entry.secret) {
    throw new SandboxError(
      409,
      'NO_SECRET',
      `Message ${id} has no secret to encrypt with; send the change in its plain form.`,
    );
  }
  const { from, addressing } = entry;
  return { from: phone.deps.directory.get(from), addressing, secret: Buffer.from(entry.secret, 'base64') };
}

/** Votes and answers are bound to their message and their author. */
const additional = (purpose: Purpose, id: string, changer: string): Buffer =>
  Buffer.from(purpose === 'Poll Vote' || purpose === 'Event Response' ? `${id}\u0000${changer}` : '');

const keyOf = (secret: Buffer, id: string, author: string, changer: string, purpose: Purpose): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `${id}${author}${changer}${purpose}`, 32));

/**
 * Encrypts a change with the secret of its message. The key is derived from that, the names of the author and of the
 * one who changes it, and a purpose.
 */
export function seal(phone: PhoneCore, chat: Chat, target: Target, purpose: Purpose, plain: Uint8Array) {
  const { from, addressing: asSent, secret } = partsOf(phone, target);
  const addressing = target.namedBy ?? (chat.kind === 'group' ? chat.group.addressing : asSent);
  const changer = phone.account.deviceJid(0, addressing);
  const key = keyOf(secret, target.target, from.deviceJid(0, addressing), changer, purpose);
  const encIv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, encIv).setAAD(additional(purpose, target.target, changer));
  const encPayload = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { encIv, encPayload };
}

/** Decrypts a change of a message that this phone shows; null: nothing fits. Both names of both sides are tried. */
export function unseal(
  phone: PhoneCore,
  entry: InboxEntry,
  by: Account,
  purpose: Purpose,
  { encPayload, encIv }: { encPayload?: Uint8Array | null; encIv?: Uint8Array | null },
): Buffer | null {
  const author = phone.deps.directory.find(entry.from);
  if (!entry.secret || !author || !encPayload || !encIv) return null;
  const secret = Buffer.from(entry.secret, 'base64');
  const sealed = Buffer.from(encPayload);
  for (const authorName of [author.deviceJid(0, 'pn'), author.deviceJid(0, 'lid')]) {
    for (const changer of [by.deviceJid(0, 'pn'), by.deviceJid(0, 'lid')]) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, entry.id, authorName, changer, purpose), encIv);
        decipher.setAAD(additional(purpose, entry.id, changer)).setAuthTag(sealed.subarray(-16));
        return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
      } catch {}
    }
  }
  return null;
}
