import { cardOf, cardsOf, titleOf } from '@wa-gate/contracts';
import type { proto } from '../whatsapp/baileys.ts';
import type { Codec } from './codec.ts';

/** One contact card or several. */
export const contact: Codec<'contact'> = {
  members: ['contactMessage', 'contactsArrayMessage'],
  build({ contacts: given }, { secret }) {
    const messageContextInfo = { messageSecret: secret };
    const cards = cardsOf(given);
    // Each card names itself: phones do not look for a name inside of it.
    const contacts = cards.map(({ name, vcard }) => ({ displayName: name, vcard }));
    if (contacts.length === 1) return { contactMessage: contacts[0]!, messageContextInfo };
    return { contactsArrayMessage: { displayName: titleOf(cards), contacts }, messageContextInfo };
  },
  read({ contactMessage: one, contactsArrayMessage: several }) {
    const found = one ? [one] : several?.contacts;
    if (!found?.length) return null;
    const contacts = found.map(({ vcard, displayName }: proto.Message.IContactMessage) =>
      cardOf(vcard ?? '', displayName),
    );
    const title = one ? contacts[0]!.name : several?.displayName || titleOf(contacts);
    return { ...(title ? { text: title } : {}), content: { contacts } };
  },
};
