import { randomInt } from 'node:crypto';
import {
  type CreateSessionRequest,
  SESSION_STATE_STATUS,
  type Session,
  type SessionStateName,
  type SessionStatus,
  type SessionStatusReport,
  type UpdateSessionRequest,
  type Webhook,
} from '@wa-gate/contracts';
import { inTransaction, type Network, type Pool } from '@wa-gate/db';
import { type Logger, newId } from '@wa-gate/kit';
import { keepMessageCounts, requestDeletion } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import type { Principal, SessionRef } from '../../principal.ts';
import type { PlacementService } from '../../worker-links/placement.ts';
import type { KeyStore } from '../api-keys/index.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import { orElseGoesOn } from '../deletions/index.ts';
import { assertTierAllowsSessions } from '../tiers/index.ts';
import type { WebhooksService } from '../webhooks/index.ts';
import { assertSettings } from './assert-settings.ts';
import { presentSession, presentStatus } from './present-session.ts';
import type { SessionsRepository } from './sessions.repository.ts';
import { updateSession } from './update-session.ts';

export interface SessionsDependencies {
  pool: Pool;
  sessions: SessionsRepository;
  keys: KeyStore;
  webhooks: WebhooksService;
  placement: PlacementService;
  defaultNetwork: Network;
  logger: Logger;
}

export interface CreatedSession extends Session {
  apiKey: string;
  webhook?: Webhook & { secret: string };
}

export interface SessionsService {
  create(actor: Actor, principal: Principal, request: CreateSessionRequest): Promise<CreatedSession>;
  list(
    principal: Principal,
    filter: { status?: string | undefined; label?: string | undefined; page: number; limit: number },
  ): Promise<{ sessions: Session[]; total: number }>;
  get(session: SessionRef): Promise<Session>;
  /** As the row has it. */
  status(session: SessionRef): Promise<SessionStatusReport>;
  update(actor: Actor, session: SessionRef, request: UpdateSessionRequest): Promise<Session>;
  /**
   * Stores that the session is to be deleted, and returns the id of the deletion. Only then its device may be unlinked:
   * whatever happens meanwhile, a job deletes it.
   */
  requestDeletion(actor: Actor, session: SessionRef): Promise<string>;
  /**
   * Deletes the session. Nothing of it can be seen from then on; a job erases what it leaves. The caller has asked its
   * owner to unlink the device before, and passes the result on.
   *
   * @throws {ApiError} DELETION_GOES_ON when it could not be deleted now, and was requested before
   */
  delete(actor: Actor, session: SessionRef, outcome: { unlinked: boolean; deletionId?: string }): Promise<void>;
}

/** The state that every session begins in. */
const AS_MADE = { state: 'INITIALIZING', stateReason: null } as const;

/** Letters and digits that are hard to confuse. */
const SLUG_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const newSlug = (): string =>
  `session-${Array.from({ length: 10 }, () => SLUG_ALPHABET[randomInt(SLUG_ALPHABET.length)]).join('')}`;

/** The exact states behind a status; the brief's `INIT` is `initializing`. */
export function statesOf(status: string): SessionStateName[] {
  const wanted = (/^init$/i.test(status) ? 'initializing' : status) as SessionStatus;
  return (Object.keys(SESSION_STATE_STATUS) as SessionStateName[]).filter(
    (name) => SESSION_STATE_STATUS[name] === wanted,
  );
}

export function createSessionsService(deps: SessionsDependencies): SessionsService {
  const { pool, sessions, keys, webhooks, placement, logger } = deps;

  async function load(session: SessionRef) {
    const record = await sessions.find(session.id);
    if (!record) throw new ApiError('SESSION_NOT_FOUND');
    return record;
  }

  return {
    async create(actor, { userId, accountId, workspaceId }, request) {
      const network = (request.network?.toUpperCase() as Network | undefined) ?? deps.defaultNetwork;
      if (request.webhook) webhooks.assertAcceptable(request.webhook);
      assertSettings(request.settings);
      if (!(await sessions.hasWorker(network))) throw new ApiError('NO_WORKER', { retryAfter: 5 });
      const session = {
        id: newId(),
        workspaceId,
        userId: accountId,
        slug: request.sessionId ?? newSlug(),
        name: request.name,
        network,
        settings: request.settings ?? {},
      };
      const { slug, name } = session;
      const made = await sessions.create(session, async (tx) => {
        await assertTierAllowsSessions(tx, accountId);
        await writeAudit(tx, actor, {
          action: 'session.created',
          resourceType: 'session',
          resourceId: session.id,
          workspaceId,
          after: { sessionId: slug, name, network, webhook: request.webhook, settings: request.settings },
        });
        return {
          apiKey: await keys.create(tx, { userId, workspaceId, sessionId: session.id, name: 'Primary key', network }),
          webhook: request.webhook && (await webhooks.put(tx, session.id, request.webhook)),
        };
      });
      if (!made) throw new ApiError('SESSION_EXISTS');
      const workerId = await placement.place(session.id).catch((error: Error) => {
        // The session exists, and the reconciler places what is unassigned.
        logger.warn({ err: error, sessionId: session.id }, 'new session not placed yet');
        return null;
      });
      const record = await load(session);
      return {
        // As it was made: what its worker has done with it since, `/status` tells.
        ...presentSession({ ...record, ...AS_MADE, workerId: workerId ?? record.workerId }),
        apiKey: made.apiKey,
        ...(made.webhook && { webhook: made.webhook }),
      };
    },
    async list(principal, { status, label, page, limit }) {
      const { rows, total } = await sessions.list(
        {
          workspaceId: principal.workspaceId,
          sessionId: principal.kind === 'key' ? principal.session?.id : undefined,
          states: status === undefined ? undefined : statesOf(status),
          label,
        },
        { skip: (page - 1) * limit, take: limit },
      );
      return { sessions: rows.map(presentSession), total };
    },
    get: async (session) => presentSession(await load(session)),
    status: async (session) => presentStatus(await load(session)),
    async update(actor, session, request) {
      assertSettings(request.settings);
      await inTransaction(pool, async (tx) => {
        const change = await updateSession(tx, session, request);
        if (!change) throw new ApiError('SESSION_NOT_FOUND');
        if (Object.keys(change.after).length === 0) return;
        const entry = { action: 'session.updated', resourceType: 'session', resourceId: session.id, ...change };
        await writeAudit(tx, actor, { ...entry, workspaceId: session.workspaceId });
      });
      return presentSession(await load(session));
    },
    async requestDeletion(actor, { id, slug, workspaceId }) {
      const { userId } = actor;
      const what = { id: newId(), kind: 'session' as const, subject: id, workspaceId, userId, name: slug };
      return await requestDeletion(pool, { ...what, request: { actor } });
    },
    async delete(actor, { id, slug, network, workspaceId }, { unlinked, deletionId }) {
      const deleted = placement.release(id, 'session deleted', async (tx, revoke) => {
        await keepMessageCounts(tx, id);
        const { rowCount } = await tx.query('DELETE FROM sessions WHERE id = $1', [id]);
        await revoke('session', id);
        // Of two at the same time, one has deleted it.
        if (!rowCount) return;
        const before = { sessionId: slug, network, unlinked };
        await writeAudit(tx, actor, {
          action: 'session.deleted',
          resourceType: 'session',
          resourceId: id,
          workspaceId,
          before,
        });
      });
      await (deletionId === undefined ? deleted : orElseGoesOn(deletionId, deleted));
    },
  };
}
