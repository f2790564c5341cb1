import {
  type Broadcast,
  type BroadcastCounts,
  type BroadcastStatus,
  type BroadcastWait,
  type OutboundRequest,
  RECIPIENT_STATES,
  type RecipientState,
  type SessionEvent,
  storedOf,
} from '@wa-gate/contracts';
import { variablesOf } from './template.ts';

/** A row of `broadcasts`, with the sessions that are still there. */
export interface BroadcastRow extends BroadcastCounts {
  id: string;
  workspaceId: string;
  name: string;
  status: BroadcastStatus;
  sessionIds: string[];
  slugs: string[];
  messages: OutboundRequest[];
  metadata: Record<string, unknown> | null;
  apiKeyId: string | null;
  waitsFor: BroadcastWait | null;
  waitsUntil: Date | null;
  /** Why it was paused by itself. */
  reason: string | null;
  /** Somebody resumed it then: what a guard has found before is known to them. */
  riskAcceptedAt: Date | null;
  scheduledAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  toldDone: number;
  toldAt: Date | null;
  createdAt: Date;
  /** PostgreSQL's clock when it was read. */
  now: Date;
}

export const BROADCAST_COLUMNS = `b.id, b.workspace_id AS "workspaceId", b.name, b.status, b.session_ids AS "sessionIds",
  (SELECT coalesce(json_agg(s.slug ORDER BY array_position(b.session_ids, s.id)), '[]') FROM sessions s WHERE s.id = ANY(b.session_ids)) AS slugs,
  b.messages, b.metadata, b.api_key_id AS "apiKeyId", b.waits_for AS "waitsFor", b.waits_until AS "waitsUntil",
  b.reason, b.risk_accepted_at AS "riskAcceptedAt",
  b.scheduled_at AS "scheduledAt", b.started_at AS "startedAt", b.ended_at AS "endedAt", b.told_done AS "toldDone", b.told_at AS "toldAt",
  b.created_at AS "createdAt", clock_timestamp() AS now, b.total, ${RECIPIENT_STATES.map((state) => `b.${state}`).join(', ')}`;

export const countsOf = (row: BroadcastCounts): BroadcastCounts => ({
  total: row.total,
  pending: row.pending,
  queued: row.queued,
  sent: row.sent,
  failed: row.failed,
  unknown: row.unknown,
  skipped: row.skipped,
  cancelled: row.cancelled,
  invalid: row.invalid,
});

/** How many recipients are done, whatever became of them. */
export const doneOf = ({ total, pending, queued }: BroadcastCounts): number => total - pending - queued;

const progressOf = (row: BroadcastCounts): number => (row.total === 0 ? 0 : doneOf(row) / row.total);

/** Paused by the guard of a session, and by nobody else. */
const isGuarded = ({ status, waitsFor }: BroadcastRow): boolean => status === 'paused' && waitsFor === 'at_risk';

export const presentBroadcast = (row: BroadcastRow): Broadcast => ({
  broadcastId: row.id,
  name: row.name,
  status: row.status,
  sessionIds: row.slugs,
  messages: row.messages.map(presentTemplate),
  variables: variablesOf(row.messages),
  counts: countsOf(row),
  progress: progressOf(row),
  isSettled: row.endedAt !== null,
  waitsFor: row.status === 'running' || isGuarded(row) ? row.waitsFor : null,
  waitsUntil: row.status === 'running' ? (row.waitsUntil?.toISOString() ?? null) : null,
  reason: isGuarded(row) ? row.reason : null,
  metadata: row.metadata,
  scheduledAt: row.scheduledAt?.toISOString() ?? null,
  startedAt: row.startedAt?.toISOString() ?? null,
  endedAt: row.endedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});

/** What a message says, as lists of messages show it. */
export function presentTemplate(request: OutboundRequest): Broadcast['messages'][number] {
  const { text, content } = storedOf(request);
  return { type: request.type, text: text ?? null, content: content ?? null };
}

/** The event that tells of it. */
export const broadcastEvent = (
  type: 'broadcast.progress' | 'broadcast.completed',
  row: BroadcastRow,
): Extract<SessionEvent, { type: `broadcast.${string}` }> => ({
  type,
  data: {
    broadcastId: row.id,
    name: row.name,
    status: row.status,
    counts: countsOf(row),
    progress: progressOf(row),
    ...(isGuarded(row) && row.reason !== null && { reason: row.reason }),
  },
});

/** What changes of the counts. */
export type CountChanges = Partial<Record<RecipientState | 'total', number>>;

/** Adds changes to a row in memory. */
export function applyCounts(row: BroadcastCounts, changes: CountChanges): void {
  for (const [name, change] of Object.entries(changes)) row[name as keyof BroadcastCounts] += change;
}
