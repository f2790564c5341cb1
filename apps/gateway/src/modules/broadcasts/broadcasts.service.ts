import {
  type AddedRecipients,
  type Broadcast,
  type BroadcastPreview,
  type BroadcastStatus,
  type CreatedBroadcast,
  LIMITS,
  type ListBroadcastsQuery,
  type ListBroadcastsResult,
  type OutboundRequest,
  storedOf,
} from '@wa-gate/contracts';
import { inTransaction, type Pool, type PoolClient } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import type { Appended } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { pagination } from '../../http/envelope.ts';
import { parseRecipient } from '../../http/recipient.ts';
import { isUuid } from '../../http/uuid.ts';
import type { SessionRef } from '../../principal.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import { readPeople } from '../contacts/index.ts';
import { addRecipients, type GivenRow } from './add-recipients.ts';
import { renderFor, variantOf } from './advance.ts';
import { cancelPending, lockBroadcast, type Steps, storeBroadcast, withdraw } from './broadcast-changes.ts';
import { applyCounts, BROADCAST_COLUMNS, type BroadcastRow, presentBroadcast } from './broadcast-row.ts';
import { variableName } from './template.ts';

/** What a broadcast is made of; files are in the media store already. */
export interface NewBroadcast {
  name: string;
  sessions: readonly SessionRef[];
  messages: readonly OutboundRequest[];
  metadata: Record<string, unknown> | undefined;
  apiKeyId: string | undefined;
  scheduledAt: Date | undefined;
  start: boolean;
  rows: AsyncIterable<GivenRow> | Iterable<GivenRow>;
}

/** What becomes of one that has not begun; `undefined` stays as it is. */
export interface BroadcastUpdate {
  name?: string | undefined;
  sessions: readonly SessionRef[] | undefined;
  messages: readonly OutboundRequest[] | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** `null`: it starts by hand. */
  scheduledAt: Date | null | undefined;
}

/** What can be done to a broadcast as a whole. */
export type BroadcastVerb = 'start' | 'pause' | 'resume' | 'cancel';

export interface PreviewRequest {
  to: string | undefined;
  name: string | undefined;
  variables: Readonly<Record<string, string | number>> | undefined;
  variant: number | undefined;
}

/** All methods throw BROADCAST_NOT_FOUND for what is not in the workspace of the actor. */
export interface BroadcastsService {
  create(actor: Actor, workspaceId: string, broadcast: NewBroadcast): Promise<CreatedBroadcast>;
  list(workspaceId: string, query: ListBroadcastsQuery): Promise<ListBroadcastsResult>;
  get(workspaceId: string, id: string): Promise<Broadcast>;
  /** @throws {ApiError} BROADCAST_STATE when it has begun */
  addRecipients(
    actor: Actor,
    workspaceId: string,
    id: string,
    rows: AsyncIterable<GivenRow> | Iterable<GivenRow>,
  ): Promise<AddedRecipients>;
  /** @throws {ApiError} BROADCAST_STATE when it has begun */
  update(actor: Actor, workspaceId: string, id: string, update: BroadcastUpdate): Promise<Broadcast>;
  /** The same again is answered alike. @throws {ApiError} BROADCAST_STATE, BROADCAST_EMPTY */
  change(actor: Actor, workspaceId: string, id: string, verb: BroadcastVerb): Promise<Broadcast>;
  preview(workspaceId: string, id: string, request: PreviewRequest): Promise<BroadcastPreview>;
  /** @throws {ApiError} BROADCAST_STATE while something of it may leave */
  remove(actor: Actor, workspaceId: string, id: string): Promise<{ broadcastId: string; deleted: true }>;
}

const INSERT = {
  name: 'insert-broadcast',
  text: `INSERT INTO broadcasts (id, workspace_id, name, status, session_ids, messages, metadata, api_key_id, scheduled_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
};
const UPDATE = {
  name: 'update-broadcast',
  text: `UPDATE broadcasts SET name = coalesce($2, name), session_ids = coalesce($3, session_ids), messages = coalesce($4, messages),
      metadata = coalesce($5, metadata), updated_at = now(),
      scheduled_at = CASE WHEN $6::bool THEN $7 ELSE scheduled_at END,
      status = CASE WHEN $6::bool THEN CASE WHEN $7::timestamptz IS NULL THEN 'draft' ELSE 'scheduled' END ELSE status END
    WHERE id = $1`,
};
const GET = {
  name: 'get-broadcast',
  text: `SELECT ${BROADCAST_COLUMNS} FROM broadcasts b WHERE b.id = $1 AND b.workspace_id = $2`,
};
const LIST = {
  name: 'list-broadcasts',
  text: `SELECT ${BROADCAST_COLUMNS} FROM broadcasts b WHERE b.workspace_id = $1 AND ($2::text IS NULL OR b.status = $2)
    ORDER BY b.id DESC LIMIT $3 OFFSET $4`,
};
const COUNT = {
  name: 'count-broadcasts',
  text: 'SELECT count(*)::int AS total FROM broadcasts b WHERE b.workspace_id = $1 AND ($2::text IS NULL OR b.status = $2)',
};
const RECIPIENT = {
  name: 'recipient-of-broadcast',
  text: `SELECT position, jid, name, variables FROM broadcast_recipients
    WHERE broadcast_id = $1 AND jid IS NOT NULL AND ($2::text[] IS NULL OR jid = ANY($2)) ORDER BY state = 'skipped', position LIMIT 1`,
};
const LEFT = {
  name: 'has-opted-out',
  text: 'SELECT 1 FROM opt_outs WHERE workspace_id = $1 AND jid = ANY($2::text[]) LIMIT 1',
};

/** The list of a large file takes a while, in many statements. */
const TRANSACTION = { idleMs: 30_000, lockMs: 15_000 };

interface StoredRecipient {
  position: number;
  jid: string;
  name: string | null;
  variables: Record<string, string> | null;
}

const stateRefusal = (row: BroadcastRow, message: string): ApiError =>
  new ApiError('BROADCAST_STATE', { message, details: { status: row.status } });

export function createBroadcastsService(deps: {
  pool: Pool;
  /** Tells of an event, after its commit. */
  announce: (appended: Appended) => void;
  /** There is something to do: the jobs of this process look at once. */
  notify: () => void;
  /** A workspace that sends broadcasts listens to people who want none. */
  listenToKeywords: (tx: PoolClient, workspaceId: string) => Promise<void>;
}): BroadcastsService {
  const { pool, announce, notify, listenToKeywords } = deps;

  async function find(workspaceId: string, id: string): Promise<BroadcastRow> {
    const { rows } = await pool.query<BroadcastRow>({ ...GET, values: [isUuid(id) ? id : newId(), workspaceId] });
    const [row] = rows;
    if (!row) throw new ApiError('BROADCAST_NOT_FOUND');
    return row;
  }

  /** Changes a broadcast under its lock, and tells of it after the commit. */
  async function underLock<T>(
    workspaceId: string,
    id: string,
    work: (tx: PoolClient, row: BroadcastRow) => Promise<{ result: T; steps?: Steps | undefined }>,
  ): Promise<{ result: T; row: BroadcastRow }> {
    const { done, row, appended } = await inTransaction(
      pool,
      async (tx) => {
        const locked = await lockBroadcast(tx, isUuid(id) ? id : newId(), workspaceId);
        if (!locked) throw new ApiError('BROADCAST_NOT_FOUND');
        const worked = await work(tx, locked);
        const told = worked.steps ? await storeBroadcast(tx, locked, worked.steps) : null;
        return { done: worked, row: locked, appended: told };
      },
      TRANSACTION,
    );
    if (appended) announce(appended);
    notify();
    return { result: done.result, row };
  }

  /** What a verb makes of a row. `undefined`: it is so already. */
  async function move(tx: PoolClient, row: BroadcastRow, verb: BroadcastVerb): Promise<Steps | undefined> {
    const { status } = row;
    switch (verb) {
      case 'start':
        if (status === 'running') return undefined;
        if (status === 'paused') throw stateRefusal(row, 'The broadcast is paused: resume it.');
        if (isFinal(status)) throw stateRefusal(row, 'The broadcast has ended. Make a new one.');
        if (row.total === 0) throw new ApiError('BROADCAST_EMPTY');
        row.status = 'running';
        return { begins: true, tells: 'broadcast.progress' };
      case 'pause': {
        if (status === 'paused') return undefined;
        if (status !== 'running') throw stateRefusal(row, 'Only a running broadcast can be paused.');
        row.status = 'paused';
        row.waitsFor = null;
        row.waitsUntil = null;
        const back = await withdraw(tx, row.id);
        applyCounts(row, { queued: -back, pending: back });
        return { tells: 'broadcast.progress' };
      }
      case 'resume':
        if (status === 'running') return undefined;
        if (status !== 'paused') throw stateRefusal(row, 'Only a paused broadcast can be resumed.');
        row.status = 'running';
        row.waitsFor = null;
        row.waitsUntil = null;
        row.reason = null;
        row.riskAcceptedAt = row.now;
        return { tells: 'broadcast.progress' };
      case 'cancel': {
        if (status === 'cancelled') return undefined;
        if (status === 'completed')
          throw stateRefusal(row, 'The broadcast is completed: there is nothing left to cancel.');
        row.status = 'cancelled';
        const back = await withdraw(tx, row.id);
        applyCounts(row, { queued: -back, pending: back });
        const cancelled = await cancelPending(tx, row.id);
        applyCounts(row, { pending: -cancelled, cancelled });
        // What is in flight has its outcome yet to come: then it has ended.
        return row.queued === 0 ? { ends: true, tells: 'broadcast.completed' } : { tells: 'broadcast.progress' };
      }
    }
  }

  return {
    async create(actor, workspaceId, { name, sessions, messages, metadata, apiKeyId, scheduledAt, start, rows }) {
      const id = newId();
      const status: BroadcastStatus = !start && scheduledAt ? 'scheduled' : 'draft';
      const { created, appended } = await inTransaction(
        pool,
        async (tx) => {
          await tx.query({
            ...INSERT,
            values: [
              id,
              workspaceId,
              name,
              status,
              sessions.map((session) => session.id),
              JSON.stringify(messages),
              metadata ? JSON.stringify(metadata) : null,
              apiKeyId ?? null,
              scheduledAt ?? null,
            ],
          });
          const row = (await lockBroadcast(tx, id, workspaceId))!;
          const recipients = await addRecipients(tx, row, rows);
          const steps = start ? ((await move(tx, row, 'start')) ?? {}) : {};
          const told = await storeBroadcast(tx, row, steps);
          await listenToKeywords(tx, workspaceId);
          await writeAudit(tx, actor, {
            action: 'broadcast.created',
            resourceType: 'broadcast',
            resourceId: id,
            after: { name, status: row.status, recipients: row.total, sessionIds: row.slugs },
          });
          return { created: { ...presentBroadcast(row), recipients }, appended: told };
        },
        TRANSACTION,
      );
      if (appended) announce(appended);
      notify();
      return created;
    },

    async list(workspaceId, { page = 1, limit = LIMITS.pageDefault, status }) {
      const [{ rows }, counted] = await Promise.all([
        pool.query<BroadcastRow>({ ...LIST, values: [workspaceId, status ?? null, limit, (page - 1) * limit] }),
        pool.query<{ total: number }>({ ...COUNT, values: [workspaceId, status ?? null] }),
      ]);
      return {
        broadcasts: rows.map(presentBroadcast),
        pagination: pagination(counted.rows[0]!.total, page, limit),
      };
    },

    get: async (workspaceId, id) => presentBroadcast(await find(workspaceId, id)),

    async addRecipients(actor, workspaceId, id, rows) {
      const { result } = await underLock(workspaceId, id, async (tx, row) => {
        if (row.status !== 'draft' && row.status !== 'scheduled')
          throw stateRefusal(row, 'Recipients can be added until the broadcast starts.');
        const { refusals, ...added } = await addRecipients(tx, row, rows);
        await writeAudit(tx, actor, {
          action: 'broadcast.filled',
          resourceType: 'broadcast',
          resourceId: row.id,
          after: added,
        });
        return { result: { ...added, refusals }, steps: {} };
      });
      return result;
    },

    async update(actor, workspaceId, id, { name, sessions, messages, metadata, scheduledAt }) {
      const changed = await inTransaction(
        pool,
        async (tx) => {
          const row = await lockBroadcast(tx, isUuid(id) ? id : newId(), workspaceId);
          if (!row) throw new ApiError('BROADCAST_NOT_FOUND');
          if (row.status !== 'draft' && row.status !== 'scheduled')
            throw stateRefusal(row, 'The broadcast has begun: only one that has not can be changed.');
          await tx.query({
            ...UPDATE,
            values: [
              row.id,
              name ?? null,
              sessions?.map((session) => session.id) ?? null,
              messages ? JSON.stringify(messages) : null,
              metadata ? JSON.stringify(metadata) : null,
              scheduledAt !== undefined,
              scheduledAt ?? null,
            ],
          });
          const after = (await lockBroadcast(tx, row.id, workspaceId))!;
          const facts = ({ name: called, status, slugs, scheduledAt: at }: BroadcastRow) => ({
            name: called,
            status,
            sessionIds: slugs,
            scheduledAt: at?.toISOString() ?? null,
          });
          await writeAudit(tx, actor, {
            action: 'broadcast.updated',
            resourceType: 'broadcast',
            resourceId: row.id,
            before: facts(row),
            after: { ...facts(after), hasNewMessage: messages !== undefined },
          });
          return presentBroadcast(after);
        },
        TRANSACTION,
      );
      notify();
      return changed;
    },

    async change(actor, workspaceId, id, verb) {
      const { row } = await underLock(workspaceId, id, async (tx, locked) => {
        const before = locked.status;
        const steps = await move(tx, locked, verb);
        if (steps) {
          await writeAudit(tx, actor, {
            action: `broadcast.${PAST[verb]}`,
            resourceType: 'broadcast',
            resourceId: locked.id,
            before: { status: before },
            after: { status: locked.status },
          });
        }
        return { result: undefined, steps };
      });
      return presentBroadcast(row);
    },

    async preview(workspaceId, id, { to, name, variables, variant }) {
      const row = await find(workspaceId, id);
      const jid = to === undefined ? null : parseRecipient(to);
      const given = jid === null ? null : ((await readPeople(pool, workspaceId, [jid])).get(jid)?.jids ?? [jid]);
      const { rows } = await pool.query<StoredRecipient>({ ...RECIPIENT, values: [row.id, given] });
      const stored = rows[0];
      const chatJid = stored?.jid ?? jid;
      if (chatJid === null) throw new ApiError('BROADCAST_EMPTY');
      const index = variant === undefined ? variantOf(row, stored?.position ?? 1) : variant - 1;
      const template = row.messages[index];
      if (!template)
        throw new ApiError('VALIDATION', {
          message: `The broadcast has ${row.messages.length} variants, counted from 1.`,
        });
      const person = (await readPeople(pool, workspaceId, [chatJid])).get(chatJid)!;
      const own = Object.fromEntries(
        Object.entries(variables ?? {}).map(([key, value]) => [variableName(key), String(value)]),
      );
      const values = { name: name ?? stored?.name ?? null, variables: { ...stored?.variables, ...own } };
      const { request, missing, refusal } = renderFor(template, values, person);
      const { rows: left } = await pool.query({ ...LEFT, values: [workspaceId, person.jids] });
      const { text, content } = storedOf(request);
      return {
        to: person.chatJid,
        variant: index + 1,
        type: request.type,
        text: text ?? null,
        content: content ?? null,
        missing,
        skippedBecause:
          left.length > 0
            ? 'opted_out'
            : missing.length > 0
              ? `missing_variable: ${missing.join(', ')}`
              : (refusal ?? null),
      };
    },

    async remove(actor, workspaceId, id) {
      const { row: gone } = await underLock(workspaceId, id, async (tx, row) => {
        const isIdle = row.status === 'draft' || row.status === 'scheduled' || row.endedAt !== null;
        if (!isIdle) {
          throw stateRefusal(
            row,
            row.status === 'cancelled'
              ? 'Messages of the broadcast are still in flight. Delete it when `isSettled` is true.'
              : 'The broadcast is on its way. Cancel it first.',
          );
        }
        await tx.query('DELETE FROM broadcasts WHERE id = $1', [row.id]);
        await writeAudit(tx, actor, {
          action: 'broadcast.deleted',
          resourceType: 'broadcast',
          resourceId: row.id,
          before: { name: row.name, status: row.status },
        });
        return { result: undefined };
      });
      return { broadcastId: gone.id, deleted: true };
    },
  };
}

const isFinal = (status: BroadcastStatus): boolean => status === 'completed' || status === 'cancelled';

const PAST: Record<BroadcastVerb, string> = {
  start: 'started',
  pause: 'paused',
  resume: 'resumed',
  cancel: 'cancelled',
};
