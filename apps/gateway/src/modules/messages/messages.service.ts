import type { Readable } from 'node:stream';
import {
  type EventAnswers,
  type ExportMessagesQuery,
  LIMITS,
  type ListMessageChangesResult,
  type ListMessagesQuery,
  type ListMessagesResult,
  type Media,
  type Message,
  type MessageReceiptsResult,
  type PollVotes,
  type Timeline,
} from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { requestDownload } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import type { Principal } from '../../principal.ts';
import type { Doorbells } from '../../worker-links/doorbells.ts';
import type { ContactNames } from '../contacts/index.ts';
import type { MessageIndex } from '../message-index/index.ts';
import type { RiskWarnings } from '../risk/index.ts';
import type { Reach } from '../sessions/index.ts';
import { readBallots } from './ballots.repository.ts';
import { readChanges } from './changes.repository.ts';
import { exportMessages } from './message-export.ts';
import type { MessageFilter, MessageRecord, MessagesRepository } from './messages.repository.ts';
import { filterOf, pageOf } from './messages-query.ts';
import { presentAnswers, presentVotes } from './present-ballots.ts';
import { presentMessage } from './present-message.ts';
import { presentReceipts } from './present-receipts.ts';
import { readReceipts } from './receipts.repository.ts';
import { createTimelineRepository } from './timeline.repository.ts';
import { composeTimeline } from './timeline.ts';

export interface MessagesService {
  list(reach: Reach, query: ListMessagesQuery): Promise<ListMessagesResult>;
  /** These messages, in the order of the ids; those that are gone are left out. */
  byIds(ids: readonly string[]): Promise<Message[]>;
  /**
   * All messages that the filters find, newest first, as a file. The first page is read before this resolves, the
   * others while it is sent.
   */
  export(reach: Reach, query: ExportMessagesQuery): Promise<Readable>;
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
  /** Has the file of a received message fetched, if it is not here. Returns it as it is then. */
  fetchFile(principal: Principal, id: string): Promise<Media>;
}

export interface MessagesDependencies {
  db: Queryable;
  messages: MessagesRepository;
  names: Pick<ContactNames, 'ofChat'>;
  index: Pick<MessageIndex, 'catchUp' | 'sessionsOf'>;
  doorbells: Pick<Doorbells, 'notifySession'>;
  risks: RiskWarnings;
}

/** Messages that an export reads at a time. */
const EXPORT_PAGE = 500;
const NO_KEY = 'The message has no key for its file, so that nobody can fetch it.';

export function createMessagesService({
  db,
  messages,
  names,
  index,
  doorbells,
  risks,
}: MessagesDependencies): MessagesService {
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

  /** The filter of a query. What a search needs is filled first, so that it finds what has just come. */
  async function read(reach: Reach, query: Omit<ExportMessagesQuery, 'format'>): Promise<MessageFilter> {
    const { filter, terms } = await filterOf(query, reach.workspaceId, names);
    if (!terms && !filter.contactJids) return filter;
    const sessionIds = await index.sessionsOf(reach);
    await index.catchUp(sessionIds);
    return { ...filter, ...(terms && { search: { terms, sessionIds } }) };
  }

  return {
    async list(reach, query) {
      const { limit = LIMITS.pageDefault, after } = query;
      const filter = await read(reach, query);
      const [rows, total] = await Promise.all([
        messages.list(reach, pageOf(query, filter), limit + 1),
        query.count ? messages.count(reach, filter) : undefined,
      ]);
      const hasMore = rows.length > limit;
      // Forwards, the one too many is the newest.
      const page = after === undefined ? rows.slice(0, limit) : rows.slice(hasMore ? 1 : 0);
      const pagination = {
        nextCursor: page.length > 0 && (hasMore || after !== undefined) ? page.at(-1)!.id : null,
        previousCursor: page[0]?.id ?? after ?? null,
        hasMore,
      };
      return {
        messages: page.map(presentMessage),
        pagination: { ...pagination, ...(total !== undefined && { total }) },
      };
    },

    byIds: async (ids) => (await messages.byIds(ids)).map(presentMessage),

    async export(reach, { format = 'csv', ...query }) {
      const filter = await read(reach, query);
      const pageFrom = (before: string | undefined) =>
        messages.list(reach, before === undefined ? filter : { ...filter, before }, EXPORT_PAGE);
      return exportMessages(pagesFrom(await pageFrom(undefined), pageFrom), format);
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
      const [queue, events, risk] = await Promise.all([
        timelines.queue(record.id),
        timelines.events(record.id),
        risks.of(record.sessionId),
      ]);
      return composeTimeline(record, queue, events, risk);
    },

    async fetchFile(principal, id) {
      const { media } = await find(principal, id);
      if (!media) throw new ApiError('MEDIA_NOT_FOUND', { message: 'This message has no file.' });
      if (media.status === 'ready') return media;
      const sessionId = await requestDownload(db, media.mediaId);
      if (!sessionId) throw new ApiError('MEDIA_UNREADABLE', { message: NO_KEY });
      doorbells.notifySession(sessionId);
      const { error: _, ...rest } = media;
      return { ...rest, status: 'pending' };
    },
  };
}

async function* pagesFrom(first: MessageRecord[], read: (before: string) => Promise<MessageRecord[]>) {
  for (let page = first; ; page = await read(page.at(-1)!.id)) {
    yield page.map(presentMessage);
    if (page.length < EXPORT_PAGE) return;
  }
}
