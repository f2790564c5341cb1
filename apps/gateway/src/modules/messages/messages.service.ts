import { type Message, type MessageStatus, messageStatesOf, type Timeline } from '@wa-gate/contracts';
import type { MessageDirection } from '@wa-gate/db';
import { ApiError } from '../../api-error.ts';
import type { Principal } from '../../plugins/auth.ts';
import type { SessionRef } from '../api-keys/index.ts';
import { isMessageId, type MessageRecord } from './messages.repository.ts';
import { presentMessage } from './present-message.ts';
import { createSending, type Sending, type SendingDependencies } from './sending.ts';
import { createTimelineRepository } from './timeline.repository.ts';
import { composeTimeline } from './timeline.ts';

export interface MessagesService extends Sending {
  list(
    session: SessionRef,
    filter: {
      cursor?: string | undefined;
      direction?: 'inbound' | 'outbound' | undefined;
      status?: MessageStatus | undefined;
      limit: number;
    },
  ): Promise<{ messages: Message[]; nextCursor: string | null }>;
  get(principal: Principal, id: string): Promise<Message>;
  /** What has happened to it, and what it waits for. */
  timeline(principal: Principal, id: string): Promise<Timeline>;
}

export function createMessagesService(deps: SendingDependencies): MessagesService {
  const { db, messages } = deps;
  const timelines = createTimelineRepository(db);

  /** A message that this caller may see. */
  async function find(principal: Principal, id: string): Promise<MessageRecord> {
    const scope = {
      workspaceId: principal.workspaceId,
      sessionId: principal.kind === 'key' ? principal.session?.id : undefined,
      all: principal.isAdministrator,
    };
    const record = await messages.find(scope, id);
    if (!record) throw new ApiError('MESSAGE_NOT_FOUND');
    return record;
  }

  return {
    ...createSending(deps),

    async list(session, { cursor, direction, status, limit }) {
      if (cursor !== undefined && !isMessageId(cursor)) {
        throw new ApiError('VALIDATION', {
          message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
        });
      }
      const rows = await messages.list(session.id, {
        before: cursor,
        direction: direction?.toUpperCase() as MessageDirection | undefined,
        states: status && messageStatesOf(status),
        limit: limit + 1,
      });
      const page = rows.slice(0, limit);
      return { messages: page.map(presentMessage), nextCursor: rows.length > limit ? page.at(-1)!.id : null };
    },

    get: async (principal, id) => presentMessage(await find(principal, id)),

    async timeline(principal, id) {
      const record = await find(principal, id);
      const [queue, events] = await Promise.all([timelines.queue(record.id), timelines.events(record.id)]);
      return composeTimeline(record, queue, events);
    },
  };
}
