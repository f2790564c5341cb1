import { type Static, Type } from 'typebox';
import { USER_TIERS } from './auth.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';

/** The subject by which a bucket counts. */
const RATE_LIMIT_SUBJECTS = ['ip', 'user', 'key', 'workspace', 'email'] as const;
export type RateLimitSubject = (typeof RATE_LIMIT_SUBJECTS)[number];

const RATE_LIMIT_CODES = ['RL_IP', 'RL_KEY', 'RL_ENDPOINT'] as const;

export interface RateLimitDefinition {
  subject: RateLimitSubject;
  /** Requests per window. */
  max: number;
  windowSeconds: number;
  /** The code of the 429. */
  code: (typeof RATE_LIMIT_CODES)[number];
  /** A sentence about what is counted. */
  sentence: string;
  /** Counts each account once, however often it is tried from there. */
  countsAccounts?: true;
}

const MINUTE = 60;
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;

/**
 * Every bucket by its name. An administrator may change the numbers (`PUT /api/admin/rate-limits/{bucket}`); counting
 * is never switched off. The messages per hour of a tier are a bucket of their own, `message_limit`, with the numbers
 * of the tier.
 */
export const RATE_LIMITS = {
  ip: {
    subject: 'ip',
    max: 1000,
    windowSeconds: QUARTER,
    code: 'RL_IP',
    sentence: 'Requests of one address without a valid credential, and failed logins.',
  },
  login_ip: {
    subject: 'ip',
    max: 5,
    windowSeconds: QUARTER,
    code: 'RL_ENDPOINT',
    sentence:
      'Accounts for which a wrong password came from one address; each counts once, and not any more when its right password comes from there.',
    countsAccounts: true,
  },
  login_account: {
    subject: 'email',
    max: 5,
    windowSeconds: QUARTER,
    code: 'RL_ENDPOINT',
    sentence: 'Failed logins to one account.',
  },
  session_operations: {
    subject: 'workspace',
    max: 60,
    windowSeconds: MINUTE,
    code: 'RL_ENDPOINT',
    sentence: 'Create, delete, restart and log out sessions, QR codes, pairing codes.',
  },
  invitations: {
    subject: 'user',
    max: 50,
    windowSeconds: HOUR,
    code: 'RL_ENDPOINT',
    sentence: 'Invitations by one person or their keys: each may send a mail to somebody who has not asked for it.',
  },
  key_operator: {
    subject: 'key',
    max: 1000,
    windowSeconds: HOUR,
    code: 'RL_KEY',
    sentence: 'Requests with one workspace key of an operator.',
  },
  key_viewer: {
    subject: 'key',
    max: 100,
    windowSeconds: HOUR,
    code: 'RL_KEY',
    sentence: 'Requests with one workspace key of a viewer.',
  },
  messages_send: {
    subject: 'user',
    max: 50,
    windowSeconds: QUARTER,
    code: 'RL_ENDPOINT',
    sentence: 'POST /api/messages/send by a person.',
  },
  broadcasts: {
    subject: 'user',
    max: 10,
    windowSeconds: HOUR,
    code: 'RL_ENDPOINT',
    sentence: 'POST /api/broadcast by a person.',
  },
  dashboard: {
    subject: 'user',
    max: 100,
    windowSeconds: QUARTER,
    code: 'RL_ENDPOINT',
    sentence: 'GET /api/dashboard by a person.',
  },
  qr: {
    subject: 'user',
    max: 20,
    windowSeconds: QUARTER,
    code: 'RL_ENDPOINT',
    sentence: 'GET /api/qr by a person.',
  },
} as const satisfies Record<string, RateLimitDefinition>;

/** Whether a bucket counts accounts, each once, and not requests. */
export const countsAccounts = (name: RateLimitName): boolean => 'countsAccounts' in RATE_LIMITS[name];

export type RateLimitName = keyof typeof RATE_LIMITS;
export const RATE_LIMIT_NAMES = Object.keys(RATE_LIMITS) as RateLimitName[];

/** The bucket of an account's messages; its numbers are those of the tier. */
export const MESSAGE_LIMIT = 'message_limit';
/** Every bucket that a request may count in. */
export type BucketName = RateLimitName | typeof MESSAGE_LIMIT;

const bucketNames = [...RATE_LIMIT_NAMES, MESSAGE_LIMIT] as readonly BucketName[];
const max = (description?: string) =>
  Type.Integer({ minimum: 1, maximum: 1_000_000_000, ...(description && { description }) });
const windowSeconds = Type.Integer({ minimum: 1, maximum: 2_678_400, description: 'At most 31 days.' });

/** The numbers of one bucket. */
export const RateLimitSchema = Type.Object({
  bucket: oneOf(RATE_LIMIT_NAMES),
  subject: oneOf(RATE_LIMIT_SUBJECTS, 'Whom it counts for.'),
  max: max('Requests per window.'),
  windowSeconds,
  default: Type.Object({ max: max(), windowSeconds }),
  isDefault: Type.Boolean(),
  code: oneOf(RATE_LIMIT_CODES, 'The code of its 429.'),
  description: Type.String(),
});
export type RateLimit = Static<typeof RateLimitSchema>;

export const ListRateLimitsResultSchema = Type.Object({ rateLimits: Type.Array(RateLimitSchema) });
export const RateLimitParamsSchema = Type.Object({ bucket: oneOf(RATE_LIMIT_NAMES) });
export const SetRateLimitRequestSchema = requestBody(
  { max: max('Requests per window.'), windowSeconds },
  { max: 5_000, windowSeconds: 900 },
);
export type SetRateLimitRequest = Static<typeof SetRateLimitRequestSchema>;

/** The remaining limits of a caller. */
export const LimitsSchema = Type.Object({
  tier: Type.Object({
    name: oneOf(USER_TIERS),
    sessions: Type.Object({ max: Type.Integer(), used: Type.Integer(), remaining: Type.Integer() }),
    messagesPerHour: Type.Object({
      max: Type.Integer(),
      used: Type.Integer(),
      remaining: Type.Integer(),
      resetAt: timestamp('When the hour is over that began with its first message.'),
    }),
  }),
  buckets: Type.Array(
    Type.Object({
      bucket: oneOf(bucketNames),
      max: Type.Integer(),
      windowSeconds: Type.Integer(),
      used: Type.Integer(),
      remaining: Type.Integer(),
      resetAt: timestamp(),
      description: Type.String(),
    }),
    { description: 'The rate limits that count for this caller.' },
  ),
});
export type Limits = Static<typeof LimitsSchema>;

/** What a lock keeps out: an account from everywhere, or an address with whatever account. */
export const LOGIN_LOCK_KINDS = ['account', 'address'] as const;

export const LoginLockSchema = Type.Object({
  id: Type.String({ examples: ['address_MTk4LjUxLjEwMC43'] }),
  kind: oneOf(LOGIN_LOCK_KINDS, '`account`: nobody logs in to it. `address`: no further account logs in from there.'),
  bucket: oneOf(['login_account', 'login_ip']),
  address: nullable(Type.String({ description: 'The network address; of IPv6 the first of its /64.' })),
  emails: Type.Array(Type.String(), {
    description: 'The users whose password was wrong. Other e-mail addresses are not stored.',
  }),
  counted: Type.Integer({
    description: 'Wrong passwords of the account, or accounts with a wrong password from the address.',
  }),
  max: Type.Integer(),
  lockedUntil: timestamp(),
});
export type LoginLock = Static<typeof LoginLockSchema>;

export const ListLoginLocksQuerySchema = Type.Object({
  email: Type.Optional(
    line({ maxLength: 254, description: 'Only the lock of this account.', examples: ['ann@example.com'] }),
  ),
  address: Type.Optional(
    line({ maxLength: 64, description: 'Only the lock of this network address.', examples: ['198.51.100.7'] }),
  ),
});
export const ListLoginLocksResultSchema = Type.Object({
  loginLocks: Type.Array(LoginLockSchema, { description: 'Those that last longest first; at most 200.' }),
});
export const LoginLockParamsSchema = Type.Object({
  id: Type.String({ pattern: '^(account|address)_[A-Za-z0-9_-]{1,100}$', examples: ['address_MTk4LjUxLjEwMC43'] }),
});
export const LiftedLoginLockSchema = Type.Object({ id: Type.String(), lifted: Type.Literal(true) });
