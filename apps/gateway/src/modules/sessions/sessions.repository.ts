import { createPlacement } from '@wa-gate/cluster';
import type { MessageCapping, RiskSummary, SessionSettings } from '@wa-gate/contracts';
import {
  inTransaction,
  isUniqueViolation,
  type LazyDatabase,
  type Network,
  type Pool,
  type PoolClient,
  type Prisma,
  type SessionState,
} from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { lockAccount } from '../tiers/index.ts';

/** A session with where it is hosted. */
export interface SessionRecord {
  id: string;
  slug: string;
  name: string;
  network: Network;
  state: SessionState;
  stateReason: string | null;
  stateCode: string | null;
  phoneNumber: string | null;
  pushName: string | null;
  connectedAt: Date | null;
  lastSeenAt: Date | null;
  reachoutLockedUntil: Date | null;
  reachoutLockType: string | null;
  messageCapping: MessageCapping | null;
  /** `null`: not assessed yet. */
  risk: RiskSummary | null;
  /** Those that were set. */
  settings: Partial<SessionSettings>;
  /** Of its workspace. */
  isDefault: boolean;
  createdAt: Date;
  workerId: string | null;
}

export interface NewSession {
  id: string;
  workspaceId: string;
  userId: string;
  slug: string;
  name: string;
  network: Network;
  settings: Partial<SessionSettings>;
}

export interface SessionFilter {
  workspaceId: string;
  /** Only this session, for a session key. */
  sessionId?: string | undefined;
  states?: SessionState[] | undefined;
  /** `name`, or `name:value`. */
  label?: string | undefined;
}

export interface SessionsRepository {
  /** Session, placement and counter, and what `more` adds, in one transaction. `null`: the slug is taken. */
  create<T>(session: NewSession, more: (tx: PoolClient) => Promise<T>): Promise<T | null>;
  find(id: string): Promise<SessionRecord | null>;
  list(filter: SessionFilter, page: { skip: number; take: number }): Promise<{ rows: SessionRecord[]; total: number }>;
  hasWorker(network: Network): Promise<boolean>;
}

const SELECT = {
  id: true,
  slug: true,
  name: true,
  network: true,
  state: true,
  stateReason: true,
  stateCode: true,
  phoneNumber: true,
  pushName: true,
  connectedAt: true,
  lastSeenAt: true,
  reachoutLockedUntil: true,
  reachoutLockType: true,
  messageCapping: true,
  settings: true,
  createdAt: true,
  workspace: { select: { defaultSessionId: true } },
  placement: { select: { workerId: true } },
  risk: { select: { score: true, level: true, assessedAt: true } },
} satisfies Prisma.SessionSelect;

type Row = Prisma.SessionGetPayload<{ select: typeof SELECT }>;

const toRecord = ({ placement, workspace, messageCapping, settings, risk, ...session }: Row): SessionRecord => ({
  ...session,
  // Written by the jobs only, with a level of the list.
  risk: risk?.assessedAt ? ({ score: risk.score, level: risk.level } as RiskSummary) : null,
  settings: settings as Partial<SessionSettings>,
  isDefault: workspace.defaultSessionId === session.id,
  // Written by the owner of the session only, in this shape.
  messageCapping: messageCapping as unknown as MessageCapping | null,
  workerId: placement?.workerId ?? null,
});

/** Labels are strings, so every existing label begins with the empty string. */
function hasLabel(label: string): Prisma.JsonFilter<'Session'> {
  const colon = label.indexOf(':');
  if (colon < 0) return { path: ['labels', label], string_starts_with: '' };
  return { path: ['labels', label.slice(0, colon)], equals: label.slice(colon + 1) };
}

export function createSessionsRepository({ pool, prisma }: { pool: Pool; prisma: LazyDatabase }): SessionsRepository {
  return {
    async create(session, more) {
      try {
        return await inTransaction(pool, async (tx) => {
          await lockAccount(tx, session.userId);
          const { rowCount } = await tx.query(
            `INSERT INTO sessions (id, workspace_id, user_id, slug, name, network, settings)
             SELECT $1, w.id, $3, $4, $5, $6, $7::jsonb FROM workspaces w WHERE w.id = $2`,
            [
              session.id,
              session.workspaceId,
              session.userId,
              session.slug,
              session.name,
              session.network,
              JSON.stringify(session.settings),
            ],
          );
          // The workspace was deleted a moment ago, and its credentials with it.
          if (rowCount === 0) throw new ApiError('UNAUTHENTICATED');
          await createPlacement(tx, session.id);
          await tx.query('INSERT INTO session_counters (session_id) VALUES ($1)', [session.id]);
          return more(tx);
        });
      } catch (error) {
        if (isUniqueViolation(error, 'sessions_workspace_id_slug_key')) return null;
        throw error;
      }
    },
    async find(id) {
      const { session } = await prisma.open();
      const row = await session.findUnique({ where: { id }, select: SELECT });
      return row && toRecord(row);
    },
    async list({ workspaceId, sessionId, states, label }, { skip, take }) {
      const where = {
        workspaceId,
        ...(sessionId && { id: sessionId }),
        ...(states && { state: { in: states } }),
        ...(label !== undefined && { settings: hasLabel(label) }),
      } satisfies Prisma.SessionWhereInput;
      const { session } = await prisma.open();
      const [rows, total] = await Promise.all([
        session.findMany({ where, select: SELECT, orderBy: { id: 'desc' }, skip, take }),
        session.count({ where }),
      ]);
      return { rows: rows.map(toRecord), total };
    },
    async hasWorker(network) {
      const { rowCount } = await pool.query(
        `SELECT 1 FROM workers WHERE network = $1 AND admin_state <> 'RETIRED' LIMIT 1`,
        [network],
      );
      return rowCount === 1;
    },
  };
}
