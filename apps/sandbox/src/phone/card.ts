/** A contact card of a request, by its fields. */
export interface CardFields {
  name?: string;
  phones?: { number: string; label?: string }[];
  emails?: string[];
  organization?: string;
  title?: string;
  url?: string;
}

const KIND_OF_LABEL = new Map([
  ['mobile', 'CELL'],
  ['work', 'WORK'],
  ['home', 'HOME'],
]);

/** A vCard as the phones write it. */
export function composeCard(card: CardFields): string {
  let text = `BEGIN:VCARD\nVERSION:3.0\nN:;${protect(card.name ?? '')};;;\nFN:${protect(card.name ?? '')}\n`;
  if (card.organization) text += `ORG:${protect(card.organization)};\n`;
  if (card.title) text += `TITLE:${protect(card.title)}\n`;
  for (const { number, label = 'mobile' } of card.phones ?? []) {
    const digits = number.split(/[^0-9]+/).join('');
    text += `TEL;type=${KIND_OF_LABEL.get(label) ?? 'CELL'};waid=${digits}:+${digits}\n`;
  }
  for (const email of card.emails ?? []) text += `EMAIL;type=INTERNET:${protect(email)}\n`;
  if (card.url) text += `URL:${protect(card.url)}\n`;
  return `${text}END:VCARD`;
}

function protect(value: string): string {
  const signs = Array.from(value, (sign) => (sign === '\n' ? '\\n' : '\\,;'.includes(sign) ? `\\${sign}` : sign));
  return signs.join('');
}

/** Splits at a sign that no backslash stands before, and removes the backslashes. */
function split(value: string, at: string): string[] {
  const parts = [''];
  for (let index = 0; index < value.length; index += 1) {
    const sign = value[index]!;
    if (sign === '\\' && index + 1 < value.length) {
      index += 1;
      const escaped = value[index]!;
      parts[parts.length - 1] += escaped === 'n' || escaped === 'N' ? '\n' : escaped;
    } else if (sign === at) parts.push('');
    else parts[parts.length - 1] += sign;
  }
  return parts;
}

/** The fields of a card as a phone shows them. */
export function describeCard(name: string | null | undefined, vcard: string): Record<string, unknown> {
  const phones: Record<string, string>[] = [];
  const emails: string[] = [];
  const fields: Record<string, unknown> = { name: name ?? '', vcard };
  for (const line of vcard
    .replaceAll('\r', '')
    .replaceAll(/\n[ \t]/g, '')
    .split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const [head = '', ...parameters] = line.slice(0, colon).split(';');
    const property = head.slice(head.lastIndexOf('.') + 1).toUpperCase();
    const parts = split(line.slice(colon + 1), ';').filter((part) => part !== '');
    const value = parts.join(';');
    if (property === 'FN') fields.name = name || value;
    if (property === 'ORG') fields.organization = parts.join(', ');
    if (property === 'TITLE') fields.title = value;
    if (property === 'URL') fields.url = value;
    if (property === 'EMAIL') emails.push(value);
    if (property === 'TEL') phones.push(describePhone(value, parameters));
  }
  return { ...fields, ...(phones.length > 0 && { phones }), ...(emails.length > 0 && { emails }) };
}

function describePhone(number: string, parameters: string[]): Record<string, string> {
  const phone: Record<string, string> = { number };
  for (const parameter of parameters) {
    const [key = '', value = ''] = parameter.split('=');
    if (key.toLowerCase() === 'waid') phone.waId = value;
    const label = [...KIND_OF_LABEL].find(([, kind]) => kind === value.toUpperCase());
    if (label) phone.label = label[0];
  }
  return phone;
}
