import { stringify } from 'csv-stringify/sync';
import type { FastifyReply } from 'fastify';
import type { UsageReport } from './usage.service.ts';

const COLUMNS = [
  'month',
  'sessionId',
  'sessionName',
  'keyId',
  'keyName',
  'hits',
  'messagesSent',
  'messagesReceived',
] as const;
export const USAGE_COLUMNS: readonly string[] = COLUMNS;
export const ADMIN_USAGE_COLUMNS: readonly string[] = ['userId', 'email', 'tier', ...COLUMNS];

/** As a table for spreadsheets. Names come from users: what a spreadsheet would take for a formula is made text. */
export const usageCsv = (records: readonly object[], columns: readonly string[]): string =>
  stringify([...records], { header: true, columns: [...columns], escape_formulas: true });

/** Whether the request asks for CSV: `?format=csv`, or an Accept header that names it. */
export const wantsCsv = (format: string | undefined, accept: string | undefined): boolean =>
  format === undefined ? /\btext\/csv\b/i.test(accept ?? '') : format === 'csv';

/** Sends a report as a file. */
export function sendCsv(reply: FastifyReply, report: UsageReport<object>, columns: readonly string[]): FastifyReply {
  const { from, to, records } = report;
  const name = from === to ? from : `${from}-to-${to}`;
  return reply
    .code(200)
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="usage-${name}.csv"`)
    .send(usageCsv(records, columns));
}
