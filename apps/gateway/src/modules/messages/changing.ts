import { type ChangeRequest, type ChangeResult, type ChangeWaitFor, describeMessageState } from '@wa-gate/contracts';
import { isDatabaseUnavailable, type Queryable } from '@wa-gate/db';
import { newId, presentTraceparent } from '@wa-gate/kit';
import {
  acceptChange,
  findEarlierUse,
  hashRequest,
  type IdempotencyKeys,
  newWaMessageId,
  type UsedKeys,
} from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import type { Doorbells } from '../../worker-links/doorbells.ts';
import { objectionTo } from './change-rules.ts';
import { findOwnChange, type OwnChange, presentChangeError, readOwnChangeState } from './changes.repository.ts';
import type { MessageRecord } from './messages.repository.ts';
import { type Expectation, isReached, type OutcomeWaiter } from './outcome-waiter.ts';
import { refusal } from './refusal.ts';

export interface ChangeOptions {
  wait: ChangeWaitFor;
  timeoutMs: number;
  /** The key that the caller showed. */
  apiKeyId?: string | undefined;
  /** Of the header `Idempotency-Key`. */
  idempotencyKey?: string | undefined;
  clientMessageId?: string | undefined;
}

export interface ChangeCallOutcome {
  result: ChangeResult;
  /** Whether what the caller waited for has happened. */
  isSettled: boolean;
  /** The request had been accepted before; this is its change as it is now. */
  isReplay: boolean;
}

/** Changes of messages by the API: edits, deletions, reactions, pins. */
export interface Changing {
  /** @param message one that the caller may see */
  change(message: MessageRecord, request: ChangeRequest, options: ChangeOptions): Promise<ChangeCallOutcome>;
}

export interface ChangingDependencies {
  db: Queryable;
  doorbells: Pick<Doorbells, 'notifySession'>;
  waiter: OutcomeWaiter;
}

/** Accepts changes and waits for what becomes of them. They go through the outbox, as messages do. */
export function createChanging({ db, doorbells, waiter }: ChangingDependencies): Changing {
  /** @returns what the keys of the request have made before; `null`: it is accepted now */
  async function accept(
    message: MessageRecord,
    request: ChangeRequest,
    { id, changeId }: OwnChange,
    idempotency: IdempotencyKeys | undefined,
    apiKeyId: string | undefined,
  ): Promise<UsedKeys | null> {
    const acceptance = await acceptChange(db, {
      changeId: id,
      waMessageId: changeId,
      sessionId: message.sessionId,
      messageId: message.id,
      request,
      byAdmin: request.change === 'revoke' && !message.fromMe,
      apiKeyId,
      trace: presentTraceparent(),
      idempotency,
    });
    switch (acceptance.outcome) {
      case 'accepted':
        doorbells.notifySession(message.sessionId);
        return null;
      case 'used':
        return acceptance;
      case 'unknown-message':
        throw new ApiError('MESSAGE_NOT_FOUND');
      case 'deleted':
        throw new ApiError('MESSAGE_DELETED');
      case 'not-sent':
        throw new ApiError('MESSAGE_NOT_SENT');
      default:
        throw refusal(acceptance);
    }
  }

  async function conclude(message: MessageRecord, made: OwnChange, expectation: Expectation) {
    const state = await expectation.outcome(() => readOwnChangeState(db, made.id));
    if (state === 'SENT') return present(message, { ...made, state }, 'sent');
    try {
      // A refusal has a reason, and at the time-out the caller gets what is true now.
      return present(message, (await findOwnChange(db, message.sessionId, made.id)) ?? made, 'sent');
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      // Accepted it is, and more is not known now. A 503 would make the caller do it again.
      return present(message, made, 'sent');
    }
  }

  /** What the first use of the keys has made, after the same wait. */
  async function replay(
    message: MessageRecord,
    { messageIds, isSameRequest }: UsedKeys,
    { wait, timeoutMs }: ChangeOptions,
  ): Promise<ChangeCallOutcome> {
    if (!isSameRequest) throw new ApiError('IDEMPOTENCY_MISMATCH');
    const found = await Promise.all(messageIds.map((id) => findOwnChange(db, message.sessionId, id)));
    const first = found.find((change) => change !== null);
    if (!first) throw new ApiError('IDEMPOTENCY_GONE');
    if (wait === 'queued' || isDone(first)) return { ...present(message, first, wait), isReplay: true };
    const expectation = await waiter.expect(message.sessionId, first.id, 'sent', timeoutMs);
    return { ...(await conclude(message, first, expectation)), isReplay: true };
  }

  return {
    async change(message, request, options) {
      const { wait, timeoutMs, apiKeyId } = options;
      const idempotency = idempotencyOf(message, request, options);
      const objection = objectionTo(request, message);
      if (objection) {
        // What was accepted before counts more than what is true now.
        const earlier = idempotency && (await findEarlierUse(db, message.sessionId, idempotency));
        if (!earlier) throw objection;
        return await replay(message, earlier, options);
      }
      const made: OwnChange = {
        id: newId(),
        changeId: newWaMessageId(),
        messageId: message.id,
        waMessageId: message.waMessageId,
        state: 'QUEUED',
        errorCode: null,
        errorMessage: null,
      };
      const expectation = wait === 'queued' ? null : await waiter.expect(message.sessionId, made.id, 'sent', timeoutMs);
      let used: UsedKeys | null;
      try {
        used = await accept(message, request, made, idempotency, apiKeyId);
      } catch (error) {
        expectation?.cancel();
        throw error;
      }
      if (used) {
        expectation?.cancel();
        return await replay(message, used, options);
      }
      if (!expectation) return { ...present(message, made, wait), isReplay: false };
      return { ...(await conclude(message, made, expectation)), isReplay: false };
    },
  };
}

function idempotencyOf(
  { id: messageId }: MessageRecord,
  request: ChangeRequest,
  { idempotencyKey: key, clientMessageId }: ChangeOptions,
): IdempotencyKeys | undefined {
  if (key === undefined && clientMessageId === undefined) return undefined;
  return { key, clientMessageId, requestHash: hashRequest({ ...request, messageId, clientMessageId }) };
}

const isDone = ({ state }: OwnChange): boolean => state !== 'SENDING' && isReached('sent', state);

function present(
  { chatJid, chatIdentity }: MessageRecord,
  change: OwnChange,
  wait: ChangeWaitFor,
): Omit<ChangeCallOutcome, 'isReplay'> {
  const { messageId, waMessageId, changeId, state } = change;
  const result = {
    messageId,
    waMessageId,
    changeId,
    ...describeMessageState(state),
    chat: chatJid,
    identities: { chat: chatIdentity },
    ...presentChangeError(change),
  };
  return { result, isSettled: wait !== 'queued' && isDone(change) };
}
