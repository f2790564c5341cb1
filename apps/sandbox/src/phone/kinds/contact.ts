import { Type } from 'typebox';
import { plain } from '../description.ts';
import { defineKind } from './kind.ts';

export const contact = defineKind({
  request: { name: Type.String({ minLength: 1 }), number: Type.String({ minLength: 5 }) },
  compose({ name, number }, { context }) {
    const contactMessage = { displayName: name, vcard: vcard(name, number), ...context };
    return { message: { contactMessage }, type: 'media', mediaType: 'vcard' };
  },
  members: ['contactMessage', 'contactsArrayMessage'],
  describe({ contactMessage: one, contactsArrayMessage: several }) {
    const list = one ? [one] : several?.contacts;
    if (!list && !several) return null;
    const contacts = (list ?? []).map((card) => ({ name: card.displayName ?? '', vcard: card.vcard ?? '' }));
    return plain('contact', contacts[0]?.name ?? null, { contacts });
  },
});

function vcard(name: string, number: string): string {
  return ['BEGIN:VCARD', 'VERSION:3.0', `FN:${name}`, `TEL;type=CELL;waid=${number}:+${number}`, 'END:VCARD'].join(
    '\n',
  );
}
