/** Where a phone number of a card belongs. */
export const PHONE_LABELS = ['mobile', 'work', 'home'] as const;
export type PhoneLabel = (typeof PHONE_LABELS)[number];

/** A phone number of a card. */
export interface CardPhone {
  number: string;
  /** The digits of the number as WhatsApp knows it; absent: the card does not say that it is on WhatsApp. */
  waId?: string;
  label?: PhoneLabel;
}

/** The fields of a contact card that the API has names for. */
export interface Card {
  name?: string;
  phones?: CardPhone[];
  emails?: string[];
  organization?: string;
  title?: string;
  url?: string;
}

const TYPES: Readonly<Record<PhoneLabel, string>> = { mobile: 'CELL', work: 'WORK', home: 'HOME' };

const escaped = (text: string): string => text.replace(/[\\,;]/g, (sign) => `\\${sign}`).replace(/\r\n|\r|\n/g, '\\n');

/** Writes a vCard 3.0 (RFC 2426) with the lines of WhatsApp's phones. The same card always gives the same text. */
export function writeVcard({ name = '', phones = [], emails = [], organization, title, url }: Card): string {
  const lines = [
    'BEGIN:VCARD',
    'VERSION:3.0',
    `N:;${escaped(name)};;;`,
    `FN:${escaped(name)}`,
    ...(organization === undefined ? [] : [`ORG:${escaped(organization)};`]),
    ...(title === undefined ? [] : [`TITLE:${escaped(title)}`]),
    ...phones.map(({ number, waId, label = 'mobile' }) => {
      const id = waId === undefined ? '' : `;waid=${waId}`;
      return `TEL;type=${TYPES[label]}${id}:${number}`;
    }),
    ...emails.map((email) => `EMAIL;type=INTERNET:${escaped(email)}`),
    ...(url === undefined ? [] : [`URL:${escaped(url)}`]),
    'END:VCARD',
  ];
  return lines.join('\n');
}

/** A property of a vCard: group, name, parameters, value. A quoted parameter may have a colon. */
const PROPERTY = /^(?:[\w-]+\.)?([A-Za-z-]+)((?:;[^":]*(?:"[^"]*"[^":]*)*)?):(.*)$/;

/** A backslash and the sign behind it stand for one sign. */
const ESCAPE = /\\(?:\r\n|[\s\S])/g;
const unescaped = (text: string): string =>
  text.replace(ESCAPE, (pair) => (/n/i.test(pair[1]!) ? '\n' : pair.slice(1)));
/** The components of a compound value, such as a name. */
const componentsOf = (value: string): string[] =>
  (value.match(/(?:[^;\\]|\\[\s\S])+/g) ?? []).map((part) => unescaped(part).trim()).filter(Boolean);

/** Reads the fields of the first card in a text. What it does not know stays in the text alone; never throws. */
export function readVcard(vcard: string): Card {
  const card: Card = {};
  const phones: CardPhone[] = [];
  const emails: string[] = [];
  // A line that begins with a blank goes on with the line before it.
  for (const line of vcard.replace(/\r?\n[ \t]/g, '').split(/\r?\n/)) {
    const [, property = '', parameters = '', raw = ''] = PROPERTY.exec(line) ?? [];
    const value = unescaped(raw).trim();
    const name = property.toUpperCase();
    if (name === 'END') break;
    if (!value) continue;
    if (name === 'FN') card.name = value;
    else if (name === 'N') card.name ??= componentsOf(raw).slice(0, 3).reverse().join(' ');
    else if (name === 'TEL') phones.push(phoneOf(value, parameters));
    else if (name === 'EMAIL') emails.push(value);
    else if (name === 'ORG') card.organization ??= componentsOf(raw).join(', ');
    else if (name === 'TITLE') card.title ??= value;
    else if (name === 'URL') card.url ??= value;
  }
  return { ...card, ...(phones.length > 0 && { phones }), ...(emails.length > 0 && { emails }) };
}

function phoneOf(number: string, parameters: string): CardPhone {
  const waId = /;waid=(\d+)/i.exec(parameters)?.[1];
  const label = PHONE_LABELS.find((each) => new RegExp(`[;,=]${TYPES[each]}(?![A-Za-z])`, 'i').test(parameters));
  return { number, ...(waId !== undefined && { waId }), ...(label && { label }) };
}
