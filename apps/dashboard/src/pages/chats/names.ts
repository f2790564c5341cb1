import type { Chat, Message } from '../../api/types.ts';
import { phone } from '../../i18n/format.ts';

/** The part of a jid that people know: the number, or the id of a group. */
export const numberOf = (jid: string): string => jid.split('@', 1)[0]!.split(':', 1)[0]!;

export function nameOfChat({ name, chat, identity }: Pick<Chat, 'name' | 'chat' | 'identity'>): string {
  return name ?? identity.name ?? (identity.phoneNumber ? phone(identity.phoneNumber) : readable(chat));
}

export const readable = (jid: string): string =>
  jid.endsWith('@s.whatsapp.net') ? phone(numberOf(jid)) : numberOf(jid);

export function nameOfSender({ senderName, identities, from }: Message): string {
  const { from: sender, participant } = identities;
  const who = participant ?? sender;
  return who?.name ?? senderName ?? (who?.phoneNumber ? phone(who.phoneNumber) : from ? readable(from) : '');
}
