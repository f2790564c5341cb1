import { type Static, Type } from 'typebox';
import { PaginationSchema, pageQuery } from './paging.ts';
import { nullable, oneOf } from './schema.ts';

const month = (description: string) =>
  Type.Optional(Type.String({ pattern: '^20[0-9]{2}-(?:0[1-9]|1[0-2])$', examples: ['2026-01'], description }));

/** The groups by which usage is reported. */
export const USAGE_GROUPS = ['month', 'session', 'key'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

const group = `(?:${USAGE_GROUPS.join('|')})`;

const query = {
  month: month('One month. Default: the present one.'),
  from: month('The first month.'),
  to: month('The last month, included.'),
  groupBy: Type.Optional(
    Type.String({
      pattern: `^${group}(?:,${group})*$`,
      description: 'One row for each of these, separated by commas. Default: month.',
      examples: ['session,month'],
    }),
  ),
  format: Type.Optional(oneOf(['json', 'csv'], 'As CSV; `Accept: text/csv` does the same.')),
};

export const UsageQuerySchema = Type.Object(query);
export type UsageQuery = Static<typeof UsageQuerySchema>;

const counts = {
  hits: Type.Integer({ description: 'Requests with a token or a key of the account.' }),
  messagesSent: Type.Integer({ description: 'Messages that were accepted for sending, or sent with the phone.' }),
  messagesReceived: Type.Integer(),
};

const grouped = {
  month: nullable(Type.String({ description: 'Null where the rows are not split by month.' })),
  sessionId: nullable(
    Type.String({
      description:
        'Null where the rows are not split by session, and for what belongs to none. Of a deleted session its internal id.',
    }),
  ),
  sessionName: nullable(Type.String()),
  keyId: nullable(
    Type.String({ description: 'Null where the rows are not split by key, and for people with a token.' }),
  ),
  keyName: nullable(Type.String()),
};

export const UsageRecordSchema = Type.Object({ ...grouped, ...counts });
export type UsageRecord = Static<typeof UsageRecordSchema>;

export const UsageResultSchema = Type.Object({
  from: Type.String({ description: 'The first month.', examples: ['2026-01'] }),
  to: Type.String({ description: 'The last month.', examples: ['2026-03'] }),
  groupBy: Type.Array(oneOf(USAGE_GROUPS)),
  records: Type.Array(UsageRecordSchema),
  totals: Type.Object(counts),
});

export const AdminUsageQuerySchema = Type.Object({
  ...query,
  ...pageQuery,
  userId: Type.Optional(Type.String({ maxLength: 64, description: 'Only of this account.' })),
});
export type AdminUsageQuery = Static<typeof AdminUsageQuerySchema>;

export const AdminUsageRecordSchema = Type.Object({
  userId: Type.String(),
  email: Type.String(),
  tier: Type.String(),
  ...grouped,
  ...counts,
});
export type AdminUsageRecord = Static<typeof AdminUsageRecordSchema>;

export const AdminUsageResultSchema = Type.Object({
  from: Type.String(),
  to: Type.String(),
  groupBy: Type.Array(oneOf(USAGE_GROUPS)),
  records: Type.Array(AdminUsageRecordSchema),
  totals: Type.Object(counts),
  pagination: PaginationSchema,
});
