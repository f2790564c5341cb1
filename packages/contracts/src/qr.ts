import { type Static, Type } from 'typebox';
import { defaultSessionQuery } from './default-session.ts';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { nullable, oneOf, timestamp } from './schema.ts';

/** `GET /api/qr/history`. */
export const QrHistoryQuerySchema = Type.Object({ ...cursorQuery, ...defaultSessionQuery });

export const QR_STATUSES = ['shown', 'scanned', 'expired'] as const;

export const QrHistoryEntrySchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  sessionId: Type.String({ examples: ['user123-personal'] }),
  attempt: Type.Integer({ description: 'Which code of its series it was.' }),
  status: oneOf(QR_STATUSES, '`shown`: it can still be scanned.'),
  shownAt: timestamp(),
  expiresAt: nullable(timestamp()),
  scannedAt: nullable(timestamp()),
});
export type QrHistoryEntry = Static<typeof QrHistoryEntrySchema>;

export const QrHistoryResultSchema = Type.Object({
  history: Type.Array(QrHistoryEntrySchema),
  pagination: CursorPaginationSchema,
});
