import { type Pacing, type PacingSettings, type UpdatePacingRequest, withDefaultPacing } from '@wa-gate/contracts';
import { inTransaction, type Pool } from '@wa-gate/db';
import { dayOfSession, decide, isPaced, isTimeZone, readAdmission, risksOf } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import type { SessionRef } from '../../principal.ts';
import type { Doorbells } from '../../worker-links/doorbells.ts';
import { type Actor, writeAudit } from '../audit/index.ts';

export interface PacingService {
  get(session: SessionRef): Promise<Pacing>;
  /** What is not given stays as it is. It holds for the next message. */
  update(actor: Actor, session: SessionRef, change: UpdatePacingRequest): Promise<Pacing>;
}

/** Held messages that the next one is looked for among. */
const LOOKED_AT = 200;

const LOCK = `INSERT INTO session_pacing (session_id) VALUES ($1) ON CONFLICT (session_id) DO UPDATE SET updated_at = now()
  RETURNING settings`;
const WRITE = 'UPDATE session_pacing SET settings = $2 WHERE session_id = $1';
const COUNT = {
  name: 'count-paced',
  text: `SELECT count(*)::int AS count FROM (SELECT FROM outbox o WHERE o.session_id = $1 AND o.state = 'HELD' AND o.not_before <= now()
    AND o.lane IN ('BULK', 'CAMPAIGN') LIMIT 100000) w`,
};

const limitOf = (limit: number): number | null => (Number.isFinite(limit) ? limit : null);

export function createPacingService({
  pool,
  doorbells,
}: {
  pool: Pool;
  doorbells: Pick<Doorbells, 'notifySession'>;
}): PacingService {
  async function read(session: SessionRef): Promise<Pacing> {
    const view = await readAdmission(pool, session.id, LOOKED_AT);
    if (!view) throw new ApiError('SESSION_NOT_FOUND');
    const { rows } = await pool.query<{ count: number }>({ ...COUNT, values: [session.id] });
    const { settings } = view.session;
    const day = dayOfSession(view.session, view.now);
    const held = view.held.filter(({ lane }) => isPaced(lane));
    const { wait, admit } = decide({ ...view, held, random: () => 0 });
    const isWaiting = admit.length === 0 && wait !== null;
    return {
      sessionId: session.slug,
      settings,
      risks: risksOf(settings),
      today: {
        sent: day.sent,
        limit: limitOf(day.limit),
        firstContacts: day.firstContacts,
        firstContactsLimit: limitOf(day.firstContactsLimit),
      },
      waiting: rows[0]!.count,
      nextAt: isWaiting && wait.until !== null ? new Date(wait.until).toISOString() : null,
      reason: isWaiting ? wait.reason : null,
    };
  }

  return {
    get: read,

    async update(actor, session, change) {
      if (change.timeZone !== undefined && !isTimeZone(change.timeZone))
        throw new ApiError('VALIDATION', {
          message: `There is no time zone \`${change.timeZone}\`. Give a name of the IANA list, such as \`Asia/Jakarta\`.`,
        });
      await inTransaction(pool, async (tx) => {
        const { rows } = await tx.query<{ settings: Partial<PacingSettings> }>(LOCK, [session.id]);
        const before = rows[0]!.settings;
        const after = { ...before, ...change };
        await tx.query(WRITE, [session.id, JSON.stringify(after)]);
        const changed = (Object.keys(change) as (keyof PacingSettings)[]).filter(
          (name) => JSON.stringify(withDefaultPacing(before)[name]) !== JSON.stringify(withDefaultPacing(after)[name]),
        );
        if (changed.length === 0) return;
        const only = (settings: Partial<PacingSettings>) =>
          Object.fromEntries(changed.map((name) => [name, withDefaultPacing(settings)[name]]));
        await writeAudit(tx, actor, {
          action: 'session.pacing_updated',
          resourceType: 'session',
          resourceId: session.id,
          workspaceId: session.workspaceId,
          before: only(before),
          after: only(after),
        });
      });
      doorbells.notifySession(session.id);
      return await read(session);
    },
  };
}
