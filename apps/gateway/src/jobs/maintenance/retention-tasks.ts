import type { Pool } from '@wa-gate/db';
import {
  newPayloadSweep,
  sweepCalls,
  sweepDeletions,
  sweepIdempotencyKeys,
  sweepJournal,
  sweepPayloads,
  sweepQrHistory,
  sweepRiskHistory,
  sweepUploads,
  sweepWaitingChanges,
} from '@wa-gate/messaging';
import { sweepLogins, sweepMailTokens } from '../../modules/auth/index.ts';
import { sweepWorkerEvents } from '../../modules/events/index.ts';
import { sweepRuleFirings } from '../../modules/keyword-rules/index.ts';
import { sweepUsageBatches } from '../../modules/usage/index.ts';
import { sweepWorkerMetrics } from '../../modules/workers/index.ts';
import { sweepInvitations } from '../../modules/workspaces/index.ts';
import { sweepRevocations } from '../../revocations/revocations.ts';
import { sweepMails } from '../mail/index.ts';
import { sweepIncidents } from '../notices/index.ts';
import { sweepEvents } from './event-retention.ts';
import { sweepLog } from './log-retention.ts';
import type { MaintenanceTask } from './maintenance.ts';
import { sweepMessages } from './message-retention.ts';
import { newSessionSweep } from './session-sweep.ts';

/** Days that something is kept for. */
export interface Retention {
  auditDays: number;
  systemLogDays: number;
}

/** What becomes too old. */
export function retentionTasks(pool: Pool, { auditDays, systemLogDays }: Retention): MaintenanceTask[] {
  const payloads = newPayloadSweep();
  const messages = newSessionSweep();
  const events = newSessionSweep();
  return [
    { name: 'expired idempotency keys', run: (limit) => sweepIdempotencyKeys(pool, limit) },
    { name: 'old journal rows', run: (limit) => sweepJournal(pool, limit) },
    { name: 'changes without a message', run: (limit) => sweepWaitingChanges(pool, limit) },
    { name: 'ended logins', run: (limit) => sweepLogins(pool, limit) },
    { name: 'expired mail tokens', run: (limit) => sweepMailTokens(pool, limit) },
    { name: 'old mails', run: (limit) => sweepMails(pool, limit) },
    { name: 'old incidents', run: (limit) => sweepIncidents(pool, limit) },
    { name: 'old audit log', run: (limit) => sweepLog(pool, 'audit_logs', auditDays, limit) },
    { name: 'old system log', run: (limit) => sweepLog(pool, 'system_logs', systemLogDays, limit) },
    { name: 'old invitations', run: (limit) => sweepInvitations(pool, limit) },
    { name: 'old revocations', run: (limit) => sweepRevocations(pool, limit) },
    { name: 'old QR history', run: (limit) => sweepQrHistory(pool, limit) },
    { name: 'old calls', run: (limit) => sweepCalls(pool, limit) },
    { name: 'old risk scores', run: (limit) => sweepRiskHistory(pool, limit) },
    { name: 'old uploads of files', run: (limit) => sweepUploads(pool, limit) },
    { name: 'old worker metrics', run: (limit) => sweepWorkerMetrics(pool, limit) },
    { name: 'old events of workers', run: (limit) => sweepWorkerEvents(pool, limit) },
    { name: 'old firings of keyword rules', run: (limit) => sweepRuleFirings(pool, limit) },
    { name: 'ids of usage batches', run: (limit) => sweepUsageBatches(pool, limit) },
    { name: 'old messages', run: (limit) => sweepMessages(pool, messages, limit) },
    { name: 'old events', run: (limit) => sweepEvents(pool, events, limit) },
    { name: 'deletions that are done', run: (limit) => sweepDeletions(pool, limit) },
    { name: 'old outbound bytes', run: (limit) => sweepPayloads(pool, payloads, limit) },
  ];
}
