import { Type } from 'typebox';
import { SandboxError } from '../../errors.ts';
import { composeCard, describeCard } from '../card.ts';
import { describeContext, plain } from '../description.ts';
import { defineKind } from './kind.ts';

const text = Type.Optional(Type.String({ minLength: 1 }));
const card = Type.Object(
  {
    name: text,
    phones: Type.Optional(
      Type.Array(
        Type.Object(
          { number: Type.String(), label: Type.Optional(Type.Enum(['mobile', 'work', 'home'])) },
          { additionalProperties: false },
        ),
      ),
    ),
    emails: Type.Optional(Type.Array(Type.String())),
    organization: text,
    title: text,
    url: text,
    vcard: Type.Optional(Type.String({ description: 'A whole vCard instead of the fields' })),
  },
  { additionalProperties: false },
);

export const contact = defineKind({
  request: {
    contacts: Type.Optional(Type.Array(card, { minItems: 1 })),
    name: Type.Optional(Type.String({ minLength: 1, description: 'Of the one contact, with `number`' })),
    number: Type.Optional(Type.String({ minLength: 5 })),
  },
  compose({ contacts, name, number }, { context }) {
    if (!contacts && !(name && number))
      throw new SandboxError(400, 'FIELD_MISSING', 'A contact message needs `contacts`, or `name` and `number`.');
    const given = contacts ?? [{ name: name!, phones: [{ number: number! }] }];
    const cards = given.map(({ vcard, ...fields }) => {
      const written = vcard ?? composeCard(fields);
      return { displayName: String(describeCard(fields.name, written).name), vcard: written };
    });
    if (cards.length === 1)
      return { message: { contactMessage: { ...cards[0], ...context } }, type: 'media', mediaType: 'vcard' };
    const displayName = cards.map((each) => each.displayName).join(', ');
    const contactsArrayMessage = { displayName, contacts: cards, ...context };
    return { message: { contactsArrayMessage }, type: 'media', mediaType: 'contact_array' };
  },
  members: ['contactMessage', 'contactsArrayMessage'],
  describe({ contactMessage: one, contactsArrayMessage: several }) {
    const list = one ? [one] : several?.contacts;
    if (!list && !several) return null;
    const contacts = (list ?? []).map(({ displayName, vcard }) => describeCard(displayName, vcard ?? ''));
    const title = one ? one.displayName : several?.displayName;
    const context = describeContext((one ?? several)?.contextInfo);
    return plain('contact', title ?? null, { contacts, ...context });
  },
});
