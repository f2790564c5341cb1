import { type Static, Type } from 'typebox';
import { PaginationSchema, pageQuery } from './paging.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { SESSION_SLUG_PATTERN } from './sessions.ts';
import { PERMISSIONS, workspaceRole, workspaceRoleInput } from './workspace-roles.ts';

export const KEY_SCOPES = ['session', 'workspace', 'admin'] as const;
export type KeyScopeName = (typeof KEY_SCOPES)[number];

export const KEY_STATUSES = ['active', 'expired', 'revoked'] as const;

/** Seconds for which a rotated key stays valid, by default. */
export const KEY_OVERLAP_SECONDS = 86_400;
const LONGEST_OVERLAP_SECONDS = 30 * 86_400;

const uuid = () => Type.String({ format: 'uuid' });
const name = line({ minLength: 1, maxLength: 200, examples: ['CRM'] });
const address = Type.String({ minLength: 2, maxLength: 64, examples: ['203.0.113.0/24'] });

/** Accepts any text, so that an invalid id gets the same 404 as an unknown one. */
export const KeyParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, description: 'Id of the key.' }),
});

export const KeySchema = Type.Object({
  id: uuid(),
  name: Type.String(),
  prefix: Type.String({ description: 'How the key begins, to recognise it.', examples: ['wag_live_4f9Kq2Lm'] }),
  scope: oneOf(KEY_SCOPES),
  sessionId: nullable(Type.String({ description: 'The only session that a session key reaches.' })),
  isPrimary: Type.Boolean({ description: 'The key that came with the session, or what it was rotated to.' }),
  role: workspaceRole('What it may do where its scope reaches; never more than its maker may.'),
  permissions: Type.Array(oneOf(PERMISSIONS), { description: 'What the role is narrowed to; empty for all of it.' }),
  allowedIps: Type.Array(address, { description: 'Where it may be used from; empty for everywhere.' }),
  status: oneOf(KEY_STATUSES),
  expiresAt: nullable(timestamp()),
  lastUsedAt: nullable(timestamp('To the minute.')),
  revokedAt: nullable(timestamp()),
  rotatedToId: nullable(Type.String({ description: 'The key that takes its place.' })),
  createdBy: Type.Object({ userId: uuid(), email: Type.String() }),
  createdAt: timestamp(),
});
export type Key = Static<typeof KeySchema>;

const properties = {
  name,
  role: workspaceRoleInput('Default: the role of the caller. Never more than that.'),
  permissions: Type.Array(oneOf(PERMISSIONS), {
    maxItems: PERMISSIONS.length,
    uniqueItems: true,
    description: 'Narrows the role to these; empty for all of it. Default: those of the caller.',
  }),
  expiresAt: nullable(timestamp('In the future; null for never. Never later than the key of the caller.')),
  allowedIps: Type.Array(address, {
    maxItems: 50,
    description:
      'Addresses and networks (CIDR) that it may be used from; empty for all. A request from elsewhere is 403 `IP_DENIED`.',
  }),
};

const optional = {
  role: Type.Optional(properties.role),
  permissions: Type.Optional(properties.permissions),
  expiresAt: Type.Optional(properties.expiresAt),
  allowedIps: Type.Optional(properties.allowedIps),
};

export const CreateSessionKeyRequestSchema = requestBody(
  { name, ...optional },
  { name: 'Invoices', role: 'operator', permissions: ['messages.send'] },
);

export const CreateKeyRequestSchema = requestBody(
  {
    name,
    scope: Type.Optional(
      oneOf(KEY_SCOPES, 'Default: session with a `sessionId`, else workspace. `admin` is for administrators.'),
    ),
    sessionId: Type.Optional(
      Type.String({ pattern: SESSION_SLUG_PATTERN, description: 'For a session key, and for no other.' }),
    ),
    ...optional,
  },
  { name: 'CRM', scope: 'workspace', role: 'operator', allowedIps: ['203.0.113.0/24'] },
);
export type CreateKeyRequest = Static<typeof CreateKeyRequestSchema>;

export const UpdateKeyRequestSchema = requestBody(
  { name: Type.Optional(name), ...optional },
  { name: 'CRM, read only', role: 'viewer' },
);
export type UpdateKeyRequest = Static<typeof UpdateKeyRequestSchema>;

/** The body may be absent: everything has a default. */
export const RotateKeyRequestSchema = nullable(
  requestBody(
    {
      overlapSeconds: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: LONGEST_OVERLAP_SECONDS,
          default: KEY_OVERLAP_SECONDS,
          description: 'For how long the old key works beside the new one; 0 ends it at once.',
        }),
      ),
      expiresAt: Type.Optional(properties.expiresAt),
    },
    { overlapSeconds: 3_600 },
  ),
);
export type RotateKeyRequest = NonNullable<Static<typeof RotateKeyRequestSchema>>;

const list = {
  ...pageQuery,
  includeEnded: Type.Optional(
    Type.Boolean({ default: false, description: 'Also those that were revoked or have expired.' }),
  ),
};
export const ListKeysQuerySchema = Type.Object({ ...list, scope: Type.Optional(oneOf(KEY_SCOPES)) });
export const ListSessionKeysQuerySchema = Type.Object(list);
export const ListKeysResultSchema = Type.Object({ keys: Type.Array(KeySchema), pagination: PaginationSchema });

export const KeyResultSchema = Type.Object({ key: KeySchema });
const apiKey = Type.String({ description: 'The token of the new key. Shown once.' });
export const CreatedKeyResultSchema = Type.Object({ key: KeySchema, apiKey });
export const RotatedKeyResultSchema = Type.Object({
  key: KeySchema,
  apiKey,
  previous: Type.Object(KeySchema.properties, { description: 'The old key, as it is now.' }),
});
