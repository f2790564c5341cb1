import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WorkFile, WorkFolder } from '@wa-gate/media';
import { CsvError, type Info, parse } from 'csv-parse';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './api-error.ts';

/** A row of a table that somebody sent, or why it is none. */
export type CsvRow =
  | { line: number; fields: string[]; reason?: undefined }
  | { line: number; fields?: undefined; reason: string };

const DELIMITERS = [',', ';', '\t'] as const;
/** Bytes at the beginning that tell encoding and delimiter. */
const SAMPLE_BYTES = 64 * 1024;
/** Characters of one row. A quotation mark that is never closed takes all that follows into its field. */
const MAX_ROW = 64 * 1024;

/** Says of a spreadsheet's text how it is written. */
interface Dialect {
  encoding: 'utf-8' | 'utf-16le' | 'windows-1252';
  delimiter: string;
  /** A line `sep=;` before the table, as Excel writes it. */
  hasHint: boolean;
}

/**
 * Reads a table of a spreadsheet row by row: with a byte order mark or without, in UTF-8, UTF-16 or the code page of
 * Windows, between commas, semicolons or tabs, with lines that end in any way, also in turns. What cannot be read is a
 * row with a reason, and the others are read on. The memory does not grow with the file.
 */
export async function* readCsvFile(path: string): AsyncGenerator<CsvRow> {
  const { encoding, delimiter, hasHint } = await dialectOf(path);
  const skipped: CsvRow[] = [];
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true,
    // A quote that does not belong there spoils its own field only.
    relax_quotes: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    max_record_size: MAX_ROW,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) skipped.push({ line: lineOf(error), reason: sentenceOf(error) });
      return undefined;
    },
  });
  const source = createReadStream(path);
  const text = decoded(encoding);
  source.on('error', (error) => parser.destroy(error));
  source.pipe(text).pipe(parser);
  let isFirst = true;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      yield* skipped.splice(0);
      const isHint = isFirst && hasHint;
      isFirst = false;
      if (isHint) continue;
      const breaks = record.reduce((sum, field) => sum + (field.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
      yield { line: info.lines - breaks, fields: record };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    skipped.push({ line: lineOf(error), reason: `${sentenceOf(error)} What follows was not read.` });
  } finally {
    source.destroy();
  }
  yield* skipped;
}

const lineOf = (error: CsvError): number => Number((error as { lines?: number }).lines ?? 0);

function sentenceOf({ code, message }: CsvError): string {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'A quotation mark is opened and never closed.';
    case 'CSV_MAX_RECORD_SIZE':
      return `A row is longer than ${MAX_ROW} characters; a quotation mark may not be closed.`;
    default:
      return message.replace(/\.?$/, '.');
  }
}

/** A decoder of a stream without the byte order mark, which it takes away. */
function decoded(encoding: Dialect['encoding']): Transform {
  const decoder = new TextDecoder(encoding);
  return new Transform({
    decodeStrings: true,
    encoding: 'utf8',
    transform: (chunk: Buffer, _encoding, done) => done(null, decoder.decode(chunk, { stream: true })),
    flush: (done) => done(null, decoder.decode()),
  });
}

async function dialectOf(path: string): Promise<Dialect> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
    const sample = buffer.subarray(0, bytesRead);
    const encoding = encodingOf(sample);
    const text = new TextDecoder(encoding).decode(sample);
    const hint = /^sep=(.)(?:\r\n|\n|\r)/i.exec(text);
    return { encoding, delimiter: hint?.[1] ?? delimiterOf(text), hasHint: hint !== null };
  } finally {
    await file.close();
  }
}

function encodingOf(sample: Buffer): Dialect['encoding'] {
  if (sample[0] === 0xff && sample[1] === 0xfe) return 'utf-16le';
  try {
    // Streaming: the sample may end inside of a character.
    new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: true });
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

/** The one that the first line has most of, outside of quotation marks. */
function delimiterOf(text: string): string {
  const [first = ''] = text.replace(/"(?:[^"]|"")*"/g, '').split(/[\r\n]/, 1);
  const counts = DELIMITERS.map((delimiter) => first.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

/** An export puts a quote before what a spreadsheet would take for a formula, numbers with + included. */
export const cellText = (field = ''): string => field.trim().replace(/^'(?=[=+\-@])/, '');

/** As people write the name of a column: without case, blanks, dashes and underscores. */
const plain = (name: string): string =>
  cellText(name)
    .toLowerCase()
    .replaceAll(/[\s_-]/g, '');

const NUMBER_COLUMNS = new Set(
  'phonenumber phone number mobile mobilephone telephone tel whatsapp phone1value nomor nomorhp nohp nowa telepon to recipient msisdn jid'.split(
    ' ',
  ),
);
const NAME_COLUMNS = new Set('name savedname fullname displayname contactname nama namalengkap'.split(' '));

/** Where in a table the numbers and names are. */
export interface Columns {
  number: number;
  /** -1: there are none. */
  name: number;
  /** The other columns by their names. */
  others: { name: string; index: number }[];
  /** The first row is no header and counts. */
  isHeaderless: boolean;
}

/**
 * Reads the first row: a header, or numbers that stand in the first column without one.
 *
 * @returns `undefined`: neither
 */
export function columnsOf(fields: readonly string[], isNumber: (text: string) => boolean): Columns | undefined {
  const names = fields.map(plain);
  const number = names.findIndex((name) => NUMBER_COLUMNS.has(name));
  if (number >= 0) {
    const name = names.findIndex((given, index) => index !== number && NAME_COLUMNS.has(given));
    const others = fields.flatMap((given, index) => {
      const text = cellText(given);
      return index === number || index === name || text === '' ? [] : [{ name: text, index }];
    });
    return { number, name, others, isHeaderless: false };
  }
  if (!isNumber(cellText(fields[0]))) return undefined;
  return { number: 0, name: fields.length > 1 ? 1 : -1, others: [], isHeaderless: true };
}

const TYPES = ['text/csv', 'application/csv', 'text/tab-separated-values', 'text/plain'];

/**
 * Lets the routes of a scope take a file of CSV as their body, which stays a stream that {@link spoolCsv} reads.
 * {@link refuseLargeCsv} is their hook.
 */
export function acceptCsvBodies(scope: FastifyInstance): void {
  scope.addContentTypeParser(TYPES, async (_request: FastifyRequest, payload: Readable) => payload);
}

/** Refuses a length above the limit before the first byte is read, and takes nothing more of the connection. */
export const refuseLargeCsv =
  (maxBytes: number) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (Number(request.headers['content-length'] ?? 0) <= maxBytes) return;
    reply.header('connection', 'close');
    throw tooLarge(maxBytes);
  };

const tooLarge = (maxBytes: number): ApiError =>
  new ApiError('BODY_TOO_LARGE', {
    message: `The file is too large. At most ${Math.round(maxBytes / 1024 / 1024)} MB are accepted: split it.`,
    details: { limitBytes: maxBytes },
  });

/** Writes a body into the work folder, so that a slow client holds up no transaction. Dispose of it afterwards. */
export async function spoolCsv(body: unknown, workFolder: WorkFolder, maxBytes: number): Promise<WorkFile> {
  if (!(body instanceof Readable)) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', {
      message: 'Send the file itself as the body, with `Content-Type: text/csv`.',
    });
  }
  const file = await workFolder.file('.csv');
  let bytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > maxBytes ? tooLarge(maxBytes) : null, chunk);
    },
  });
  try {
    await pipeline(body, counting, createWriteStream(file.path, { mode: 0o600 }));
    if (bytes === 0) throw new ApiError('VALIDATION', { message: 'The body is empty. Send the file as the body.' });
    return file;
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}
