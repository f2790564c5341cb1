import { IMPORT_MAX_ROWS } from '@wa-gate/contracts';
import { CsvError, parse } from 'csv-parse/sync';
import { ApiError } from '../../http/api-error.ts';

/** A row of an imported file. */
export interface ImportedRow {
  /** The line in the file, from 1. */
  line: number;
  phoneNumber: string;
  name: string;
}

/** The columns of an export. An import reads the first two. */
export const CONTACT_COLUMNS = [
  'phoneNumber',
  'name',
  'contactId',
  'lid',
  'savedName',
  'bookName',
  'pushName',
  'businessName',
  'isBusiness',
  'firstSeenAt',
  'lastSeenAt',
] as const;

/** What people call the columns; compared without case, blanks and underscores. */
const COLUMN_NAMES: Readonly<Record<'phoneNumber' | 'name', readonly string[]>> = {
  phoneNumber: [
    'phonenumber',
    'phone',
    'number',
    'mobile',
    'mobilephone',
    'telephone',
    'tel',
    'whatsapp',
    'phone1-value',
  ],
  name: ['savedname', 'name', 'fullname', 'displayname', 'contactname'],
};

const DELIMITERS = [',', ';', '\t'] as const;

/**
 * Reads a table of contacts: from a spreadsheet of any language, or an export of ours. The first line names the
 * columns.
 *
 * @throws {ApiError} VALIDATION when it is no such table
 */
export function readContactsCsv(text: string): ImportedRow[] {
  // Excel writes the delimiter into a line before the header.
  const sheet = text.replace(/^\uFEFF/, '');
  const hint = /^sep=(.)\r?\n/i.exec(sheet);
  const table = hint ? sheet.slice(hint[0].length) : sheet;
  const firstLine = (hint ? 1 : 0) + 1;
  const records = readRecords(table, hint?.[1] ?? delimiterOf(table));
  const [header, ...rows] = records;
  const columns = header && columnsOf(header.record);
  if (!columns) refuse('The first line must name the columns `phoneNumber` and `name`.');
  if (rows.length > IMPORT_MAX_ROWS)
    refuse(`The file has ${rows.length} rows; at most ${IMPORT_MAX_ROWS} are read at once.`);
  return rows.map(({ record, info }) => ({
    line: info.lines + firstLine - 1,
    phoneNumber: textOf(record[columns.phoneNumber]),
    name: textOf(record[columns.name]),
  }));
}

/** An export puts a quote before what a spreadsheet would take for a formula, numbers with + included. */
const textOf = (field = ''): string => field.trim().replace(/^'(?=[=+\-@])/, '');

interface CsvRecord {
  record: string[];
  info: { lines: number };
}

/** A quote that does not belong there spoils its own field only, and lines may end in any of the three ways. */
function readRecords(table: string, delimiter: string): CsvRecord[] {
  try {
    return parse(table, {
      delimiter,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      skip_empty_lines: true,
    }) as unknown as CsvRecord[];
  } catch (error) {
    if (error instanceof CsvError) refuse(`The file is no CSV: ${error.message}.`);
    throw error;
  }
}

/** The one that the first line has most of. */
function delimiterOf(table: string): string {
  const [header = ''] = table.split(/[\r\n]/, 1);
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

function columnsOf(header: readonly string[]): Record<'phoneNumber' | 'name', number> | undefined {
  const given = header.map((name) => name.toLowerCase().replaceAll(/[\s_]/g, ''));
  const find = (names: readonly string[]) => given.findIndex((name) => names.includes(name));
  // Of an export of ours the saved name is what a later import is to save.
  const name = COLUMN_NAMES.name.map((wanted) => given.indexOf(wanted)).find((index) => index >= 0) ?? -1;
  const phoneNumber = find(COLUMN_NAMES.phoneNumber);
  return phoneNumber < 0 || name < 0 ? undefined : { phoneNumber, name };
}

function refuse(why: string): never {
  throw new ApiError('VALIDATION', { message: `The contacts cannot be imported. ${why}` });
}
