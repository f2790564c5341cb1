import {
  describeMessageState,
  type Message,
  type MessageStatus,
  messageStatesOf,
  type SendRequest,
  type SendResult,
  type WaitFor,
} from '@wa-gate/contracts';
import type { MessageDirection, Queryable } from '@wa-gate/db';
import { newId, type Redis } from '@wa-gate/kit';
import { acceptMessage, newWaMessageId, ringSession } from '@wa-gate/messaging';
import { ApiError } from '../../api-error.ts';
import type { Principal } from '../../plugins/auth.ts';
import type { SessionRef } from '../api-keys/index.ts';
import { isMessageId, type MessagesRepository } from './messages.repository.ts';
import { isReached, type OutcomeWaiter } from './outcome-waiter.ts';
import { presentError, presentMessage } from './present-message.ts';
import { parseRecipient } from './recipient.ts';

export interface MessagesDependencies {
  db: Queryable;
  redis: Redis;
  messages: MessagesRepository;
  waiter: OutcomeWaiter;
}

export interface SendOutcome {
  result: SendResult;
  /** Whether what the caller waited for has happened. */
  isSettled: boolean;
}

export interface MessagesService {
  send(session: SessionRef, request: SendRequest, wait: WaitFor, timeoutMs: number): Promise<SendOutcome>;
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
}

const REFUSALS = {
  'unknown-session': 'SESSION_NOT_FOUND',
  'not-paired': 'SESSION_NOT_CONNECTED',
  'logged-out': 'SESSION_LOGGED_OUT',
} as const;

/** Scanned a moment ago, or just created: waiting helps, another QR code does not. */
const stillConnecting = () =>
  new ApiError('SESSION_NOT_CONNECTED', {
    message: 'The session is still connecting. Send again when GET /api/sessions/{id}/status says `connected`.',
    retryable: true,
  });

/** The text, under whichever of its two names it came. */
function textOf({ message, text }: SendRequest): string {
  if (message !== undefined && text !== undefined && message !== text) {
    throw new ApiError('VALIDATION', { message: 'Give `message` or `text`, not two different ones.' });
  }
  const found = message ?? text;
  if (found === undefined)
    throw new ApiError('VALIDATION', { message: 'The request is not valid: body needs `message`.' });
  return found;
}

export function createMessagesService({ db, redis, messages, waiter }: MessagesDependencies): MessagesService {
  /** One statement in PostgreSQL and one PUBLISH: what a send costs here. */
  async function accept(session: SessionRef, request: SendRequest, ids: { messageId: string; waMessageId: string }) {
    const acceptance = await acceptMessage(db, {
      ...ids,
      sessionId: session.id,
      chatJid: parseRecipient(request.to),
      type: 'TEXT',
      request: { type: 'text', text: textOf(request) },
      metadata: request.metadata,
    });
    if (acceptance === 'connecting') throw stillConnecting();
    if (acceptance !== 'accepted') throw new ApiError(REFUSALS[acceptance]);
    ringSession(redis, session.id);
  }

  return {
    async send(session, request, wait, timeoutMs) {
      const ids = { messageId: newId(), waMessageId: newWaMessageId() };
      if (wait === 'queued') {
        await accept(session, request, ids);
        return { result: { ...ids, ...describeMessageState('QUEUED') }, isSettled: false };
      }
      const expectation = await waiter.expect(session.id, ids.messageId, wait, timeoutMs);
      try {
        await accept(session, request, ids);
      } catch (error) {
        expectation.cancel();
        throw error;
      }
      const state = await expectation.outcome(() => messages.readState(ids.messageId));
      if (state && state !== 'FAILED') return { result: { ...ids, ...describeMessageState(state) }, isSettled: true };
      // A refusal has a reason, and at the time-out the caller gets what is true now.
      const record = await messages.find(
        { workspaceId: session.workspaceId, sessionId: session.id, all: false },
        ids.messageId,
      );
      if (!record) throw new ApiError('SESSION_NOT_FOUND');
      return {
        result: { ...ids, ...describeMessageState(record.state), ...presentError(record) },
        isSettled: record.state !== 'SENDING' && isReached(wait, record.state),
      };
    },

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

    async get(principal, id) {
      const scope = {
        workspaceId: principal.workspaceId,
        sessionId: principal.kind === 'key' ? principal.session?.id : undefined,
        all: principal.isAdministrator,
      };
      const record = await messages.find(scope, id);
      if (!record) throw new ApiError('MESSAGE_NOT_FOUND');
      return presentMessage(record);
    },
  };
}
