import type { proto } from '../whatsapp/baileys.ts';
import { type Content, present } from './content.ts';

const card = (contact: proto.Message.IContactMessage) => present({ name: contact.displayName, vcard: contact.vcard });

/** One contact card or several. */
export function readContact(message: proto.IMessage): Content | null {
  const contacts = message.contactMessage ? [message.contactMessage] : message.contactsArrayMessage?.contacts;
  if (!contacts) return null;
  const name = message.contactMessage?.displayName ?? message.contactsArrayMessage?.displayName;
  return { type: 'CONTACT', ...(name ? { text: name } : {}), content: { contacts: contacts.map(card) } };
}
