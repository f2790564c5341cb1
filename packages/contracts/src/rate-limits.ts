/** Whom a bucket counts for. */
export type RateLimitSubject = 'ip' | 'account' | 'user' | 'key' | 'workspace' | 'email';

export interface RateLimitDefinition {
  subject: RateLimitSubject;
  /** Requests per window. */
  max: number;
  windowSeconds: number;
  /** The code of the 429. */
  code: 'RL_IP' | 'RL_KEY' | 'RL_ENDPOINT';
  /** What is counted. */
  sentence: string;
}

const MINUTE = 60;
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;

/**
 * Every bucket by its name (API.md, C18). An administrator may change the numbers (`PUT /api/admin/rate-limits/{bucket}`); counting is never switched off.
 * The messages per hour of a tier are a bucket of their own, `message_limit`, with the numbers of the tier.
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
    sentence: 'Failed logins from one address.',
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

export type RateLimitName = keyof typeof RATE_LIMITS;
export const RATE_LIMIT_NAMES = Object.keys(RATE_LIMITS) as RateLimitName[];

/** The bucket of an account's messages; its numbers are those of the tier. */
export const MESSAGE_LIMIT = 'message_limit';
/** Every bucket that a request may count in. */
export type BucketName = RateLimitName | typeof MESSAGE_LIMIT;
