import { createHash } from 'node:crypto';
import { EVENTS, type EventType } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';

export interface SeededSession {
  userId: string;
  workspaceId: string;
  sessionId: string;
  slug: string;
}

/**
 * Inserts a user with a workspace and one unassigned session, as registering and creating do. A `state` of linked
 * sessions makes it paired.
 */
export async function seedSession(
  db: Queryable,
  overrides: { network?: 'LIVE' | 'SANDBOX'; state?: string } = {},
): Promise<SeededSession> {
  const seeded = { userId: newId(), workspaceId: newId(), sessionId: newId(), slug: `s-${newId().slice(-8)}` };
  await db.query('INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $3, $4)', [
    seeded.userId,
    `${seeded.userId}@example.test`,
    'Test',
    'not a hash',
  ]);
  await db.query('INSERT INTO workspaces (id, name, owner_user_id) VALUES ($1, $2, $3)', [
    seeded.workspaceId,
    'Test',
    seeded.userId,
  ]);
  await db.query(`INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'OWNER')`, [
    seeded.workspaceId,
    seeded.userId,
  ]);
  await db.query(
    `INSERT INTO sessions (id, workspace_id, user_id, slug, name, network, state, paired_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7::"SessionState", CASE WHEN $7::"SessionState" IN ('CONNECTED', 'RECONNECTING', 'CONFLICT') THEN now() END)`,
    [
      seeded.sessionId,
      seeded.workspaceId,
      seeded.userId,
      seeded.slug,
      seeded.slug,
      overrides.network ?? 'SANDBOX',
      overrides.state ?? 'INITIALIZING',
    ],
  );
  await db.query('INSERT INTO session_placements (session_id) VALUES ($1)', [seeded.sessionId]);
  await db.query('INSERT INTO session_counters (session_id) VALUES ($1)', [seeded.sessionId]);
  return seeded;
}

/** A registration for {@link registerWorker} of packages/cluster. */
export function workerRegistration(
  workerId: string,
  overrides: { maxSessions?: number; network?: 'LIVE' | 'SANDBOX' } = {},
) {
  return {
    workerId,
    endpoint: `http://127.0.0.1/${workerId}`,
    network: overrides.network ?? ('SANDBOX' as const),
    maxSessions: overrides.maxSessions ?? 50,
    revision: 'test',
    tokenHash: createHash('sha256').update(workerId).digest(),
  };
}

/** Inserts an event with the example of the registry. It bypasses the sequence of its session. */
export async function seedEvent(
  db: Queryable,
  sessionId: string,
  { type = 'message.received', seq = 1, at = new Date() }: { type?: EventType; seq?: number; at?: Date } = {},
): Promise<void> {
  await db.query('INSERT INTO events (session_id, seq, type, data, created_at) VALUES ($1, $2, $3, $4, $5)', [
    sessionId,
    seq,
    type,
    EVENTS[type].example,
    at,
  ]);
}
