import { pipeline, Readable } from 'node:stream';
import {
  type Contact,
  type ContactRowProblem,
  type DeleteContactResult,
  IMPORT_MAX_REFUSALS,
  type ImportContactsResult,
  LIMITS,
  type Lid,
  type ListContactsQuery,
  type ListContactsResult,
} from '@wa-gate/contracts';
import { inTransaction, type Pool } from '@wa-gate/db';
import { type ContactFact, eraseContact, learnContacts } from '@wa-gate/messaging';
import { stringify } from 'csv-stringify';
import { ApiError } from '../../http/api-error.ts';
import { parseRecipient } from '../../http/recipient.ts';
import { isUuid } from '../../http/uuid.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import type { Reach } from '../sessions/index.ts';
import { CONTACT_COLUMNS, type ImportedRow } from './contact-csv.ts';
import { type ContactNames, spellingsOf } from './contact-names.ts';
import type { ContactRecord, ContactsRepository } from './contacts.repository.ts';

export interface ContactsService {
  list(reach: Reach, query: ListContactsQuery): Promise<ListContactsResult>;
  /**
   * By its id, its number or its LID.
   *
   * @throws {ApiError} CONTACT_NOT_FOUND
   */
  get(reach: Reach, ref: string): Promise<Contact>;
  /** Gives the person with this number a name; makes the contact where there is none. */
  save(actor: Actor, reach: Reach, phoneNumber: string, name: string): Promise<{ contact: Contact; isNew: boolean }>;
  rename(actor: Actor, reach: Reach, ref: string, name: string | null): Promise<Contact>;
  /** Gives it these labels, and no others. */
  label(actor: Actor, reach: Reach, ref: string, labels: readonly string[]): Promise<Contact>;
  remove(actor: Actor, reach: Reach, ref: string, erase: boolean): Promise<DeleteContactResult>;
  /**
   * Who has the LID.
   *
   * @throws {ApiError} CONTACT_NOT_FOUND when WhatsApp has told its number to no session of the workspace
   */
  ofLid(workspaceId: string, lid: string): Promise<Lid>;
  /** The contacts as lines of CSV. The first page is read before this resolves, the others while they are sent. */
  exportCsv(reach: Reach): Promise<Readable>;
  importRows(actor: Actor, reach: Reach, rows: readonly ImportedRow[]): Promise<ImportContactsResult>;
}

const EXPORT_PAGE = 1_000;
/** Facts of one transaction. */
const IMPORT_BATCH = 500;
const NAME_MAX = 200;
/** Control characters, and halves of surrogate pairs. */
const NO_NAME = /[\u0000-\u001f]|\p{Surrogate}/u;

export function createContactsService(deps: {
  pool: Pool;
  contacts: ContactsRepository;
  names: Pick<ContactNames, 'recipient'>;
}): ContactsService {
  const { pool, contacts, names } = deps;

  async function find(reach: Reach, ref: string): Promise<ContactRecord> {
    const record = isUuid(ref)
      ? await contacts.findById(reach, ref)
      : await contacts.findByJids(reach, spellingsOf(personJid(ref)));
    if (!record) throw new ApiError('CONTACT_NOT_FOUND');
    return record;
  }

  /** A contact that its caller names by what may not be one yet. */
  async function factOf(
    reach: Reach,
    jid: string,
    name: string | null,
  ): Promise<{ fact: ContactFact; isNew: boolean }> {
    const all = { workspaceId: reach.workspaceId };
    const known = await contacts.findByJids(all, spellingsOf(jid));
    const fact = { ...reach, jid: known?.jids[0] ?? jid, names: { saved: name }, at: new Date() };
    return { fact, isNew: known === null };
  }

  return {
    async list(reach, { search, page = 1, limit = LIMITS.pageDefault }) {
      const [records, total] = await Promise.all([
        contacts.list(reach, search, { limit, offset: (page - 1) * limit }),
        contacts.count(reach, search),
      ]);
      const pagination = { total, page, limit, totalPages: Math.ceil(total / limit) };
      return { contacts: records.map(present), pagination };
    },

    get: async (reach, ref) => present(await find(reach, ref)),

    async save(actor, reach, phoneNumber, name) {
      const { fact, isNew } = await factOf(reach, personJid(phoneNumber), name);
      await learnContacts(pool, [fact]);
      const record = await contacts.findByJids(reach, [fact.jid]);
      if (!record) throw new ApiError('CONTACT_NOT_FOUND');
      await writeAudit(pool, actor, {
        action: 'contact.saved',
        resourceType: 'contact',
        resourceId: record.contactId,
        after: { name },
      });
      return { contact: present(record), isNew };
    },

    async rename(actor, reach, ref, name) {
      const { contactId, jids, names } = await find(reach, ref);
      const fact = { workspaceId: reach.workspaceId, jid: jids[0]!, names: { saved: name }, at: new Date() };
      await learnContacts(pool, [fact]);
      await writeAudit(pool, actor, {
        action: 'contact.updated',
        resourceType: 'contact',
        resourceId: contactId,
        before: { name: names.saved },
        after: { name },
      });
      return present(await find(reach, contactId));
    },

    async label(actor, reach, ref, labels) {
      const { contactId, mergedContactIds, labels: before } = await find(reach, ref);
      await inTransaction(pool, async (tx) => {
        // Contact before labels, in the order in which a deletion takes them: otherwise the two wait for each other.
        await tx.query('SELECT 1 FROM contacts WHERE id = ANY($1::uuid[]) ORDER BY id FOR KEY SHARE', [
          [contactId, ...mergedContactIds],
        ]);
        await tx.query('DELETE FROM contact_labels WHERE contact_id = ANY($1::uuid[]) AND label <> ALL($2::text[])', [
          [contactId, ...mergedContactIds],
          labels,
        ]);
        await tx.query(
          `INSERT INTO contact_labels (contact_id, label, workspace_id)
           SELECT c.id, l.label, c.workspace_id FROM contacts c CROSS JOIN unnest($2::text[]) AS l(label) WHERE c.id = $1 ON CONFLICT DO NOTHING`,
          [contactId, labels],
        );
        await writeAudit(tx, actor, {
          action: 'contact.labelled',
          resourceType: 'contact',
          resourceId: contactId,
          before: { labels: before },
          after: { labels },
        });
      });
      return present(await find(reach, contactId));
    },

    async remove(actor, reach, ref, erase) {
      const { contactId, jids } = await find(reach, ref);
      await writeAudit(pool, actor, {
        action: 'contact.deleted',
        resourceType: 'contact',
        resourceId: contactId,
        after: { erase },
      });
      const contact = { workspaceId: reach.workspaceId, contactId, jids };
      const erasedMessages = await eraseContact(pool, contact, { messages: erase });
      return { contactId, deleted: true, erasedMessages };
    },

    async ofLid(workspaceId, lid) {
      const { identity } = await names.recipient(workspaceId, lid);
      if (identity.phoneNumber === null)
        throw new ApiError('CONTACT_NOT_FOUND', {
          message: 'WhatsApp has not told the number of this LID to any session of the workspace.',
        });
      return { ...identity, source: 'contacts' };
    },

    async exportCsv(reach) {
      const read = (after: string | null) => contacts.after(reach, after, EXPORT_PAGE);
      const rows = Readable.from(rowsFrom(await read(null), read));
      const csv = stringify({ header: true, columns: [...CONTACT_COLUMNS], escape_formulas: true });
      // The failure of a later page destroys the output too, which ends the answer unfinished.
      return pipeline(rows, csv, () => undefined);
    },

    async importRows(actor, reach, rows) {
      const refusals: ImportContactsResult['refusals'] = [];
      let refused = 0;
      let imported = 0;
      const facts: ContactFact[] = [];
      const flush = async () => {
        const batch = facts.splice(0);
        const spellings = batch.flatMap(({ jid }) => spellingsOf(jid));
        const known = await contacts.knownJids(reach.workspaceId, spellings);
        const underKnownNames = batch.map((fact) => ({
          ...fact,
          jid: spellingsOf(fact.jid).find((jid) => known.has(jid)) ?? fact.jid,
        }));
        await learnContacts(pool, underKnownNames);
        imported += batch.length;
      };
      for (const row of rows) {
        const jid = readRow(row);
        if (typeof jid === 'string') {
          facts.push({ ...reach, jid, names: { saved: row.name }, at: new Date() });
        } else {
          refused += 1;
          if (refusals.length < IMPORT_MAX_REFUSALS) refusals.push({ line: row.line, ...jid });
        }
        if (facts.length === IMPORT_BATCH) await flush();
      }
      await flush();
      const after = { imported, refused };
      await writeAudit(pool, actor, {
        action: 'contacts.imported',
        resourceType: 'workspace',
        resourceId: reach.workspaceId,
        after,
      });
      return { ...after, refusals };
    },
  };
}

type Refusal = Omit<ImportContactsResult['refusals'][number], 'line'>;

/** The jid of a row, or why it is refused. */
function readRow({ phoneNumber, name }: ImportedRow): string | Refusal {
  if (name === '') return { problem: 'no_name', reason: 'The name is missing.' };
  if (Array.from(name).length > NAME_MAX)
    return { problem: 'long_name', reason: `The name is longer than ${NAME_MAX} characters.` };
  if (NO_NAME.test(name)) return { problem: 'unprintable_name', reason: 'The name has control characters.' };
  try {
    return personJid(phoneNumber);
  } catch (error) {
    if (error instanceof ApiError)
      return { problem: error.details?.problem as ContactRowProblem, reason: error.message };
    throw error;
  }
}

/** @throws {ApiError} INVALID_RECIPIENT, with a {@link ContactRowProblem} in `details.problem` */
function personJid(ref: string): string {
  const jid = parseRecipient(ref);
  if (jid.endsWith('@g.us')) {
    throw new ApiError('INVALID_RECIPIENT', {
      message: 'A group is no contact.',
      details: { problem: 'is_group' satisfies ContactRowProblem },
    });
  }
  return jid;
}

const present = ({ firstSeenAt, lastSeenAt, ...contact }: ContactRecord): Contact => ({
  ...contact,
  firstSeenAt: firstSeenAt.toISOString(),
  lastSeenAt: lastSeenAt.toISOString(),
});

async function* rowsFrom(first: ContactRecord[], read: (after: string) => Promise<ContactRecord[]>) {
  for (let page = first; ; page = await read(page.at(-1)!.contactId)) {
    yield* page.map(toRow);
    if (page.length < EXPORT_PAGE) return;
  }
}

const toRow = ({ names, firstSeenAt, lastSeenAt, ...contact }: ContactRecord) => ({
  ...contact,
  savedName: names.saved,
  bookName: names.book,
  pushName: names.push,
  businessName: names.verified ?? names.business,
  isBusiness: String(contact.isBusiness),
  firstSeenAt: firstSeenAt.toISOString(),
  lastSeenAt: lastSeenAt.toISOString(),
});
