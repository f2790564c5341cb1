import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { SandboxError } from '../../errors.ts';
import type { PhoneCore } from '../core.ts';
import type { Chat } from '../server-port.ts';
import { known } from './references.ts';

/** The field of a request for the encrypted form of a change. */
export const encrypted = Type.Optional(
  Type.Boolean({ description: 'Encrypts it once more, with the secret of the message that it changes' }),
);

/**
 * Encrypts a change with the secret of its message. The key is derived from that, the names of the author and of the
 * one who changes it, and a purpose.
 */
export function seal(phone: PhoneCore, chat: Chat, id: string, purpose: string, plain: Uint8Array) {
  const entry = known(phone, id);
  if (!entry.secret) {
    throw new SandboxError(
      409,
      'NO_SECRET',
      `Message ${id} has no secret to encrypt with; send the change without \`encrypted\`.`,
    );
  }
  const addressing = chat.kind === 'group' ? chat.group.addressing : entry.addressing;
  const author = phone.deps.directory.get(entry.from).deviceJid(0, addressing);
  const changer = phone.account.deviceJid(0, addressing);
  const info = `${id}${author}${changer}${purpose}`;
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(entry.secret, 'base64'), '', info, 32));
  const encIv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, encIv);
  const encPayload = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { encIv, encPayload };
}
