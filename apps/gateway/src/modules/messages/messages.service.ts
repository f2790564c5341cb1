import {
  type EventAnswers,
  LIMITS,
  type ListMessageChangesResult,
  type ListMessagesQuery,
  type ListMessagesResult,
  type Message,
  type MessageReceiptsResult,
  type PollVotes,
  type Timeline,
} from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import type { Principal } from '../../principal.ts';
import type { ContactNames } from '../contacts/index.ts';
import type { Reach } from '../sessions/index.ts';
import { readBallots } from './ballots.repository.ts';
import { readChanges } from './changes.repository.ts';
import type { MessageRecord, MessagesRepository } from './messages.repository.ts';
import { filterOf, pageBegin } from './messages-query.ts';
import { presentAnswers, presentVotes } from './present-ballots.ts';
import { presentMessage } from './present-message.ts';
import { presentReceipts } from './present-receipts.ts';
import { readReceipts } from './receipts.repository.ts';
import { createTimelineRepository } from './timeline.repository.ts';
import { composeTimeline } from './timeline.ts';

export interface MessagesService {
  list(reach: Reach, query: ListMessagesQuery): Promise<ListMessagesResult>;
  get(principal: Principal, id: string): Promise<Message>;
  /** The same as it is stored. @throws {ApiError} MESSAGE_NOT_FOUND */
  record(principal: Principal, id: string): Promise<MessageRecord>;
  /** What was done to it after it was sent. */
  changes(principal: Principal, id: string): Promise<ListMessageChangesResult>;
  /** Who has voted in a poll, and for what. */
  votes(principal: Principal, id: string): Promise<PollVotes>;
  /** Who has answered an event. */
  answers(principal: Principal, id: string): Promise<EventAnswers>;
  /** Who has received and read it. */
  receipts(principal: Principal, id: string): Promise<MessageReceiptsResult>;
  /** What has happened to it, and what it waits for. */
  timeline(principal: Principal, id: string): Promise<Timeline>;
}

export interface MessagesDependencies {
  db: Queryable;
  messages: MessagesRepository;
  names: Pick<ContactNames, 'ofChat'>;
}

export function createMessagesService({ db, messages, names }: MessagesDependencies): MessagesService {
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

  async function findOfType(principal: Principal, id: string, type: 'poll' | 'event'): Promise<MessageRecord> {
    const record = await find(principal, id);
    if (record.type === type) return record;
    throw new ApiError('MESSAGE_NOT_FOUND', { message: `This message is no ${type}: its type is ${record.type}.` });
  }

  return {
    async list(reach, query) {
      const { limit = LIMITS.pageDefault } = query;
      const filter = await filterOf(query, reach.workspaceId, names);
      const [rows, total] = await Promise.all([
        messages.list(reach, { ...filter, before: pageBegin(query.cursor, filter.before) }, limit + 1),
        query.count ? messages.count(reach, filter) : undefined,
      ]);
      const page = rows.slice(0, limit);
      const hasMore = rows.length > limit;
      const pagination = { nextCursor: hasMore ? page.at(-1)!.id : null, hasMore };
      return {
        messages: page.map(presentMessage),
        pagination: { ...pagination, ...(total !== undefined && { total }) },
      };
    },

    get: async (principal, id) => presentMessage(await find(principal, id)),

    record: find,

    async changes(principal, id) {
      const { id: messageId, waMessageId } = await find(principal, id);
      return { messageId, waMessageId, changes: await readChanges(db, messageId) };
    },

    async votes(principal, id) {
      const record = await findOfType(principal, id, 'poll');
      return presentVotes(record, await readBallots(db, record.id, 'vote'));
    },

    async answers(principal, id) {
      const record = await findOfType(principal, id, 'event');
      return presentAnswers(record, await readBallots(db, record.id, 'answer'));
    },

    async receipts(principal, id) {
      const record = await find(principal, id);
      return presentReceipts(record, await readReceipts(db, record.id));
    },

    async timeline(principal, id) {
      const record = await find(principal, id);
      const [queue, events] = await Promise.all([timelines.queue(record.id), timelines.events(record.id)]);
      return composeTimeline(record, queue, events);
    },
  };
}
