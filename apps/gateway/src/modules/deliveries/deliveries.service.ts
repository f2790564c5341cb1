import {
  type DeliveryStatus,
  type EventDelivery,
  type ListDeliveriesQuery,
  MAX_REPLAYED,
  type ReplayDeliveriesRequest,
} from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import type { EndpointsService } from '../webhooks/index.ts';
import type { DeliveriesRepository, DeliveryFilter, DeliveryRecord } from './deliveries.repository.ts';
import { deliveryCursor, deliveryId, parseDeliveryCursor, parseDeliveryId } from './delivery-id.ts';

export interface DeliveriesDependencies {
  pool: Pool;
  deliveries: DeliveriesRepository;
  webhooks: Pick<EndpointsService, 'get'>;
  /** Tells the gateways that deliver that deliveries were asked for again. */
  announce: (webhook: { webhookId: string; sessionId: string }) => void;
}

/** Whose webhooks a caller may see. */
type Reach = Parameters<EndpointsService['get']>[0];
/** With the session as an id, not by its public name. */
type Listed = Omit<ListDeliveriesQuery, 'sessionId' | 'limit'> & { sessionId?: string | undefined; limit: number };
type Asked = Omit<ReplayDeliveriesRequest, 'sessionId'> & { sessionId?: string | undefined };

/** What became of the events of a webhook. */
export interface DeliveriesService {
  /** The latest events first. */
  list(
    reach: Reach,
    webhookId: string,
    query: Listed,
  ): Promise<{ deliveries: EventDelivery[]; nextCursor: string | null }>;
  /** @throws {ApiError} DELIVERY_NOT_FOUND */
  get(reach: Reach, webhookId: string, id: string): Promise<EventDelivery>;
  /**
   * Sends one again now, also one that waits for its next attempt.
   *
   * @throws {ApiError} DELIVERY_PENDING when it is in line, WEBHOOK_OFF
   */
  replayOne(actor: Actor, reach: Reach, webhookId: string, id: string): Promise<EventDelivery>;
  /** Sends many again. @throws {ApiError} WEBHOOK_OFF */
  replay(
    actor: Actor,
    reach: Reach,
    webhookId: string,
    asked: Asked,
  ): Promise<{ replayed: number; nextCursor: string | null }>;
}

/** Deliveries that one statement repeats; others write results meanwhile. */
const BATCH = 500;
const STATUSES: Readonly<Record<DeliveryRecord['status'], DeliveryStatus>> = {
  PENDING: 'pending',
  RETRYING: 'retrying',
  DELIVERED: 'delivered',
  FAILED: 'failed',
};
const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

const present = (record: DeliveryRecord): EventDelivery => ({
  id: deliveryId(record.sessionId, record.seq),
  event: record.type,
  sessionId: record.slug,
  seq: record.seq,
  occurredAt: record.occurredAt.toISOString(),
  status: STATUSES[record.status],
  attempts: record.attempts,
  nextAttemptAt: iso(record.nextAttempt),
  deliveredAt: iso(record.deliveredAt),
  replayedAt: iso(record.replayedAt),
  statusCode: record.responseCode,
  latencyMs: record.durationMs,
  error: record.lastError,
  answer: record.answer,
});

const badCursor = (name: string) => new ApiError('VALIDATION', { message: `The cursor is not valid: use ${name}.` });

/** @throws {ApiError} VALIDATION */
function periodOf({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  const read = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  const period = { from: read(from), to: read(to) };
  if (period.from && period.to && period.from >= period.to) {
    throw new ApiError('VALIDATION', { message: '`from` must be before `to`.' });
  }
  return period;
}

export function createDeliveriesService(deps: DeliveriesDependencies): DeliveriesService {
  const { pool, deliveries, webhooks, announce } = deps;

  async function find(webhookId: string, id: string): Promise<DeliveryRecord> {
    const parsed = parseDeliveryId(id);
    const filter: DeliveryFilter = { webhookId, ...parsed };
    const [record] = parsed ? await deliveries.list(filter, { limit: 1 }) : [];
    if (!record) throw new ApiError('DELIVERY_NOT_FOUND');
    return record;
  }

  async function assertOn(reach: Reach, webhookId: string): Promise<void> {
    const { isActive } = await webhooks.get(reach, webhookId);
    if (!isActive) throw new ApiError('WEBHOOK_OFF');
  }

  const audit = (actor: Actor, { workspaceId }: Reach, webhookId: string, after: Record<string, unknown>) =>
    writeAudit(pool, actor, {
      action: 'webhook.replayed',
      resourceType: 'webhook',
      resourceId: webhookId,
      workspaceId,
      after,
    });

  return {
    async list(reach, webhookId, { cursor, limit, status, event, sessionId, ...period }) {
      await webhooks.get(reach, webhookId);
      const before = cursor === undefined ? undefined : parseDeliveryCursor(cursor);
      if (cursor !== undefined && !before) throw badCursor('`pagination.nextCursor` of the page before');
      const filter = { webhookId, status, event, sessionId, ...periodOf(period) };
      const found = await deliveries.list(filter, { before, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const hasMore = found.length > limit && last !== undefined;
      return {
        deliveries: page.map(present),
        nextCursor: hasMore ? deliveryCursor({ ...last, at: last.occurredAt.getTime() }) : null,
      };
    },
    async get(reach, webhookId, id) {
      await webhooks.get(reach, webhookId);
      return present(await find(webhookId, id));
    },
    async replayOne(actor, reach, webhookId, id) {
      await assertOn(reach, webhookId);
      const { sessionId, seq, status } = await find(webhookId, id);
      if (status === 'PENDING') throw new ApiError('DELIVERY_PENDING');
      await audit(actor, reach, webhookId, { deliveryId: id });
      for (const row of await deliveries.rowsOf(webhookId, sessionId)) {
        await deliveries.replay({ webhookId: row.id, seq, statuses: ['DELIVERED', 'FAILED', 'RETRYING'], limit: 1 });
        announce({ webhookId: row.id, sessionId });
      }
      return present(await find(webhookId, id));
    },
    async replay(actor, reach, webhookId, asked) {
      const { status = 'failed', events, sessionId, cursor, from, to } = asked;
      if (status === 'delivered' && from === undefined && to === undefined) {
        throw new ApiError('VALIDATION', {
          message: 'Say with `from` or `to` which of the delivered events are sent again.',
        });
      }
      const period = periodOf({ from, to });
      await assertOn(reach, webhookId);
      const begin = cursor === undefined ? undefined : parseReplayCursor(cursor);
      if (cursor !== undefined && !begin) throw badCursor('`nextCursor` of the call before');
      await audit(actor, reach, webhookId, { status, events, sessionId, from, to, cursor });
      const statuses = status === 'failed' ? (['FAILED'] as const) : (['DELIVERED'] as const);
      let replayed = 0;
      for (const row of await deliveries.rowsOf(webhookId, sessionId)) {
        if (begin && row.id < begin.rowId) continue;
        let after = begin?.rowId === row.id ? begin.seq : -1;
        let hasAny = false;
        for (let hasMore = true; hasMore; ) {
          const { count, next } = await deliveries.replay({
            webhookId: row.id,
            statuses,
            types: events,
            ...period,
            after,
            limit: BATCH,
          });
          replayed += count;
          hasAny ||= count > 0;
          hasMore = next !== null;
          after = next ?? after;
          if (replayed + BATCH > MAX_REPLAYED && hasMore) {
            announce({ webhookId: row.id, sessionId: row.sessionId });
            return { replayed, nextCursor: `${row.id}~${after}` };
          }
        }
        if (hasAny) announce({ webhookId: row.id, sessionId: row.sessionId });
      }
      return { replayed, nextCursor: null };
    },
  };
}

function parseReplayCursor(cursor: string): { rowId: string; seq: number } | undefined {
  const [rowId = '', seq = ''] = cursor.split('~');
  return isUuid(rowId) && /^\d{1,15}$/.test(seq) ? { rowId, seq: Number(seq) } : undefined;
}
