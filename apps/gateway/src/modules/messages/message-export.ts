import { pipeline, Readable } from 'node:stream';
import type { ExportFormat, Message } from '@wa-gate/contracts';
import { stringify } from 'csv-stringify';

/** The columns of the export for spreadsheets. */
const COLUMNS = [
  'id',
  'sessionId',
  'timestamp',
  'direction',
  'source',
  'chat',
  'chatPhoneNumber',
  'chatName',
  'from',
  'fromPhoneNumber',
  'fromName',
  'type',
  'text',
  'content',
  'status',
  'state',
  'error',
  'sentAt',
  'deliveredAt',
  'readAt',
  'editedAt',
  'revokedAt',
  'deletedForMeAt',
  'waMessageId',
  'createdAt',
] as const;

const toRow = ({ identities, content, error, senderName, ...message }: Message) => ({
  ...message,
  chatPhoneNumber: identities.chat.phoneNumber,
  chatName: identities.chat.name,
  fromPhoneNumber: identities.from?.phoneNumber,
  fromName: identities.from?.name ?? senderName,
  content: content && JSON.stringify(content),
  error: error && (error.message ?? error.code),
});

/**
 * Messages as a file. Pages are read as the receiver takes them, so that the memory does not grow with their number. A
 * spreadsheet does not take a text for a formula. A failure of a later page ends the answer unfinished.
 */
export function exportMessages(pages: AsyncIterable<Message[]>, format: ExportFormat): Readable {
  if (format === 'ndjson') return Readable.from(linesOf(pages), { objectMode: true });
  const rows = Readable.from(rowsOf(pages));
  return pipeline(rows, stringify({ header: true, columns: [...COLUMNS], escape_formulas: true }), () => undefined);
}

async function* rowsOf(pages: AsyncIterable<Message[]>) {
  for await (const page of pages) yield* page.map(toRow);
}

/** A page is one piece of the answer: a piece for each line would be a write for each. */
async function* linesOf(pages: AsyncIterable<Message[]>) {
  for await (const page of pages) yield page.map((message) => `${JSON.stringify(message)}\n`).join('');
}
