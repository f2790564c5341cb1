import { MAX_COUNTED_BACKLOG, MAX_WEBHOOKS } from '@wa-gate/contracts';
import type { Pool, Queryable } from '@wa-gate/db';
import { readBacklogs, type WebhookBacklog } from '@wa-gate/messaging';

/** Which webhooks a caller may see: all of a workspace, or those of one session. */
export interface WebhookReach {
  workspaceId: string;
  sessionId?: string | undefined;
}

/** What an endpoint is, as it is stored. */
export interface EndpointDefinition {
  type: string;
  name: string | null;
  url: string;
  events: string[];
  chatTypes: string[] | null;
  chats: string[] | null;
  secret: Buffer;
  /** Sealed. */
  configuration: Buffer | null;
  metadata: Record<string, unknown> | null;
  ordering: 'session' | 'chat';
  compat: 'waha' | null;
  isPaused: boolean;
}

export interface EndpointRecord extends Omit<EndpointDefinition, 'isPaused'> {
  id: string;
  workspaceId: string;
  /** Of the session whose events it gets; null: of all sessions. */
  sessionId: string | null;
  slug: string | null;
  isPrimary: boolean;
  isActive: boolean;
  pausedAt: Date | null;
  disabledAt: Date | null;
  disabledReason: string | null;
  previousSecret: Buffer | null;
  previousSecretUntil: Date | null;
  lastDelivery: Date | null;
  failureCount: number;
  lastError: string | null;
  lastErrorAt: Date | null;
  failingSince: Date | null;
  nextProbeAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  backlog: WebhookBacklog;
}

/** The columns that a change sets, by the member of the definition. */
export interface EndpointChange extends Partial<EndpointDefinition> {
  /** Switched on. To switch off is `disableWebhook`, which gives up what waits. */
  isActive?: true;
}

export interface EndpointsRepository {
  list(
    reach: WebhookReach,
    page: { offset: number; limit: number },
  ): Promise<{ endpoints: EndpointRecord[]; total: number }>;
  find(reach: WebhookReach, id: string): Promise<EndpointRecord | null>;
  /**
   * Locks what another endpoint would be counted by.
   *
   * @returns how many there are; `null`: the session or workspace is gone
   */
  lockSiblings(tx: Queryable, where: { workspaceId: string; sessionId: string | null }): Promise<number | null>;
  /** Makes the row, and for an endpoint of a workspace one for each of its sessions. */
  insert(
    tx: Queryable,
    id: string,
    where: { workspaceId: string; sessionId: string | null },
    definition: EndpointDefinition,
  ): Promise<void>;
  /** Locks all rows of an endpoint. */
  lock(tx: Queryable, id: string): Promise<void>;
  change(tx: Queryable, id: string, change: EndpointChange): Promise<void>;
  /** The present secret becomes the previous one. */
  rotate(tx: Queryable, id: string, secret: Buffer, overlapSeconds: number): Promise<void>;
  remove(tx: Queryable, id: string): Promise<void>;
  read(tx: Queryable, id: string): Promise<EndpointRecord>;
}

/** What became of its events, over all of its rows. */
const HEALTH = `SELECT max(w.last_delivery) AS last_delivery, coalesce(sum(w.failure_count), 0)::int AS failure_count,
    (array_agg(w.last_error ORDER BY w.last_error_at DESC NULLS LAST))[1] AS last_error, max(w.last_error_at) AS last_error_at,
    min(w.failing_since) AS failing_since, min(w.probe_at) AS probe_at
  FROM webhooks w WHERE w.endpoint_id = p.id`;

const ENDPOINTS = `SELECT p.id, p.workspace_id AS "workspaceId", p.source_session_id AS "sessionId", s.slug,
    p.session_id IS NOT NULL AS "isPrimary", p.type, p.name, p.url, p.events, p.chat_types AS "chatTypes", p.chats, p.secret,
    p.previous_secret AS "previousSecret", p.configuration, p.metadata, p.is_active AS "isActive", p.paused_at AS "pausedAt", p.disabled_at AS "disabledAt",
    p.disabled_reason AS "disabledReason",
    CASE WHEN p.previous_secret_until > now() THEN p.previous_secret_until END AS "previousSecretUntil",
    h.last_delivery AS "lastDelivery", h.failure_count AS "failureCount", h.last_error AS "lastError",
    h.last_error_at AS "lastErrorAt", h.failing_since AS "failingSince", h.probe_at AS "nextProbeAt", p.ordering, p.compat, p.created_at AS "createdAt", p.updated_at AS "updatedAt"
  FROM webhooks p LEFT JOIN sessions s ON s.id = p.source_session_id CROSS JOIN LATERAL (${HEALTH}) AS h
  WHERE p.id = p.endpoint_id`;

/** A session key sees what is about its session alone. */
const WITHIN = 'p.workspace_id = $1 AND ($2::uuid IS NULL OR p.source_session_id = $2)';

const LIST = {
  name: 'list-webhooks',
  text: `${ENDPOINTS} AND ${WITHIN} ORDER BY p.created_at, p.id LIMIT $3 OFFSET $4`,
};
const COUNT = {
  name: 'count-webhooks',
  text: `SELECT count(*)::int AS count FROM webhooks p WHERE p.id = p.endpoint_id AND ${WITHIN}`,
};
const FIND = { name: 'find-webhook', text: `${ENDPOINTS} AND ${WITHIN} AND p.id = $3` };
const READ = { name: 'read-webhook', text: `${ENDPOINTS} AND p.id = $1` };

const COLUMNS = `type, name, url, events, chat_types, chats, secret, configuration, metadata, ordering, compat, paused_at`;
const VALUES = `$4, $5, $6, $7::text[], $8::text[], $9::text[], $10::bytea, $11::bytea, $12::jsonb, $13, $14::text,
  CASE WHEN $15::bool THEN now() END`;
/** It gets the events that happen from now on. */
const INSERT = `INSERT INTO webhooks (id, endpoint_id, workspace_id, source_session_id, cursor, ${COLUMNS})
  SELECT $1, $1, $2, $3::uuid, CASE WHEN $3::uuid IS NOT NULL THEN
    coalesce((SELECT c.last_seq FROM session_counters c WHERE c.session_id = $3::uuid), 0) END, ${VALUES}`;
/** The row of each session copies the definition; a trigger does it for sessions that come later. */
const SUBSCRIBE = `INSERT INTO webhooks (id, endpoint_id, workspace_id, source_session_id, cursor, ${COLUMNS})
  SELECT gen_random_uuid(), p.id, p.workspace_id, s.id, coalesce(c.last_seq, 0), p.type, p.name, p.url, p.events, p.chat_types,
    p.chats, p.secret, p.configuration, p.metadata, p.ordering, p.compat, p.paused_at
  FROM webhooks p JOIN sessions s ON s.workspace_id = p.workspace_id LEFT JOIN session_counters c ON c.session_id = s.id
  WHERE p.id = $1`;

/** For each member that may change: what of the row it sets, with `?` for its value. */
const SETTERS: Readonly<Record<keyof EndpointChange, string>> = {
  type: 'type = ?',
  name: 'name = ?',
  url: 'url = ?',
  events: 'events = ?',
  chatTypes: 'chat_types = ?',
  chats: 'chats = ?',
  secret: 'secret = ?',
  configuration: 'configuration = ?',
  metadata: 'metadata = ?',
  ordering: 'ordering = ?',
  compat: 'compat = ?',
  // Paused again, it has been paused since the first time.
  isPaused: 'paused_at = CASE WHEN ?::bool THEN coalesce(paused_at, now()) END',
  isActive: `is_active = ?::bool, disabled_at = NULL, disabled_reason = NULL,
    failure_count = CASE WHEN is_active THEN failure_count ELSE 0 END`,
};

export function createEndpointsRepository(pool: Pool): EndpointsRepository {
  type Row = Omit<EndpointRecord, 'backlog'>;

  async function withBacklogs(db: Queryable, rows: readonly Row[]): Promise<EndpointRecord[]> {
    const backlogs = await readBacklogs(
      db,
      rows.map(({ id }) => id),
      MAX_COUNTED_BACKLOG,
    );
    return rows.map((row) => ({ ...row, backlog: backlogs.get(row.id) ?? { count: 0, oldestAt: null } }));
  }

  return {
    async list({ workspaceId, sessionId }, { offset, limit }) {
      const within = [workspaceId, sessionId ?? null];
      const { rows } = await pool.query<Row>({ ...LIST, values: [...within, limit, offset] });
      const total = await pool.query<{ count: number }>({ ...COUNT, values: within });
      return { endpoints: await withBacklogs(pool, rows), total: total.rows[0]!.count };
    },
    async find({ workspaceId, sessionId }, id) {
      const { rows } = await pool.query<Row>({ ...FIND, values: [workspaceId, sessionId ?? null, id] });
      return (await withBacklogs(pool, rows))[0] ?? null;
    },
    async read(tx, id) {
      const { rows } = await tx.query<Row>({ ...READ, values: [id] });
      return (await withBacklogs(tx, rows))[0]!;
    },
    async lockSiblings(tx, { workspaceId, sessionId }) {
      // A session that is being created has a lock on its workspace: it sees the endpoint, or the endpoint sees it.
      const parent = sessionId
        ? await tx.query('SELECT 1 FROM sessions WHERE id = $1 FOR NO KEY UPDATE', [sessionId])
        : await tx.query('SELECT 1 FROM workspaces WHERE id = $1 FOR UPDATE', [workspaceId]);
      if (parent.rowCount === 0) return null;
      const { rows } = await tx.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM (SELECT 1 FROM webhooks WHERE workspace_id = $1
           AND source_session_id IS NOT DISTINCT FROM $2::uuid AND id = endpoint_id LIMIT ${MAX_WEBHOOKS}) AS those`,
        [workspaceId, sessionId],
      );
      return rows[0]!.count;
    },
    async insert(tx, id, { workspaceId, sessionId }, definition) {
      const { type, name, url, events, chatTypes, chats, secret, configuration, metadata } = definition;
      await tx.query(INSERT, [
        id,
        workspaceId,
        sessionId,
        type,
        name,
        url,
        events,
        chatTypes,
        chats,
        secret,
        configuration,
        metadata,
        definition.ordering,
        definition.compat,
        definition.isPaused,
      ]);
      if (sessionId === null) await tx.query(SUBSCRIBE, [id]);
    },
    async lock(tx, id) {
      await tx.query('SELECT 1 FROM webhooks WHERE endpoint_id = $1 ORDER BY id FOR NO KEY UPDATE', [id]);
    },
    async change(tx, id, change) {
      const values: unknown[] = [id];
      const setters = Object.entries(change).map(([member, value]) => {
        values.push(value);
        return SETTERS[member as keyof EndpointChange].replaceAll('?', `$${values.length}`);
      });
      await tx.query(
        `UPDATE webhooks SET ${[...setters, 'updated_at = now()'].join(', ')} WHERE endpoint_id = $1`,
        values,
      );
    },
    async rotate(tx, id, secret, overlapSeconds) {
      await tx.query(
        `UPDATE webhooks SET previous_secret = CASE WHEN $3 > 0 THEN secret END,
           previous_secret_until = CASE WHEN $3 > 0 THEN now() + $3 * interval '1 s' END, secret = $2, updated_at = now()
         WHERE endpoint_id = $1`,
        [id, secret, overlapSeconds],
      );
    },
    async remove(tx, id) {
      await tx.query('DELETE FROM webhooks WHERE endpoint_id = $1', [id]);
    },
  };
}
