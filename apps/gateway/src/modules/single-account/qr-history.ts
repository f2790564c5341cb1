import type { QrStatus, Queryable } from '@wa-gate/db';

/** A code that was shown. */
export interface QrRecord {
  id: string;
  attempt: number;
  /** `SHOWN` also for an expired code that no worker has marked. */
  status: QrStatus;
  shownAt: Date;
  expiresAt: Date | null;
  scannedAt: Date | null;
}

export interface QrHistoryRepository {
  /** Newest first, those below the id `before`. */
  list(sessionId: string, before: string | undefined, limit: number): Promise<QrRecord[]>;
}

const LIST = {
  name: 'list-qr-history',
  text: `SELECT id, attempt, shown_at AS "shownAt", expires_at AS "expiresAt", scanned_at AS "scannedAt",
      CASE WHEN status = 'SHOWN' AND expires_at < now() THEN 'EXPIRED'::"QrStatus" ELSE status END AS status
    FROM qr_history WHERE session_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
};

export function createQrHistoryRepository(db: Queryable): QrHistoryRepository {
  return {
    async list(sessionId, before, limit) {
      const { rows } = await db.query<QrRecord>({ ...LIST, values: [sessionId, before ?? null, limit] });
      return rows;
    },
  };
}
