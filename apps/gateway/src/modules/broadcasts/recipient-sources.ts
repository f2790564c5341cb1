import type { AddRecipientsRequest, GivenRecipient, Identity } from '@wa-gate/contracts';
import { likeAnywhere, type Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { cellText, columnsOf, readCsvFile } from '../../http/csv-file.ts';
import { parseRecipient } from '../../http/recipient.ts';
import type { GivenRow } from './add-recipients.ts';

/** Where recipients come from; each is read while it is stored. */
export interface RecipientSources {
  /**
   * The rows of a file.
   *
   * @throws {ApiError} VALIDATION when its first line names no column of numbers, and has none
   */
  ofFile(path: string): Promise<AsyncGenerator<GivenRow>>;
  /**
   * What a request names. Labels of accounts and members of groups are read before this resolves.
   *
   * @throws {ApiError} LABEL_NOT_FOUND
   */
  ofRequest(workspaceId: string, request: NamedSources): Promise<AsyncGenerator<GivenRow>>;
}

/** What a request names, with the internal ids of sessions, and the members in place of the group. */
export interface NamedSources {
  recipients?: readonly GivenRecipient[] | undefined;
  contacts?: AddRecipientsRequest['contacts'] & { ofSession?: string | undefined };
  chats?: { sessionId: string; label: string } | undefined;
  members?: readonly Identity[] | undefined;
}

const PAGE = 1_000;

/** A label stays with the id that it was given to: that of a merged contact counts for the one that it is now. */
const CONTACTS = {
  name: 'contacts-for-broadcast',
  text: `SELECT c.id, coalesce(c.phone_number, c.lid) AS "to", c.name FROM contacts c
    WHERE c.workspace_id = $1 AND c.merged_into IS NULL AND ($2::uuid IS NULL OR c.id > $2) AND coalesce(c.phone_number, c.lid) IS NOT NULL
      AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM contact_labels l JOIN contacts own ON own.id = l.contact_id
        WHERE l.workspace_id = $1 AND l.label = $3 AND coalesce(own.merged_into, own.id) = c.id))
      AND ($4::text IS NULL OR concat_ws(E'\\n', c.name, c.phone_number, c.saved_name, c.push_name) ILIKE $4)
      AND ($5::uuid IS NULL OR EXISTS (SELECT 1 FROM contact_identities i JOIN session_contacts k ON k.session_id = $5 AND k.jid = i.jid
        WHERE i.contact_id = c.id))
    ORDER BY c.id LIMIT ${PAGE}`,
};

/** A label of an account, by its id or its name. */
const LABEL = {
  name: 'label-for-broadcast',
  text: `SELECT label_id AS id FROM wa_labels WHERE session_id = $1 AND NOT is_deleted AND (label_id = $2 OR name = $2)
    ORDER BY label_id = $2 DESC LIMIT 1`,
};

/** The people whose chats have it. Under whatever name the chat is known: each person comes once into the list. */
const LABELLED = {
  name: 'labelled-for-broadcast',
  text: `SELECT a.chat_jid AS "to", c.name FROM wa_label_assignments a
    LEFT JOIN contact_identities i ON i.workspace_id = $2 AND i.jid = a.chat_jid LEFT JOIN contacts c ON c.id = i.contact_id
    WHERE a.session_id = $1 AND a.label_id = $3 AND a.wa_message_id = '' AND (a.chat_jid LIKE '%@s.whatsapp.net' OR a.chat_jid LIKE '%@lid')
    ORDER BY a.assigned_at, a.chat_jid`,
};

/** The names of the accounts of a workspace: nobody sends a broadcast to himself. */
const ACCOUNTS = {
  name: 'accounts-for-broadcast',
  text: `SELECT phone_number AS "phoneNumber", lid FROM sessions WHERE workspace_id = $1`,
};

const NO_NUMBERS =
  'The first line must name a column `phoneNumber` (or `phone`, `number`, `whatsapp`, `nomor`), and further columns become variables. Without such a line the first column must hold the numbers.';

export function createRecipientSources(db: Queryable): RecipientSources {
  async function* contacts(
    workspaceId: string,
    { label, search, ofSession }: NonNullable<NamedSources['contacts']>,
  ): AsyncGenerator<GivenRow> {
    const pattern = search === undefined ? null : likeAnywhere(search);
    const read = async (after: string | null) =>
      (
        await db.query<{ id: string; to: string; name: string | null }>({
          ...CONTACTS,
          values: [workspaceId, after, label ?? null, pattern, ofSession ?? null],
        })
      ).rows;
    for (let after: string | null = null; ; ) {
      const rows = await read(after);
      yield* rows.map(rowOfContact);
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.id;
    }
  }

  async function labelled(workspaceId: string, { sessionId, label }: NonNullable<NamedSources['chats']>) {
    const { rows: found } = await db.query<{ id: string }>({ ...LABEL, values: [sessionId, label] });
    if (!found[0]) throw new ApiError('LABEL_NOT_FOUND');
    const { rows } = await db.query<{ to: string; name: string | null }>({
      ...LABELLED,
      values: [sessionId, workspaceId, found[0].id],
    });
    return rows.map(rowOfContact);
  }

  async function others(workspaceId: string, members: readonly Identity[]): Promise<GivenRow[]> {
    const { rows } = await db.query<{ phoneNumber: string | null; lid: string | null }>({
      ...ACCOUNTS,
      values: [workspaceId],
    });
    const own = new Set(rows.flatMap(({ phoneNumber, lid }) => [phoneNumber, lid]));
    return members
      .filter(
        ({ phoneNumber, lid }) => !(phoneNumber !== null && own.has(phoneNumber)) && !(lid !== null && own.has(lid)),
      )
      .map(({ phoneNumber, lid, jid, name }) => rowOfContact({ to: phoneNumber ?? lid ?? jid, name }));
  }

  return {
    async ofFile(path) {
      const rows = readCsvFile(path);
      const first = await rows.next();
      const header = first.done ? undefined : first.value;
      const columns = header?.reason === undefined && header ? columnsOf(header.fields, isRecipient) : undefined;
      if (!header || !columns) {
        await rows.return(undefined);
        throw new ApiError('VALIDATION', { message: `The recipients cannot be imported. ${NO_NUMBERS}` });
      }
      return (async function* () {
        const read = (fields: readonly string[]): Omit<GivenRow, 'line'> => ({
          to: cellText(fields[columns.number]),
          name: columns.name < 0 ? undefined : cellText(fields[columns.name]),
          variables: Object.fromEntries(
            columns.others.flatMap(({ name, index }) => {
              const value = cellText(fields[index]);
              return value === '' ? [] : [[name, value]];
            }),
          ),
        });
        if (columns.isHeaderless && header.reason === undefined) yield { line: header.line, ...read(header.fields) };
        for await (const row of rows) {
          if (row.reason !== undefined) yield { line: row.line, to: '', reason: row.reason };
          else yield { line: row.line, ...read(row.fields) };
        }
      })();
    },

    async ofRequest(workspaceId, { recipients = [], contacts: asked, chats, members }) {
      const people = [
        ...(chats ? await labelled(workspaceId, chats) : []),
        ...(members ? await others(workspaceId, members) : []),
      ];
      return (async function* () {
        for (const [index, recipient] of recipients.entries()) yield { line: index + 1, ...rowOf(recipient) };
        if (asked) yield* contacts(workspaceId, asked);
        yield* people;
      })();
    },
  };
}

const rowOfContact = ({ to, name }: { to: string; name: string | null }): GivenRow => ({
  line: null,
  to,
  name: name ?? undefined,
});

const rowOf = (recipient: GivenRecipient): Omit<GivenRow, 'line'> =>
  typeof recipient === 'string' ? { to: recipient } : recipient;

function isRecipient(text: string): boolean {
  try {
    parseRecipient(text);
    return true;
  } catch {
    return false;
  }
}
