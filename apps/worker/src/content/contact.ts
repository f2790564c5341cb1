import type { proto } from '../whatsapp/baileys.ts';
import type { Reader } from './codec.ts';
import { present } from './fields.ts';

const card = (contact: proto.Message.IContactMessage) => present({ name: contact.displayName, vcard: contact.vcard });

/** One contact card or several. */
export const contact: Reader = {
  members: ['contactMessage', 'contactsArrayMessage'],
  read(message) {
    const contacts = message.contactMessage ? [message.contactMessage] : message.contactsArrayMessage?.contacts;
    if (!contacts) return null;
    const name = message.contactMessage?.displayName ?? message.contactsArrayMessage?.displayName;
    return { ...(name ? { text: name } : {}), content: { contacts: contacts.map(card) } };
  },
};
