import { type AddedRecipients, BROADCAST_LIMITS } from '@wa-gate/contracts';
import type { PoolClient } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { parseRecipient } from '../../http/recipient.ts';
import { readPeople } from '../contacts/index.ts';
import { applyCounts, type BroadcastRow } from './broadcast-row.ts';
import { variableName } from './template.ts';

/** A row of a list as it comes. */
export interface GivenRow {
  /** In a file, or its place in a request, from 1; `null`: it is a contact of the workspace. */
  line: number | null;
  /** Why it cannot be read. */
  reason?: string | undefined;
  to: string | number;
  name?: string | undefined;
  variables?: Readonly<Record<string, string | number>> | undefined;
}

/** Rows of one statement. */
const BATCH = 500;
const NAME_MAX = 200;
/** Control characters but blanks, and halves of surrogate pairs, which PostgreSQL cannot store. */
const UNSTORABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\p{Surrogate}/gu;

interface ReadRow {
  line: number | null;
  given: string;
  jid: string | null;
  reason: string | null;
  name: string | null;
  variables: Record<string, string> | null;
}

const INSERT = {
  name: 'insert-recipients',
  text: `INSERT INTO broadcast_recipients (broadcast_id, position, line, given, jid, person, name, variables, state, reason, settled_at)
    SELECT $1, g.position, g.line, g.given, g.jid, g.person, g.name, g.variables, g.state, g.reason,
      CASE WHEN g.state <> 'pending' THEN now() END
    FROM unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[], $10::text[])
      AS g(position, line, given, jid, person, name, variables, state, reason)
    ON CONFLICT (broadcast_id, person) DO NOTHING RETURNING position`,
};

interface NewRow extends ReadRow {
  position: number;
  person: string;
  state: 'pending' | 'skipped' | 'invalid';
}

/**
 * Adds rows to the list of a broadcast that is locked. The memory does not grow with their number. Rows that cannot be
 * read, and those of people who are there already, are kept too: the report shows each with its reason.
 */
export async function addRecipients(
  tx: PoolClient,
  broadcast: BroadcastRow,
  rows: AsyncIterable<GivenRow> | Iterable<GivenRow>,
): Promise<AddedRecipients> {
  const added = { added: 0, duplicates: 0, refused: 0, refusals: [] as AddedRecipients['refusals'] };

  async function insert(batch: readonly NewRow[]): Promise<Set<number>> {
    const column = <T>(read: (row: NewRow) => T) => batch.map(read);
    const { rows: inserted } = await tx.query<{ position: number }>({
      ...INSERT,
      values: [
        broadcast.id,
        column(({ position }) => position),
        column(({ line }) => line),
        column(({ given }) => given),
        column(({ jid }) => jid),
        column(({ person }) => person),
        column(({ name }) => name),
        column(({ variables }) => variables && JSON.stringify(variables)),
        column(({ state }) => state),
        column(({ reason }) => reason),
      ],
    });
    return new Set(inserted.map(({ position }) => position));
  }

  async function flush(batch: ReadRow[]): Promise<void> {
    if (batch.length === 0) return;
    if (broadcast.total + batch.length > BROADCAST_LIMITS.recipients) {
      throw new ApiError('VALIDATION', {
        message: `The list of a broadcast has at most ${BROADCAST_LIMITS.recipients} rows. Make several broadcasts of it.`,
      });
    }
    const people = await readPeople(
      tx,
      broadcast.workspaceId,
      batch.flatMap(({ jid }) => jid ?? []),
    );
    const news = batch.map((row, index): NewRow => {
      const position = broadcast.total + index + 1;
      if (row.jid === null) return { ...row, position, person: nobody(position), state: 'invalid' };
      return { ...row, position, person: people.get(row.jid)!.key, state: 'pending' };
    });
    const stored = await insert(news);
    const duplicates = news.filter(({ position }) => !stored.has(position));
    await insert(
      duplicates.map((row) => ({
        ...row,
        person: nobody(row.position),
        state: 'skipped',
        reason: 'duplicate',
      })),
    );
    const refused = news.filter(({ state }) => state === 'invalid');
    for (const { line, position, reason } of refused) {
      if (added.refusals.length < BROADCAST_LIMITS.refusals)
        added.refusals.push({ line: line ?? position, reason: reason! });
    }
    const counts = { total: news.length, invalid: refused.length, skipped: duplicates.length };
    const pending = counts.total - counts.invalid - counts.skipped;
    applyCounts(broadcast, { ...counts, pending });
    added.added += pending;
    added.duplicates += counts.skipped;
    added.refused += counts.invalid;
  }

  let batch: ReadRow[] = [];
  for await (const row of rows) {
    batch.push(readRow(row));
    if (batch.length < BATCH) continue;
    await flush(batch);
    batch = [];
  }
  await flush(batch);
  return { ...added, total: broadcast.total };
}

/** The key of a row that is nobody's, or somebody's who has one. */
const nobody = (position: number): string => `#${position}`;

const storable = (text: string): string => text.replace(UNSTORABLE, '');
const cut = (text: string, length: number): string =>
  text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');

function readRow({ line, reason, to, name, variables }: GivenRow): ReadRow {
  const given = cut(storable(String(to)), 200);
  const values = Object.entries(variables ?? {})
    .slice(0, BROADCAST_LIMITS.variables)
    .map(([key, value]) => [storable(variableName(key)), cut(storable(String(value)), BROADCAST_LIMITS.value)]);
  const row = {
    line,
    given,
    name: name?.trim() ? cut(storable(name.trim()), NAME_MAX) : null,
    variables: values.length > 0 ? Object.fromEntries(values) : null,
  };
  const refused = (problem: string, sentence: string) => ({ ...row, jid: null, reason: `${problem}: ${sentence}` });
  if (reason !== undefined) return refused('unreadable_row', reason);
  if (given.trim() === '') return refused('no_recipient', 'The row has no recipient.');
  if (/^\d(?:[.,]\d+)?E\+\d+$/i.test(given.trim())) {
    return refused(
      'shortened_number',
      'The spreadsheet has shortened this number. Format the column as text and export it again.',
    );
  }
  try {
    return { ...row, jid: parseRecipient(given), reason: null };
  } catch (error) {
    if (error instanceof ApiError) return refused(String(error.details?.problem), error.message);
    throw error;
  }
}
