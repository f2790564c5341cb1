import { type Static, Type } from 'typebox';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { anyObject, line, nullable, oneOf, timestamp } from './schema.ts';

/**
 * The kinds of actors: a person, a key, a worker, a process or a command of the operator, a caller without proven
 * identity.
 */
export const ACTOR_KINDS = ['user', 'key', 'worker', 'system', 'anonymous'] as const;

/** `from` and `to` of a log. */
export const periodQuery = {
  from: Type.Optional(timestamp('Entries from this time on.')),
  to: Type.Optional(timestamp('Entries before this time.')),
};

export const AuditEntrySchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  createdAt: timestamp(),
  action: Type.String({ examples: ['session.created'] }),
  actor: Type.Object({
    kind: oneOf(ACTOR_KINDS),
    userId: nullable(Type.String()),
    keyId: nullable(Type.String()),
    name: nullable(Type.String({ description: 'E-mail or name at that time.' })),
  }),
  resource: Type.Object({ type: Type.String({ examples: ['session'] }), id: nullable(Type.String()) }),
  workspaceId: nullable(Type.String({ description: 'Whose it is; null for changes of the platform.' })),
  ip: nullable(Type.String()),
  requestId: nullable(Type.String()),
  before: nullable(anyObject({ description: 'What it was, as far as it changed. Secrets are masked.' })),
  after: nullable(anyObject({ description: 'What it is now. Secrets are masked.' })),
});
export type AuditEntry = Static<typeof AuditEntrySchema>;

export const ListAuditLogsQuerySchema = Type.Object({
  ...cursorQuery,
  action: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9_-]+(\\.([a-z0-9_-]+|\\*))?$',
      maxLength: 100,
      description: 'An action, or all of a kind: `session.created`, `session.*`.',
      examples: ['session.created'],
    }),
  ),
  actor: Type.Optional(
    line({ maxLength: 254, description: 'Id of a user or of a key, or the name as the log has it.' }),
  ),
  resource: Type.Optional(
    line({ maxLength: 200, description: 'A type, or one resource as `type:id`.', examples: ['session'] }),
  ),
  ...periodQuery,
});

export const ListAllAuditLogsQuerySchema = Type.Object({
  ...ListAuditLogsQuerySchema.properties,
  workspace: Type.Optional(Type.String({ format: 'uuid', description: 'Only of this workspace.' })),
});

export const ListAuditLogsResultSchema = Type.Object({
  auditLogs: Type.Array(AuditEntrySchema),
  pagination: CursorPaginationSchema,
});
