import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { SandboxError } from '../../errors.ts';
import type { PhoneCore } from '../core.ts';
import type { InboxEntry } from '../inbox.ts';
import type { Chat } from '../server-port.ts';

/** The field of a request that names another message. */
export const target = Type.String({ description: 'Id of the message it is about' });

/** The field of a request for a change that goes out before the message that it is about. */
export const unseen = Type.Optional(
  Type.Boolean({ description: 'The message is not in the list of this phone (yet); it counts as its own' }),
);

/** Finds a message in the list of this phone. */
export function known(phone: PhoneCore, id: string): InboxEntry {
  const entry = phone.inbox.findById(id);
  if (entry) return entry;
  const { number } = phone.account;
  throw new SandboxError(
    404,
    'MESSAGE_NOT_FOUND',
    `Phone ${number} has no message ${id}; see GET /phones/${number}/messages.`,
  );
}

/** The reference to a message of the list inside another message. */
export function keyFor(
  phone: PhoneCore,
  chat: Chat,
  { target: id, unseen: isUnseen = false }: { target: string; unseen?: boolean },
): proto.IMessageKey {
  const { number } = phone.account;
  const entry = isUnseen ? { from: number, fromMe: true, addressing: 'pn' as const } : known(phone, id);
  if (chat.kind === 'direct') {
    const { account } = chat;
    return { remoteJid: account.deviceJid(0, entry.addressing), fromMe: entry.fromMe, id };
  }
  const author = phone.deps.directory.find(entry.from);
  return {
    remoteJid: chat.group.jid,
    fromMe: entry.fromMe,
    id,
    participant: author?.deviceJid(0, chat.group.addressing) ?? null,
  };
}
