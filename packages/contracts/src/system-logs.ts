import { type Static, Type } from 'typebox';
import { periodQuery } from './audit.ts';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { anyObject, line, nullable, oneOf, timestamp } from './schema.ts';

/** Levels of log lines. The system log stores only warnings and errors. */
export const SYSTEM_LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

export const SystemLogEntrySchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  timestamp: timestamp(),
  level: oneOf(SYSTEM_LOG_LEVELS),
  service: Type.String({ examples: ['gateway'] }),
  message: Type.String(),
  details: nullable(anyObject({ description: 'The other fields of the line, without secrets.' })),
  userId: nullable(Type.String()),
  sessionId: nullable(Type.String({ description: 'Internal id.' })),
  workerId: nullable(Type.String()),
});
export type SystemLogEntry = Static<typeof SystemLogEntrySchema>;

export const ListSystemLogsQuerySchema = Type.Object({
  ...cursorQuery,
  level: Type.Optional(oneOf(SYSTEM_LOG_LEVELS)),
  service: Type.Optional(line({ maxLength: 100, examples: ['worker'] })),
  session: Type.Optional(line({ maxLength: 100, description: 'Internal id of a session.' })),
  worker: Type.Optional(line({ maxLength: 100, examples: ['worker-001'] })),
  search: Type.Optional(line({ maxLength: 200, description: 'Text in the message, whatever its case.' })),
  ...periodQuery,
});
export type ListSystemLogsQuery = Static<typeof ListSystemLogsQuerySchema>;

export const ListSystemLogsResultSchema = Type.Object({
  logs: Type.Array(SystemLogEntrySchema),
  pagination: CursorPaginationSchema,
});
