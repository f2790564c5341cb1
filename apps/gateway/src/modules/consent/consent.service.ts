import {
  type ChangeConsentSettingsRequest,
  type ConsentEntry,
  type ConsentSettings,
  type ImportOptOutsResult,
  LIMITS,
  type ListConsentQuery,
  type ListConsentResult,
  type ListOptOutsQuery,
  type ListOptOutsResult,
  OPT_OUT_IMPORT,
  type OptOut,
} from '@wa-gate/contracts';
import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { cellText, columnsOf, readCsvFile } from '../../http/csv-file.ts';
import { parseRecipient } from '../../http/recipient.ts';
import { isUuid } from '../../http/uuid.ts';
import { type Actor, changedFields, writeAudit } from '../audit/index.ts';
import { type ContactNames, readPeople } from '../contacts/index.ts';
import {
  beginListening,
  type ConsentCause,
  IDENTITY,
  listens,
  optIn,
  optOut,
  optOutTogether,
  readConsentSettings,
  storeConsentSettings,
  type WithIdentity,
} from './consent-rows.ts';

export interface ConsentService {
  list(workspaceId: string, query: ListOptOutsQuery): Promise<ListOptOutsResult>;
  /** @throws {ApiError} INVALID_RECIPIENT */
  add(actor: Actor, workspaceId: string, to: string, note: string | undefined): Promise<OptOut>;
  /** @throws {ApiError} OPT_OUT_NOT_FOUND */
  remove(actor: Actor, workspaceId: string, to: string): Promise<WithIdentity & { optedIn: true }>;
  importFile(actor: Actor, workspaceId: string, path: string): Promise<ImportOptOutsResult>;
  log(workspaceId: string, query: ListConsentQuery): Promise<ListConsentResult>;
  settings(workspaceId: string): Promise<ConsentSettings>;
  change(actor: Actor, workspaceId: string, change: ChangeConsentSettingsRequest): Promise<ConsentSettings>;
}

const LIST = {
  name: 'list-opt-outs',
  text: `SELECT ${IDENTITY}, o.jid, o.source, s.slug AS "sessionId", o.message_id AS "messageId", o.note, o.created_at AS "createdAt"
    FROM opt_outs o LEFT JOIN sessions s ON s.id = o.session_id
    WHERE o.workspace_id = $1 AND ($2::text IS NULL OR o.jid > $2) AND ($3::text IS NULL OR o.jid LIKE $3)
      AND ($5::text[] IS NULL OR o.jid = ANY($5))
    ORDER BY o.jid LIMIT $4`,
};

const LOG = {
  name: 'list-consent-log',
  text: `SELECT o.id, ${IDENTITY}, o.action, o.source, o.actor_name AS "by", s.slug AS "sessionId", o.message_id AS "messageId", o.text,
      o.created_at AS "createdAt"
    FROM consent_log o LEFT JOIN sessions s ON s.id = o.session_id
    WHERE o.workspace_id = $1 AND ($2::uuid IS NULL OR o.id < $2) AND ($3::text[] IS NULL OR o.jid = ANY($3))
    ORDER BY o.id DESC LIMIT $4`,
};

type OptOutRow = Omit<OptOut, 'createdAt'> & { jid: string; createdAt: Date };
type LogRow = Omit<ConsentEntry, 'createdAt'> & { createdAt: Date };

const presentOptOut = ({ jid: _, createdAt, ...row }: OptOutRow): OptOut => ({
  ...row,
  createdAt: createdAt.toISOString(),
});

/** People of one statement. */
const BATCH = 500;
/** A list of many people is stored in one transaction. */
const TRANSACTION = { idleMs: 30_000, lockMs: 15_000 };

export function createConsentService(deps: {
  pool: Pool;
  names: Pick<ContactNames, 'ofChat'>;
  /** Takes back what broadcasts have for these people in the outbox. */
  withdrawFrom: (workspaceId: string, jids: readonly string[]) => Promise<void>;
}): ConsentService {
  const { pool, names, withdrawFrom } = deps;

  async function personOf(workspaceId: string, to: string): Promise<string[]> {
    const jid = parseRecipient(to);
    if (jid.endsWith('@g.us')) throw new ApiError('INVALID_RECIPIENT', { message: 'A group cannot opt out.' });
    return [...new Set([jid, ...(await names.ofChat(workspaceId, jid))])];
  }

  async function read(db: Queryable, workspaceId: string, jids: readonly string[]): Promise<OptOutRow | undefined> {
    const { rows } = await db.query<OptOutRow>({ ...LIST, values: [workspaceId, null, null, 1, jids] });
    return rows[0];
  }

  return {
    async list(workspaceId, { cursor, limit = LIMITS.pageDefault, search }) {
      if (cursor !== undefined && !/^\d{1,20}@(?:s\.whatsapp\.net|lid)$/.test(cursor)) {
        throw new ApiError('VALIDATION', {
          message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
        });
      }
      const digits = search?.replaceAll(/\D/g, '');
      const { rows } = await pool.query<OptOutRow>({
        ...LIST,
        values: [workspaceId, cursor ?? null, digits ? `%${digits}%` : null, limit + 1, null],
      });
      const page = rows.slice(0, limit);
      const hasMore = rows.length > limit;
      return {
        optOuts: page.map(presentOptOut),
        pagination: { nextCursor: hasMore ? page.at(-1)!.jid : null, hasMore },
      };
    },

    async add(actor, workspaceId, to, note) {
      const jids = await personOf(workspaceId, to);
      const row = await inTransaction(pool, async (tx) => {
        const cause: ConsentCause = { source: 'api', actorName: actor.name, text: note };
        await optOut(tx, workspaceId, jids, cause);
        await writeAudit(tx, actor, {
          action: 'optout.added',
          resourceType: 'optout',
          resourceId: jids[0],
        });
        return (await read(tx, workspaceId, jids))!;
      });
      await withdrawFrom(workspaceId, jids);
      return presentOptOut(row);
    },

    async remove(actor, workspaceId, to) {
      const jids = await personOf(workspaceId, to);
      return await inTransaction(pool, async (tx) => {
        const row = await read(tx, workspaceId, jids);
        if (!row || !(await optIn(tx, workspaceId, jids, { source: 'api', actorName: actor.name })))
          throw new ApiError('OPT_OUT_NOT_FOUND');
        await writeAudit(tx, actor, {
          action: 'optout.removed',
          resourceType: 'optout',
          resourceId: jids[0],
        });
        return { identity: row.identity, optedIn: true as const };
      });
    },

    async importFile(actor, workspaceId, path) {
      const result: ImportOptOutsResult = { imported: 0, known: 0, refused: 0, refusals: [] };
      const left: string[] = [];
      await inTransaction(
        pool,
        async (tx) => {
          let rows = 0;
          let batch: string[] = [];
          const flush = async () => {
            const read = await readPeople(tx, workspaceId, batch);
            // Two rows of one person are one.
            const people = new Map([...read.values()].map((person) => [person.key, person.jids]));
            const news = await optOutTogether(tx, workspaceId, [...people.values()], {
              source: 'import',
              actorName: actor.name,
            });
            left.push(...news.flat());
            result.imported += news.length;
            result.known += batch.length - news.length;
            batch = [];
          };
          for await (const { line, jid, reason } of numbersOf(path)) {
            rows += 1;
            if (rows > OPT_OUT_IMPORT.rows) {
              throw new ApiError('VALIDATION', {
                message: `The file has more than ${OPT_OUT_IMPORT.rows} rows. Split it.`,
              });
            }
            if (jid === undefined) {
              result.refused += 1;
              if (result.refusals.length < OPT_OUT_IMPORT.refusals) result.refusals.push({ line, reason });
              continue;
            }
            batch.push(jid);
            if (batch.length === BATCH) await flush();
          }
          await flush();
          const { refusals: _, ...after } = result;
          await writeAudit(tx, actor, {
            action: 'optouts.imported',
            resourceType: 'workspace',
            resourceId: workspaceId,
            after,
          });
        },
        TRANSACTION,
      );
      await withdrawFrom(workspaceId, left);
      return result;
    },

    async log(workspaceId, { cursor, limit = LIMITS.pageDefault, to }) {
      if (cursor !== undefined && !isUuid(cursor)) {
        throw new ApiError('VALIDATION', {
          message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
        });
      }
      const jids = to === undefined ? null : await personOf(workspaceId, to);
      const { rows } = await pool.query<LogRow>({ ...LOG, values: [workspaceId, cursor ?? null, jids, limit + 1] });
      const page = rows.slice(0, limit);
      const hasMore = rows.length > limit;
      return {
        entries: page.map(({ createdAt, ...entry }) => ({ ...entry, createdAt: createdAt.toISOString() })),
        pagination: { nextCursor: hasMore ? page.at(-1)!.id : null, hasMore },
      };
    },

    settings: (workspaceId) => readConsentSettings(pool, workspaceId),

    change: (actor, workspaceId, change) =>
      inTransaction(pool, async (tx) => {
        const before = await readConsentSettings(tx, workspaceId);
        const listened = await listens(tx, workspaceId);
        // Whoever changes the words means them to work.
        const after = { ...before, isActive: true, ...change };
        await storeConsentSettings(tx, workspaceId, after, true);
        if (after.isActive) await beginListening(tx, workspaceId, listened);
        await writeAudit(tx, actor, {
          action: 'consent.changed',
          resourceType: 'workspace',
          resourceId: workspaceId,
          ...changedFields(before, after),
        });
        return after;
      }),
  };
}

type ListedNumber = { line: number; jid: string } | { line: number; jid?: undefined; reason: string };

async function* numbersOf(path: string): AsyncGenerator<{ line: number; jid?: string | undefined; reason: string }> {
  let column: number | undefined;
  for await (const row of readCsvFile(path)) {
    if (row.reason !== undefined) {
      yield { line: row.line, reason: row.reason };
      continue;
    }
    if (column === undefined) {
      const columns = columnsOf(row.fields, (text) => 'jid' in readNumber(1, text));
      if (!columns) {
        throw new ApiError('VALIDATION', {
          message: 'The first line must name a column `phoneNumber`, or the first column must hold numbers.',
        });
      }
      column = columns.number;
      if (!columns.isHeaderless) continue;
    }
    yield { reason: '', ...readNumber(row.line, cellText(row.fields[column])) };
  }
}

function readNumber(line: number, text: string): ListedNumber {
  try {
    const jid = parseRecipient(text);
    return jid.endsWith('@g.us') ? { line, reason: 'A group cannot opt out.' } : { line, jid };
  } catch (error) {
    if (error instanceof ApiError) return { line, reason: error.message };
    throw error;
  }
}
