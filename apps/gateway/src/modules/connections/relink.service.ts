import type { RelinkRequest, RelinkResult } from '@wa-gate/contracts';
import { inTransaction, type Pool } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { parseNumber } from '../../http/recipient.ts';
import type { SessionRef } from '../../principal.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import type { OwnerCalls } from './owner-calls.ts';

/** Links a logged-out session again. Its id, keys, webhooks, settings and queue stay. */
export interface RelinkService {
  /** @throws {ApiError} SESSION_ALREADY_PAIRED, QR_NOT_READY */
  begin(actor: Actor, session: SessionRef, request: RelinkRequest, calls: OwnerCalls): Promise<RelinkResult>;
}

const READ = `SELECT paired_at IS NOT NULL AS "isLinked", phone_number AS "phoneNumber",
    (SELECT count(*)::int FROM (SELECT FROM outbox o WHERE o.session_id = s.id AND o.state IN ('HELD', 'QUEUED') LIMIT 100000) q) AS queued
  FROM sessions s WHERE id = $1`;
const EXPECT = `INSERT INTO session_connections (session_id, relink_number) VALUES ($1, $2)
  ON CONFLICT (session_id) DO UPDATE SET relink_number = $2, updated_at = now()`;

export function createRelinkService({ pool }: { pool: Pool }): RelinkService {
  return {
    async begin(actor, session, { anotherNumber = false, phoneNumber }, calls) {
      const expects = await inTransaction(pool, async (tx) => {
        const { rows } = await tx.query<{ isLinked: boolean; phoneNumber: string | null; queued: number }>(READ, [
          session.id,
        ]);
        const row = rows[0];
        if (!row) throw new ApiError('SESSION_NOT_FOUND');
        if (row.isLinked) throw new ApiError('SESSION_ALREADY_PAIRED');
        const number = anotherNumber ? null : row.phoneNumber;
        await tx.query(EXPECT, [session.id, number]);
        await writeAudit(tx, actor, {
          action: 'session.relink_requested',
          resourceType: 'session',
          resourceId: session.id,
          workspaceId: session.workspaceId,
          after: { anotherNumber },
        });
        return { number, queued: row.queued };
      });
      const shown = {
        sessionId: session.slug,
        expects: expects.number && `+${expects.number}`,
        queued: expects.queued,
      };
      if (phoneNumber !== undefined) {
        const { code, expiresAt = null } = await calls.pairingCode(parseNumber(phoneNumber));
        return { ...shown, qr: null, pairingCode: code, expiresAt };
      }
      const { qr, expiresAt = null } = await calls.qr();
      return { ...shown, qr, pairingCode: null, expiresAt };
    },
  };
}
