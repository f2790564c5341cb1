import { type Static, Type } from 'typebox';
import { RegisterRequestSchema, type USER_ROLES, USER_TIERS, UserSchema } from './auth.ts';
import { deletionId } from './deletions.ts';
import { PaginationSchema, pageQuery } from './paging.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { SESSION_STATUSES } from './session-states.ts';
import { SessionSchema } from './sessions.ts';

/** Other words for the platform roles, from both briefs; accepted in requests, in small or capital letters. */
const ROLE_ALIASES = {
  administrator: 'administrator',
  admin: 'administrator',
  customer: 'customer',
  user: 'customer',
} as const satisfies Record<string, (typeof USER_ROLES)[number]>;

const bothCases = (words: readonly string[]): string[] => words.flatMap((word) => [word, word.toUpperCase()]);

const role = oneOf(bothCases(Object.keys(ROLE_ALIASES)), '`admin` is an administrator, `user` a customer.');
const tier = oneOf(bothCases(USER_TIERS));
const name = line({ minLength: 1, maxLength: 200 });
const search = line({ minLength: 1, maxLength: 200, examples: ['john'] });

/** The platform role of a word in a request. */
export const platformRoleOf = (word: string): (typeof USER_ROLES)[number] =>
  ROLE_ALIASES[word.toLowerCase() as keyof typeof ROLE_ALIASES];

export const USER_ACTIVITIES = ['active', 'inactive'] as const;

export const ListUsersQuerySchema = Type.Object({
  ...pageQuery,
  search: Type.Optional({ ...search, description: 'Part of the e-mail or of the name, whatever its case.' }),
  role: Type.Optional(role),
  tier: Type.Optional(tier),
  status: Type.Optional(oneOf(USER_ACTIVITIES, 'Deactivated users are `inactive`.')),
});
export type ListUsersQuery = Static<typeof ListUsersQuerySchema>;

export const AdminUserSchema = Type.Object({
  ...UserSchema.properties,
  isActive: Type.Boolean(),
  sessionCount: Type.Integer({ description: 'Sessions in the workspaces that are theirs.' }),
  lastLoginAt: nullable(timestamp()),
  updatedAt: timestamp(),
});
export type AdminUser = Static<typeof AdminUserSchema>;

export const AdminUserDetailSchema = Type.Object({
  ...AdminUserSchema.properties,
  counts: Type.Object({
    workspaces: Type.Integer({ description: 'That are theirs.' }),
    memberships: Type.Integer({ description: 'In workspaces of others.' }),
    sessions: Type.Integer(),
    connectedSessions: Type.Integer(),
    apiKeys: Type.Integer({ description: 'That work, in the workspaces that are theirs.' }),
    logins: Type.Integer({ description: 'That have not ended.' }),
  }),
});
export type AdminUserDetail = Static<typeof AdminUserDetailSchema>;

export const ListUsersResultSchema = Type.Object({ users: Type.Array(AdminUserSchema), pagination: PaginationSchema });

export const UserParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, examples: ['01995a3c-7d2e-7b41-9c55-2f1d6a9e8b10'] }),
});

const changeable = { email: RegisterRequestSchema.properties.email, name, role, tier, isActive: Type.Boolean() };

export const CreateUserRequestSchema = requestBody(
  {
    email: changeable.email,
    password: RegisterRequestSchema.properties.password,
    name: Type.Optional({ ...name, description: 'Default: the part of the e-mail before the @.' }),
    role: Type.Optional(role),
    tier: Type.Optional(tier),
  },
  { email: 'user@example.com', password: 'correct horse battery staple', role: 'customer', tier: 'pro' },
);
export type CreateUserRequest = Static<typeof CreateUserRequestSchema>;

export const UpdateUserRequestSchema = requestBody(
  {
    email: Type.Optional(changeable.email),
    name: Type.Optional(changeable.name),
    role: Type.Optional(changeable.role),
    tier: Type.Optional(changeable.tier),
    isActive: Type.Optional({
      ...changeable.isActive,
      description: 'false: logins end and keys stop, at once. Sessions stay connected.',
    }),
  },
  { tier: 'pro', isActive: true },
);
export type UpdateUserRequest = Static<typeof UpdateUserRequestSchema>;

export const DeleteUserResultSchema = Type.Object({
  userId: Type.String({ format: 'uuid' }),
  deleted: Type.Literal(true),
  sessions: Type.Object({
    deleted: Type.Integer(),
    unlinked: Type.Integer({
      description: 'Of these: WhatsApp was told. Devices of the others are removed on the phone.',
    }),
  }),
  deletionId: Type.Optional(deletionId),
});
export type DeleteUserResult = Static<typeof DeleteUserResultSchema>;

export const EndLoginsResultSchema = Type.Object({ ended: Type.Integer() });

export const ListAdminSessionsQuerySchema = Type.Object({
  ...pageQuery,
  search: Type.Optional({
    ...search,
    description: 'Part of the sessionId, the name, the phone number or the e-mail of the owner, whatever its case.',
  }),
  status: Type.Optional(oneOf([...SESSION_STATUSES, 'INIT', 'init'], '`init` is another word for `initializing`.')),
  worker: Type.Optional(
    line({ maxLength: 100, description: 'Only sessions of this worker.', examples: ['worker-001'] }),
  ),
  user: Type.Optional(Type.String({ format: 'uuid', description: 'Only sessions of this account.' })),
});
export type ListAdminSessionsQuery = Static<typeof ListAdminSessionsQuerySchema>;

/** Accepts any text, so that an invalid id gets the same 404 as an unknown one. */
export const AdminSessionParamsSchema = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'Internal id of the session (a UUID), as `id` in GET /api/admin/sessions. Not its `sessionId`.',
    examples: ['01995a3c-7d2e-7b41-9c55-2f1d6a9e8b10'],
  }),
});

export const AdminSessionSchema = Type.Object({
  ...SessionSchema.properties,
  id: Type.String({
    format: 'uuid',
    description: 'The internal id; administrators may use it instead of `sessionId`.',
  }),
  workspace: Type.Object({ id: Type.String({ format: 'uuid' }), name: Type.String() }),
  owner: Type.Object({
    id: Type.String({ format: 'uuid' }),
    email: Type.String(),
    tier: oneOf(USER_TIERS),
    isActive: Type.Boolean(),
  }),
});
export type AdminSession = Static<typeof AdminSessionSchema>;

export const AdminSessionDetailSchema = Type.Object({
  ...AdminSessionSchema.properties,
  desiredState: oneOf(['running', 'stopped']),
  stateCode: nullable(Type.String({ description: "WhatsApp's or the network's own code behind the state." })),
  connectedAt: nullable(timestamp()),
  pairedAt: nullable(timestamp()),
  placement: Type.Object({
    state: oneOf(['unassigned', 'assigned', 'releasing']),
    epoch: Type.Integer({ description: 'Version of the decision which worker hosts it.' }),
    workerId: nullable(Type.String()),
    reason: Type.String(),
    changedAt: timestamp(),
  }),
  counts: Type.Object({
    messagesToday: Type.Integer({ description: 'Since midnight UTC, both directions.' }),
    queued: Type.Integer({ description: 'Accepted and not yet sent.' }),
    apiKeys: Type.Integer({ description: 'That work.' }),
  }),
});
export type AdminSessionDetail = Static<typeof AdminSessionDetailSchema>;

export const ListAdminSessionsResultSchema = Type.Object({
  sessions: Type.Array(AdminSessionSchema),
  pagination: PaginationSchema,
});
