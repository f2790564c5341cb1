import type { QrHistoryEntry } from '@wa-gate/contracts';
import type { SessionRef } from '../../principal.ts';
import type { QrRecord } from './qr-history.ts';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

/** An entry of the history as the API shows it. */
export const presentQr = ({ slug }: SessionRef, record: QrRecord): QrHistoryEntry => ({
  id: record.id,
  sessionId: slug,
  attempt: record.attempt,
  status: record.status.toLowerCase() as QrHistoryEntry['status'],
  shownAt: record.shownAt.toISOString(),
  expiresAt: iso(record.expiresAt),
  scannedAt: iso(record.scannedAt),
});
