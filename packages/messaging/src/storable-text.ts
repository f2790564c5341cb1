/** Text that PostgreSQL stores: without NUL, and without halves of characters, which its JSON refuses. */
export const storableText = (text: string): string =>
  text.replaceAll('\u0000', '').replaceAll(/\p{Surrogate}/gu, '\ufffd');

/** JSON that PostgreSQL stores. */
export const toJson = (value: object): string =>
  JSON.stringify(value, (_key, member: unknown) => (typeof member === 'string' ? storableText(member) : member));
