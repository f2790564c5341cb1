import { createHash } from 'node:crypto';
import type { Queryable } from '@wa-gate/db';
import { newId, newToken, TOKEN_PREFIX } from '@wa-gate/kit';
import type { Client } from './client.ts';

export interface LoginRecord {
  id: string;
  ip: string | null;
  userAgent: string | null;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
}

/** Why a login ended. */
export type EndReason = 'logout' | 'ended' | 'reuse' | 'password' | 'deactivated' | 'administrator';

/** A login lives on when it is refreshed within a week, and for a month at most. */
export const REFRESH_SECONDS = 7 * 86_400;
const LOGIN_SECONDS = 30 * 86_400;
/** Kept after their end, so that a reused token is still known for one. */
const KEEP_DAYS = 30;

const BEGIN = {
  name: 'begin-login',
  text: `INSERT INTO logins (id, user_id, workspace_id, ip, user_agent, expires_at)
    VALUES ($1, $2, $3, $4, $5, now() + interval '${REFRESH_SECONDS} s')`,
};
const ADD_TOKEN = { name: 'add-refresh-token', text: 'INSERT INTO refresh_tokens (hash, login_id) VALUES ($1, $2)' };
/** The row lock decides between two refreshes at the same time: the second finds the token used. */
const USE_TOKEN = {
  name: 'use-refresh-token',
  text: 'UPDATE refresh_tokens SET used_at = now() WHERE hash = $1 AND used_at IS NULL RETURNING login_id AS "loginId"',
};
const FIND_TOKEN = {
  name: 'find-refresh-token',
  text: `SELECT l.id AS "loginId", l.user_id AS "userId", l.workspace_id AS "workspaceId"
    FROM refresh_tokens t JOIN logins l ON l.id = t.login_id WHERE t.hash = $1`,
};
const PROLONG = {
  name: 'prolong-login',
  text: `UPDATE logins l SET last_used_at = now(),
      expires_at = LEAST(l.created_at + interval '${LOGIN_SECONDS} s', now() + interval '${REFRESH_SECONDS} s')
    FROM users u WHERE l.id = $1 AND u.id = l.user_id AND u.is_active AND l.ended_at IS NULL AND l.expires_at > now()
    RETURNING l.user_id AS "userId", l.workspace_id AS "workspaceId", u.email,
      ceil(extract(epoch FROM l.expires_at - now()))::int AS "secondsLeft"`,
};
const END = {
  name: 'end-login',
  text: `UPDATE logins SET ended_at = now(), ended_reason = $3
    WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > now() RETURNING id`,
};
const END_ALL = {
  name: 'end-logins',
  text: `UPDATE logins SET ended_at = now(), ended_reason = $3
    WHERE user_id = $1 AND id IS DISTINCT FROM $2 AND ended_at IS NULL AND expires_at > now() RETURNING id`,
};
const LIST = {
  name: 'list-logins',
  text: `SELECT id, ip, user_agent AS "userAgent", created_at AS "createdAt", last_used_at AS "lastUsedAt", expires_at AS "expiresAt"
    FROM logins WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now() ORDER BY last_used_at DESC, id DESC LIMIT 200`,
};
const SWEEP = {
  name: 'sweep-logins',
  text: `DELETE FROM logins WHERE id IN (
    SELECT id FROM logins WHERE COALESCE(ended_at, expires_at) < now() - interval '${KEEP_DAYS} days' LIMIT $1)`,
};

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const MAX_USER_AGENT = 300;
/** Headers may hold bytes that PostgreSQL does not take in a text. */
const storable = (text: string): string => text.replace(/[^\u0020-\u007e\u00a0-\u00ff]/g, '?').slice(0, MAX_USER_AGENT);

async function addToken(tx: Queryable, loginId: string): Promise<string> {
  const { token } = newToken(TOKEN_PREFIX.refreshToken);
  await tx.query({ ...ADD_TOKEN, values: [hashOf(token), loginId] });
  return token;
}

/** A new login: the family of all refresh tokens that come from it. */
export async function beginLogin(
  tx: Queryable,
  { userId, workspaceId, client }: { userId: string; workspaceId: string; client: Client },
): Promise<{ loginId: string; refreshToken: string }> {
  const loginId = newId();
  const userAgent = client.userAgent === undefined ? null : storable(client.userAgent);
  await tx.query({ ...BEGIN, values: [loginId, userId, workspaceId, client.ip, userAgent] });
  return { loginId, refreshToken: await addToken(tx, loginId) };
}

export interface TokenUse {
  loginId: string;
  userId: string;
  workspaceId: string;
}

export interface Prolonged extends TokenUse {
  email: string;
  refreshToken: string;
  secondsLeft: number;
}

/** The state of a refresh token: valid or not. `reused`: it was used before. */
export type RefreshOutcome =
  | { kind: 'prolonged'; login: Prolonged }
  | { kind: 'reused'; login: TokenUse }
  | { kind: 'invalid' };

/** Uses a refresh token up. */
export async function useRefreshToken(tx: Queryable, token: string): Promise<RefreshOutcome> {
  const hash = hashOf(token);
  const used = await tx.query<{ loginId: string }>({ ...USE_TOKEN, values: [hash] });
  if (!used.rows[0]) {
    const known = await tx.query<TokenUse>({ ...FIND_TOKEN, values: [hash] });
    return known.rows[0] ? { kind: 'reused', login: known.rows[0] } : { kind: 'invalid' };
  }
  const { loginId } = used.rows[0];
  const { rows } = await tx.query<Omit<Prolonged, 'loginId' | 'refreshToken'>>({ ...PROLONG, values: [loginId] });
  if (!rows[0]) return { kind: 'invalid' };
  return { kind: 'prolonged', login: { ...rows[0], loginId, refreshToken: await addToken(tx, loginId) } };
}

export async function setWorkspace(tx: Queryable, loginId: string, workspaceId: string): Promise<void> {
  await tx.query('UPDATE logins SET workspace_id = $2 WHERE id = $1', [loginId, workspaceId]);
}

/** False when this user has no such login, or it has ended already. */
export async function endLogin(tx: Queryable, loginId: string, userId: string, reason: EndReason): Promise<boolean> {
  const { rowCount } = await tx.query({ ...END, values: [loginId, userId, reason] });
  return rowCount === 1;
}

/** Ends all logins of a user but one, and returns which. */
export async function endLogins(
  tx: Queryable,
  userId: string,
  { except, reason }: { except: string | null; reason: EndReason },
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({ ...END_ALL, values: [userId, except, reason] });
  return rows.map(({ id }) => id);
}

export async function listLogins(db: Queryable, userId: string): Promise<LoginRecord[]> {
  const { rows } = await db.query<LoginRecord>({ ...LIST, values: [userId] });
  return rows;
}

/** Deletes logins that ended long ago, with their tokens, at most `limit`; returns how many. */
export async function sweepLogins(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [limit] });
  return rowCount ?? 0;
}
