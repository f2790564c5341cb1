/** What is searched of a message. */
export interface SearchedMessage {
  senderName: string | null;
  text: string | null;
  content: Record<string, unknown> | null;
}

/**
 * Members of `content` that people read, in whatever kind of message: captions are its text. A kind whose words stand
 * under another name adds it here.
 */
const READ_BY_PEOPLE: ReadonlySet<string> = new Set([
  'address',
  'body',
  'caption',
  'description',
  'displayName',
  'emails',
  'fileName',
  'filename',
  'footer',
  'fullName',
  'groupName',
  'name',
  'number',
  'options',
  'organization',
  'phone',
  'phoneNumber',
  'question',
  'subject',
  'subtitle',
  'text',
  'title',
]);

/** The texts of a message: what it says, the names in it, and that of who wrote it. */
export function textsOf({ senderName, text, content }: SearchedMessage): string[] {
  return [text, senderName, ...textsWithin(content, false)].filter(
    (found): found is string => found !== null && found !== '',
  );
}

function textsWithin(value: unknown, isRead: boolean): string[] {
  if (typeof value === 'string') return isRead ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => textsWithin(item, isRead));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => textsWithin(member, READ_BY_PEOPLE.has(name)));
}
