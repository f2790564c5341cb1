import { describe, expect, it } from 'vitest';
import { seedEvent, seedSession } from './builders.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

/** The error when the database is dropped after this use. */
async function complaint(use: (database: TestDatabase, sessionId: string) => Promise<unknown>): Promise<string> {
  const database = await createTestDatabase();
  const { sessionId } = await seedSession(database.pool);
  await use(database, sessionId);
  return await database.drop().then(
    () => '',
    (error: Error) => error.message,
  );
}

/** Appends an event with the data of its example and these changes. */
const appending = (changes: string) => async (database: TestDatabase, sessionId: string) => {
  await seedEvent(database.pool, sessionId, { type: 'message.delivered' });
  await database.pool.query(`UPDATE events SET ${changes}`);
};

describe('the check of every event that a test file has appended', () => {
  it('says nothing about events that are as the registry promises', async () => {
    expect(await complaint((database, sessionId) => seedEvent(database.pool, sessionId))).toBe('');
  });

  it.each([
    ['a member that nobody promised', `data = data || '{"colour": "red"}'`, 'message.delivered has data.colour,'],
    ['a member that is missing', `data = data - 'waMessageId'`, 'message.delivered lacks data.waMessageId.'],
    ['a member of another type', `data = data || '{"timestamp": "now"}'`, 'data.timestamp must be integer'],
    ['a name that is not in the registry', `type = 'message.lost'`, 'message.lost is no event of the registry.'],
  ])('fails the file for %s', async (_, changes, sentence) => {
    expect(await complaint(appending(changes))).toContain(sentence);
  });

  it('also checks what was deleted with its session', async () => {
    const deleting = async (database: TestDatabase, sessionId: string) => {
      await appending(`data = data - 'to'`)(database, sessionId);
      await database.pool.query('DELETE FROM sessions');
    };
    expect(await complaint(deleting)).toContain('message.delivered lacks data.to.');
  });
});
