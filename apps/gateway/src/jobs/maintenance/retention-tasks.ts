import type { Pool } from '@wa-gate/db';
import { newPayloadSweep, sweepIdempotencyKeys, sweepJournal, sweepPayloads, sweepQrHistory } from '@wa-gate/messaging';
import { sweepLogins, sweepMailTokens } from '../../modules/auth/index.ts';
import { sweepWorkerMetrics } from '../../modules/workers/index.ts';
import { sweepRevocations } from '../../revocations.ts';
import { sweepMails } from '../mail/index.ts';
import type { MaintenanceTask } from './maintenance.ts';

/** What becomes too old. */
export function retentionTasks(pool: Pool): MaintenanceTask[] {
  const payloads = newPayloadSweep();
  return [
    { name: 'expired idempotency keys', run: (limit) => sweepIdempotencyKeys(pool, limit) },
    { name: 'old journal rows', run: (limit) => sweepJournal(pool, limit) },
    { name: 'ended logins', run: (limit) => sweepLogins(pool, limit) },
    { name: 'expired mail tokens', run: (limit) => sweepMailTokens(pool, limit) },
    { name: 'old mails', run: (limit) => sweepMails(pool, limit) },
    { name: 'old revocations', run: (limit) => sweepRevocations(pool, limit) },
    { name: 'old QR history', run: (limit) => sweepQrHistory(pool, limit) },
    { name: 'old worker metrics', run: (limit) => sweepWorkerMetrics(pool, limit) },
    { name: 'old outbound bytes', run: (limit) => sweepPayloads(pool, payloads, limit) },
  ];
}
