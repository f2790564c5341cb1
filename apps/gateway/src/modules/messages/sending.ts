import {
  describeMessageState,
  ERRORS,
  type FileReference,
  filesOf,
  hasFailed,
  type KindName,
  LIMITS,
  type OutboundRequest,
  type RiskWarning,
  type SendRequest,
  type SendResult,
  splitRequest,
  type WaitFor,
} from '@wa-gate/contracts';
import { isDatabaseUnavailable, type Queryable } from '@wa-gate/db';
import { newId, presentTraceparent } from '@wa-gate/kit';
import {
  type Acceptance,
  type AcceptedMessage,
  type AcceptedPart,
  acceptMessages,
  findEarlierUse,
  type IdempotencyKeys,
  isPaced,
  isWaMessageIdTaken,
  newWaMessageId,
} from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { inParallel } from '../../http/in-parallel.ts';
import { isChannel } from '../../http/recipient.ts';
import { refuseWhatIsNoText } from '../../http/stored-text.ts';
import { toApiError } from '../../plugins/to-api-error.ts';
import type { SessionRef } from '../../principal.ts';
import type { Doorbells } from '../../worker-links/doorbells.ts';
import type { Offers } from '../../worker-links/offers.ts';
import type { ContactNames, Recipient } from '../contacts/index.ts';
import type { FilesOfCall, MessageFiles, TakenFiles } from '../media/index.ts';
import type { RiskWarnings } from '../risk/index.ts';
import type { Accepting } from './accepting.ts';
import type { LinkPreviews } from './link-preview/link-previews.ts';
import type { MessageRecord, MessagesRepository } from './messages.repository.ts';
import { type Expectation, isReached, type OutcomeWaiter, type WaitGoal } from './outcome-waiter.ts';
import { presentError, presentTiming } from './present-message.ts';
import { publicRecipient, readStatus, refuseForPublicChat } from './public-chats.ts';
import { refusal } from './refusal.ts';
import { readSendContext } from './send-context.ts';
import { outboundOf, refuseForMany, requestHashOf } from './send-request.ts';
import { readSendTime } from './send-time.ts';

export interface SendingDependencies {
  db: Queryable;
  accepting: Accepting;
  doorbells: Pick<Doorbells, 'notifySession'>;
  offers: Offers;
  messages: MessagesRepository;
  names: Pick<ContactNames, 'recipient' | 'ofChat'>;
  previews: LinkPreviews;
  files: MessageFiles;
  waiter: OutcomeWaiter;
  risks: RiskWarnings;
  /** A message was accepted, by this process or by the owner of its session. */
  onAccepted?: (kind: KindName, by: 'gateway' | 'owner') => void;
}

export interface SendOptions {
  wait: WaitFor;
  timeoutMs: number;
  /** The key that the caller showed. */
  apiKeyId?: string | undefined;
  /** Of the header `Idempotency-Key`. */
  idempotencyKey?: string | undefined;
  /** The files of the call, and what it may use of those that were uploaded before. */
  files: FilesOfCall;
  /** It came with others in one request. @default false */
  inBulk?: boolean | undefined;
}

export interface SendOutcome {
  result: SendResult;
  /** Whether what the caller waited for has happened. */
  isSettled: boolean;
  /** The request had been accepted before; this is its message as it is now. */
  isReplay: boolean;
}

/** What a send is besides what its body says. */
export interface Forwarding {
  /** Our id of the message that is forwarded. */
  messageId: string;
  /** How often it was forwarded, this time included; 0: it is the account's own, and is not marked. */
  forwardedCount: number;
}

/** A message that is ready to be accepted. */
interface PreparedSend {
  recipient: Recipient;
  message: AcceptedMessage;
  /** Lets its files go. */
  discard: () => Promise<void>;
}

/** One message of a bulk request. */
export interface BulkItem {
  request: SendRequest;
  idempotencyKey?: string | undefined;
}
export type BulkOutcome = Pick<SendOutcome, 'result' | 'isReplay'>;

export interface Sending {
  /**
   * Accepts many messages of one session, and waits for none of them. An item that was found wrong before is its error.
   *
   * @returns what became of each, in their order
   */
  sendMany(
    session: SessionRef,
    items: readonly (BulkItem | ApiError)[],
    options: Pick<SendOptions, 'apiKeyId' | 'files'>,
  ): Promise<(BulkOutcome | ApiError)[]>;
  send(session: SessionRef, request: SendRequest, options: SendOptions, forwarding?: Forwarding): Promise<SendOutcome>;
}

type Ids = Pick<SendResult, 'messageId' | 'waMessageId' | 'parts' | 'priority' | 'schedule' | 'expiresAt'>;

/** The keys under which a request may come twice. */
function idempotencyOf(
  body: SendRequest,
  chatJid: string,
  request: OutboundRequest,
  key: string | undefined,
  forwarding: Forwarding | undefined,
): IdempotencyKeys | undefined {
  const { clientMessageId, waMessageId } = body;
  if (key === undefined && clientMessageId === undefined && waMessageId === undefined) return undefined;
  return {
    key,
    clientMessageId,
    waMessageId,
    requestHash: requestHashOf(body, chatJid, request, forwarding?.messageId),
  };
}

/**
 * What a request asks to be accepted. The same request has the same hash, also when WhatsApp has told another name of
 * its recipient meanwhile.
 */
async function readMessage(
  { messages, previews, db, names }: Pick<SendingDependencies, 'messages' | 'previews' | 'db' | 'names'>,
  messageId: string,
  session: SessionRef,
  { givenJid, chatJid }: Recipient,
  body: SendRequest,
  { request: fields, identity }: Pick<TakenFiles<OutboundRequest>, 'request' | 'identity'>,
  options: SendOptions,
  forwarding: Forwarding | undefined,
): Promise<AcceptedMessage> {
  const given = await readSendContext(messages, session, body, chatJid);
  const status = await readStatus({ db, names }, session, chatJid, body);
  const linkPreview = await previewOf(previews, session, body, fields);
  const forwardedCount = forwarding?.forwardedCount;
  const more = {
    ...(forwardedCount && { forwardedCount }),
    ...(linkPreview && { linkPreview }),
    ...(status && { status }),
  };
  const context = Object.keys(more).length > 0 ? { ...given, ...more } : given;
  const request = context ? { ...fields, context } : fields;
  const { own, parts } = splitRequest(request);
  const ids = { messageId, waMessageId: body.waMessageId ?? newWaMessageId() };
  return {
    ...ids,
    sessionId: session.id,
    chatJid,
    request: own,
    ...(parts.length > 0 && { parts: parts.map((part) => partOf(part, ids, context)) }),
    metadata: body.metadata,
    ...readSendTime(body, options.inBulk),
    failIfUncertain: body.onUncertain && body.onUncertain === 'fail',
    idempotency: idempotencyOf(body, givenJid, identity, options.idempotencyKey, forwarding),
    apiKeyId: options.apiKeyId,
    trace: presentTraceparent(),
  };
}

/** @throws {ApiError} VALIDATION */
async function previewOf(
  previews: LinkPreviews,
  session: SessionRef,
  { linkPreview }: SendRequest,
  request: OutboundRequest,
) {
  if (linkPreview === undefined || linkPreview === false) return undefined;
  if (request.type !== 'text')
    throw new ApiError('VALIDATION', { message: '`linkPreview` is for texts: leave it out of other messages.' });
  return await previews.of(request.text, linkPreview, session.id);
}

/** A message of an album. It mentions whom the album mentions; the album alone quotes. */
const partOf = (
  part: OutboundRequest,
  album: { messageId: string; waMessageId: string },
  context: OutboundRequest['context'],
): AcceptedPart => ({
  messageId: newId(),
  waMessageId: newWaMessageId(),
  request: { ...part, context: { ...(context?.mentions && { mentions: context.mentions }), album } },
});

/** The message with the picture of its preview, and a thumbnail of that where the caller has given none. */
function withPreviewPicture(message: AcceptedMessage, taken: TakenFiles<OutboundRequest> | undefined): AcceptedMessage {
  const preview = message.request.context?.linkPreview;
  if (!taken || !preview) return message;
  const picture = (taken.request as unknown as { media: FileReference }).media;
  const { thumbnail = picture.thumbnail } = preview;
  const linkPreview = { ...preview, ...(thumbnail !== undefined && { thumbnail }), picture };
  return { ...message, request: { ...message.request, context: { ...message.request.context, linkPreview } } };
}

const isOfPerson = (jid: string): boolean => jid.endsWith('@s.whatsapp.net') || jid.endsWith('@lid');

/**
 * The owner of a session takes offers of single messages, and of none that waits for an upload or for typing. It
 * accepts a message with the step that encrypts it: a post of a channel has none.
 */
const isOffered = ({
  chatJid,
  request,
  parts = [],
  lane = 'INTERACTIVE',
  schedule,
  expiresAt,
}: AcceptedMessage): boolean =>
  parts.length === 0 &&
  !isChannel(chatJid) &&
  !isPaced(lane) &&
  !schedule &&
  expiresAt === undefined &&
  !request.context?.typing &&
  !request.context?.status &&
  !request.context?.linkPreview?.picture &&
  filesOf(request.type, { ...request }).length === 0;

/** Accepts messages and waits for what becomes of them. */
export function createSending(deps: SendingDependencies): Sending {
  const { db, accepting, doorbells, offers, messages, names, previews, files, waiter, risks, onAccepted } = deps;

  /** A part of one statement in PostgreSQL, and one notification. */
  async function accept(message: AcceptedMessage): Promise<Extract<Acceptance, { outcome: 'accepted' | 'used' }>> {
    const acceptance = await accepting.accept(message);
    if (acceptance.outcome === 'accepted') {
      doorbells.notifySession(message.sessionId);
      onAccepted?.(message.request.type, 'gateway');
    } else if (acceptance.outcome !== 'used') throw refusal(acceptance);
    else if (!acceptance.isSameRequest) throw new ApiError('IDEMPOTENCY_MISMATCH');
    return acceptance;
  }

  /** An id that the caller has chosen belongs to one message. The same request is answered with that. */
  async function refuseTakenId({ sessionId, waMessageId, idempotency }: AcceptedMessage): Promise<void> {
    if (idempotency?.waMessageId === undefined) return;
    const { requestHash } = idempotency;
    const earlier = await findEarlierUse(db, sessionId, { waMessageId, requestHash });
    const isAnother = earlier ? !earlier.isSameRequest : await isWaMessageIdTaken(db, sessionId, waMessageId);
    if (isAnother) throw new ApiError('WA_MESSAGE_ID_TAKEN', { details: { waMessageId } });
  }

  function acceptedByOwner({ request }: AcceptedMessage) {
    onAccepted?.(request.type, 'owner');
    return { outcome: 'accepted' } as const;
  }

  /** By the owner of the session, if it takes the offer, else here. */
  async function acceptSoon(message: AcceptedMessage, expectation: Expectation, timeoutMs: number) {
    const offer = isOffered(message) ? await offers.make(message, timeoutMs) : undefined;
    if (!offer) return await accept(message);
    try {
      if (await expectation.isHintedBefore(offer.lapsed)) return acceptedByOwner(message);
      return await acceptLapsed(message);
    } finally {
      offer.settle();
    }
  }

  /** What the owner did not accept in time. It may have done so at the last moment, and that counts. */
  async function acceptLapsed(message: AcceptedMessage): ReturnType<typeof accept> {
    try {
      return await accept(message);
    } catch (error) {
      if (!(error instanceof ApiError) || (await messages.readState(message.messageId)) === null) throw error;
      return acceptedByOwner(message);
    }
  }

  const findOwn = (session: SessionRef, id: string) =>
    messages.find({ workspaceId: session.workspaceId, sessionId: session.id, all: false }, id);

  /** What the first use of the keys has made, after the same wait. */
  async function replay(
    session: SessionRef,
    messageIds: readonly string[],
    options: SendOptions,
  ): Promise<SendOutcome> {
    const { wait, timeoutMs } = options;
    const found = await Promise.all(messageIds.map((id) => findOwn(session, id)));
    const first = found.find((record) => record !== null);
    if (!first) throw new ApiError('IDEMPOTENCY_GONE');
    if (wait === 'queued') return { ...present(first, wait), isReplay: true };
    const expectation = await waiter.expect(session.id, first.id, wait, timeoutMs);
    // Read after listening began: no hint comes for what happened before.
    const record = await findOwn(session, first.id).catch((error: unknown) => {
      expectation.cancel();
      throw error;
    });
    if (!record || isDone(wait, record)) {
      expectation.cancel();
      return { ...present(record ?? first, wait), isReplay: true };
    }
    const ids = { messageId: record.id, waMessageId: record.waMessageId, ...partsIn(record), ...presentTiming(record) };
    return { ...(await conclude(session, ids, wait, expectation, async () => chatOf(record))), isReplay: true };
  }

  /** Who the recipient is. Of one that was no contact before, the send itself has told it. */
  async function readChat(session: SessionRef, to: SendRequest['to'], recipient: Recipient): Promise<ChatOfResult> {
    const isKnown = recipient.identity.contactId !== null || !isOfPerson(recipient.chatJid);
    if (isKnown) return toChat(recipient);
    // It has been sent: what cannot be read now makes no error of it.
    return toChat(await names.recipient(session.workspaceId, to, { isFresh: true }).catch(() => recipient));
  }

  async function conclude(
    session: SessionRef,
    ids: Ids,
    wait: WaitGoal,
    expectation: Expectation,
    chat: () => Promise<ChatOfResult>,
  ) {
    const { messageId } = ids;
    const state = await expectation.outcome(() => messages.readState(messageId));
    if (state && !hasFailed(state))
      return { result: { ...ids, ...describeMessageState(state), ...(await chat()) }, isSettled: true };
    // A refusal has a reason, and at the time-out the caller gets what is true now.
    try {
      const record = await findOwn(session, messageId);
      if (!record) throw new ApiError('SESSION_NOT_FOUND');
      return present(record, wait);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      // Accepted it is, and more is not known now. A 503 would make the caller send it again.
      const result = { ...ids, ...describeMessageState(state ?? 'QUEUED') };
      return { result: { ...result, ...(await chat()) }, isSettled: state !== null };
    }
  }

  /** Has it accepted, and waits for what becomes of it. */
  async function sendMessage(
    session: SessionRef,
    recipient: Recipient,
    request: SendRequest,
    message: AcceptedMessage,
    options: SendOptions,
  ): Promise<SendOutcome> {
    // Nobody waits for tomorrow.
    const wait = message.schedule ? 'queued' : options.wait;
    const timeoutMs = withTyping(options.timeoutMs, request);
    const { messageId, waMessageId } = message;
    const ids: Ids = { messageId, waMessageId, ...partsOf(message), ...timingOf(message) };
    if (wait === 'queued') {
      const acceptance = await accept(message);
      if (acceptance.outcome === 'used') return await replay(session, acceptance.messageIds, { ...options, wait });
      const state = describeMessageState(message.schedule ? 'SCHEDULED' : 'QUEUED');
      const result = { ...ids, ...state, ...toChat(recipient) };
      return { result, isSettled: false, isReplay: false };
    }
    const expectation = await waiter.expect(session.id, messageId, wait, timeoutMs);
    let acceptance: Awaited<ReturnType<typeof accept>>;
    try {
      acceptance = await acceptSoon(message, expectation, timeoutMs);
    } catch (error) {
      expectation.cancel();
      throw error;
    }
    if (acceptance.outcome === 'accepted') {
      const chat = () => readChat(session, request.to, recipient);
      return { ...(await conclude(session, ids, wait, expectation, chat)), isReplay: false };
    }
    expectation.cancel();
    return await replay(session, acceptance.messageIds, options);
  }

  /**
   * The picture of a link preview. It belongs to the workspace like an uploaded file: that of its message would be
   * shown as what the message has sent.
   */
  async function takePreviewPicture(session: SessionRef, { linkPreview }: SendRequest, { files: call }: SendOptions) {
    if (typeof linkPreview !== 'object' || linkPreview.picture === undefined) return undefined;
    const request = { type: 'image', media: linkPreview.picture } as unknown as OutboundRequest;
    return await files.take(session, request, { ...call, messageId: null, field: 'linkPreview.picture' });
  }

  /** A message that is ready to be accepted, and how its files are let go. */
  async function prepare(
    session: SessionRef,
    request: SendRequest,
    options: SendOptions,
    forwarding?: Forwarding,
  ): Promise<PreparedSend> {
    refuseWhatIsNoText(request);
    const recipient = publicRecipient(request.to) ?? (await names.recipient(session.workspaceId, request.to));
    refuseForPublicChat(recipient.chatJid, request, options.inBulk);
    refuseForMany(recipient.chatJid, request);
    const messageId = newId();
    const taken = await files.take(session, outboundOf(request), { ...options.files, messageId });
    let picture: TakenFiles<OutboundRequest> | undefined;
    const discard = async () => void (await Promise.all([taken.discard(), picture?.discard()]));
    try {
      const message = await readMessage(
        { messages, previews, db, names },
        messageId,
        session,
        recipient,
        request,
        taken,
        options,
        forwarding,
      );
      await refuseTakenId(message);
      picture = await takePreviewPicture(session, request, options);
      return { recipient, message: withPreviewPicture(message, picture), discard };
    } catch (error) {
      await discardIfRefused(error, discard);
      throw error;
    }
  }

  /** Accepts a part of a bulk request in one statement, and says what became of each. */
  async function acceptPart(
    session: SessionRef,
    prepared: readonly PreparedSend[],
    options: Pick<SendOptions, 'apiKeyId' | 'files'>,
  ) {
    const acceptances = acceptMessages(
      db,
      prepared.map(({ message }) => message),
    );
    const settle = async ({ recipient, message, discard }: PreparedSend, accepted: Promise<Acceptance>) => {
      const acceptance = await accepted;
      if (acceptance.outcome === 'accepted') {
        onAccepted?.(message.request.type, 'gateway');
        const { messageId, waMessageId } = message;
        const ids: Ids = { messageId, waMessageId, ...partsOf(message), ...timingOf(message) };
        const state = describeMessageState(message.schedule ? 'SCHEDULED' : 'QUEUED');
        return { result: { ...ids, ...state, ...toChat(recipient) }, isReplay: false };
      }
      await discard();
      if (acceptance.outcome !== 'used') throw refusal(acceptance);
      if (!acceptance.isSameRequest) throw new ApiError('IDEMPOTENCY_MISMATCH');
      return await replay(session, acceptance.messageIds, { ...options, wait: 'queued', timeoutMs: 0 });
    };
    return await Promise.all(prepared.map((each, index) => attempt(() => settle(each, acceptances[index]!))));
  }

  return {
    async send(session, request, options, forwarding) {
      const { recipient, message, discard } = await prepare(session, request, options, forwarding);
      const warning = risks.of(session.id);
      try {
        const outcome = await sendMessage(session, recipient, request, message, options);
        if (outcome.isReplay) await discard();
        return withRisk(outcome, await warning);
      } catch (error) {
        await discardIfRefused(error, discard);
        throw error;
      }
    },

    async sendMany(session, items, options) {
      const outcomes = await inParallel(items, PREPARED_AT_ONCE, async (item) =>
        item instanceof ApiError
          ? item
          : await attempt(() =>
              prepare(session, item.request, {
                ...options,
                idempotencyKey: item.idempotencyKey,
                wait: 'queued',
                timeoutMs: 0,
                inBulk: true,
              }),
            ),
      );
      const ready = outcomes.flatMap((outcome, index) => (outcome instanceof ApiError ? [] : [{ index, ...outcome }]));
      const settled: (BulkOutcome | ApiError)[] = outcomes.map((outcome) =>
        outcome instanceof ApiError ? outcome : new ApiError('INTERNAL'),
      );
      for (let start = 0; start < ready.length; start += ACCEPTED_AT_ONCE) {
        const part = ready.slice(start, start + ACCEPTED_AT_ONCE);
        const accepted = await attempt(() => acceptPart(session, part, options));
        part.forEach(({ index }, n) => {
          settled[index] = accepted instanceof ApiError ? accepted : accepted[n]!;
        });
      }
      if (ready.length > 0) doorbells.notifySession(session.id);
      const warning = await risks.of(session.id);
      return settled.map((outcome) => (outcome instanceof ApiError ? outcome : withRisk(outcome, warning)));
    },
  };
}

const withRisk = <T extends BulkOutcome>(outcome: T, risk: RiskWarning | undefined): T =>
  risk ? { ...outcome, result: { ...outcome.result, risk } } : outcome;

/** Messages of a bulk request whose recipients and files are looked up at once, and that one statement accepts. */
const PREPARED_AT_ONCE = 8;
const ACCEPTED_AT_ONCE = 100;

/** What was refused needs no files. Of what failed otherwise nobody knows whether it was accepted. */
async function discardIfRefused(error: unknown, discard: () => Promise<void>): Promise<void> {
  if (error instanceof ApiError && ERRORS[error.code].status < 500) await discard();
}

/** The result, or the error that the caller is told. */
const attempt = <T>(run: () => Promise<T>): Promise<T | ApiError> => run().catch((error: unknown) => toApiError(error));

/** The caller's patience begins when the message may leave. */
const withTyping = (timeoutMs: number, { typing }: SendRequest): number =>
  typing ? Math.min(timeoutMs + typing.seconds * 1_000, LIMITS.waitMaxMs) : timeoutMs;

type ChatOfResult = Pick<SendResult, 'chat' | 'identities'>;
const toChat = ({ chatJid, identity }: Recipient): ChatOfResult => ({ chat: chatJid, identities: { chat: identity } });
/** When and how soon it is to go, as the stored message tells it. */
const timingOf = ({ lane = 'INTERACTIVE', schedule, expiresAt }: AcceptedMessage) =>
  presentTiming({ lane, schedule: schedule ?? null, expiresAt: expiresAt === undefined ? null : new Date(expiresAt) });

/** The messages that were accepted with it. */
const partsOf = ({ parts = [] }: Pick<AcceptedMessage, 'parts'>): Pick<SendResult, 'parts'> =>
  parts.length === 0 ? {} : { parts: parts.map(({ messageId, waMessageId }) => ({ messageId, waMessageId })) };
const partsIn = ({ content }: MessageRecord): Pick<SendResult, 'parts'> => {
  const { parts } = (content ?? {}) as Pick<SendResult, 'parts'>;
  return parts ? { parts } : {};
};
const chatOf = ({ chatJid, chatIdentity }: MessageRecord): ChatOfResult => ({
  chat: chatJid,
  identities: { chat: chatIdentity },
});

const isDone = (wait: WaitGoal, { state }: MessageRecord): boolean => state !== 'SENDING' && isReached(wait, state);

function present(record: MessageRecord, wait: WaitFor): { result: SendResult; isSettled: boolean } {
  const { id: messageId, waMessageId, state } = record;
  return {
    result: {
      messageId,
      waMessageId,
      ...partsIn(record),
      ...presentTiming(record),
      ...describeMessageState(state),
      ...chatOf(record),
      ...presentError(record),
    },
    isSettled: wait !== 'queued' && isDone(wait, record),
  };
}
