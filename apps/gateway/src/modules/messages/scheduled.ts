import {
  describeMessageState,
  LIMITS,
  type ListScheduledResult,
  type Message,
  type MessagePart,
} from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { type Appended, cancelMessage, moveScheduled } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import type { Principal } from '../../principal.ts';
import type { Doorbells } from '../../worker-links/doorbells.ts';
import type { Reach } from '../sessions/index.ts';
import type { MessageRecord } from './messages.repository.ts';
import type { MessagesService } from './messages.service.ts';
import { refusal } from './refusal.ts';
import { listScheduled, type ScheduledPlace } from './scheduled.repository.ts';
import { scheduleOf } from './send-time.ts';

/** Messages that have not begun to leave. */
export interface ScheduledMessages {
  list(reach: Reach, query: { cursor?: string | undefined; limit?: number | undefined }): Promise<ListScheduledResult>;
  /** Gives a message another time. @throws {ApiError} MESSAGE_NOT_WAITING */
  move(
    principal: Principal,
    messageId: string,
    time: { scheduledAt: string; timeZone?: string | undefined },
  ): Promise<Message>;
  /** What is cancelled never leaves. @throws {ApiError} MESSAGE_NOT_WAITING */
  cancel(principal: Principal, messageId: string): Promise<Message>;
}

export interface ScheduledMessagesDependencies {
  db: Queryable;
  messages: Pick<MessagesService, 'record' | 'get' | 'byIds'>;
  doorbells: Pick<Doorbells, 'notifySession'>;
  /** Tells those who listen of the events of a cancellation. */
  announce: (appended: Appended) => void;
}

export function createScheduledMessages(deps: ScheduledMessagesDependencies): ScheduledMessages {
  const { db, messages, doorbells, announce } = deps;

  /** It may have been sent since it was read. */
  async function notWaiting(principal: Principal, id: string): Promise<ApiError> {
    const { state } = await messages.record(principal, id);
    return new ApiError('MESSAGE_NOT_WAITING', { details: { ...describeMessageState(state) } });
  }

  return {
    async list(reach, { cursor, limit = LIMITS.pageDefault }) {
      const places = await listScheduled(db, reach, cursor === undefined ? undefined : placeOf(cursor), limit + 1);
      const page = places.slice(0, limit);
      const last = page.at(-1);
      const hasMore = places.length > limit;
      return {
        messages: await messages.byIds(page.map(({ messageId }) => messageId)),
        pagination: { nextCursor: hasMore && last ? `${last.at}_${last.messageId}` : null, hasMore },
      };
    },

    async move(principal, id, { scheduledAt, timeZone }) {
      const schedule = scheduleOf(scheduledAt, timeZone);
      const record = await messages.record(principal, id);
      const outcome = await moveScheduled(db, { ...placeIn(record), schedule });
      if (outcome === 'begun') throw await notWaiting(principal, id);
      if (outcome === 'expired')
        throw new ApiError('VALIDATION', {
          message: 'The message expires before the new time: it would never be sent.',
        });
      if (outcome !== 'moved') throw refusal({ outcome });
      doorbells.notifySession(record.sessionId);
      return await messages.get(principal, id);
    },

    async cancel(principal, id) {
      const record = await messages.record(principal, id);
      const ended = await cancelMessage(db, placeIn(record));
      if (ended.messageIds.length === 0) throw await notWaiting(principal, id);
      announce(ended);
      doorbells.notifySession(record.sessionId);
      return await messages.get(principal, id);
    },
  };
}

function placeIn({ id: messageId, sessionId, content }: MessageRecord) {
  const { parts = [] } = (content ?? {}) as { parts?: MessagePart[] };
  return { messageId, sessionId, partIds: parts.map((part) => part.messageId) };
}

const CURSOR = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function placeOf(cursor: string): ScheduledPlace {
  const [, at, messageId] = CURSOR.exec(cursor) ?? [];
  if (!at || !messageId || Number.isNaN(Date.parse(at)))
    throw new ApiError('VALIDATION', {
      message: '`cursor` is not valid. Give `pagination.nextCursor` of the page before, or leave it out.',
    });
  return { at, messageId };
}
