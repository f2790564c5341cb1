import { pipeline, Readable } from 'node:stream';
import {
  type BroadcastReport,
  type BroadcastReportQuery,
  type BroadcastReportRow,
  describeMessageState,
  LIMITS,
  type MessageStateName,
  type RecipientState,
} from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { stringify } from 'csv-stringify';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import { BROADCAST_COLUMNS, type BroadcastRow, presentBroadcast } from './broadcast-row.ts';

/** What became of each recipient. */
export interface BroadcastReports {
  page(workspaceId: string, id: string, query: BroadcastReportQuery): Promise<BroadcastReport>;
  /** All rows as a file. The first page is read before this resolves, the others while it is sent. */
  csv(workspaceId: string, id: string, state: RecipientState | undefined): Promise<Readable>;
}

const EXPORT_PAGE = 1_000;

const FIND = {
  name: 'report-broadcast',
  text: `SELECT ${BROADCAST_COLUMNS} FROM broadcasts b WHERE b.id = $1 AND b.workspace_id = $2`,
};

/** Counts and rows of a page come from one statement each; the counts are the row's, which move with the recipients. */
const ROWS = {
  name: 'report-recipients',
  text: `SELECT r.position, r.line, r.given AS recipient, r.jid, r.name, r.state, r.reason, s.slug AS "sessionId", r.variant + 1 AS variant,
      r.message_id AS "messageId", m.state AS "messageState", m.sent_at AS "sentAt", m.delivered_at AS "deliveredAt", m.read_at AS "readAt"
    FROM broadcast_recipients r LEFT JOIN messages m ON m.id = r.message_id LEFT JOIN sessions s ON s.id = r.session_id
    WHERE r.broadcast_id = $1 AND r.position > $2 AND ($3::text IS NULL OR r.state = $3) ORDER BY r.position LIMIT $4`,
};

const TOTALS = {
  name: 'report-totals',
  text: `SELECT count(*) FILTER (WHERE m.state IN ('DELIVERED', 'READ', 'PLAYED'))::int AS delivered,
      count(*) FILTER (WHERE m.state IN ('READ', 'PLAYED'))::int AS read
    FROM broadcast_recipients r JOIN messages m ON m.id = r.message_id WHERE r.broadcast_id = $1`,
};

const REASONS = {
  name: 'report-reasons',
  text: `SELECT state, reason, count(*)::int AS count FROM broadcast_recipients WHERE broadcast_id = $1 AND reason IS NOT NULL
    GROUP BY state, reason ORDER BY count DESC, reason LIMIT 50`,
};

type Row = Omit<BroadcastReportRow, 'messageState' | 'sentAt' | 'deliveredAt' | 'readAt'> & {
  messageState: MessageStateName | null;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
};

const COLUMNS = [
  'position',
  'line',
  'recipient',
  'jid',
  'name',
  'state',
  'reason',
  'sessionId',
  'variant',
  'messageId',
  'messageState',
  'sentAt',
  'deliveredAt',
  'readAt',
] as const;

const toRow = ({ messageState, sentAt, deliveredAt, readAt, ...row }: Row): BroadcastReportRow => ({
  ...row,
  messageState: messageState && describeMessageState(messageState).state,
  sentAt: sentAt?.toISOString() ?? null,
  deliveredAt: deliveredAt?.toISOString() ?? null,
  readAt: readAt?.toISOString() ?? null,
});

export function createBroadcastReports(db: Queryable): BroadcastReports {
  async function find(workspaceId: string, id: string): Promise<BroadcastRow> {
    if (!isUuid(id)) throw new ApiError('BROADCAST_NOT_FOUND');
    const { rows } = await db.query<BroadcastRow>({ ...FIND, values: [id, workspaceId] });
    if (!rows[0]) throw new ApiError('BROADCAST_NOT_FOUND');
    return rows[0];
  }

  const read = async (id: string, after: number, state: RecipientState | undefined, limit: number) =>
    (await db.query<Row>({ ...ROWS, values: [id, after, state ?? null, limit] })).rows.map(toRow);

  return {
    async page(workspaceId, id, { cursor, limit = LIMITS.pageDefault, state }) {
      if (cursor !== undefined && !/^\d{1,9}$/.test(cursor)) {
        throw new ApiError('VALIDATION', {
          message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
        });
      }
      const row = await find(workspaceId, id);
      const [rows, totals, reasons] = await Promise.all([
        read(row.id, Number(cursor ?? 0), state, limit + 1),
        db.query<Pick<BroadcastReport, 'delivered' | 'read'>>({ ...TOTALS, values: [row.id] }),
        db.query<BroadcastReport['reasons'][number]>({ ...REASONS, values: [row.id] }),
      ]);
      const recipients = rows.slice(0, limit);
      const hasMore = rows.length > limit;
      return {
        broadcast: presentBroadcast(row),
        ...totals.rows[0]!,
        reasons: reasons.rows,
        recipients,
        pagination: { nextCursor: hasMore ? String(recipients.at(-1)!.position) : null, hasMore },
      };
    },

    async csv(workspaceId, id, state) {
      const row = await find(workspaceId, id);
      const pageAfter = (after: number) => read(row.id, after, state, EXPORT_PAGE);
      const rows = Readable.from(rowsFrom(await pageAfter(0), pageAfter));
      // What a spreadsheet would take for a formula gets a quote before it.
      const csv = stringify({ header: true, columns: [...COLUMNS], escape_formulas: true, bom: true });
      return pipeline(rows, csv, () => undefined);
    },
  };
}

async function* rowsFrom(first: BroadcastReportRow[], read: (after: number) => Promise<BroadcastReportRow[]>) {
  for (let page = first; ; page = await read(page.at(-1)!.position)) {
    yield* page;
    if (page.length < EXPORT_PAGE) return;
  }
}
