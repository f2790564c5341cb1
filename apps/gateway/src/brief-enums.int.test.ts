import {
  MESSAGE_STATUSES,
  MESSAGE_TYPES,
  SESSION_STATUSES,
  SYSTEM_LOG_LEVELS,
  USER_ROLES,
  USER_TIERS,
  WORKER_STATUSES,
} from '@wa-gate/contracts';
import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const stored = async (name: string): Promise<string[]> => {
  const { rows } = await database.pool.query<{ words: string[] }>(
    `SELECT enum_range(NULL::"${name}")::text[] AS words`,
  );
  return rows[0]!.words;
};
const lower = (words: readonly string[]) => words.map((word) => word.toLowerCase());

describe('the enums of the PaaS brief', () => {
  it.each([
    ['UserRole', ['USER', 'ADMINISTRATOR']],
    ['UserTier', ['BASIC', 'PRO', 'MAX']],
    ['MessageDirection', ['INBOUND', 'OUTBOUND']],
    ['WebhookStatus', ['PENDING', 'DELIVERED', 'FAILED', 'RETRYING']],
    ['LogLevel', ['ERROR', 'WARN', 'INFO', 'DEBUG']],
  ])('%s are in the database, word for word (MR-140, MR-141)', async (name, words) => {
    expect((await stored(name)).sort()).toEqual([...words].sort());
  });

  it('message types are all there, and more (MR-141)', () => {
    const words = ['TEXT', 'IMAGE', 'DOCUMENT', 'AUDIO', 'VIDEO', 'STICKER', 'LOCATION', 'CONTACT'];
    expect(MESSAGE_TYPES).toEqual(expect.arrayContaining(lower(words)));
  });

  it('statuses that are derived from finer states are words of the API (MR-140, MR-141)', () => {
    const session = ['init', 'qr_required', 'connected', 'disconnected', 'reconnecting', 'error'];
    expect(SESSION_STATUSES).toEqual(session.map((word) => (word === 'init' ? 'initializing' : word)));
    expect(WORKER_STATUSES).toEqual(expect.arrayContaining(['online', 'offline', 'maintenance']));
    // The brief's PENDING is `queued`, and `sending` while an attempt runs.
    expect(MESSAGE_STATUSES).toEqual(expect.arrayContaining(['queued', 'sent', 'delivered', 'read', 'failed']));
    expect(SYSTEM_LOG_LEVELS).toEqual(['error', 'warn', 'info', 'debug']);
    expect(USER_TIERS).toEqual(['basic', 'pro', 'max']);
    expect(USER_ROLES).toEqual(['customer', 'administrator']);
  });
});
