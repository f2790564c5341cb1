import { expect, test } from 'vitest';
import { nameStatement } from './statement-name.ts';

test('a statement is named after what it writes', () => {
  const sql = `WITH fence AS (SELECT 1 FROM session_placements FOR SHARE), m AS (INSERT INTO messages (id) SELECT 1),
    o AS (UPDATE outbox SET state = $1 FROM fence), e AS (INSERT INTO "events" (id) VALUES ($2)) SELECT * FROM m`;
  expect(nameStatement(sql)).toBe('INSERT messages, events; UPDATE outbox');
});

test('one that writes nothing is named after what it reads', () => {
  expect(nameStatement('WITH due AS (SELECT * FROM webhooks w) SELECT 1 FROM due JOIN events e ON true')).toBe(
    'SELECT webhooks, events',
  );
  expect(nameStatement('SELECT id FROM webhooks FOR UPDATE SKIP LOCKED')).toBe('SELECT webhooks (locks)');
});

test('parts of a clause are no tables', () => {
  const sql = 'INSERT INTO keys (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = excluded.id';
  expect(nameStatement(sql)).toBe('INSERT keys');
});

test('what has no table is named by its words', () => {
  expect([nameStatement('BEGIN'), nameStatement('SELECT 1'), nameStatement('/* load */ COMMIT')]).toEqual([
    'BEGIN',
    'SELECT 1',
    'COMMIT',
  ]);
});
